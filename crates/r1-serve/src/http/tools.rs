//! The tools of a chat: what is offered, and which calls are passed on.

use serde_json::{Value, json};

use super::{error::ApiError, parameters::Fields};
use crate::{ToolCall, ToolReader, grammar::Form, tool_form::ToolForm};

const FORMS: &str =
    r#"tool_choice: expected "none", "auto", "required" or {"type": "function", "function": {"name": ..}}"#;
const MOST_BYTES_OF_A_NAME: usize = 128;

/// The tools that a request offers.
pub(super) struct Tools {
    /// As they were written, for the template.
    pub(super) offered: Option<Value>,
    /// Whether several calls are wanted.
    parallel: bool,
    /// The tools of which one must be called, by their place among those offered.
    demanded: Vec<usize>,
}

impl Tools {
    /// Reads what is said of tools.
    pub(super) fn read(fields: &mut Fields) -> Result<Self, ApiError> {
        let tools = fields.take("tools");
        let named = |tool: &Value| tool["type"] == "function" && tool["function"]["name"].is_string();
        match &tools {
            None => {}
            Some(Value::Array(list)) if list.iter().all(named) => {}
            Some(_) => {
                let form = r#"tools: expected a list of {"type": "function", "function": {"name": .., "parameters": ..}}"#;
                return Err(ApiError::bad(form, Some("tools")));
            }
        }
        let list = tools.as_ref().and_then(Value::as_array).map_or(&[] as &[Value], Vec::as_slice);
        let demanded = demanded(list, fields.take("tool_choice"))?;
        let parallel = fields.flag_or("parallel_tool_calls", true)?;
        let (none, demanded) = (demanded.is_none() || list.is_empty(), demanded.unwrap_or_default());
        Ok(Self { offered: tools.filter(|_| !none), parallel, demanded })
    }

    /// Whether the answer must be a call.
    pub(super) fn is_demanded(&self) -> bool {
        !self.demanded.is_empty()
    }

    /// The calls of which the answer must be one, in the model's form.
    pub(super) fn forms(&self, form: ToolForm) -> Vec<Form> {
        let offered = |place: &usize| {
            let function = &self.offered.as_ref()?[*place]["function"];
            Some(form.call(function["name"].as_str()?, arguments(function)))
        };
        self.demanded.iter().filter_map(offered).collect()
    }

    /// What is wrong with the arguments of a demanded tool.
    pub(super) fn refused(&self, form: usize, reason: &str) -> ApiError {
        let place = self.demanded.get(form).copied().unwrap_or_default();
        let message = format!("tools[{place}].function.parameters: {reason}");
        ApiError::bad(message, Some("tools"))
    }

    pub(super) fn reader(&self) -> Option<ToolReader> {
        self.offered.as_ref().map(|_| ToolReader::default())
    }

    /// The calls that are wanted.
    pub(super) fn kept(&self, mut calls: Vec<ToolCall>) -> Vec<ToolCall> {
        if !self.parallel {
            calls.truncate(1);
        }
        calls
    }

    /// A whole answer's text, and its calls.
    pub(super) fn split(&self, answer: &str) -> (String, Vec<ToolCall>) {
        let Some(mut reader) = self.reader() else { return (answer.to_owned(), Vec::new()) };
        let shown = reader.push(answer);
        let (rest, calls) = reader.finish();
        (shown + &rest, self.kept(calls))
    }
}

/// The schema of a tool's arguments, which are an object whatever it says.
fn arguments(function: &Value) -> Value {
    let mut schema = match &function["parameters"] {
        Value::Null => json!({}),
        schema => schema.clone(),
    };
    if let Some(object) = schema.as_object_mut() {
        object.entry("type").or_insert_with(|| "object".into());
    }
    schema
}

/// The tools of which one must be called; nothing when none may be.
fn demanded(tools: &[Value], choice: Option<Value>) -> Result<Option<Vec<usize>>, ApiError> {
    let bad = |message: String| ApiError::bad(message, Some("tool_choice"));
    let named = |names: &[&str]| -> Result<Vec<usize>, ApiError> {
        let place = |name: &&str| {
            let found = tools.iter().position(|tool| tool["function"]["name"] == **name);
            found.ok_or_else(|| bad(format!("tool_choice: no tool is named {name:?}")))
        };
        names.iter().map(place).collect()
    };
    let places = match choice {
        None => return Ok(Some(Vec::new())),
        Some(Value::String(choice)) => match choice.as_str() {
            "auto" => return Ok(Some(Vec::new())),
            "none" => return Ok(None),
            "required" if tools.is_empty() => {
                return Err(bad("tool_choice demands a call; offer tools".into()));
            }
            "required" => {
                let names: Vec<&str> =
                    tools.iter().filter_map(|tool| tool["function"]["name"].as_str()).collect();
                named(&names)?
            }
            _ => return Err(bad(FORMS.into())),
        },
        Some(choice) => match (choice["type"].as_str(), choice["function"]["name"].as_str()) {
            (Some("function"), Some(name)) => named(&[name])?,
            _ => return Err(bad(FORMS.into())),
        },
    };
    let mut first: Vec<usize> = Vec::new();
    for place in places {
        // Of tools with the same name the first counts.
        if !first.contains(&place) {
            first.push(place);
        }
        let name = tools[place]["function"]["name"].as_str().unwrap_or_default();
        let odd = |character: char| {
            character.is_control() || character.is_whitespace() || "<>`｜".contains(character)
        };
        if name.is_empty() || name.len() > MOST_BYTES_OF_A_NAME || name.contains(odd) {
            let message = format!(
                "tools[{place}].function.name: expected 1 to {MOST_BYTES_OF_A_NAME} letters, digits, _ or -"
            );
            return Err(ApiError::bad(message, Some("tools")));
        }
    }
    for place in &first {
        let parameters = &tools[*place]["function"]["parameters"];
        let of_objects =
            parameters.is_object() && (parameters["type"].is_null() || parameters["type"] == "object");
        if !parameters.is_null() && !of_objects {
            let message = format!("tools[{place}].function.parameters: expected a schema of an object");
            return Err(ApiError::bad(message, Some("tools")));
        }
    }
    Ok(Some(first))
}
