//! A problem's tests, in the layout of [`Reference::Tests`](r1_core::Reference::Tests).

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Checker, CodeError, Language, Limits, Submission, TestCase};

/// Tests with what they need: the layout that the data sets' readers write.
///
/// ```json
/// {"language": "python", "prelude": "import math\n", "cpu_seconds": 2, "checker": "floats",
///  "tests": [{"stdin": "1 2\n", "stdout": "3\n"}]}
/// ```
///
/// Only `tests` is needed; a list stands for an object with `tests` alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suite {
    /// The language, when the problem fixes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// What stands before the submission in its file, such as the beginning of the function.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prelude: String,
    /// Processor seconds a test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_seconds: Option<f64>,
    /// Whether the time is one for compiled languages, of which interpreted ones get a multiple.
    #[serde(default, skip_serializing_if = "is_false")]
    pub time_for_compiled: bool,
    /// Memory in MiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_mb: Option<u64>,
    /// How outputs are compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checker: Option<Checker>,
    /// The version of the language.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub standard: String,
    /// The tests.
    pub tests: Vec<TestCase>,
}

fn is_false(value: &bool) -> bool {
    !value
}

impl Suite {
    /// Reads the layout.
    ///
    /// # Errors
    /// [`CodeError::Tests`] for any other layout, and for no tests at all.
    pub fn parse(tests: &Value) -> Result<Self, CodeError> {
        let parsed = match tests {
            Value::Array(_) => Vec::<TestCase>::deserialize(tests).map(Self::of),
            _ => Self::deserialize(tests),
        };
        match parsed {
            Ok(suite) if suite.tests.is_empty() => Err(CodeError::Tests { reason: "there are none".into() }),
            Ok(suite) if suite.cpu_seconds.is_some_and(|s| !(s.is_finite() && s > 0.0)) => {
                Err(CodeError::Tests { reason: "cpu_seconds must be above 0".into() })
            }
            Ok(suite) => Ok(suite),
            Err(error) => Err(CodeError::Tests { reason: error.to_string() }),
        }
    }

    /// A suite of tests and nothing else.
    pub fn of(tests: Vec<TestCase>) -> Self {
        let (language, prelude, checker, standard) = (None, String::new(), None, String::new());
        Self {
            language,
            prelude,
            cpu_seconds: None,
            time_for_compiled: false,
            memory_mb: None,
            checker,
            standard,
            tests,
        }
    }

    /// A submission of this code, with the suite's limits, or these where it has none.
    pub fn submission(&self, language: Language, code: &str, limits: &Limits) -> Submission {
        let mut limits = limits.clone();
        if let Some(seconds) = self.cpu_seconds {
            let factor = if self.time_for_compiled { language.spec().time_factor } else { 1.0 };
            let seconds = seconds * factor;
            limits = limits.with_cpu(Duration::from_secs_f64(seconds.min(600.0)));
        }
        if let Some(megabytes) = self.memory_mb {
            limits.memory_bytes = megabytes.saturating_mul(1 << 20);
        }
        let source = format!("{}{code}", self.prelude);
        let mut submission = Submission::new(language, source).with_limits(limits);
        submission.standard.clone_from(&self.standard);
        submission.with_checker(self.checker.clone().unwrap_or_default())
    }
}
