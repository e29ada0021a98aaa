//! Rows whose columns have the names that a user gives.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, MapAccess, Visitor},
};
use serde_json::{Map, Value};

use crate::nearest::or_nearest;

/// Names of columns where they are not the usual ones.
///
/// A name can be a path into objects, `reward_model.ground_truth`, when no column has it as a whole.
///
/// ```
/// use r1_data::dataset::Columns;
///
/// let columns: Columns = serde_json::from_str(r#"{"question": "instruction", "answer": "gold"}"#)?;
/// assert_eq!(columns.question.as_deref(), Some("instruction"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Columns {
    /// The row's id [default: `id`, `uuid` or `unique_id`; without one, the file's name and the row's number].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The question, a text or a list of messages [default: `question`, `problem`, `prompt`, `instruction` or
    /// `messages`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// The reference answer [default: `answer`, `final_answer`, `expected_answer`, `ground_truth`, `target`,
    /// `answerKey` or `label`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// The options of a multiple-choice question [default: `choices` or `options`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub choices: Option<String>,
    /// The test cases of a programming question [default: `tests`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tests: Option<String>,
    /// The prompt to be completed, a text or a list of messages [default: `prompt`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// The completion to learn [default: `completion`; with a question `response`, `output`, `solution` or
    /// `answer`, too].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completion: Option<String>,
    /// The conversation whose last turn is to be learnt [default: `messages` or `conversations`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messages: Option<String>,
}

impl Columns {
    /// True when every column has its usual name.
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// One row as an object, a field that stands twice refused.
#[derive(Debug, Clone)]
pub(super) struct Fields(pub(super) Map<String, Value>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Fields;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Fields, A::Error> {
                let mut fields = Map::new();
                while let Some((name, value)) = access.next_entry::<String, Value>()? {
                    if fields.contains_key(&name) {
                        return Err(A::Error::custom(format!("duplicate field `{name}`")));
                    }
                    fields.insert(name, value);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

impl Fields {
    /// The column of this name: the one that the user named, which must be there, else the first of the
    /// usual ones that is. Null is absent.
    pub(super) fn find<'a>(
        &'a self,
        named: Option<&'a str>,
        usual: &[&'a str],
    ) -> Result<Option<(&'a str, &'a Value)>, String> {
        let found = |name: &'a str| Some((name, self.at(name)?)).filter(|(_, value)| !value.is_null());
        match named {
            Some(name) if self.at(name).is_none() => {
                let known: Vec<&str> = self.0.keys().map(String::as_str).collect();
                Err(format!("there is no column `{name}`{}", or_nearest(name, &known)))
            }
            Some(name) => Ok(found(name)),
            None => Ok(usual.iter().copied().find_map(found)),
        }
    }

    /// As [`find`](Self::find) for what must be there.
    pub(super) fn require<'a>(
        &'a self,
        what: &str,
        named: Option<&'a str>,
        usual: &[&'a str],
    ) -> Result<(&'a str, &'a Value), String> {
        self.find(named, usual)?.ok_or_else(|| {
            let names: Vec<&str> = self.0.keys().map(String::as_str).collect();
            match named {
                Some(name) => format!("`{name}` is null"),
                None => format!(
                    "missing field `{}`: the row has the columns {}; name the one with the {what} by `columns`",
                    usual[0],
                    names.join(", ")
                ),
            }
        })
    }

    /// The object with this id and of the other fields only those with these names.
    pub(super) fn with_id(mut self, id: String, names: &[&str]) -> Value {
        self.0.retain(|name, _| names.contains(&name.as_str()));
        self.0.insert("id".into(), id.into());
        Value::Object(self.0)
    }

    fn at(&self, name: &str) -> Option<&Value> {
        self.0.get(name).or_else(|| {
            let mut parts = name.split('.');
            let first = self.0.get(parts.next()?)?;
            parts.try_fold(first, |value, part| value.get(part))
        })
    }

    /// The row's own id.
    pub(super) fn id(&self, columns: &Columns) -> Result<Option<String>, String> {
        match self.find(columns.id.as_deref(), &["id", "uuid", "unique_id"])? {
            None => Ok(None),
            Some((_, Value::String(text))) if text.trim().is_empty() => Ok(None),
            Some((_, Value::String(text))) => Ok(Some(text.clone())),
            Some((_, Value::Number(number))) => Ok(Some(number.to_string())),
            Some((name, _)) => Err(format!("the id `{name}` is neither a text nor a number")),
        }
    }
}

/// A text that must not be empty.
pub(super) fn text(name: &str, value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) if text.trim().is_empty() => Err(format!("`{name}` is empty")),
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(format!("`{name}` is not a text")),
    }
}

/// A value that some files write as JSON inside of a text, as CSV must.
pub(super) fn nested(value: &Value) -> Value {
    let parsed = value.as_str().filter(|text| text.trim_start().starts_with(['[', '{']));
    parsed.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_else(|| value.clone())
}
