//! The figures before and after training.

use serde::{Deserialize, Serialize};

use super::{
    axis::short,
    html::{escape, minus},
};

/// How a [`Row`]'s figures are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A share in `[0, 1]`, written in per cent.
    Share,
    /// Any other number, written with three digits.
    #[default]
    Number,
}

/// One figure before training and after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// What was measured.
    pub name: String,
    /// How it is written.
    pub unit: Unit,
    /// Before training.
    pub before: f64,
    /// One standard error of it.
    pub before_stderr: Option<f64>,
    /// After training.
    pub after: f64,
    /// One standard error of it.
    pub after_stderr: Option<f64>,
}

impl Row {
    /// A share in `[0, 1]` without standard errors.
    pub fn share(name: impl Into<String>, before: f64, after: f64) -> Self {
        Self { unit: Unit::Share, ..Self::number(name, before, after) }
    }

    /// Any other figure without standard errors.
    pub fn number(name: impl Into<String>, before: f64, after: f64) -> Self {
        let (before_stderr, after_stderr) = (None, None);
        Self { name: name.into(), unit: Unit::Number, before, before_stderr, after, after_stderr }
    }

    /// The same row with the standard errors of its two figures, where they are known.
    pub fn with_stderr(self, before: impl Into<Option<f64>>, after: impl Into<Option<f64>>) -> Self {
        Self { before_stderr: before.into(), after_stderr: after.into(), ..self }
    }

    fn html(&self) -> String {
        format!(
            "<tr><th scope=\"row\">{}</th><td class=\"before\" data-label=\"before\">{}</td>\
             <td class=\"track\">{}</td><td class=\"after\" data-label=\"after\">{}</td>\
             <td class=\"change\" data-label=\"change\">{}</td></tr>\n",
            escape(&self.name),
            self.figure(self.before, self.before_stderr),
            self.track(),
            self.figure(self.after, self.after_stderr),
            self.change(),
        )
    }

    fn figure(&self, value: f64, stderr: Option<f64>) -> String {
        let stderr = stderr.filter(|error| error.is_finite());
        match (stderr, self.unit) {
            (Some(error), Unit::Share) => {
                format!("<b>{}</b> <small>± {:.1}</small>", self.text(value), 100.0 * error)
            }
            (Some(error), Unit::Number) if error > 0.0 && value.is_finite() => {
                // Two digits of the error tell where the figure's own digits end.
                let digits = (1.0 - error.log10().floor()).clamp(0.0, 6.0) as usize;
                format!("<b>{}</b> <small>± {error:.digits$}</small>", minus(format!("{value:.digits$}")))
            }
            _ => format!("<b>{}</b>", self.text(value)),
        }
    }

    fn text(&self, value: f64) -> String {
        match self.unit {
            _ if !value.is_finite() => "–".to_owned(),
            Unit::Share => minus(format!("{:.1}\u{202f}%", 100.0 * value)),
            Unit::Number => short(value),
        }
    }

    /// The difference, and whether it is more than two standard errors of itself.
    fn change(&self) -> String {
        let change = self.after - self.before;
        if !change.is_finite() {
            return String::new();
        }
        let sign = if change > 0.0 { "+" } else { "" };
        let text = match self.unit {
            Unit::Share => minus(format!("{sign}{:.1} points", 100.0 * change)),
            Unit::Number => format!("{sign}{}", short(change)),
        };
        let noise = self.before_stderr.zip(self.after_stderr).map(|(before, after)| before.hypot(after));
        match noise {
            Some(noise) if change.abs() <= 2.0 * noise => {
                format!("{text} <small>within two standard errors</small>")
            }
            _ => text,
        }
    }

    /// Both figures as dots on one line from zero, with bars of one standard error.
    fn track(&self) -> String {
        const LENGTH: f64 = 200.0;
        let widest = match self.unit {
            Unit::Share => 1.0,
            Unit::Number => 1.15 * self.before.abs().max(self.after.abs()),
        };
        if !(widest > 0.0 && widest.is_finite() && self.before >= 0.0 && self.after >= 0.0) {
            return String::new();
        }
        let at = |value: f64| 8.0 + LENGTH * (value / widest).clamp(0.0, 1.0);
        let dot = |class: &str, value: f64, stderr: Option<f64>| {
            let error = stderr.unwrap_or(0.0);
            format!(
                "<path class=\"{class}\" d=\"M{:.1} 12H{:.1}\"/><circle class=\"{class}\" cx=\"{:.1}\" cy=\"12\" r=\"5\"/>",
                at(value - error),
                at(value + error),
                at(value)
            )
        };
        format!(
            "<svg viewBox=\"0 0 216 24\" aria-hidden=\"true\"><path class=\"rail\" d=\"M8 12H208\"/>\
             <path class=\"way\" d=\"M{:.1} 12H{:.1}\"/>{}{}</svg>",
            at(self.before),
            at(self.after),
            dot("before", self.before, self.before_stderr),
            dot("after", self.after, self.after_stderr),
        )
    }
}

/// The table of all rows; empty without rows.
pub(crate) fn table(rows: &[Row]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let body: String = rows.iter().map(Row::html).collect();
    format!(
        "<section class=\"card comparison\"><table><thead><tr><th scope=\"col\"></th><th scope=\"col\">Before</th>\
         <th class=\"track\" scope=\"col\"></th><th scope=\"col\">After</th><th scope=\"col\">Change</th></tr></thead>\
         <tbody>\n{body}</tbody></table></section>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_written_in_per_cent() {
        let html = Row::share("pass@1", 0.021, 0.713).with_stderr(0.004, 0.012).html();
        for text in ["2.1\u{202f}%", "71.3\u{202f}%", "± 0.4", "± 1.2", "+69.2 points"] {
            assert!(html.contains(text), "{text} in {html}");
        }
        assert!(!html.contains("within"));
    }

    #[test]
    fn a_number_is_as_exact_as_its_error() {
        let html = Row::number("tokens", 71.3, 1218.4).with_stderr(1.94, 31.2).html();
        for text in ["<b>71.3</b> <small>± 1.9</small>", "<b>1218</b> <small>± 31</small>"] {
            assert!(html.contains(text), "{text} in {html}");
        }
    }

    #[test]
    fn a_change_within_the_noise_says_so() {
        // 0.02 is less than twice sqrt(0.01^2 + 0.01^2) = 0.028.
        assert!(
            Row::share("a", 0.50, 0.52)
                .with_stderr(0.01, 0.01)
                .change()
                .contains("within two standard errors")
        );
        assert!(!Row::share("a", 0.50, 0.53).with_stderr(0.01, 0.01).change().contains("within"));
    }

    #[test]
    fn figures_that_are_not_numbers_do_not_break_the_row() {
        let html = Row::number("length", f64::NAN, 10.0).html();
        assert!(html.contains("–") && !html.contains("NaN"), "{html}");
    }
}
