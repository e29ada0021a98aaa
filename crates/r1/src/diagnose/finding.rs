//! What a diagnosis found.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;

/// A fault of a run, with its figures and what to change.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// What it is called.
    pub name: &'static str,
    /// What happened, in a sentence with figures.
    pub what: String,
    /// The figures by name.
    pub figures: BTreeMap<&'static str, f64>,
    /// Fields of the recipe to change, or what else to look at, the likeliest first.
    pub knobs: Vec<String>,
}

impl Finding {
    pub(super) fn new(name: &'static str, what: impl Into<String>) -> Self {
        Self { name, what: what.into(), figures: BTreeMap::new(), knobs: Vec::new() }
    }

    /// The same with one more figure.
    pub(super) fn figure(mut self, name: &'static str, value: f64) -> Self {
        self.figures.insert(name, value);
        self
    }

    /// The same with one more thing to change.
    pub(super) fn knob(mut self, knob: impl Into<String>) -> Self {
        self.knobs.push(knob.into());
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.what)?;
        self.knobs.iter().try_for_each(|knob| write!(f, "\n  - {knob}"))
    }
}
