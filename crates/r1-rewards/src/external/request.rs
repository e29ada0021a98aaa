//! What a reward is asked.

use r1_core::{Completion, FinishReason, Problem};
use serde::Serialize;

/// A problem and one completion of it.
pub(super) type Sample<'a> = (&'a Problem, &'a Completion);

/// The JSON of a request, without a line feed: of one sample `{"id", "problem", "completion"}`, in batch mode
/// `{"id", "batch": [{"problem", "completion"}, ..]}`.
pub(super) fn encode(id: u64, samples: &[Sample<'_>], batched: bool, token_ids: bool) -> Vec<u8> {
    let entries: Vec<Entry<'_>> = samples
        .iter()
        .map(|(problem, completion)| Entry {
            problem,
            completion: CompletionView::new(completion, token_ids),
        })
        .collect();
    let json = match entries.as_slice() {
        [entry] if !batched => serde_json::to_vec(&One { id, entry }),
        _ => serde_json::to_vec(&Batch { id, batch: &entries }),
    };
    // Nothing in it can refuse: texts, numbers, and maps whose keys are texts.
    json.unwrap_or_default()
}

#[derive(Serialize)]
struct One<'a> {
    id: u64,
    #[serde(flatten)]
    entry: &'a Entry<'a>,
}

#[derive(Serialize)]
struct Batch<'a> {
    id: u64,
    batch: &'a [Entry<'a>],
}

#[derive(Serialize)]
struct Entry<'a> {
    problem: &'a Problem,
    completion: CompletionView<'a>,
}

/// A completion as a reward wants to see it: split, and without log-probabilities.
#[derive(Serialize)]
struct CompletionView<'a> {
    text: &'a str,
    reasoning: &'a str,
    answer: &'a str,
    finish: FinishReason,
    tokens: usize,
    think_prefilled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    ids: Option<&'a [u32]>,
}

impl<'a> CompletionView<'a> {
    fn new(completion: &'a Completion, token_ids: bool) -> Self {
        let response = completion.response();
        Self {
            text: &completion.text,
            reasoning: response.reasoning,
            answer: response.answer,
            finish: completion.finish,
            tokens: completion.ids.len(),
            think_prefilled: completion.think_prefilled,
            ids: token_ids.then_some(&completion.ids),
        }
    }
}

#[cfg(test)]
mod tests {
    use r1_core::Reference;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_request_has_the_problem_as_serde_writes_it_and_the_completion_split() {
        let problem = Problem::new("sum", "2 + 2?", Reference::number("4")).with("level", 1);
        let mut completion = Completion::from_text("2 and 2</think>\nfour\u{2028}", FinishReason::Length);
        completion.think_prefilled = true;
        completion.ids = vec![7, 8, 9];
        completion.logprobs = vec![-1.0; 3];
        let sample = (&problem, &completion);
        let read = |samples: &[Sample<'_>], batched, ids| -> Value {
            let line = encode(5, samples, batched, ids);
            assert!(!line.contains(&b'\n'));
            serde_json::from_slice(&line).unwrap()
        };
        let entry = json!({
            "problem": {"id": "sum", "question": "2 + 2?", "reference": {"kind": "number", "text": "4"},
                        "metadata": {"level": 1}},
            "completion": {"text": "2 and 2</think>\nfour\u{2028}", "reasoning": "2 and 2", "answer": "four",
                           "finish": "length", "tokens": 3, "think_prefilled": true},
        });
        let mut one = entry.clone();
        one["id"] = json!(5);
        assert_eq!(read(&[sample], false, false), one);
        assert_eq!(read(&[sample], true, false), json!({"id": 5, "batch": [entry]}));
        assert_eq!(read(&[sample, sample], true, false), json!({"id": 5, "batch": [entry, entry]}));
        assert_eq!(read(&[sample], false, true)["completion"]["ids"], json!([7, 8, 9]));
    }
}
