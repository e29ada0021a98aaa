//! One metric as points, with its gaps, thinned and smoothed for drawing.

use serde_json::{Map, Value};

/// A metric over the steps of a run, in the order of the steps.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Series {
    points: Vec<(f64, f64)>,
}

/// A stretch of points without a gap.
pub(crate) type Stretch = Vec<(f64, f64)>;

impl Series {
    /// The finite values of `key`; a line without the key, or with `null`, gives no point.
    pub(crate) fn new(metrics: &[Map<String, Value>], key: &str) -> Self {
        let point = |(index, line): (usize, &Map<String, Value>)| {
            let step = line.get("step").and_then(Value::as_f64).unwrap_or((index + 1) as f64);
            let value = lookup(line, key)?.as_f64()?;
            value.is_finite().then_some((step, value))
        };
        let mut points: Vec<_> = metrics.iter().enumerate().filter_map(point).collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        Self { points }
    }

    pub(crate) fn points(&self) -> &[(f64, f64)] {
        &self.points
    }

    /// The points, cut wherever values are missing: where two neighbours lie further apart than one
    /// and a half times the usual distance.
    pub(crate) fn stretches(&self) -> Vec<Stretch> {
        let gap = 1.5 * self.usual_distance();
        let mut stretches: Vec<Stretch> = Vec::new();
        for &point in &self.points {
            match stretches.last_mut() {
                Some(stretch) if stretch.last().is_some_and(|last| point.0 - last.0 <= gap) => {
                    stretch.push(point);
                }
                _ => stretches.push(vec![point]),
            }
        }
        stretches
    }

    /// Where nearly all values lie, when a few peaks are so far off that a scale with them would
    /// flatten everything else.
    pub(crate) fn without_peaks(&self) -> Option<(f64, f64)> {
        let mut values: Vec<f64> = self.points.iter().map(|point| point.1).collect();
        values.sort_by(f64::total_cmp);
        let (&lowest, &highest) = (values.first()?, values.last()?);
        let at = |share: f64| values[((values.len() - 1) as f64 * share).round() as usize];
        let (low, high) = (at(0.01), at(0.99));
        (values.len() >= 50 && high > low && highest - lowest > 3.0 * (high - low)).then_some((low, high))
    }

    /// The stretches of a smoothed curve, or none when there are too few points or no noise to smooth.
    ///
    /// Each value is the mean of its neighbourhood under a Gaussian window of one fortieth of the
    /// run, so the curve does not lag behind as a moving average of the past would. Single peaks count
    /// no more than the largest usual value.
    pub(crate) fn smoothed(&self) -> Option<Vec<Stretch>> {
        let (first, last) = (self.points.first()?.0, self.points.last()?.0);
        let (low, high) = self.without_peaks().unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
        let calm: Stretch = self.points.iter().map(|&(step, value)| (step, value.clamp(low, high))).collect();
        if calm.len() < 20 || !is_noisy(&calm) {
            return None;
        }
        let width = ((last - first) / 40.0).max(self.usual_distance());
        let every = self.points.len().div_ceil(400);
        let smooth = |stretch: Stretch| {
            let end = stretch.len() - 1;
            let kept = stretch.iter().enumerate().filter(|(index, _)| index % every == 0 || *index == end);
            kept.map(|(_, &(step, _))| (step, mean_around(&calm, step, width))).collect()
        };
        Some(self.stretches().into_iter().map(smooth).collect())
    }

    /// The lower quartile of the distances between neighbours, which a few gaps do not move.
    fn usual_distance(&self) -> f64 {
        let mut distances: Vec<f64> = self.points.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
        distances.sort_by(f64::total_cmp);
        distances.get(distances.len() / 4).copied().unwrap_or(1.0)
    }
}

/// True when the values go up and down by more than three times their whole range: a schedule does
/// not, a measurement does.
fn is_noisy(points: &[(f64, f64)]) -> bool {
    let values = || points.iter().map(|point| point.1);
    let way: f64 = points.windows(2).map(|pair| (pair[1].1 - pair[0].1).abs()).sum();
    let range = values().fold(f64::NEG_INFINITY, f64::max) - values().fold(f64::INFINITY, f64::min);
    way > 3.0 * range
}

/// The mean of the points near a step, weighted by a Gaussian window of this width.
fn mean_around(points: &[(f64, f64)], step: f64, width: f64) -> f64 {
    let from = points.partition_point(|point| point.0 < step - 3.0 * width);
    let (mut sum, mut weights) = (0.0, 0.0);
    for &(at, value) in points[from..].iter().take_while(|point| point.0 <= step + 3.0 * width) {
        let weight = (-0.5 * ((at - step) / width).powi(2)).exp();
        sum += weight * value;
        weights += weight;
    }
    sum / weights
}

/// At most about `2 * columns` points that look the same: the lowest and highest of each column.
pub(crate) fn thinned(stretch: &[(f64, f64)], columns: usize) -> Stretch {
    if stretch.len() <= 2 * columns {
        return stretch.to_vec();
    }
    let mut kept = Vec::with_capacity(2 * columns);
    for column in stretch.chunks(stretch.len().div_ceil(columns)) {
        let by_value = |a: &&(f64, f64), b: &&(f64, f64)| a.1.total_cmp(&b.1);
        let lowest = column.iter().min_by(by_value).copied();
        let highest = column.iter().max_by(by_value).copied();
        let mut pair: Stretch = lowest.into_iter().chain(highest).collect();
        pair.sort_by(|a, b| a.0.total_cmp(&b.0));
        kept.extend(pair);
    }
    kept
}

