//! Where a run stands, on standard error.

use std::{
    io::{IsTerminal, stderr},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Between two plain lines when standard error is not a terminal.
const PLAIN_INTERVAL: Duration = Duration::from_secs(10);

/// What is worth seeing at a glance; a figure that is not known yet is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Status {
    /// Mean reward of the step.
    pub reward: Option<f64>,
    /// The last evaluation's pass@1, in `[0, 1]`.
    pub pass_at_1: Option<f64>,
    /// Mean length of the step's completions in tokens.
    pub completion_tokens: Option<f64>,
    /// Sampled tokens for each second.
    pub tokens_per_second: Option<f64>,
}

/// Shows the step, a [`Status`] and the time left: a bar on a terminal, else a plain line now and then.
///
/// ```
/// use r1_run::{Progress, Status};
///
/// let mut progress = Progress::new(2);
/// progress.update(1, &Status { reward: Some(0.5), ..Status::default() });
/// progress.update(2, &Status { reward: Some(1.0), ..Status::default() });
/// progress.finish();
/// ```
#[derive(Debug)]
pub struct Progress {
    total: u64,
    first: u64,
    started: Instant,
    face: Face,
}

#[derive(Debug)]
enum Face {
    Bar(ProgressBar),
    Plain { last: Option<Instant> },
}

impl Progress {
    /// Begins at step 0 of `total_steps`.
    pub fn new(total_steps: u64) -> Self {
        let face =
            if stderr().is_terminal() { Face::Bar(bar(total_steps)) } else { Face::Plain { last: None } };
        Self { total: total_steps, first: 0, started: Instant::now(), face }
    }

    /// The same for a resumed run that has `step` steps behind it, so that the time left is right.
    pub fn starting_at(self, step: u64) -> Self {
        Self { first: step, started: Instant::now(), ..self }
    }

    /// Shows that `step` steps are done.
    pub fn update(&mut self, step: u64, status: &Status) {
        let now = Instant::now();
        let elapsed = now - self.started;
        let left = time_left(elapsed, step.saturating_sub(self.first), self.total.saturating_sub(step));
        match &mut self.face {
            Face::Bar(bar) => {
                bar.set_message(message(status, left));
                bar.set_position(step);
            }
            Face::Plain { last } => {
                if is_due(last.map(|last| now - last), step, self.total) {
                    *last = Some(now);
                    eprintln!("step {step}/{}  {}", self.total, message(status, left));
                }
            }
        }
    }

    /// Prints a line without tearing the bar.
    pub fn println(&self, line: &str) {
        match &self.face {
            Face::Bar(bar) => bar.suspend(|| eprintln!("{line}")),
            Face::Plain { .. } => eprintln!("{line}"),
        }
    }

    /// Leaves the bar as it stands and ends it.
    pub fn finish(self) {
        if let Face::Bar(bar) = self.face {
            bar.abandon();
        }
    }
}

fn bar(total: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:24.cyan/dim} {pos}/{len}  {wide_msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("━╸─");
    ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr()).with_style(style)
}

/// True for the first line, the last step, and whenever the last line is old enough.
fn is_due(since_last: Option<Duration>, step: u64, total: u64) -> bool {
    step == total || since_last.is_none_or(|since| since >= PLAIN_INTERVAL)
}

/// What the steps left will take if they go as those done; `None` before the first.
fn time_left(elapsed: Duration, done: u64, left: u64) -> Option<Duration> {
    (done > 0).then(|| Duration::from_secs_f64(elapsed.as_secs_f64() * left as f64 / done as f64))
}

fn message(status: &Status, left: Option<Duration>) -> String {
    let mut parts = Vec::new();
    if let Some(reward) = status.reward {
        parts.push(format!("reward {reward:.3}"));
    }
    if let Some(share) = status.pass_at_1 {
        parts.push(format!("pass@1 {:.1} %", 100.0 * share));
    }
    if let Some(tokens) = status.completion_tokens {
        parts.push(format!("length {tokens:.0}"));
    }
    if let Some(rate) = status.tokens_per_second {
        parts.push(format!("{rate:.0} tokens/s"));
    }
    if let Some(left) = left {
        parts.push(format!("{} left", clock(left)));
    }
    parts.join("  ")
}

/// `45s`, `3m 20s` or `2h 05m`.
fn clock(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m", seconds / 3600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_shows_what_is_known() {
        let status = Status {
            reward: Some(0.52149),
            pass_at_1: Some(0.4375),
            completion_tokens: Some(118.6),
            tokens_per_second: Some(5231.0),
        };
        let left = Some(Duration::from_secs(200));
        assert_eq!(
            message(&status, left),
            "reward 0.521  pass@1 43.8 %  length 119  5231 tokens/s  3m 20s left"
        );
        assert_eq!(message(&Status::default(), None), "");
    }

    #[test]
    fn the_time_left_scales_with_the_steps_left() {
        // 30 s for 10 steps are 3 s a step; 40 steps are left.
        assert_eq!(time_left(Duration::from_secs(30), 10, 40), Some(Duration::from_secs(120)));
        assert_eq!(time_left(Duration::from_secs(30), 0, 40), None);
        assert_eq!(clock(Duration::from_secs(45)), "45s");
        assert_eq!(clock(Duration::from_secs(7500)), "2h 05m");
    }

    #[test]
    fn plain_lines_come_first_last_and_every_ten_seconds() {
        assert!(is_due(None, 1, 100));
        assert!(!is_due(Some(Duration::from_secs(9)), 50, 100));
        assert!(is_due(Some(Duration::from_secs(10)), 50, 100));
        assert!(is_due(Some(Duration::ZERO), 100, 100));
    }
}
