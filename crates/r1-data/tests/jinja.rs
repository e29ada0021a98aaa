//! What chat templates rely on in Python's Jinja, as `jinja2` renders it in the environment of `transformers`.
#![cfg(feature = "template")]

use r1_core::Message;
use r1_data::template::ChatTemplate;
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    template: String,
    text: String,
}

/// `fixtures/jinja.py` writes the file.
#[test]
fn every_expression_is_rendered_as_by_python() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("fixtures/jinja.json")).unwrap();
    assert!(cases.len() > 40);
    let messages = [
        Message::user("Hi"),
        Message::assistant("<think>\nt\n</think>\n\nok"),
        Message::user("é <b> \"q\" 'z'"),
    ];
    let mut wrong = Vec::new();
    for Case { template, text } in &cases {
        let rendered = ChatTemplate::new(template, Some("<s>"), Some("</s>"))
            .and_then(|template| template.render(&messages, true))
            .unwrap_or_else(|error| error.to_string());
        if rendered != *text {
            wrong.push(format!("{template}\n  python: {text}\n  here:   {rendered}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
