//! What a reward answers.

use r1_core::{Completion, Outcome, Problem, RewardError, Score, StepScore};
use serde_json::{Map, Value};

use super::ExternalError;

/// What an answer to one sample may look like, for messages.
const ONE: &str =
    r#"{"score": 0.5} (and perhaps "steps"), {"abstain": true}, {"ungradable": "why"} or {"error": "why"}"#;

/// One sample's result as the reward gave it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Answer {
    /// A finite number, and what steps earned; these end behind so many characters.
    Score(f32, Vec<StepScore>),
    /// Not the reward's kind of task.
    Abstain,
    /// The problem's reference is unusable.
    Ungradable(String),
    /// Something that the reward needs has failed.
    Error(String),
}

/// What is wrong with an answer, and what would be right.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Unusable {
    pub(crate) problem: String,
    pub(crate) expected: String,
}

impl Answer {
    /// The answer as a reward's result; `name` is the reward's, `shown` the command or URL.
    pub(super) fn into_score(
        self,
        name: &str,
        shown: &str,
        problem: &Problem,
        completion: &Completion,
    ) -> Result<Score, RewardError> {
        match self {
            Self::Score(value, steps) => {
                let steps = in_bytes(steps, &completion.text).map_err(|problem| {
                    let reward = shown.to_owned();
                    RewardError::world(name, ExternalError::Step { reward, problem })
                })?;
                Score::from(Outcome::Score(value)).with_steps(steps).finite(name)
            }
            Self::Abstain => Ok(Outcome::Abstain.into()),
            Self::Ungradable(why) => {
                let reference = format!("{} ({why})", problem.reference);
                Err(RewardError::Ungradable { problem: problem.id.clone(), reference })
            }
            Self::Error(reason) => {
                Err(RewardError::world(name, ExternalError::Reported { reward: shown.to_owned(), reason }))
            }
        }
    }
}

/// The steps with their ends in bytes of the text instead of characters.
fn in_bytes(mut steps: Vec<StepScore>, text: &str) -> Result<Vec<StepScore>, String> {
    if steps.is_empty() {
        return Ok(steps);
    }
    let bytes: Vec<usize> = text.char_indices().map(|(byte, _)| byte).chain([text.len()]).collect();
    for step in &mut steps {
        let behind = bytes.get(step.end);
        step.end = *behind.ok_or_else(|| {
            format!("a step ends at {}, and the text has {} characters", step.end, bytes.len() - 1)
        })?;
    }
    Ok(steps)
}

