//! Pairs of a chosen and a rejected answer, with the prompt beside them or inside.
//!
//! ```json
//! {"prompt": "2+2?", "chosen": "4", "rejected": "5"}
//! {"prompt": "2+2?", "chosen": [{"role": "user", "content": "2+2?"}, {"role": "assistant", "content": "4"}], "rejected": [..]}
//! {"chosen": "\n\nHuman: 2+2?\n\nAssistant: 4", "rejected": "\n\nHuman: 2+2?\n\nAssistant: 5"}
//! ```

use std::path::Path;

use serde::Deserialize;
use serde_json::json;

use super::{
    conversation::{TextOrTurns, split_last},
    rows,
};
use crate::DataError;
use r1_core::{Message, Problem, Reference, Role};

#[derive(Deserialize)]
struct Row {
    #[serde(default)]
    prompt: Option<TextOrTurns>,
    chosen: TextOrTurns,
    rejected: TextOrTurns,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    prompt_id: Option<String>,
}

/// Reads a file of pairs as problems with a [`Reference::Preference`].
///
/// The ids are the rows' own (`id`, else `prompt_id`), else `preference-1`, `preference-2`, ... in the file's
/// order. The question is the last turn of the user; when there was more, the metadata's `messages` has the
/// whole prompt. Pairs of texts without a prompt are cut behind the last `Assistant:` that both have in
/// common.
///
/// # Errors
/// As [`rows::read`]; [`DataError::Line`] or [`DataError::Row`] when the two sides do not answer the same
/// prompt, an answer is empty or the two are equal.
pub fn load(path: impl AsRef<Path>) -> Result<Vec<Problem>, DataError> {
    rows::problems(path.as_ref(), |number, row: Row| {
        let id = row.id.or(row.prompt_id).unwrap_or_else(|| format!("preference-{number}"));
        let (prompt, chosen, rejected) = match (row.chosen, row.rejected) {
            (TextOrTurns::Text(chosen), TextOrTurns::Text(rejected)) => match row.prompt {
                Some(prompt) => (turns(prompt)?, chosen, rejected),
                None => implicit(&chosen, &rejected)?,
            },
            (TextOrTurns::Turns(chosen), TextOrTurns::Turns(rejected)) => {
                let (before, chosen) = split_last(chosen).map_err(|error| format!("`chosen`: {error}"))?;
                let (other, rejected) =
                    split_last(rejected).map_err(|error| format!("`rejected`: {error}"))?;
                if before != other {
                    return Err("`chosen` and `rejected` answer different prompts".into());
                }
                match row.prompt {
                    // The conversations hold the prompt, or only the answers to it.
                    Some(prompt) if before.is_empty() => (turns(prompt)?, chosen, rejected),
                    _ => (before, chosen, rejected),
                }
            }
            _ => return Err("one of `chosen` and `rejected` is a text and the other a conversation".into()),
        };
        for (name, answer) in [("chosen", &chosen), ("rejected", &rejected)] {
            if answer.trim().is_empty() {
                return Err(format!("the `{name}` answer is empty"));
            }
        }
        if chosen == rejected {
            return Err("the two answers are equal".into());
        }
        let question = prompt.last().filter(|message| message.role == Role::User);
        let question = question.ok_or("the prompt does not end with the user's turn")?.content.clone();
        let problem = Problem::new(id, question, Reference::Preference { chosen, rejected });
        Ok(if prompt.len() > 1 { problem.with("messages", json!(prompt)) } else { problem })
    })
}

fn turns(prompt: TextOrTurns) -> Result<Vec<Message>, String> {
    match prompt {
        TextOrTurns::Text(text) => Ok(vec![Message::user(text)]),
        TextOrTurns::Turns(turns) => Ok(turns),
    }
}

