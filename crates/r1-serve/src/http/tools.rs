//! The tools of a chat: what is offered, and which calls are passed on.

use serde_json::Value;

use super::{error::ApiError, parameters::Fields};
use crate::{ToolCall, ToolReader};

/// The tools that a request offers.
pub(super) struct Tools {
    /// As they were written, for the template.
    pub(super) offered: Option<Value>,
    /// Whether several calls are wanted.
    parallel: bool,
}

impl Tools {
    /// Reads what is said of tools. A call cannot be demanded: the model decides.
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
        let none = match fields.take("tool_choice") {
            None => false,
            Some(Value::String(choice)) if choice == "auto" => false,
            Some(Value::String(choice)) if choice == "none" => true,
            Some(_) => {
                return Err(ApiError::bad(
                    "tool_choice can be \"auto\" or \"none\" here",
                    Some("tool_choice"),
                ));
            }
        };
        let parallel = fields.flag_or("parallel_tool_calls", true)?;
        let some = |tools: &Value| tools.as_array().is_some_and(|list| !list.is_empty());
        Ok(Self { offered: tools.filter(|tools| !none && some(tools)), parallel })
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
