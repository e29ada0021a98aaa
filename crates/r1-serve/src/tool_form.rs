//! The form in which a model writes calls of tools, for calls that are demanded.

use r1_core::Message;
use r1_data::template::ChatTemplate;
use serde_json::{Value, json};

use crate::grammar::Form;

/// How a call is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ToolForm {
    /// `<tool_call>` around JSON: Qwen, Hermes.
    Tagged,
    /// JSON with `parameters`: Llama 3.
    Bare,
    /// A fence with JSON behind the name: DeepSeek-V3 and R1.
    Fenced,
    /// JSON behind the name: DeepSeek-V3.1.
    Plain,
}

impl ToolForm {
    /// The form in which a template shows a call that was made; `Tagged` where it shows none that [`ToolReader`] reads.
    ///
    /// [`ToolReader`]: crate::ToolReader
    pub(crate) fn of(template: Option<&ChatTemplate>) -> Self {
        let arguments = json!({"probed_key": "probed value"});
        let text = Value::from(arguments.to_string());
        // Templates differ in what they take: arguments or their text, no content or an empty one.
        let takes =
            [(Value::Null, &arguments), (Value::Null, &text), (json!(""), &arguments), (json!(""), &text)];
        takes
            .iter()
            .find_map(|(content, arguments)| Self::shown(&shown(template?, content, arguments)?))
            .unwrap_or(Self::Tagged)
    }

    fn shown(text: &str) -> Option<Self> {
        let (_, behind) = text.split_once("question?")?;
        if behind.contains("<｜tool▁calls▁begin｜>") {
            Some(if behind.contains("```json") { Self::Fenced } else { Self::Plain })
        } else if behind.contains("<tool_call>") {
            Some(Self::Tagged)
        } else if behind.contains("\"parameters\"") && behind.contains("probed_key") {
            Some(Self::Bare)
        } else {
            None
        }
    }

    /// A call of a tool whose arguments are of a schema.
    pub(crate) fn call(self, name: &str, schema: Value) -> Form {
        let quoted = Value::from(name);
        let (lead, tail) = match self {
            Self::Tagged => {
                (format!("<tool_call>\n{{\"name\": {quoted}, \"arguments\": "), "}\n</tool_call>".to_owned())
            }
            Self::Bare => (format!("{{\"name\": {quoted}, \"parameters\": "), "}".to_owned()),
            Self::Fenced => (
                format!("<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>{name}\n```json\n"),
                "\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>".to_owned(),
            ),
            Self::Plain => (
                format!("<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>{name}<｜tool▁sep｜>"),
                "<｜tool▁call▁end｜><｜tool▁calls▁end｜>".to_owned(),
            ),
        };
        Form { lead, schema, tail }
    }
}

/// A conversation with a call in it, in the template.
fn shown(template: &ChatTemplate, content: &Value, arguments: &Value) -> Option<String> {
    let function = json!({"name": "probed_name", "arguments": arguments});
    let calls = json!([{"id": "call00000", "type": "function", "function": function}]);
    let messages: Vec<Message> = serde_json::from_value(json!([
        {"role": "user", "content": "question?"},
        {"role": "assistant", "content": content, "tool_calls": calls},
    ]))
    .ok()?;
    template.render(&messages, false).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ToolCall, ToolReader};

    fn of(call: &str) -> ToolForm {
        let source = format!(
            "{{% for m in messages %}}{{{{ m.role }}}}: {{{{ m.content }}}}{{% for t in m.tool_calls %}}{call}{{% endfor %}}{{% endfor %}}"
        );
        ToolForm::of(Some(&ChatTemplate::new(&source, None, None).unwrap()))
    }

    #[test]
    fn a_template_shows_its_form() {
        let qwen = r#"<tool_call>{"name": "{{ t.function.name }}", "arguments": {{ t.function.arguments | tojson }}}</tool_call>"#;
        let llama = r#"{"name": "{{ t.function.name }}", "parameters": {{ t.function.arguments | tojson }}}"#;
        // Takes the text of arguments only, as DeepSeek's does.
        let r1 = "{{ '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>' + t.type + '<｜tool▁sep｜>' + t.function.name + '\\n```json\\n' + t.function.arguments + '\\n```' }}";
        let v31 = "{{ '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>' + t.function.name + '<｜tool▁sep｜>' + t.function.arguments }}";
        assert_eq!(
            [of(qwen), of(llama), of(r1), of(v31)],
            [ToolForm::Tagged, ToolForm::Bare, ToolForm::Fenced, ToolForm::Plain]
        );
        assert_eq!((of(""), ToolForm::of(None)), (ToolForm::Tagged, ToolForm::Tagged));
    }

    #[test]
    fn a_call_in_each_form_is_read() {
        for form in [ToolForm::Tagged, ToolForm::Bare, ToolForm::Fenced, ToolForm::Plain] {
            let Form { lead, tail, .. } = form.call("get_sum", json!({}));
            let mut reader = ToolReader::default();
            let shown = reader.push(&format!("{lead}{{\"a\": [1]}}{tail}"));
            let (rest, calls) = reader.finish();
            let call = ToolCall { name: "get_sum".into(), arguments: r#"{"a":[1]}"#.into() };
            assert_eq!((shown + &rest, calls), (String::new(), vec![call]), "{form:?}");
        }
    }
}