/// Reads the answer to request `id` with so many samples.
///
/// # Errors
/// What is wrong with it, when it is no JSON, has another shape, another number of results or another id.
pub(super) fn decode(line: &[u8], id: u64, samples: usize, batched: bool) -> Result<Vec<Answer>, Unusable> {
    let expected = || match batched {
        false => ONE.to_owned(),
        true => format!(r#"{{"batch": [..]}} with {samples} results in order, each {ONE}"#),
    };
    let unusable = |problem: String| Unusable { problem, expected: expected() };
    let value: Value = serde_json::from_slice(line).map_err(|error| unusable(no_json(line, &error)))?;
    let Value::Object(mut object) = value else {
        return Err(unusable(format!("it is {}, not an object", kind(&value))));
    };
    match object.remove("id") {
        Some(echoed) if echoed.as_u64() != Some(id) => {
            let problem =
                format!("its id is {echoed} and the request's is {id}, so it answers another request");
            let expected = format!("the answer to request {id}, once; `id` may be left out");
            return Err(Unusable { problem, expected });
        }
        _ => {}
    }
    if !batched {
        return Ok(vec![one(&object).map_err(unusable)?]);
    }
    let results = match (object.remove("batch"), object.keys().next()) {
        (Some(Value::Array(results)), None) => results,
        (Some(_), Some(key)) => return Err(unusable(format!("`{key}` stands beside `batch`"))),
        (Some(other), None) => return Err(unusable(format!("`batch` is {}, not a list", kind(&other)))),
        (None, _) => return Err(unusable("it has no `batch`, and the request had one".into())),
    };
    if results.len() != samples {
        return Err(unusable(format!("`batch` has {} results for {samples} samples", results.len())));
    }
    let read = |(index, result): (usize, &Value)| {
        let object = result.as_object().ok_or_else(|| format!("it is {}, not an object", kind(result)));
        object.and_then(one).map_err(|problem| unusable(format!("result {index}, counted from 0: {problem}")))
    };
    results.iter().enumerate().map(read).collect()
}

/// The result of one sample.
fn one(object: &Map<String, Value>) -> Result<Answer, String> {
    if let (2, Some(value), Some(list)) = (object.len(), object.get("score"), object.get("steps")) {
        return Ok(Answer::Score(score(value)?, steps(list)?));
    }
    let mut fields = object.iter();
    let (Some((key, value)), None) = (fields.next(), fields.next()) else {
        let keys: Vec<String> = object.keys().map(|key| format!("`{key}`")).collect();
        return Err(match keys.as_slice() {
            [] => "it is empty".into(),
            keys => format!("it has {}, and only one of them can hold", keys.join(" and ")),
        });
    };
    let said = || match value.as_str() {
        Some(why) => Ok(why.chars().take(1000).collect()),
        None => Err(format!("`{key}` is {}, not a text", kind(value))),
    };
    match key.as_str() {
        "score" => score(value).map(|score| Answer::Score(score, Vec::new())),
        "steps" => Err("`steps` stands without `score`".into()),
        "abstain" if *value == Value::Bool(true) => Ok(Answer::Abstain),
        "abstain" => Err(format!("`abstain` is {value}; without a score it can only be true")),
        "ungradable" => said().map(Answer::Ungradable),
        "error" => said().map(Answer::Error),
        "batch" => Err("it is a batch, and the request was for one sample".into()),
        key => Err(format!("`{key}` is no known field")),
    }
}

/// What steps earned: `[{"end": 12, "reward": 0.5}, ..]`.
fn steps(list: &Value) -> Result<Vec<StepScore>, String> {
    let list = list.as_array().ok_or_else(|| format!("`steps` is {}, not a list", kind(list)))?;
    let read = |(index, step): (usize, &Value)| {
        let end = step.get("end").and_then(Value::as_u64).and_then(|end| usize::try_from(end).ok());
        match (end, step.get("reward"), step.as_object().map(Map::len)) {
            (Some(end), Some(reward), Some(2)) => score(reward)
                .map(|reward| StepScore { end, reward })
                .map_err(|why| format!("step {index}: {why}")),
            _ => Err(format!("step {index} is {step}; expected {{\"end\": 12, \"reward\": 0.5}}")),
        }
    };
    list.iter().enumerate().map(read).collect()
}

fn score(value: &Value) -> Result<f32, String> {
    // Python writes a comparison as `true` or `false`.
    if let Some(right) = value.as_bool() {
        return Ok(if right { 1.0 } else { 0.0 });
    }
    let Some(number) = value.as_f64() else {
        let hint = if value.is_null() { " (to give no score, answer {\"abstain\": true})" } else { "" };
        return Err(format!("`score` is {}, not a number{hint}", kind(value)));
    };
    match number as f32 {
        score if score.is_finite() => Ok(score),
        _ => Err(format!("`score` is {number}, more than 32 bits hold")),
    }
}

/// Why a text is no JSON, with a word on Python's NaN and Infinity.
fn no_json(line: &[u8], error: &serde_json::Error) -> String {
    let contains = |word: &[u8]| line.windows(word.len()).any(|window| window == word);
    if line.iter().all(u8::is_ascii_whitespace) {
        "it is empty".into()
    } else if contains(b"NaN")
        || contains(b"Infinity")
        || error.to_string().starts_with("number out of range")
    {
        format!("it is no JSON ({error}): a score must be a finite number, so guard divisions and logarithms")
    } else {
        format!(
            "it is no JSON ({error}); standard output is for answers, so print anything else to standard error"
        )
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests;