/// Cuts two transcripts behind what they have in common.
fn implicit(chosen: &str, rejected: &str) -> Result<(Vec<Message>, String, String), String> {
    const TURN: &str = "\n\nAssistant:";
    let common = chosen.char_indices().zip(rejected.chars()).find(|((_, a), b)| a != b);
    let common = common.map_or(chosen.len().min(rejected.len()), |((place, _), _)| place);
    let end = chosen[..common].rfind(TURN).map(|place| place + TURN.len());
    let end = end.ok_or("there is no `prompt`, and the two answers have no turn `Assistant:` in common")?;
    let mut messages = Vec::new();
    for part in chosen[..end - TURN.len()].split("\n\nHuman:").filter(|part| !part.trim().is_empty()) {
        let mut parts = part.split(TURN).map(str::trim);
        messages.extend(parts.next().map(Message::user));
        messages.extend(parts.map(Message::assistant));
    }
    Ok((messages, chosen[end..].trim().to_owned(), rejected[end..].trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::tests::{error, file};

    #[test]
    fn every_form_of_a_pair_is_the_same_problem() {
        let file = file(
            r#"{"prompt": "2+2?", "chosen": "4", "rejected": "5"}
               {"prompt": "2+2?", "prompt_id": "p", "chosen": [{"role": "user", "content": "2+2?"}, {"role": "assistant", "content": "4"}], "rejected": [{"role": "user", "content": "2+2?"}, {"role": "assistant", "content": "5"}], "score_chosen": 9.0}
               {"chosen": [{"role": "user", "content": "2+2?"}, {"role": "assistant", "content": "4"}], "rejected": [{"role": "user", "content": "2+2?"}, {"role": "assistant", "content": "5"}]}
               {"prompt": [{"role": "user", "content": "2+2?"}], "chosen": [{"role": "assistant", "content": "4"}], "rejected": [{"role": "assistant", "content": "5"}]}
               {"chosen": "\n\nHuman: 2+2?\n\nAssistant: 4", "rejected": "\n\nHuman: 2+2?\n\nAssistant: 5"}"#,
        );
        let problems = load(file.path()).unwrap();
        let reference = Reference::Preference { chosen: "4".into(), rejected: "5".into() };
        for (problem, id) in
            problems.iter().zip(["preference-1", "p", "preference-3", "preference-4", "preference-5"])
        {
            assert_eq!(*problem, Problem::new(id, "2+2?", reference.clone()));
        }
    }

    #[test]
    fn longer_prompts_are_kept_whole() {
        let file = file(
            r#"{"chosen": "\n\nHuman: a\n\nAssistant: b\n\nHuman: c\n\nAssistant: yes, é", "rejected": "\n\nHuman: a\n\nAssistant: b\n\nHuman: c\n\nAssistant: yes, à"}"#,
        );
        let problem = &load(file.path()).unwrap()[0];
        let prompt = [Message::user("a"), Message::assistant("b"), Message::user("c")];
        assert_eq!((problem.question.as_str(), &problem.metadata["messages"]), ("c", &json!(prompt)));
        assert_eq!(
            problem.reference,
            Reference::Preference { chosen: "yes, é".into(), rejected: "yes, à".into() }
        );
    }

    #[test]
    fn rows_that_do_not_fit_are_named() {
        for (text, reason) in [
            (r#"{"prompt": "a", "chosen": "b", "rejected": "b"}"#, "the two answers are equal"),
            (r#"{"prompt": "a", "chosen": "", "rejected": "b"}"#, "the `chosen` answer is empty"),
            (
                r#"{"chosen": "a", "rejected": "b"}"#,
                "there is no `prompt`, and the two answers have no turn `Assistant:` in common",
            ),
            (
                r#"{"prompt": "a", "chosen": "b", "rejected": []}"#,
                "one of `chosen` and `rejected` is a text and the other a conversation",
            ),
            (
                r#"{"prompt": "a", "chosen": [], "rejected": []}"#,
                "`chosen`: the conversation does not end with the assistant's turn",
            ),
            (
                r#"{"chosen": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "4"}], "rejected": [{"role": "user", "content": "y"}, {"role": "assistant", "content": "5"}]}"#,
                "`chosen` and `rejected` answer different prompts",
            ),
            (r#"{"prompt": "a", "chosen": "b"}"#, "missing field `rejected`"),
        ] {
            let error = error(load, text);
            assert!(error.ends_with(&format!("line 1: {reason}")), "{error}");
        }
    }
}
