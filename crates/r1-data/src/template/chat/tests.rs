use std::fs;

use super::*;

/// The template of SmolLM2-135M-Instruct, as its `chat_template.jinja` has it.
const SMOLLM2: &str = "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system
You are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>
' }}{% endif %}{{'<|im_start|>' + message['role'] + '
' + message['content'] + '<|im_end|>' + '
'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant
' }}{% endif %}";

/// The template of DeepSeek-R1 without its tools.
const R1: &str = "{% if not add_generation_prompt is defined %}{% set add_generation_prompt = false %}{% endif %}{% set ns = namespace(is_first=false, system_prompt='') %}{%- for message in messages %}{%- if message['role'] == 'system' %}{% set ns.system_prompt = message['content'] %}{%- endif %}{%- endfor %}{{bos_token}}{{ns.system_prompt}}{%- for message in messages %}{%- if message['role'] == 'user' %}{{'<｜User｜>' + message['content']}}{%- endif %}{%- if message['role'] == 'assistant' and message['content'] is not none %}{% set content = message['content'] %}{% if '</think>' in content %}{% set content = content.split('</think>')[-1] %}{% endif %}{{'<｜Assistant｜>' + content + '<｜end▁of▁sentence｜>'}}{%- endif %}{%- endfor -%}{% if add_generation_prompt %}{{'<｜Assistant｜><think>\\n'}}{% endif %}";

fn render(source: &str, messages: &[Message], prompt: bool) -> String {
    ChatTemplate::new(source, Some("<s>"), Some("</s>")).unwrap().render(messages, prompt).unwrap()
}

#[test]
fn smollm2_is_rendered_as_transformers_does() {
    assert_eq!(
        render(SMOLLM2, &[Message::user("Hi <b> & \"you\"")], true),
        "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n\
         <|im_start|>user\nHi <b> & \"you\"<|im_end|>\n<|im_start|>assistant\n"
    );
    let messages = [Message::system("Be brief."), Message::user("Hi"), Message::assistant("Hello\n")];
    assert_eq!(
        render(SMOLLM2, &messages, false),
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n\
         <|im_start|>assistant\nHello\n<|im_end|>\n"
    );
}

#[test]
fn r1_keeps_only_the_answers_of_earlier_turns_and_opens_the_thoughts() {
    let messages =
        [Message::user("1+1?"), Message::assistant("<think>\nEasy.\n</think>\n\n2"), Message::user("2+2?")];
    let template = ChatTemplate::new(R1, Some("<｜begin▁of▁sentence｜>"), None).unwrap();
    assert_eq!(
        template.render(&messages, true).unwrap(),
        "<｜begin▁of▁sentence｜><｜User｜>1+1?<｜Assistant｜>\n\n2<｜end▁of▁sentence｜><｜User｜>2+2?<｜Assistant｜><think>\n"
    );
}

#[test]
fn blocks_take_their_own_line_with_them() {
    let source = "{% for message in messages %}\n    {% if true %}\n{{ message.content }}\n    {% endif %}\n{% endfor %}\n{{ bos_token }}|{{ nothing }}|\n";
    assert_eq!(render(source, &[Message::user("a"), Message::user("b")], true), "a\nb\n<s>||");
}

#[test]
fn python_is_spoken() {
    let message = [Message::user(" a,b ")];
    for (source, text) in [
        ("{{ messages[0].content.strip().split(',')[-1] }}", "b"),
        ("{{ messages[0]['content'].startswith(' a') }}", "True"),
        ("{{ messages | tojson }}", "[{\"role\": \"user\", \"content\": \" a,b \"}]"),
        ("{{ {'a': '<é>'} | tojson(indent=2) }}", "{\n  \"a\": \"<é>\"\n}"),
        ("{% for k, v in messages[0].items() %}{{ k }} {% endfor %}", "role content "),
        ("{% for n in range(5) %}{% if n == 2 %}{% break %}{% endif %}{{ n }}{% endfor %}", "01"),
        ("a {%- generation %} b {% endgeneration -%} c", "a b c"),
        ("a\n  {% generation %}\nb\n  {% endgeneration %}\nc\n", "a\nb\nc"),
        ("{{ [] | tojson(indent=2) }}{{ 1.0 | tojson }}{{ {} | tojson(ensure_ascii=false) }}", "[]1.0{}"),
        ("{{ [1, {'b': none}] | tojson(indent=4) }}", "[\n    1,\n    {\n        \"b\": null\n    }\n]"),
        ("{{ strftime_now('%Y') | length }}", "4"),
        ("{{ messages[0].tools is defined }} {{ none }}", "False None"),
    ] {
        assert_eq!(render(source, &message, true), text, "{source}");
    }
}

#[test]
fn errors_say_what_the_template_says() {
    let raises = ChatTemplate::new("{{ raise_exception('roles must alternate') }}", None, None).unwrap();
    let error = raises.render(&[], true).unwrap_err().to_string();
    assert!(error.starts_with("chat template: ") && error.contains("roles must alternate"), "{error}");
    let sorted = ChatTemplate::new("{{ {} | tojson(sort_keys=true) }}", None, None).unwrap();
    let error = sorted.render(&[], true).unwrap_err().to_string();
    assert!(error.contains("tojson can only be used with sort_keys=false"), "{error}");
    let error = ChatTemplate::new("{% for %}", None, None).unwrap_err();
    assert!(matches!(error, DataError::Template { .. }), "{error}");
}

#[test]
fn a_folder_has_its_template_in_either_file() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("tokenizer_config.json");
    let message = [Message::user("x")];
    let render = || ChatTemplate::load(folder.path()).and_then(|template| template.render(&message, false));

    assert!(matches!(render(), Err(DataError::Template { .. })));
    fs::write(&config, r#"{"eos_token": "E"}"#).unwrap();
    assert!(render().unwrap_err().to_string().contains("use a plain prompt with this model"));
    fs::write(&config, r#"{"chat_template": "{{ bos_token }}one", "bos_token": {"content": "B"}}"#).unwrap();
    assert_eq!(render().unwrap(), "Bone");
    let named = r#"{"chat_template": [{"name": "tool_use", "template": "t"}, {"name": "default", "template": "two"}]}"#;
    fs::write(&config, named).unwrap();
    assert_eq!(render().unwrap(), "two");
    fs::write(folder.path().join("chat_template.jinja"), "{{ messages[0].content }}").unwrap();
    assert_eq!(render().unwrap(), "x");
}
