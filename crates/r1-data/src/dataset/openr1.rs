//! OpenR1-Math-220k: problems with two to four thoughts of DeepSeek-R1 each, judged (Hugging Face `open-r1`,
//! Apache-2.0).
//!
//! ```json
//! {"problem": "What is 2 + 2?", "answer": "4", "uuid": "0f", "generations": ["<think>..</think> .."], "is_reasoning_complete": [true], "correctness_math_verify": [true], "correctness_llama": null}
//! ```
//! The lists are aligned with `generations`; any of them may be null.

use std::path::Path;

use serde::Deserialize;

use super::rows;
use crate::DataError;
use r1_core::{Content, Message, Problem, Reference, Trace};

#[derive(Deserialize)]
struct Row {
    problem: String,
    generations: Vec<Option<String>>,
    #[serde(default)]
    answer: Option<String>,
    #[serde(default)]
    solution: Option<String>,
    #[serde(default)]
    uuid: Option<String>,
    #[serde(default)]
    problem_type: Option<String>,
    #[serde(default)]
    source: Option<String>,
    #[serde(default)]
    is_reasoning_complete: Option<Vec<Option<bool>>>,
    #[serde(default)]
    correctness_math_verify: Option<Vec<Option<bool>>>,
    #[serde(default)]
    correctness_llama: Option<Vec<Option<bool>>>,
}

/// Reads the generations that the data set itself calls complete and right: by Math-Verify or, where that
/// gave no verdict of right, by its second judge. The others are left out. The ids are `openr1-UUID/N` with
/// the generation's place from 0; a row without `uuid` is named by its number.
///
/// # Errors
/// As [`rows::read`]; [`DataError::Line`] or [`DataError::Row`] when a list of flags is not as long as the
/// generations, and [`DataError::Empty`] when no generation is left.
pub fn load(path: impl AsRef<Path>) -> Result<Vec<Trace>, DataError> {
    rows::traces(path.as_ref(), |number, row: Row| {
        let complete =
            flags("is_reasoning_complete", &row.is_reasoning_complete, row.generations.len(), true)?;
        let count = row.generations.len();
        let verified = flags("correctness_math_verify", &row.correctness_math_verify, count, false)?;
        let judged = flags("correctness_llama", &row.correctness_llama, count, false)?;
        let id = format!("openr1-{}", row.uuid.unwrap_or_else(|| number.to_string()));
        // Proofs have no answer that could be compared.
        let answer = row.answer.as_deref().map(str::trim).filter(|answer| !answer.is_empty());
        let problem = answer.map(|answer| {
            let mut problem = Problem::new(&id, &row.problem, Reference::expression(answer));
            for (name, value) in [("solution", &row.solution), ("subject", &row.problem_type)] {
                if let Some(value) = value {
                    problem = problem.with(name, value.as_str());
                }
            }
            problem
        });
        let mut traces = Vec::new();
        for (place, generation) in row.generations.iter().enumerate() {
            let right = verified[place] || judged[place];
            if let Some(generation) = generation.as_ref().filter(|_| complete[place] && right) {
                let prompt = Content::Messages(vec![Message::user(&row.problem)]);
                let mut trace = Trace::new(format!("{id}/{place}"), prompt, generation)
                    .with("teacher", "DeepSeek-R1")
                    .with("verified", true);
                if let Some(source) = &row.source {
                    trace = trace.with("source", source.as_str());
                }
                trace.problem = problem.clone();
                traces.push(trace);
            }
        }
        Ok(traces)
    })
}

/// One flag for each generation; `unknown` where there is none.
fn flags(
    name: &str,
    flags: &Option<Vec<Option<bool>>>,
    count: usize,
    unknown: bool,
) -> Result<Vec<bool>, String> {
    match flags {
        None => Ok(vec![unknown; count]),
        Some(flags) if flags.len() == count => Ok(flags.iter().map(|flag| flag.unwrap_or(unknown)).collect()),
        Some(flags) => Err(format!("`{name}` has {} flags for {count} generations", flags.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::tests::{error_of, file};

    #[test]
    fn complete_and_right_generations_are_kept() {
        let file = file(
            r#"{"problem": "2+2?", "answer": "4", "uuid": "u", "source": "s", "generations": ["<think>a</think>4", "cut", "wrong", null, "judged"],
                "is_reasoning_complete": [true, false, true, true, null], "correctness_math_verify": [true, true, false, true, null], "correctness_llama": [null, null, false, null, true]}"#
                .replace('\n', " ")
                + "\n"
                + r#"{"problem": "Prove it.", "answer": null, "generations": ["p"], "correctness_llama": [true]}"#,
        );
        let traces = load(file.path()).unwrap();
        let ids: Vec<&str> = traces.iter().map(|trace| trace.id.as_str()).collect();
        assert_eq!(ids, ["openr1-u/0", "openr1-u/4", "openr1-2/0"]);
        assert_eq!(traces[0].prompt, Content::Messages(vec![Message::user("2+2?")]));
        assert_eq!(traces[0].completion, "<think>a</think>4");
        assert_eq!(traces[0].problem, Some(Problem::new("openr1-u", "2+2?", Reference::expression("4"))));
        assert_eq!((traces[0].provenance["source"].as_str(), &traces[2].problem), (Some("s"), &None));
    }

    #[test]
    fn rows_that_do_not_fit_are_named() {
        for (text, reason) in [
            (
                r#"{"problem": "?", "generations": ["a", "b"], "correctness_math_verify": [true]}"#,
                "line 1: `correctness_math_verify` has 1 flags for 2 generations",
            ),
            (
                r#"{"problem": "?", "generations": "a"}"#,
                "line 1: invalid type: string \"a\", expected a sequence",
            ),
            (
                r#"{"problem": "?", "generations": [" "], "correctness_llama": [true]}"#,
                "line 1: the completion of `openr1-1/0` is empty",
            ),
            (
                r#"{"problem": "?", "generations": ["a"], "correctness_llama": [false]}"#,
                "the data set is empty; check the file and the filters",
            ),
        ] {
            let error = error_of(load, text);
            assert!(error.ends_with(reason), "{error}");
        }
    }
}
