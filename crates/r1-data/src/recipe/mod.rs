//! Data described by a recipe: sources, weights, filters and order, as a part of a TOML or JSON file.
//!
//! A source is a procedural task or a file. [`DataRecipe::training`] gives the endless problems of
//! reinforcement learning, [`DataRecipe::evaluation`] a finite set, [`DataRecipe::traces`] the traces of
//! supervised fine-tuning, [`DataRecipe::reward_rows`] the pairs of reward models. Each says in a [`DataReport`] what was read and dropped.
//!
//! ```toml
//! order = "shuffled"
//!
//! [[sources]]
//! task = "chained_arithmetic"
//! level = 2
//!
//! [[sources]]
//! file = "train.jsonl"
//! columns = { question = "query", answer = "gold" }
//! weight = 3.0
//!
//! [filters]
//! near_duplicates = { threshold = 0.8 }
//! decontaminate = { against = ["test.jsonl"] }
//! pass_rate = { report = "base.samples.jsonl", min = 0.1, max = 0.9 }
//! ```
//!
//! ```
//! use std::path::Path;
//! use r1_core::ProblemSource;
//! use r1_data::recipe::DataRecipe;
//!
//! let recipe: DataRecipe = serde_json::from_str(r#"{"sources": [{"task": "gcd"}, {"task": "gcd", "level": 2}]}"#)?;
//! let (mut problems, _) = recipe.training(Path::new("."), 7)?;
//! assert!(problems.next()?.question.contains("gcd"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod source;
mod read;
mod ids;
mod filters;
mod order;
mod report;
mod build;
mod task_pairs;
mod reward_rows;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use filters::{Decontamination, Filters, NearDuplicateFilter, PassRateWindow};
pub use order::Order;
pub use report::{DataReport, SourceReport};
pub use source::{SourceRecipe, Split};

/// A mixture of sources with its filters.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DataRecipe {
    /// Tasks and files, at least one.
    pub sources: Vec<SourceRecipe>,
    /// The seed of shuffling and drawing [default: that of the run].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// The order in which training takes the problems of files.
    pub order: Order,
    /// Filters of the files' problems or traces.
    pub filters: Filters,
}

impl DataRecipe {
    /// Every file that the recipe reads, relative ones within `base`: sources, the sets of decontamination,
    /// the report of pass rates.
    ///
    /// ```
    /// use std::path::{Path, PathBuf};
    /// use r1_data::recipe::DataRecipe;
    ///
    /// let recipe: DataRecipe = serde_json::from_str(r#"{"sources": [{"file": "a.jsonl"}, {"task": "gcd"}]}"#)?;
    /// assert_eq!(recipe.files(Path::new("data")), [PathBuf::from("data/a.jsonl")]);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn files(&self, base: &Path) -> Vec<PathBuf> {
        let sources = self.sources.iter().filter_map(|source| source.file.as_deref());
        sources.chain(self.filters.files()).map(|file| resolve(base, file)).collect()
    }
}

/// A relative path within the base folder. Addresses of the Hub stay as they are.
fn resolve(base: &Path, file: &Path) -> PathBuf {
    if file.to_str().is_some_and(|text| text.starts_with("hf://")) {
        file.to_owned()
    } else {
        base.join(file)
    }
}

#[cfg(test)]
mod tests;
