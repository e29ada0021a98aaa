//! Chat templates of real models, byte for byte as `transformers` renders them.
#![cfg(feature = "template")]

use std::{
    collections::HashMap,
    fs,
    time::{Duration, UNIX_EPOCH},
};

use r1_core::{Content, Message, Role, Trace};
use r1_data::template::ChatTemplate;
use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Deserialize)]
struct Expected {
    now: u64,
    tokens: HashMap<String, (Option<String>, Option<String>)>,
    conversations: HashMap<String, Vec<Message>>,
    rows: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    template: String,
    conversation: String,
    add_generation_prompt: bool,
    variables: Map<String, Value>,
    text: String,
    generated: Option<Vec<String>>,
    starts: Option<Vec<usize>>,
}

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/chat");

fn expected() -> Expected {
    serde_json::from_str(&fs::read_to_string(format!("{FOLDER}/expected.json")).unwrap()).unwrap()
}

fn template(expected: &Expected, name: &str) -> ChatTemplate {
    let source = fs::read_to_string(format!("{FOLDER}/templates/{name}.jinja")).unwrap();
    let (bos, eos) = &expected.tokens[name];
    let template = ChatTemplate::new(&source, bos.as_deref(), eos.as_deref()).unwrap();
    template.with_time(UNIX_EPOCH + Duration::from_secs(expected.now))
}

#[test]
fn every_rendering_is_that_of_transformers() {
    let expected = expected();
    assert!(expected.rows.len() >= 300 && expected.tokens.len() == 12);
    for row in &expected.rows {
        let mut template = template(&expected, &row.template);
        for (name, value) in &row.variables {
            template = template.with_variable(name, value.clone());
        }
        let messages = &expected.conversations[&row.conversation];
        let text = template.render(messages, row.add_generation_prompt).unwrap();
        assert_eq!(text, row.text, "{} {}", row.template, row.conversation);
        if let (Some(generated), Some(starts), false) =
            (&row.generated, &row.starts, row.add_generation_prompt)
        {
            let rendered = template.render_written(messages).unwrap();
            assert_eq!(rendered.text, row.text);
            let written: Vec<&str> =
                rendered.written.iter().map(|range| &rendered.text[range.clone()]).collect();
            assert_eq!(written, *generated, "{} {}", row.template, row.conversation);
            assert_eq!(rendered.written.iter().map(|range| range.start).collect::<Vec<_>>(), *starts);
        }
    }
}

#[test]
fn untagged_templates_tell_what_the_model_wrote() {
    let expected = expected();
    let messages = &expected.conversations["thoughts of two turns"];
    for (name, end) in [
        ("smollm2", "<|im_end|>"),
        ("qwen2_5", "<|im_end|>"),
        ("llama3_1", "<|eot_id|>"),
        ("llama3_2", "<|eot_id|>"),
    ] {
        let template = template(&expected, name);
        let rendered = template.render_written(messages).unwrap();
        let written: Vec<&str> = rendered.written.iter().map(|range| &rendered.text[range.clone()]).collect();
        let turns = messages.iter().filter(|message| message.role == Role::Assistant);
        let turns: Vec<String> = turns.map(|message| format!("{}{end}", message.content)).collect();
        assert_eq!(written, turns, "{name}");
        assert_eq!(rendered.text, template.render(messages, false).unwrap());
    }
}

#[test]
fn templates_that_drop_thoughts_are_refused_but_traces_keep_them() {
    let expected = expected();
    let messages = &expected.conversations["thoughts of two turns"];
    let (prompt, answer) = (&messages[..4], messages[4].content.as_str());
    for (name, end) in [
        ("deepseek_r1_distill", "<｜end▁of▁sentence｜>"),
        ("qwen3", "<|im_end|>"),
        ("smollm2", "<|im_end|>"),
        ("llama3", "<|eot_id|>"),
        ("deepseek_v3", "<｜end▁of▁sentence｜>"),
    ] {
        let template = template(&expected, name);
        // DeepSeek-R1 drops the thoughts of every turn, Qwen3 those of the earlier ones.
        let drops = !template.render(messages, false).unwrap().contains("Two and two.");
        assert_eq!(drops, matches!(name, "deepseek_r1_distill" | "qwen3"), "{name}");
        let refused = template.render_written(messages).map_err(|error| error.to_string());
        assert_eq!(refused.is_err(), drops, "{name}: {refused:?}");
        assert!(refused.is_ok() || refused.unwrap_err().contains("make a trace of each turn"));

        let trace = Trace::new("t", Content::Messages(prompt.to_vec()), answer);
        let rendered = template.render_trace(&trace).unwrap();
        let (shown, written) = rendered.last().unwrap();
        assert_eq!(shown, template.render(prompt, true).unwrap(), "{name}");
        // R1's prompt ends with `<think>\n`, which the model then does not write.
        let opened = answer.strip_prefix("<think>\n").filter(|_| shown.ends_with("<think>\n"));
        assert_eq!(opened.is_some(), name == "deepseek_r1_distill");
        assert_eq!(written, format!("{}{end}", opened.unwrap_or(answer)), "{name}");
        assert_eq!(rendered.text.matches("<think>").count(), if drops { 1 } else { 2 });
        assert_eq!(rendered.text.matches("Three and three.").count(), 1);
    }
}

#[test]
fn traces_of_every_prompt_are_rendered_or_named() {
    let expected = expected();
    let r1 = template(&expected, "deepseek_r1_distill");
    let ask = |completion: &str| {
        let prompt = Content::Messages(vec![Message::user("?")]);
        r1.render_trace(&Trace::new("t", prompt, completion)).unwrap().last().unwrap().1.to_owned()
    };
    let end = "<｜end▁of▁sentence｜>";
    // A completion that was sampled behind an opened thought goes on as it is.
    assert_eq!(ask("a</think>b"), format!("a</think>b{end}"));
    assert_eq!(ask(" <think>a</think>b\n"), format!("a</think>b\n{end}"));

    let text = r1.render_trace(&Trace::new("t", Content::Text("1 + 1 = ".into()), "2")).unwrap();
    assert_eq!(text.text, format!("1 + 1 = 2{end}"));
    assert_eq!(text.written[0], 8..text.text.len());

    let alternating = "{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}{% endfor %}";
    let alternating = ChatTemplate::new(alternating, None, None).unwrap();
    let twice = Content::Messages(vec![Message::user("a"), Message::user("b")]);
    let trace = Trace::new("t", twice, "c").with("file", "x.jsonl").with("row", 7);
    let error = alternating.render_trace(&trace).unwrap_err().to_string();
    assert!(error.starts_with("trace `t` (`x.jsonl` row 7): chat template: "), "{error}");
    assert!(error.contains("roles must alternate"), "{error}");
    let error = r1.render_trace(&Trace::new("t", Content::Ids(vec![1]), "c")).unwrap_err().to_string();
    assert_eq!(error, "trace `t`: its prompt is of token ids, which no template renders");
}

#[test]
fn texts_that_look_like_marks_are_left_alone() {
    let expected = expected();
    let template = template(&expected, "qwen2_5_training");
    let messages =
        [Message::user("\u{e000}0\u{e001}{% generation %}"), Message::assistant("\u{e002}0\u{e001}")];
    let rendered = template.render_written(&messages).unwrap();
    assert_eq!(rendered.last().unwrap().1, "\n\u{e002}0\u{e001}<|im_end|>\n");
    assert_eq!(rendered.text, template.render(&messages, false).unwrap());
}