/// A key such as `rewards/accuracy/mean` names that field, or the field `mean` of the object
/// `accuracy` in the object `rewards`.
fn lookup<'a>(line: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    if let Some(value) = line.get(key) {
        return Some(value);
    }
    key.match_indices('/').find_map(|(at, _)| lookup(line.get(&key[..at])?.as_object()?, &key[at + 1..]))
}

/// The keys that fit a pattern with one `*`, each with the part the star stands for, in order of name.
pub(crate) fn matching(metrics: &[Map<String, Value>], pattern: &str) -> Vec<(String, String)> {
    let Some((before, after)) = pattern.split_once('*') else { return Vec::new() };
    let mut found: Vec<(String, String)> = Vec::new();
    for key in metrics.iter().flat_map(flat_keys) {
        let star = key.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
        if let Some(star) = star.filter(|star| !star.is_empty())
            && !found.iter().any(|(_, known)| *known == key)
        {
            found.push((star.to_owned(), key));
        }
    }
    found.sort();
    found
}

fn flat_keys(line: &Map<String, Value>) -> Vec<String> {
    let below = |(key, value): (&String, &Value)| match value {
        Value::Object(inner) => flat_keys(inner).into_iter().map(|rest| format!("{key}/{rest}")).collect(),
        _ => vec![key.clone()],
    };
    line.iter().flat_map(below).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lines(values: Value) -> Vec<Map<String, Value>> {
        serde_json::from_value(values).unwrap()
    }

    fn sizes(series: &Series) -> Vec<usize> {
        series.stretches().iter().map(Vec::len).collect()
    }

    #[test]
    fn missing_values_are_gaps() {
        let metrics = lines(json!([
            {"step": 1, "kl": 0.1}, {"step": 2, "kl": 0.2}, {"step": 3, "kl": null},
            {"step": 4, "kl": 0.4}, {"step": 5, "kl": 0.5}, {"step": 6}, {"step": 7, "kl": "high"},
            {"step": 8, "kl": 0.8},
        ]));
        let series = Series::new(&metrics, "kl");
        assert_eq!(sizes(&series), [2, 2, 1]);
        assert_eq!(Series::new(&metrics, "entropy").points(), []);
    }

    #[test]
    fn a_metric_of_every_tenth_step_has_no_gap() {
        let metrics: Vec<_> = (1..=40)
            .map(|step| match step % 10 {
                0 => json!({"step": step, "pass_at_1": 0.5}),
                _ => json!({"step": step}),
            })
            .collect();
        assert_eq!(sizes(&Series::new(&lines(json!(metrics)), "pass_at_1")), [4]);
    }

    #[test]
    fn nested_and_flat_keys_are_the_same() {
        let metrics = lines(json!([
            {"step": 1, "rewards": {"accuracy": {"mean": 0.5, "std": 0.1}, "format": {"mean": 1.0}}},
            {"step": 2, "rewards/accuracy/mean": 0.75},
        ]));
        assert_eq!(Series::new(&metrics, "rewards/accuracy/mean").points(), [(1.0, 0.5), (2.0, 0.75)]);
        let names: Vec<String> =
            matching(&metrics, "rewards/*/mean").into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["accuracy", "format"]);
    }

    #[test]
    fn smoothing_takes_the_noise_away_and_keeps_the_line() {
        let value = |step: i32| json!({"step": step, "noisy": step as f64 + if step % 2 == 0 { 40.0 } else { -40.0 }});
        let metrics = lines((0..200).map(value).collect());
        let smooth = Series::new(&metrics, "noisy").smoothed().unwrap().concat();
        // The window is symmetric away from the ends, so a straight line stays where it is.
        assert!(smooth[20..180].iter().all(|point| (point.1 - point.0).abs() < 0.1), "{smooth:?}");
        assert!(Series::new(&metrics[..10], "noisy").smoothed().is_none());
        assert!(Series::new(&metrics, "step").smoothed().is_none(), "a schedule has no noise");
    }

    #[test]
    fn a_peak_does_not_bend_the_smoothed_curve() {
        let value =
            |step: i32| json!({"step": step, "norm": if step == 100 { 1e6 } else { f64::from(step % 2) }});
        let metrics = lines((0..200).map(value).collect());
        let smooth = Series::new(&metrics, "norm").smoothed().unwrap().concat();
        assert!(smooth.iter().all(|point| (point.1 - 0.5).abs() < 0.2), "{smooth:?}");
    }

    #[test]
    fn thinning_keeps_the_extremes() {
        let mut stretch: Stretch = (0..10_000).map(|step| (step as f64, 0.0)).collect();
        stretch[5_000].1 = 9.0;
        stretch[5_001].1 = -9.0;
        let kept = thinned(&stretch, 480);
        assert!(kept.len() <= 960);
        assert!(kept.contains(&(5_000.0, 9.0)) && kept.contains(&(5_001.0, -9.0)));
        assert!(kept.is_sorted_by(|a, b| a.0 <= b.0));
    }
}
