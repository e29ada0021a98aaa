//! OpenThoughts-114k: thoughts of DeepSeek-R1 on mathematics, code and puzzles (Hugging Face
//! `open-thoughts`, Apache-2.0), in either of its layouts.
//!
//! ```json
//! {"system": "Your role ..", "conversations": [{"from": "user", "value": "2+2?"}, {"from": "assistant", "value": "<|begin_of_thought|> .. <|end_of_thought|> <|begin_of_solution|> .. <|end_of_solution|>"}]}
//! {"problem": "2+2?", "deepseek_reasoning": "Two ..", "deepseek_solution": "It is 4.", "ground_truth_solution": "4", "domain": "math", "source": "x"}
//! ```

use std::path::Path;

use serde::Deserialize;

use super::{
    rows,
    thought_markers::{self, Turn, think},
};
use crate::DataError;
use r1_core::{Content, Message, Trace};

/// Both layouts; which one it is, `conversations` decides.
#[derive(Deserialize)]
struct Row {
    system: Option<String>,
    conversations: Option<Vec<Turn>>,
    problem: Option<String>,
    deepseek_reasoning: Option<String>,
    deepseek_solution: Option<String>,
    domain: Option<String>,
    source: Option<String>,
}

/// Reads the default layout or the one called `metadata`, with `<think>` tags instead of the markers. The
/// ids are `openthoughts-1`, `openthoughts-2`, ... in the file's order.
///
/// The data set's solutions are texts and no answers, so traces have no problem to be graded by.
///
/// # Errors
/// As [`rows::read`]; [`DataError::Line`] or [`DataError::Row`] when the markers are not where they should be.
pub fn load(path: impl AsRef<Path>) -> Result<Vec<Trace>, DataError> {
    rows::traces(path.as_ref(), |number, row: Row| {
        let id = format!("openthoughts-{number}");
        if let Some(turns) = row.conversations {
            let trace = thought_markers::trace(id, row.system, turns)?;
            return Ok(vec![trace.with("teacher", "DeepSeek-R1")]);
        }
        let (Some(problem), Some(reasoning), Some(solution)) =
            (row.problem, row.deepseek_reasoning, row.deepseek_solution)
        else {
            return Err("there are neither `conversations` nor `problem`, `deepseek_reasoning` and \
                        `deepseek_solution`"
                .into());
        };
        if solution.trim().is_empty() {
            return Err("`deepseek_solution` is empty".into());
        }
        let prompt = Content::Messages(vec![Message::user(problem)]);
        let mut trace = Trace::new(id, prompt, think(&reasoning, &solution));
        for (name, value) in [("domain", row.domain), ("source", row.source)] {
            if let Some(value) = value {
                trace = trace.with(name, value);
            }
        }
        Ok(vec![trace.with("teacher", "DeepSeek-R1")])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::tests::{error_of, file};

    #[test]
    fn both_layouts_give_the_same_completions() {
        let file = file(
            r#"{"system": "Put thoughts in <|begin_of_thought|> {x} <|end_of_thought|>.", "conversations": [{"from": "user", "value": "2+2?"}, {"from": "assistant", "value": "<|begin_of_thought|>\n\nTwo.\n\n<|end_of_thought|>\n\n<|begin_of_solution|>\n\n4\n\n<|end_of_solution|>"}]}
               {"problem": "2+2?", "deepseek_reasoning": "Two.\n", "deepseek_solution": "\n4", "ground_truth_solution": null, "domain": "math", "source": "s", "test_cases": null}"#,
        );
        let traces = load(file.path()).unwrap();
        assert_eq!(traces[0].completion, "<think>\nTwo.\n</think>\n\n4");
        assert_eq!(traces[1].completion, traces[0].completion);
        let system = Message::system("Put thoughts in <think> {x} </think>.");
        assert_eq!(traces[0].prompt, Content::Messages(vec![system, Message::user("2+2?")]));
        assert_eq!(traces[1].prompt, Content::Messages(vec![Message::user("2+2?")]));
        assert_eq!(
            (traces[1].id.as_str(), traces[1].provenance["domain"].as_str()),
            ("openthoughts-2", Some("math"))
        );
    }

    #[test]
    fn rows_that_do_not_fit_are_named() {
        let unanswered = r#"{"conversations": [{"from": "user", "value": "?"}]}"#;
        assert!(
            error_of(load, unanswered)
                .ends_with("line 1: the conversation does not end with the assistant's turn")
        );
        let strange = r#"{"conversations": [{"from": "tool", "value": "?"}]}"#;
        assert!(error_of(load, strange).contains("line 1: `tool` speaks, but only"));
        let half = r#"{"problem": "?"}"#;
        assert!(error_of(load, half).contains("line 1: there are neither `conversations` nor `problem`, "));
        let empty = r#"{"problem": "?", "deepseek_reasoning": "x", "deepseek_solution": " "}"#;
        assert!(error_of(load, empty).ends_with("line 1: `deepseek_solution` is empty"));
    }
}
