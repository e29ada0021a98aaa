//! Pairs of a chosen and a rejected answer, with the prompt beside them or inside.
//!
//! ```json
//! {"prompt": "2+2?", "chosen": "4", "rejected": "5"}
//! {"prompt": "2+2?", "chosen": [{"role": "user", "content": "2+2?"}, {"role": "assistant", "content": "4"}], "rejected": [..]}
//! {"conversations": [{"from": "human", "value": "2+2?"}], "chosen": {"from": "gpt", "value": "4"}, "rejected": {..}}
//! {"chosen": "\n\nHuman: 2+2?\n\nAssistant: 4", "rejected": "\n\nHuman: 2+2?\n\nAssistant: 5"}
//! {"chosen": "2+2 = 4", "rejected": "2+2 = 5"}
//! ```

use std::path::Path;

use serde_json::{Value, json};

use super::{
    conversation::{TextOrTurns, messages, split_last},
    fields::{Columns, Fields},
    rows,
};
use crate::DataError;
use r1_core::{Content, Message, Problem, Reference, Role};

/// Two answers to one prompt, of which one is preferred.
#[derive(Debug, Clone, PartialEq)]
pub struct PreferenceRow {
    /// Unique within its file.
    pub id: String,
    /// What both answer.
    pub prompt: Content,
    /// The answer that was preferred.
    pub chosen: String,
    /// The answer that was not.
    pub rejected: String,
    /// How much better the chosen answer was judged to be, where the file says so.
    pub margin: Option<f64>,
}

/// Reads a file of pairs.
///
/// The ids are the rows' own (`id`, else `prompt_id`), else `preference-1`, `preference-2`, ... in the file's order. The
/// prompt is `prompt` or `question` (a text is what the user says, after a text of `system`), the conversation of
/// `conversations` or `messages`, or the beginning that the two sides have in common: of conversations all but the last
/// turn; of transcripts as those of HH-RLHF the turns before the last `Assistant:`; of other texts, as in TRL, the
/// longest common beginning without a blank at its end. The margin is `margin`, else `score_chosen` less
/// `score_rejected`.
///
/// ```
/// use r1_core::{Content, Message};
/// use r1_data::dataset::preference;
///
/// let file = tempfile::NamedTempFile::new()?;
/// std::fs::write(&file, r#"{"prompt": "2+2?", "chosen": "4", "rejected": "5", "margin": 2}"#)?;
/// let row = preference::load_rows(file.path())?.remove(0);
/// assert_eq!((row.prompt, row.margin), (Content::Messages(vec![Message::user("2+2?")]), Some(2.0)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As [`rows::read`]; [`DataError::Line`] or [`DataError::Row`] when the two sides do not answer the same prompt, an
/// answer is empty or the two are equal.
pub fn load_rows(path: impl AsRef<Path>) -> Result<Vec<PreferenceRow>, DataError> {
    let one = |number, fields: Fields| Ok(vec![row(number, &fields)?]);
    rows::items(path.as_ref(), one, |_, _, row: &mut PreferenceRow| {
        rows::check_length("chosen answer", &row.chosen)?;
        rows::check_length("rejected answer", &row.rejected)?;
        Ok(row.id.clone())
    })
}

/// Keeps the pairs whose [margin](PreferenceRow::margin) is above `min`, as DeepSeek-R1 (arXiv:2501.12948v2), section
/// 3.1, keeps those that four judgements tell apart by more than 1.
///
/// # Errors
/// [`DataError::Setting`] with a pair that has no margin.
pub fn above_margin(rows: Vec<PreferenceRow>, min: f64) -> Result<Vec<PreferenceRow>, DataError> {
    if let Some(row) = rows.iter().find(|row| row.margin.is_none()) {
        let reason =
            format!("is {min}, and row `{}` has no `margin`; add the column, or drop the setting", row.id);
        return Err(DataError::Setting { name: "min_margin", reason });
    }
    Ok(rows.into_iter().filter(|row| row.margin.is_some_and(|margin| margin > min)).collect())
}

