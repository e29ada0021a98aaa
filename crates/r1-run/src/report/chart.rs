//! A chart's description and its card on the page.

use serde_json::{Map, Value};

use super::{
    axis::short,
    html::escape,
    plot::{Curve, plot},
    series::{Series, matching},
};

/// One chart: some metrics over the steps of the run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Chart {
    /// What the chart shows.
    pub title: String,
    /// What the vertical axis counts, with its unit.
    pub unit: String,
    /// The metrics.
    pub lines: Vec<Line>,
    /// The vertical axis' ends; chosen by the values when `None`.
    pub range: Option<(f64, f64)>,
}

/// One line of a [`Chart`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its name in the legend.
    pub name: String,
    /// The metric's key in `metrics.jsonl`, for example `completions/mean_length`; slashes also reach
    /// into nested objects. A `*` stands for any name: `rewards/*/mean` is one line for each reward,
    /// and `name` is then ignored.
    pub key: String,
}

impl Chart {
    /// A chart without lines.
    pub fn new(title: impl Into<String>, unit: impl Into<String>) -> Self {
        Self { title: title.into(), unit: unit.into(), ..Self::default() }
    }

    /// The same chart with one more line.
    pub fn line(mut self, name: impl Into<String>, key: impl Into<String>) -> Self {
        self.lines.push(Line { name: name.into(), key: key.into() });
        self
    }

    /// The same chart with fixed ends of the vertical axis.
    pub fn range(self, low: f64, high: f64) -> Self {
        Self { range: Some((low, high)), ..self }
    }

    /// The charts of a reinforcement-learning run, by the metric names that TRL has made common.
    pub fn standard() -> Vec<Self> {
        vec![
            Self::new("Reward", "mean over the step's completions").line("reward", "reward"),
            Self::new("Accuracy of the rollouts", "pass@1 on the training problems of each step")
                .line("pass@1", "pass_at_1")
                .range(0.0, 1.0),
            Self::new("Reward by part", "mean of each term, before weighting").line("", "rewards/*/mean"),
            Self::new("Completion length", "tokens")
                .line("all", "completions/mean_length")
                .line("ended by the model", "completions/mean_terminated_length"),
            Self::new("Length by outcome", "tokens")
                .line("right", "completions/mean_length_right")
                .line("wrong", "completions/mean_length_wrong"),
            Self::new("Reflective words", "wait, however, check and others, for each completion")
                .line("words", "reflective_words"),
            Self::new("Cut off by the limit", "share of completions")
                .line("clipped", "completions/clipped_ratio")
                .range(0.0, 1.0),
            Self::new("Groups without signal", "share of groups whose rewards are all equal")
                .line("zero spread", "frac_reward_zero_std")
                .range(0.0, 1.0),
            Self::new("Spread of rewards", "standard deviation within a group").line("spread", "reward_std"),
            Self::new("Entropy", "nats per token").line("entropy", "entropy"),
            Self::new("Distance from the reference", "KL, nats per token").line("KL", "kl"),
            Self::new("Clipped tokens", "share of tokens")
                .line("low side", "clip_ratio/low_mean")
                .line("high side", "clip_ratio/high_mean"),
            Self::new("Importance ratio", "policy over the policy that sampled, per token")
                .line("mean", "ratio/mean")
                .line("least", "ratio/min")
                .line("greatest", "ratio/max"),
            Self::new("Groups dropped for want of a signal", "by dynamic sampling")
                .line("groups", "dropped_groups"),
            Self::new("Gradient norm", "before clipping").line("norm", "grad_norm"),
            Self::new("Loss", "starts near 0 by construction; not a measure of progress")
                .line("loss", "loss"),
            Self::new("Learning rate", "per update").line("rate", "learning_rate"),
        ]
    }

    /// The chart's card, or `None` when no line has a value.
    pub(crate) fn html(&self, metrics: &[Map<String, Value>]) -> Option<String> {
        let curves = self.curves(metrics);
        if curves.is_empty() {
            return None;
        }
        let legend: String = curves.iter().enumerate().map(|(index, curve)| legend(index, curve)).collect();
        let (svg, note) = plot(&curves, self.range, &self.title);
        let note = note.map_or_else(String::new, |note| format!("<p class=\"note\">{}</p>", escape(&note)));
        Some(format!(
            "<figure class=\"card chart\"><figcaption><div><h3>{}</h3><p>{}</p></div>\
             <ul class=\"legend{}\">{legend}</ul></figcaption>{svg}{note}</figure>\n",
            escape(&self.title),
            escape(&self.unit),
            if curves.len() == 1 { " single" } else { "" },
        ))
    }

    fn curves(&self, metrics: &[Map<String, Value>]) -> Vec<Curve> {
        let mut curves = Vec::new();
        for line in &self.lines {
            let named = match line.key.contains('*') {
                true => matching(metrics, &line.key),
                false => vec![(line.name.clone(), line.key.clone())],
            };
            for (name, key) in named {
                let series = Series::new(metrics, &key);
                if !series.points().is_empty() {
                    curves.push(Curve::new(name, &series));
                }
            }
        }
        curves
    }
}

/// A line's colour, name and last value.
fn legend(index: usize, curve: &Curve) -> String {
    let value = curve.last().map_or_else(String::new, short);
    format!("<li class=\"{}\"><span>{}</span> <b>{value}</b></li>", Curve::class(index), escape(&curve.name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn metrics() -> Vec<Map<String, Value>> {
        let line = |step: u32| {
            let share = f64::from(step) / 60.0;
            json!({"step": step, "reward": share, "rewards": {"a<b": {"mean": share}, "format": {"mean": 1.0}}})
        };
        serde_json::from_value((1..=60).map(line).collect()).unwrap()
    }

    #[test]
    fn a_star_gives_one_line_for_each_name() {
        let chart = Chart::new("Parts", "").line("", "rewards/*/mean");
        let html = chart.html(&metrics()).unwrap();
        assert!(html.contains("a&lt;b") && html.contains("format"), "{html}");
        assert_eq!(html.matches("<li ").count(), 2);
    }

    #[test]
    fn a_chart_without_values_is_left_out() {
        assert_eq!(Chart::new("KL", "nats").line("KL", "kl").html(&metrics()), None);
        assert_eq!(Chart::new("nothing", "").html(&[]), None);
    }
}
