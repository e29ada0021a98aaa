//! The page.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::{RunError, atomic, read_lines};

use super::{Chart, Row, SamplePair, comparison::table, html::escape};

const STYLE: &str = include_str!("page.css");

/// What a run's page shows; the curves come from the run's metrics.
///
/// ```
/// use r1_run::report::{Chart, Report, Row};
///
/// let report = Report {
///     subtitle: "GRPO on sums of two numbers".into(),
///     parameters: vec![("seed".into(), "7".into())],
///     rows: vec![Row::share("pass@1", 0.02, 0.71).with_stderr(0.01, 0.02)],
///     charts: Chart::standard(),
///     ..Report::new("R1-Zero")
/// };
/// assert!(report.render(&[]).contains("R1-Zero"));
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Report {
    /// The heading.
    pub title: String,
    /// One sentence below it.
    pub subtitle: String,
    /// Settings worth knowing, by name.
    pub parameters: Vec<(String, String)>,
    /// What somebody should look at, a text of one line or more each.
    pub notes: Vec<String>,
    /// Figures before and after training.
    pub rows: Vec<Row>,
    /// The curves; those without a value in the metrics are named, not drawn.
    pub charts: Vec<Chart>,
    /// Completions before and after training.
    pub samples: Vec<SamplePair>,
}

impl Report {
    /// An empty report with a heading.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }

    /// The page as HTML.
    pub fn render(&self, metrics: &[Map<String, Value>]) -> String {
        let title = escape(&self.title);
        let subtitle = match self.subtitle.as_str() {
            "" => String::new(),
            text => format!("<p>{}</p>", escape(text)),
        };
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n\
             <header class=\"top\"><h1>{title}</h1>{subtitle}</header>\n{}{}{}{}{}</main>\n</body>\n</html>\n",
            self.remarks(),
            table(&self.rows),
            self.curves(metrics),
            self.completions(),
            self.settings(),
        )
    }

    /// Reads `metrics.jsonl` in the run's folder and writes `report.html` beside it.
    ///
    /// # Errors
    /// When the metrics cannot be read or the page cannot be written.
    pub fn write(&self, dir: impl AsRef<Path>) -> Result<PathBuf, RunError> {
        let metrics = read_lines(&dir.as_ref().join("metrics.jsonl"))?;
        let path = dir.as_ref().join("report.html");
        atomic::write_file(&path, self.render(&metrics).as_bytes())?;
        Ok(path)
    }

    fn curves(&self, metrics: &[Map<String, Value>]) -> String {
        let mut cards = String::new();
        let mut missing = Vec::new();
        for chart in &self.charts {
            match chart.html(metrics) {
                Some(card) => cards.push_str(&card),
                None => missing.push(escape(&chart.title)),
            }
        }
        if cards.is_empty() && missing.is_empty() {
            return String::new();
        }
        let missing = match missing.as_slice() {
            [] => String::new(),
            names => format!("<p class=\"note\">Not logged in this run: {}.</p>\n", names.join(", ")),
        };
        format!("<h2>Training</h2>\n<div class=\"charts\">\n{cards}</div>\n{missing}")
    }

    fn remarks(&self) -> String {
        if self.notes.is_empty() {
            return String::new();
        }
        let notes: String = self
            .notes
            .iter()
            .map(|note| format!("<pre class=\"card remark\">{}</pre>\n", escape(note)))
            .collect();
        format!("<h2>What to look at</h2>\n{notes}")
    }

    fn completions(&self) -> String {
        if self.samples.is_empty() {
            return String::new();
        }
        let cards: String = self.samples.iter().map(SamplePair::html).collect();
        format!("<h2>Completions</h2>\n{cards}")
    }

    fn settings(&self) -> String {
        if self.parameters.is_empty() {
            return String::new();
        }
        let entry = |(name, value): &(String, String)| {
            format!("<div><dt>{}</dt><dd>{}</dd></div>\n", escape(name), escape(value))
        };
        let entries: String = self.parameters.iter().map(entry).collect();
        format!("<h2>Settings</h2>\n<dl class=\"card settings\">\n{entries}</dl>\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Run;

    fn hostile() -> Report {
        let evil = "</style><script>alert(1)</script>".to_owned();
        Report {
            title: evil.clone(),
            subtitle: evil.clone(),
            parameters: vec![(evil.clone(), evil.clone())],
            notes: vec![evil.clone()],
            rows: vec![Row::share(evil.clone(), 0.0, 1.0)],
            charts: vec![
                Chart::new(evil.clone(), evil.clone()).line(evil.clone(), "reward"),
                Chart::new(evil.clone(), "").line("", "kl"),
            ],
            samples: vec![SamplePair {
                question: evil.clone(),
                before: evil.clone(),
                after: evil,
                ..SamplePair::default()
            }],
        }
    }

    #[test]
    fn nothing_on_the_page_is_taken_for_markup() {
        let metrics = vec![serde_json::from_str(r#"{"step": 1, "reward": 0.5}"#).unwrap()];
        let page = hostile().render(&metrics);
        assert!(!page.contains("<script"));
        assert_eq!(page.matches("</style>").count(), 1);
        assert!(page.contains("Not logged in this run"));
    }

    #[test]
    fn the_page_asks_nothing_of_the_network() {
        let page = hostile().render(&[]);
        for request in ["http://", "https://", "src=", "href=", "@import", "url("] {
            assert!(!page.contains(request), "{request}");
        }
    }

    #[test]
    fn the_page_is_written_into_the_run() {
        let dir = tempfile::tempdir().unwrap();
        let mut run = Run::create(dir.path()).unwrap();
        run.log(&serde_json::json!({"step": 1, "reward": 0.5})).unwrap();
        let report = Report { charts: Chart::standard(), ..Report::new("zero") };
        let path = report.write(run.dir()).unwrap();
        assert!(std::fs::read_to_string(path).unwrap().contains("<svg"));
    }
}