/// Reads a file of pairs as problems with a [`Reference::Preference`].
///
/// Ids and prompts are those of [`load_rows`]. The question is the last turn of the user; when there was more, the
/// metadata's `messages` has the whole prompt.
///
/// # Errors
/// As [`load_rows`], and when the prompt does not end with the user's turn.
pub fn load(path: impl AsRef<Path>) -> Result<Vec<Problem>, DataError> {
    rows::problems(path.as_ref(), |number, fields: Fields| {
        let PreferenceRow { id, prompt, chosen, rejected, .. } = row(number, &fields)?;
        let Content::Messages(prompt) = prompt else {
            return Err(
                "there is no `prompt`, and the two answers have no turn `Assistant:` in common".into()
            );
        };
        let question = prompt.last().filter(|message| message.role == Role::User);
        let question = question.ok_or("the prompt does not end with the user's turn")?.content.clone();
        let problem = Problem::new(id, question, Reference::Preference { chosen, rejected });
        Ok(if prompt.len() > 1 { problem.with("messages", json!(prompt)) } else { problem })
    })
}

fn row(number: usize, fields: &Fields) -> Result<PreferenceRow, String> {
    let id = match fields.id(&Columns::default())? {
        Some(id) => id,
        None => match fields.0.get("prompt_id").and_then(Value::as_str) {
            Some(id) => id.to_owned(),
            None => format!("preference-{number}"),
        },
    };
    let side = |name| {
        let value = fields.0.get(name).ok_or_else(|| format!("missing field `{name}`"))?;
        TextOrTurns::read(value)
    };
    let asked = prompt(fields)?;
    let (prompt, chosen, rejected) = match (side("chosen")?, side("rejected")?) {
        (TextOrTurns::Text(chosen), TextOrTurns::Text(rejected)) => match asked {
            Some(prompt) => (Content::Messages(prompt), chosen, rejected),
            None => implicit(&chosen, &rejected),
        },
        (TextOrTurns::Turns(chosen), TextOrTurns::Turns(rejected)) => {
            let (before, chosen) = split_last(chosen).map_err(|error| format!("`chosen`: {error}"))?;
            let (other, rejected) = split_last(rejected).map_err(|error| format!("`rejected`: {error}"))?;
            if before != other {
                return Err("`chosen` and `rejected` answer different prompts".into());
            }
            // The conversations hold the prompt, or only the answers to it.
            let prompt = asked.filter(|_| before.is_empty()).unwrap_or(before);
            (Content::Messages(prompt), chosen, rejected)
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
    match &prompt {
        Content::Messages(turns) if turns.is_empty() => {
            return Err("there is no prompt; give `prompt`, a text or a list of messages".into());
        }
        Content::Text(text) if text.is_empty() => {
            return Err("there is no `prompt`, and the two answers have no beginning in common".into());
        }
        _ => {}
    }
    Ok(PreferenceRow { id, prompt, chosen, rejected, margin: margin(fields)? })
}

/// The prompt that stands beside the answers.
pub(super) fn prompt(fields: &Fields) -> Result<Option<Vec<Message>>, String> {
    let Some((name, value)) = fields.find(None, &["prompt", "question"])? else {
        let conversation = fields.find(None, &["conversations", "messages"])?;
        return conversation.map(|(_, value)| messages(value)).transpose();
    };
    match TextOrTurns::read(value).map_err(|error| format!("`{name}`: {error}"))? {
        TextOrTurns::Turns(turns) => Ok(Some(turns)),
        TextOrTurns::Text(text) => {
            let system =
                fields.0.get("system").and_then(Value::as_str).filter(|text| !text.trim().is_empty());
            Ok(Some(system.map(Message::system).into_iter().chain([Message::user(text)]).collect()))
        }
    }
}

fn margin(fields: &Fields) -> Result<Option<f64>, String> {
    let number = |name: &str| match fields.0.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_f64() {
            Some(number) => Ok(Some(number)),
            None => Err(format!("`{name}` is {value}; expected a number")),
        },
    };
    Ok(match number("margin")? {
        Some(margin) => Some(margin),
        None => number("score_chosen")?.zip(number("score_rejected")?).map(|(chosen, other)| chosen - other),
    })
}

/// Cuts two texts behind what they have in common: transcripts behind the last `Assistant:`, others where they part.
fn implicit(chosen: &str, rejected: &str) -> (Content, String, String) {
    const TURN: &str = "\n\nAssistant:";
    let common = chosen.char_indices().zip(rejected.chars()).find(|((_, a), b)| a != b);
    let common = common.map_or(chosen.len().min(rejected.len()), |((place, _), _)| place);
    let Some(end) = chosen[..common].rfind(TURN).map(|place| place + TURN.len()) else {
        // A blank belongs to the word behind it.
        let end = if chosen[..common].ends_with(' ') { common - 1 } else { common };
        return (
            Content::Text(chosen[..end].to_owned()),
            chosen[end..].to_owned(),
            rejected[end..].to_owned(),
        );
    };
    let mut messages = Vec::new();
    for part in chosen[..end - TURN.len()].split("\n\nHuman:").filter(|part| !part.trim().is_empty()) {
        let mut parts = part.split(TURN).map(str::trim);
        messages.extend(parts.next().map(Message::user));
        messages.extend(parts.map(Message::assistant));
    }
    (Content::Messages(messages), chosen[end..].trim().to_owned(), rejected[end..].trim().to_owned())
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
    fn prompts_that_other_sets_write_are_found() {
        let file = file(
            r#"{"conversations": [{"from": "human", "value": "2+2?"}], "chosen": {"from": "gpt", "value": "4"}, "rejected": {"from": "gpt", "value": "5"}}
               {"question": "2+2?", "system": "Be brief.", "chosen": "4", "rejected": "5", "score_chosen": 9.5, "score_rejected": 7}
               {"prompt": "2+2?", "messages": [{"role": "user", "content": "2+2?"}, {"role": "assistant", "content": "4"}], "chosen": "4", "rejected": "5", "margin": -1}
               {"chosen": "2+2 is four", "rejected": "2+2 is é"}
               {"chosen": "2+2 is four", "rejected": "2+2 is five"}"#,
        );
        let rows = load_rows(file.path()).unwrap();
        let user = Message::user("2+2?");
        assert_eq!(rows[0].prompt, Content::Messages(vec![user.clone()]));
        assert_eq!(rows[1].prompt, Content::Messages(vec![Message::system("Be brief."), user.clone()]));
        assert_eq!(rows[2].prompt, Content::Messages(vec![user]));
        assert_eq!(
            rows.iter().map(|row| row.margin).collect::<Vec<_>>(),
            [None, Some(2.5), Some(-1.0), None, None]
        );
        // As TRL's extract_prompt: a blank before the place where they part goes with the answers.
        assert_eq!(rows[3].prompt, Content::Text("2+2 is".into()));
        assert_eq!((rows[3].chosen.as_str(), rows[3].rejected.as_str()), (" four", " é"));
        assert_eq!(
            (rows[4].prompt.clone(), rows[4].chosen.as_str()),
            (Content::Text("2+2 is f".into()), "our")
        );
    }

    #[test]
    fn pairs_that_are_hard_to_tell_apart_are_left_out() {
        let row = |id: &str, margin| PreferenceRow {
            id: id.into(),
            prompt: Content::Text("?".into()),
            chosen: "a".into(),
            rejected: "b".into(),
            margin,
        };
        let kept = above_margin(vec![row("a", Some(1.0)), row("b", Some(1.5))], 1.0).unwrap();
        assert_eq!(kept, [row("b", Some(1.5))]);
        let error = above_margin(vec![row("a", Some(1.0)), row("b", None)], 1.0).unwrap_err().to_string();
        assert!(error.contains("row `b` has no `margin`"), "{error}");
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
                "there is no `prompt`, and the two answers have no beginning in common",
            ),
            (
                r#"{"chosen": "a b", "rejected": "a c"}"#,
                "there is no `prompt`, and the two answers have no turn `Assistant:` in common",
            ),
            (
                r#"{"chosen": {"role": "assistant", "content": "4"}, "rejected": {"role": "assistant", "content": "5"}}"#,
                "there is no prompt; give `prompt`, a text or a list of messages",
            ),
            (
                r#"{"prompt": "a", "chosen": "b", "rejected": "c", "margin": "2"}"#,
                "`margin` is \"2\"; expected a number",
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
