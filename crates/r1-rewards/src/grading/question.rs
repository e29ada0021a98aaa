//! One line of what is to be graded.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, Visitor},
};
use serde_json::{Value, value::RawValue};

/// The fields of a line; others are left alone.
const FIELDS: [&str; 3] = ["id", "gold", "answer"];

/// A reference and a completion to compare with it, as `{"id":..,"gold":"..","answer":".."}`.
///
/// The gold may be a number, which keeps every digit that it is written with. An error names the field that is
/// missing or of another kind, and the fields that stand there instead.
///
/// # Examples
/// ```
/// use r1_rewards::grading::Question;
///
/// let question: Question = serde_json::from_str(r#"{"id":7,"gold":0.10,"answer":"\\boxed{0.1}"}"#)?;
/// assert_eq!((question.gold.as_str(), question.answer.as_str()), ("0.10", "\\boxed{0.1}"));
/// let error = serde_json::from_str::<Question>(r#"{"gold":1,"anwser":"2"}"#).unwrap_err().to_string();
/// assert!(error.starts_with("missing field `answer`; the line has `gold`, `anwser`"), "{error}");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// Any value, which comes back with the verdict; null where there is none.
    pub id: Value,
    /// The reference: bare, in `$..$` or in a box.
    pub gold: String,
    /// The whole completion.
    pub answer: String,
}

impl<'de> Deserialize<'de> for Question {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields)
    }
}

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Question;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `gold` and `answer`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Question, A::Error> {
        let (mut found, mut names): ([Option<Box<RawValue>>; 3], Vec<String>) =
            (Default::default(), Vec::new());
        while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
            if let Some(at) = FIELDS.iter().position(|field| *field == name)
                && found[at].replace(value).is_some()
            {
                return Err(de::Error::custom(format!("field `{name}` stands there twice")));
            }
            names.push(name);
        }
        let [id, gold, answer] = found;
        let missing = |field: &str| {
            let seen: Vec<String> = names.iter().take(8).map(|name| format!("`{}`", shown(name))).collect();
            let seen = if seen.is_empty() { "no field".to_owned() } else { seen.join(", ") };
            de::Error::custom(format!("missing field `{field}`; the line has {seen}"))
        };
        let gold = text("gold", &gold.ok_or_else(|| missing("gold"))?, true).map_err(de::Error::custom)?;
        let answer =
            text("answer", &answer.ok_or_else(|| missing("answer"))?, false).map_err(de::Error::custom)?;
        let id =
            id.map_or(Ok(Value::Null), |id| serde_json::from_str(id.get())).map_err(de::Error::custom)?;
        Ok(Question { id, gold, answer })
    }
}

/// The start of a name of any length.
fn shown(name: &str) -> String {
    name.chars().take(40).flat_map(char::escape_debug).collect()
}

/// A string, or where they may stand the digits of a number.
fn text(field: &str, value: &RawValue, numbers: bool) -> Result<String, String> {
    let written = value.get();
    let kind = match written.as_bytes().first() {
        Some(b'"') => {
            return serde_json::from_str(written).map_err(|error| format!("field `{field}`: {error}"));
        }
        Some(b'-' | b'0'..=b'9') if numbers => return Ok(written.to_owned()),
        Some(b'-' | b'0'..=b'9') => "a number",
        Some(b'[') => "a list",
        Some(b'{') => "an object",
        Some(b't' | b'f') => "true or false",
        _ => "null",
    };
    let wanted = if numbers { "a string or a number" } else { "a string, the whole completion" };
    Err(format!("field `{field}` is {kind}; it must be {wanted}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Question, String> {
        serde_json::from_str(line).map_err(|error| error.to_string())
    }

    #[test]
    fn a_gold_that_is_a_number_keeps_its_digits() {
        for digits in
            ["2", "-0.50", "1e400", "123456789012345678901234567890", "0.1000000000000000055511151231257827"]
        {
            let question = read(&format!(r#"{{"gold":{digits},"answer":"x"}}"#)).unwrap();
            assert_eq!((question.gold.as_str(), question.id), (digits, Value::Null));
        }
    }

    #[test]
    fn errors_name_the_field_and_what_stands_there() {
        for (line, wanted) in [
            (r#"{"gold":"1"}"#, "missing field `answer`; the line has `gold`"),
            (r#"{}"#, "missing field `gold`; the line has no field"),
            (r#"{"gold":["1"],"answer":"1"}"#, "field `gold` is a list; it must be a string or a number"),
            (r#"{"gold":"1","answer":1}"#, "field `answer` is a number; it must be a string"),
            (r#"{"gold":null,"answer":"1"}"#, "field `gold` is null"),
            (r#"{"gold":true,"answer":"1"}"#, "field `gold` is true or false"),
            (r#"{"gold":"1","gold":"2","answer":"1"}"#, "field `gold` stands there twice"),
            (r#"{"gold":"\ud800","answer":"1"}"#, "field `gold`: "),
        ] {
            let error = read(line).unwrap_err();
            assert!(error.contains(wanted), "{line}: {error}");
        }
        assert!(read(r#"{"id":{"a":[1]},"gold":"1","answer":"1","extra":1}"#).is_ok());
    }
}
