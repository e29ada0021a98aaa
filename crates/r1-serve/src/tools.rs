//! Calls of tools in what a model wrote, in the forms in which models are taught to write them.

use serde_json::Value;

/// A call of a tool.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolCall {
    /// The tool's name.
    pub name: String,
    /// Its arguments, as the JSON text of an object.
    pub arguments: String,
}

/// Where calls begin, and how each form is read.
const MARKS: [(&str, Form); 3] = [
    // Qwen 2.5 and 3, Hermes
    ("<tool_call>", Form::Tagged),
    // DeepSeek-V3 and R1
    ("<｜tool▁calls▁begin｜>", Form::DeepSeek),
    // Llama 3.1
    ("<|python_tag|>", Form::Bare),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Tagged,
    DeepSeek,
    /// JSON and nothing else; Llama 3 writes it without a mark, too.
    Bare,
}

/// Tells an answer's text from the calls in it, part by part.
///
/// Text is given as soon as it can be no beginning of a call; what begins like one is kept to the end. What turns out to be no
/// call is text after all.
///
/// ```
/// use r1_serve::{ToolCall, ToolReader};
///
/// let mut reader = ToolReader::default();
/// let shown = reader.push("I look. <tool_") + &reader.push("call>\n{\"name\": \"sum\", \"arguments\": {\"a\": 2}}\n</tool_call>");
/// assert_eq!(shown, "I look. ");
/// let (rest, calls) = reader.finish();
/// assert_eq!((rest.as_str(), calls), ("", vec![ToolCall { name: "sum".into(), arguments: r#"{"a":2}"#.into() }]));
/// ```
#[derive(Debug, Default)]
pub struct ToolReader {
    held: String,
    form: Option<Form>,
    /// Whether anything but white space was given.
    begun: bool,
}

impl ToolReader {
    /// Takes more of the answer and gives what is text for certain.
    pub fn push(&mut self, text: &str) -> String {
        self.held += text;
        if self.form.is_some() {
            return String::new();
        }
        let first = MARKS
            .iter()
            .filter_map(|(mark, form)| Some((self.held.find(mark)?, *form)))
            .min_by_key(|found| found.0);
        let certain = match first {
            Some((place, form)) => {
                self.form = Some(form);
                place
            }
            None if !self.begun && self.held.trim_start().starts_with('{') => {
                self.form = Some(Form::Bare);
                0
            }
            None if !self.begun && self.held.trim_start().is_empty() => 0,
            None => {
                let kept = MARKS.iter().map(|(mark, _)| crate::reader::overlap(&self.held, mark)).max();
                self.held.len() - kept.unwrap_or(0)
            }
        };
        self.begun |= certain > 0;
        self.held.drain(..certain).collect()
    }

    /// What is left: text, and the calls.
    pub fn finish(self) -> (String, Vec<ToolCall>) {
        let calls = match self.form {
            None => None,
            Some(Form::Tagged) => return tagged(&self.held),
            Some(Form::DeepSeek) => deepseek(&self.held),
            Some(Form::Bare) => bare(&self.held),
        };
        match calls {
            Some(calls) if !calls.is_empty() => (String::new(), calls),
            _ => (self.held, Vec::new()),
        }
    }
}

/// A call from an object with a name and `arguments` or `parameters`.
fn call(value: &Value) -> Option<ToolCall> {
    let name = value.get("name")?.as_str()?.to_owned();
    let arguments = value.get("arguments").or_else(|| value.get("parameters"));
    let arguments = match arguments {
        None => "{}".to_owned(),
        // Some models quote the object.
        Some(Value::String(text)) => {
            serde_json::from_str::<Value>(text).ok().filter(Value::is_object)?;
            text.clone()
        }
        Some(object @ Value::Object(_)) => object.to_string(),
        Some(_) => return None,
    };
    (!name.is_empty()).then_some(ToolCall { name, arguments })
}

/// `<tool_call>{..}</tool_call>`, one or more, of which the last may have lost its end; and the text from the first that is
/// none.
fn tagged(text: &str) -> (String, Vec<ToolCall>) {
    let first = |text: &str| {
        let inside = text.trim_start().strip_prefix("<tool_call>")?;
        let (body, behind) = inside.split_once("</tool_call>").unwrap_or((inside, ""));
        Some((call(&serde_json::from_str(body.trim()).ok()?)?, behind.len()))
    };
    let (mut rest, mut calls) = (text, Vec::new());
    while let Some((call, behind)) = first(rest) {
        calls.push(call);
        rest = &rest[rest.len() - behind..];
    }
    let rest = if calls.is_empty() { rest } else { rest.trim() };
    (rest.to_owned(), calls)
}

