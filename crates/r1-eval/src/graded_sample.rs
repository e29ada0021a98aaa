//! A graded completion, and files of them.

use std::path::Path;

use r1_core::{FinishReason, Reference, Sampling, template::PromptTemplate};
use r1_data::{DataError, dataset::jsonl};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One completion with all that is needed to understand its score, a line of `*.samples.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GradedSample {
    /// The problem's id.
    pub id: String,
    /// Its place among the problem's completions, from 0.
    pub sample: usize,
    /// The question.
    pub question: String,
    /// The entries of the problem's metadata that the tables need.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub metadata: Map<String, Value>,
    /// The template around the question.
    pub template: PromptTemplate,
    /// The prompt: a text, token ids or a list of messages.
    pub prompt: Value,
    /// The reference answer.
    pub reference: Reference,
    /// The completion's text.
    pub completion: String,
    /// True when the prompt had opened the thoughts already, so that `completion` starts inside them.
    #[serde(default)]
    pub think_prefilled: bool,
    /// Its length in tokens.
    pub tokens: usize,
    /// The reason it ended.
    pub finish: FinishReason,
    /// The answer that was read from it, as it voted.
    pub answer: String,
    /// Its score; `null` when it could not be graded.
    pub score: Option<f32>,
    /// True when it counts as correct; `null` when it could not be graded.
    pub correct: Option<bool>,
    /// Name of the reward that graded it.
    pub grader: String,
    /// The sampling settings.
    pub sampling: Sampling,
    /// Seed of the problem's key.
    pub seed: u64,
    /// The evaluation's [`provenance`](crate::EvalConfig::provenance).
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub provenance: Map<String, Value>,
}

impl GradedSample {
    /// Reads a file of samples, one a line.
    ///
    /// # Errors
    /// Those of [`jsonl::read`], naming the file and the line.
    pub fn load(path: impl AsRef<Path>) -> Result<Vec<Self>, DataError> {
        Ok(jsonl::read(path)?.into_iter().map(|record| record.value).collect())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::Write;

    use super::*;

    /// A row of problem `id`, for tests.
    pub(crate) fn row(id: &str, sample: usize, correct: Option<bool>) -> GradedSample {
        GradedSample {
            id: id.to_owned(),
            sample,
            question: format!("question {id}"),
            metadata: Map::new(),
            template: PromptTemplate::Plain,
            prompt: Value::Null,
            reference: Reference::number("1"),
            completion: String::new(),
            think_prefilled: false,
            tokens: 0,
            finish: FinishReason::Stop,
            answer: String::new(),
            score: correct.map(|correct| f32::from(u8::from(correct))),
            correct,
            grader: "accuracy".to_owned(),
            sampling: Sampling::default(),
            seed: 0,
            provenance: Map::new(),
        }
    }

    #[test]
    fn rows_come_back_as_they_were_written() {
        let mut rows = vec![row("a", 0, Some(true)), row("b", 1, None)];
        rows[0].metadata.insert("level".into(), 3.into());
        rows[1].provenance.insert("benchmark".into(), "gsm8k".into());
        rows[1].prompt = serde_json::json!([{"role": "user", "content": "?"}]);
        let mut file = tempfile::NamedTempFile::new().unwrap();
        for row in &rows {
            writeln!(file, "{}", serde_json::to_string(row).unwrap()).unwrap();
        }
        assert_eq!(GradedSample::load(file.path()).unwrap(), rows);
        writeln!(file, "{{\"id\": \"c\"}}").unwrap();
        let error = GradedSample::load(file.path()).unwrap_err().to_string();
        assert!(error.ends_with("line 3: missing field `sample`"), "{error}");
    }
}
