//! A question and what counts as its answer.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// An item with a checkable answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Problem {
    /// Unique within its data set; randomness and resume are keyed by it.
    pub id: String,
    /// The question, without any template.
    pub question: String,
    /// The reference answer.
    pub reference: Reference,
    /// Other entries of the data set: level, subject, source.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub metadata: Map<String, Value>,
}

impl Problem {
    /// A problem without metadata.
    pub fn new(id: impl Into<String>, question: impl Into<String>, reference: Reference) -> Self {
        Self { id: id.into(), question: question.into(), reference, metadata: Map::new() }
    }

    /// The same problem with one more metadata entry.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.metadata.insert(name.to_owned(), value.into());
        self
    }
}

/// The reference that a completion is compared with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reference {
    /// A whole number, fraction, decimal or percentage, as written.
    Number {
        /// The number's text, for example `-3/4`.
        text: String,
    },
    /// A mathematical expression in LaTeX or plain text.
    Expression {
        /// The expression as the data set writes it.
        text: String,
    },
    /// One of several options.
    Choice {
        /// The letter of the right option, upper case.
        label: char,
        /// The options in the order A, B, C, ...
        options: Vec<String>,
    },
    /// A text to be matched after white space and case are evened out.
    Text {
        /// The expected text.
        text: String,
    },
    /// Reach `target` with each of `numbers` at most once, by + - * /.
    Countdown {
        /// The numbers that may be used.
        numbers: Vec<i64>,
        /// The value the expression must have.
        target: i64,
    },
    /// Test cases for a program, in the layout of the code rewards.
    Tests {
        /// The test cases, as the code reward reads them.
        tests: Value,
    },
    /// A chosen and a rejected answer.
    Preference {
        /// The answer people preferred.
        chosen: String,
        /// The answer they did not.
        rejected: String,
    },
    /// Anything else; only rewards that know it can use it.
    Other {
        /// Free-form content.
        value: Value,
    },
}

impl Reference {
    /// A [`Reference::Number`].
    pub fn number(text: impl Into<String>) -> Self {
        Self::Number { text: text.into() }
    }

    /// A [`Reference::Expression`].
    pub fn expression(text: impl Into<String>) -> Self {
        Self::Expression { text: text.into() }
    }

    /// A [`Reference::Text`].
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into() }
    }
}

impl std::fmt::Display for Reference {
    /// The right answer in short, for tables and reports.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number { text } | Self::Expression { text } | Self::Text { text } => f.write_str(text),
            Self::Choice { label, .. } => write!(f, "{label}"),
            Self::Countdown { target, .. } => write!(f, "{target}"),
            Self::Tests { .. } => f.write_str("tests"),
            Self::Preference { chosen, .. } => f.write_str(chosen),
            Self::Other { value } => write!(f, "{value}"),
        }
    }
}
