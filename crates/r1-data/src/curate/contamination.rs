//! The rule of contamination, and its report.

use serde::{Deserialize, Serialize};

use crate::DataError;

/// The rule that makes a training document a copy of an evaluation text.
///
/// With the defaults one run of ten words is enough. The runs that stand in more than ten evaluation items
/// are left out, because they are the set's own phrases ("how many apples does he have now ...") and not
/// one of its questions; [`r1`](Self::r1) leaves out nothing.
///
/// # Source
/// DeepSeek-R1 (arXiv:2501.12948v2), supplement on decontamination: any run of ten words that a
/// training text shares with an evaluation question or reference solution.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ContaminationRule {
    /// The number of words in a run.
    pub ngram: usize,
    /// Number of different runs of one evaluation text that makes a copy.
    pub min_ngrams: usize,
    /// Share of one evaluation text's words, in runs, that makes a copy, too, in `(0, 1]`.
    pub min_coverage: Option<f64>,
    /// Runs that stand in more evaluation items than this are left out.
    pub max_items: Option<usize>,
    /// Phrases whose runs are left out, of at least `ngram` words each.
    pub stop_phrases: Vec<String>,
}

impl Default for ContaminationRule {
    fn default() -> Self {
        Self { ngram: 10, min_ngrams: 1, min_coverage: None, max_items: Some(10), stop_phrases: Vec::new() }
    }
}

impl ContaminationRule {
    /// One run of ten words, unless it stands in more than ten evaluation items.
    pub fn new() -> Self {
        Self::default()
    }

    /// The paper's: one run of ten words, whichever it is.
    pub fn r1() -> Self {
        Self { max_items: None, ..Self::default() }
    }

    /// The same rule with another number of words in a run.
    pub fn with_ngram(self, ngram: usize) -> Self {
        Self { ngram, ..self }
    }

    /// The same rule with another number of runs.
    pub fn with_min_ngrams(self, min_ngrams: usize) -> Self {
        Self { min_ngrams, ..self }
    }

    /// The same rule that is also met by this share of an evaluation text.
    #[cfg(test)]
    pub(crate) fn with_min_coverage(self, share: f64) -> Self {
        Self { min_coverage: Some(share), ..self }
    }

    /// The same rule with another limit of items for a run.
    pub fn with_max_items(self, max_items: Option<usize>) -> Self {
        Self { max_items, ..self }
    }

    /// The same rule with one more phrase to leave out.
    #[cfg(test)]
    pub(crate) fn with_stop_phrase(mut self, phrase: impl Into<String>) -> Self {
        self.stop_phrases.push(phrase.into());
        self
    }

    pub(super) fn validate(&self) -> Result<(), DataError> {
        let wrong = |name, reason: &str| Err(DataError::Setting { name, reason: reason.to_owned() });
        if self.ngram == 0 {
            return wrong("ngram", "is 0; a run has at least one word");
        }
        if self.min_ngrams == 0 {
            return wrong("min_ngrams", "is 0, which every document reaches; choose at least 1");
        }
        if self.min_coverage.is_some_and(|share| !(share > 0.0 && share <= 1.0)) {
            return wrong("min_coverage", "lies outside of (0, 1]");
        }
        if self.max_items == Some(0) {
            return wrong("max_items", "is 0, which leaves out every run; choose at least 1");
        }
        Ok(())
    }
}

/// One document that was removed, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contamination {
    /// The document's id.
    pub id: String,
    /// The name of its text: `question`, `solution`, `prompt` or `completion`.
    pub text: String,
    /// The evaluation set.
    pub set: String,
    /// The evaluation item's id.
    pub item: String,
    /// The name of the item's text.
    pub item_text: String,
    /// Number of different runs of the item's text that the document has.
    pub ngrams: usize,
    /// Share of the words of the item's text that lies in these runs.
    pub coverage: f64,
    /// True when the whole text is the whole text of the item, however short.
    pub whole: bool,
    /// The longest stretch in common, as the document writes it.
    pub matched: String,
    /// The same stretch, as the evaluation item writes it.
    pub original: String,
    /// Number of other pairs of texts that met the rule; this one has the most runs.
    pub others: usize,
}

/// One evaluation set that documents were compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvaluationSet {
    /// Its name.
    pub name: String,
    /// The number of its items.
    pub items: usize,
    /// Number of them that have no text with a run that counts, so that only a copy of the whole question
    /// is found.
    pub whole_only: usize,
    /// Number of documents removed because of it.
    pub removed: usize,
}

/// The result of decontamination.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContaminationReport {
    /// The rule.
    pub rule: ContaminationRule,
    /// The sets that were compared with.
    pub sets: Vec<EvaluationSet>,
    /// The number of documents that were looked at.
    pub documents: usize,
    /// The number of documents that were kept.
    pub kept: usize,
    /// Those that were not, in order.
    pub removed: Vec<Contamination>,
}