/// An object, a list of them, or several apart by `;`.
fn bare(text: &str) -> Option<Vec<ToolCall>> {
    let text = text.trim();
    let text = text.strip_prefix("<|python_tag|>").unwrap_or(text).trim();
    match serde_json::from_str(text) {
        Ok(Value::Array(values)) => values.iter().map(call).collect(),
        Ok(value) => Some(vec![call(&value)?]),
        Err(_) => text.split("; ").map(|part| call(&serde_json::from_str(part).ok()?)).collect(),
    }
}

/// `<｜tool▁call▁begin｜>function<｜tool▁sep｜>NAME` and a fence with JSON (V3, R1), or `NAME<｜tool▁sep｜>{..}` (V3.1).
fn deepseek(text: &str) -> Option<Vec<ToolCall>> {
    let inside = text.strip_prefix("<｜tool▁calls▁begin｜>")?;
    let inside = inside.split("<｜tool▁calls▁end｜>").next()?;
    let parts = inside.split("<｜tool▁call▁begin｜>").skip(1);
    let one = |part: &str| {
        let part = part.split("<｜tool▁call▁end｜>").next()?;
        let (kind, rest) = part.split_once("<｜tool▁sep｜>")?;
        let (name, arguments) = match rest.split_once('\n') {
            Some((name, fenced)) if kind.trim() == "function" => {
                let body = fenced.trim().strip_prefix("```json").unwrap_or(fenced).trim();
                (name.trim(), body.strip_suffix("```").unwrap_or(body).trim())
            }
            _ => (kind.trim(), rest.trim()),
        };
        let arguments: Value = serde_json::from_str(arguments).ok()?;
        arguments.is_object().then(|| ToolCall { name: name.to_owned(), arguments: arguments.to_string() })
    };
    parts.map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text and the calls of an answer that comes character by character, and whole.
    fn read(text: &str) -> (String, Vec<(String, String)>) {
        let read = |parts: Vec<String>| {
            let mut reader = ToolReader::default();
            let shown: String = parts.iter().map(|part| reader.push(part)).collect();
            let (rest, calls) = reader.finish();
            (shown + &rest, calls.into_iter().map(|call| (call.name, call.arguments)).collect::<Vec<_>>())
        };
        let whole = read(vec![text.to_owned()]);
        assert_eq!(whole, read(text.chars().map(String::from).collect()), "{text}");
        whole
    }

    fn calls(names: &[(&str, &str)]) -> Vec<(String, String)> {
        names.iter().map(|(name, arguments)| ((*name).to_owned(), (*arguments).to_owned())).collect()
    }

    #[test]
    fn each_form_is_read() {
        let qwen = "Let me see.\n<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": [1, \"x\"]}}\n</tool_call>\n<tool_call>\n{\"name\": \"g\", \"arguments\": {}}\n</tool_call>";
        assert_eq!(read(qwen), ("Let me see.\n".into(), calls(&[("f", r#"{"a":[1,"x"]}"#), ("g", "{}")])));
        let llama = r#"{"name": "f", "parameters": {"city": "Köln"}}"#;
        assert_eq!(read(llama), (String::new(), calls(&[("f", r#"{"city":"Köln"}"#)])));
        assert_eq!(read(&format!("<|python_tag|>{llama}; {llama}")).1.len(), 2);
        let r1 = "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>f\n```json\n{\"a\": 1}\n```<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>function<｜tool▁sep｜>g\n```json\n{}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>";
        assert_eq!(read(r1), (String::new(), calls(&[("f", r#"{"a":1}"#), ("g", "{}")])));
        let v31 = "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>f<｜tool▁sep｜>{\"a\": 1}<｜tool▁call▁end｜><｜tool▁calls▁end｜>";
        assert_eq!(read(v31).1, calls(&[("f", r#"{"a":1}"#)]));
        let behind = "<tool_call>{\"name\": \"f\"}</tool_call>\nSo <tool_call>not JSON</tool_call>";
        assert_eq!(read(behind), ("So <tool_call>not JSON</tool_call>".into(), calls(&[("f", "{}")])));
        // The last mark is lost where a limit cut it off.
        assert_eq!(
            read("<tool_call>{\"name\": \"f\", \"arguments\": \"{\\\"a\\\": 2}\"}").1,
            calls(&[("f", r#"{"a": 2}"#)])
        );
    }

    #[test]
    fn what_is_no_call_is_text() {
        for text in [
            "",
            "  ",
            "a < b <tool",
            "{\"a\": 1}",
            "{\"name\": \"f\"",
            "<tool_call>{\"name\": 3}</tool_call>",
            "<tool_call>{\"name\": \"f\", \"arguments\": [1]}</tool_call>",
            "<tool_call>not JSON</tool_call> and more",
            "<｜tool▁calls▁begin｜>nothing",
            "<|python_tag|>print(1)",
            "text {\"name\": \"f\", \"parameters\": {}}",
        ] {
            assert_eq!(read(text), (text.to_owned(), Vec::new()), "{text}");
        }
    }
}
