//! Axes with round ticks.

use super::html::minus;

/// One axis: the range it shows and where its ticks are.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Axis {
    pub(crate) low: f64,
    pub(crate) high: f64,
    step: f64,
}

impl Axis {
    /// An axis of steps: it shows exactly this range, with whole ticks in it.
    pub(crate) fn steps(low: f64, high: f64, count: usize) -> Self {
        let (low, high) = if high > low { (low, high) } else { (low - 1.0, high + 1.0) };
        Self { low, high, step: round_step((high - low) / count as f64).max(1.0) }
    }

    /// An axis around these values that ends at round ticks, where those are near, or a little beyond
    /// the values. Zero is shown when the values come near it.
    pub(crate) fn round(low: f64, high: f64, count: usize) -> Self {
        let (mut low, mut high) = widened(low, high);
        if low > 0.0 && low < 0.5 * high {
            low = 0.0;
        } else if high < 0.0 && high > 0.5 * low {
            high = 0.0;
        }
        let step = round_step((high - low) / count as f64);
        let margin = 0.04 * (high - low);
        let near = |value: f64, tick: f64| (value - tick).abs() <= 0.65 * step;
        let (floor, ceiling) = ((low / step).floor() * step, (high / step).ceil() * step);
        Self {
            low: if near(low, floor) { floor } else { low - margin },
            high: if near(high, ceiling) { ceiling } else { high + margin },
            step,
        }
    }

    /// The round values within the range.
    pub(crate) fn ticks(&self) -> Vec<f64> {
        // A sliver beyond the ends is a rounding error, not a tick that lies outside.
        let first = (self.low / self.step - 1e-6).ceil() as i64;
        let last = (self.high / self.step + 1e-6).floor() as i64;
        (first..=last).map(|index| index as f64 * self.step).collect()
    }

    /// A tick's text, with as many decimals as the step needs.
    pub(crate) fn label(&self, tick: f64) -> String {
        let largest = self.low.abs().max(self.high.abs());
        if tick == 0.0 {
            return "0".to_owned();
        }
        let text = match largest {
            _ if largest >= 1e7 || self.step < 1e-4 => trimmed_exponent(tick, self.step),
            _ if largest >= 1e6 => format!("{:.*}M", decimals(self.step / 1e6), tick / 1e6),
            _ if largest >= 1e4 => format!("{:.*}k", decimals(self.step / 1e3), tick / 1e3),
            _ => format!("{tick:.*}", decimals(self.step)),
        };
        minus(text)
    }

    /// Where a value lies: 0 at the low end, 1 at the high end.
    pub(crate) fn place(&self, value: f64) -> f64 {
        (value - self.low) / (self.high - self.low)
    }
}

/// A number with three significant digits, for headings.
pub(crate) fn short(value: f64) -> String {
    let size = value.abs();
    let text = match size {
        _ if size == 0.0 => "0".to_owned(),
        _ if !(1e-3..1e7).contains(&size) => format!("{value:.1e}").replace(".0e", "e"),
        _ if size >= 1e6 => format!("{:.2}M", value / 1e6),
        _ if size >= 1e5 => format!("{:.0}k", value / 1e3),
        _ if size >= 1e4 => format!("{:.1}k", value / 1e3),
        _ if size >= 100.0 => format!("{value:.0}"),
        _ if size >= 10.0 => format!("{value:.1}"),
        _ if size >= 0.1 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    };
    minus(text)
}

/// The same range, but never empty.
fn widened(low: f64, high: f64) -> (f64, f64) {
    if high > low {
        return (low, high);
    }
    match low {
        0.0 => (0.0, 1.0),
        _ => (low - 0.1 * low.abs(), low + 0.1 * low.abs()),
    }
}

/// The smallest of 1, 2, 5 times a power of ten that is not below `rough`.
fn round_step(rough: f64) -> f64 {
    let power = 10f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| factor * power >= rough * (1.0 - 1e-9));
    factor.unwrap_or(10.0) * power
}

fn decimals(step: f64) -> usize {
    (-(step.log10() + 1e-9).floor()).max(0.0) as usize
}

/// `2.5e-6`, with the digits that tell neighbours apart.
fn trimmed_exponent(value: f64, step: f64) -> String {
    let digits = (value.abs().log10().floor() - (step.log10() + 1e-9).floor()).max(0.0) as usize;
    format!("{value:.digits$e}").replace(".0e", "e")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(axis: Axis, expected: &str) {
        let labels: Vec<String> = axis.ticks().into_iter().map(|tick| axis.label(tick)).collect();
        assert_eq!(labels.join(" "), expected, "{axis:?}");
    }

    #[test]
    fn ticks_are_round() {
        check(Axis::round(0.02, 0.94, 4), "0 0.5 1.0");
        check(Axis::round(-0.08, 1.9, 5), "0 0.5 1.0 1.5 2.0");
        check(Axis::round(0.02, 0.94, 5), "0 0.2 0.4 0.6 0.8 1.0");
        check(Axis::round(81.0, 188.0, 5), "0 50 100 150 200");
        check(Axis::round(101.0, 188.0, 5), "100 120 140 160 180 200");
        check(Axis::round(-0.03, 0.11, 4), "\u{2212}0.05 0 0.05 0.10");
        check(Axis::round(1e-7, 1e-6, 4), "0 5e\u{2212}7 1e\u{2212}6");
        check(Axis::round(0.0, 52_000.0, 4), "0 20k 40k 60k");
        check(Axis::steps(1.0, 200.0, 5), "50 100 150 200");
        check(Axis::steps(1.0, 3.0, 5), "1 2 3");
        check(Axis::steps(7.0, 7.0, 5), "6 7 8");
    }

    #[test]
    fn a_constant_series_gets_a_range() {
        check(Axis::round(0.0, 0.0, 4), "0 0.5 1.0");
        check(Axis::round(3.0, 3.0, 4), "2.6 2.8 3.0 3.2 3.4");
    }

    #[test]
    fn headings_have_three_digits() {
        let texts = [0.0, 0.0712, 0.5, 12.345, 118.6, 52_310.0, 2.5e-6, -0.25].map(short);
        assert_eq!(texts, ["0", "0.0712", "0.50", "12.3", "119", "52.3k", "2.5e\u{2212}6", "\u{2212}0.25"]);
    }
}
