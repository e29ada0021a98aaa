//! `generate`: prompts and settings of the command line and of a line.

use serde_json::{Value, json};

use crate::{Checkpoint, refused};

fn completion(answer: &Value) -> &Value {
    &answer["completions"][0]
}

#[test]
fn a_prompt_of_the_command_line_is_answered_like_a_line() {
    let checkpoint = Checkpoint::new();
    let how = ["--max-tokens", "8", "--seed", "5"];
    let given = [&how[..], &["--prompt", "one", "--prompt", "two words"]].concat();
    let lines = checkpoint.r1("generate", &how, "{\"prompt\":\"one\"}\n{\"prompt\":\"two words\"}");
    // Standard input is not read.
    let outcome = checkpoint.r1("generate", &given, "no line at all");
    assert_eq!((outcome.status, &outcome.stdout), (0, &lines.stdout), "{}", outcome.stderr);
    refused(
        1,
        &["generate", "--model", checkpoint.dir(), "--prompt", "fits", "--prompt", &"x".repeat(200)],
        &["--prompt number 2: it has 200 tokens"],
    );
}

#[test]
fn a_line_has_settings_of_its_own() {
    let checkpoint = Checkpoint::new();
    let line = |more: Value| {
        let mut line = json!({ "prompt": "3 + 4 =" });
        line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        line.to_string()
    };
    let alone = |options: &[&str]| {
        checkpoint.r1("generate", options, line(json!({}))).answers().remove(0)["completions"].take()
    };
    let lines = [
        line(json!({ "max_tokens": 3, "id": "first" })),
        line(json!({ "temperature": 0.5, "seed": 9 })),
        line(json!({})),
        line(json!({ "top_k": 2, "top_p": 0.5 })),
        line(json!({ "temperature": 0, "id": [1] })),
        line(json!({ "max_tokens": null, "stop": null, "min_p": 0.2 })),
    ];
    let answers = checkpoint.r1("generate", &["--max-tokens", "12"], lines.join("\n")).answers();
    let expected: [&[&str]; 5] = [
        &["--max-tokens", "3"],
        &["--max-tokens", "12", "--temperature", "0.5", "--seed", "9"],
        &["--max-tokens", "12"],
        &["--max-tokens", "12", "--top-k", "2", "--top-p", "0.5"],
        &["--max-tokens", "12", "--temperature", "0"],
    ];
    for (answer, options) in answers.iter().zip(expected) {
        assert_eq!(answer["completions"], alone(options), "{options:?}");
    }
    assert_eq!((&answers[0]["id"], &answers[4]["id"]), (&json!("first"), &json!([1])));
    assert!(answers[1].get("id").is_none());
    assert!(completion(&answers[5])["sampled_logprobs"].is_array());
}

#[test]
fn a_completion_ends_at_a_stop_text() {
    let checkpoint = Checkpoint::new();
    let whole = checkpoint.r1("generate", &["--max-tokens", "40", "--prompt", "a"], "").answers().remove(0);
    let text = completion(&whole)["text"].as_str().unwrap().to_owned();
    let stop: String = text.chars().skip(10).take(2).collect();
    let end = text.find(&stop).unwrap() + stop.len();
    let option = ["--max-tokens", "40", "--prompt", "a", "--stop", &stop];
    let by_option = checkpoint.r1("generate", &option, "").answers().remove(0);
    assert_eq!(
        (&completion(&by_option)["text"], &completion(&by_option)["finish"]),
        (&json!(&text[..end]), &json!("stop"))
    );
    for stop in [json!(stop), json!(["never in it", stop])] {
        let line = json!({ "prompt": "a", "stop": stop }).to_string();
        // What a line says comes before the option.
        let by_line =
            checkpoint.r1("generate", &["--max-tokens", "40", "--stop", "x"], line).answers().remove(0);
        assert_eq!(by_line, by_option);
    }
}

#[test]
fn a_setting_that_would_be_ignored_is_refused_and_other_fields_are_named() {
    let checkpoint = Checkpoint::new();
    let input = "{\"prompt\":\"a\",\"n\":2}\n{\"prompt\":\"a\",\"stop\":7}\n{\"prompt\":\"a\",\"seed\":-1}\n\
                 {\"prompt\":\"a\",\"top_p\":2}\n{\"prompt\":\"a\",\"stop\":[\"\"]}\n\
                 {\"prompt\":\"a\",\"chat_template_kwargs\":{\"x\":1}}\n\
                 {\"prompt\":\"a\",\"gold\":7}\n{\"prompt\":\"a\",\"gold\":8}\n{\"prompt\":\"a\",\"max_tokens\":0}";
    let outcome = checkpoint.r1("generate", &["--max-tokens", "4", "--batch", "1"], input);
    assert_eq!((outcome.status, outcome.lines().len()), (1, 2), "{}", outcome.stderr);
    let expected = [
        "error: line 1 of standard input: r1 has no setting `n` of a line; leave it out",
        "error: line 2 of standard input: `stop` is neither a text nor a list of texts",
        "error: line 3 of standard input: invalid value: integer `-1`, expected u64",
        "error: line 4 of standard input: sampling: top_p is 2; expected more than 0 and at most 1",
        "error: line 5 of standard input: sampling: stop is \"\"; expected texts that are not empty",
        "error: line 6 of standard input: `chat_template_kwargs` need the option --chat",
        "warning: the field `gold` of a line is ignored",
        "error: line 9 of standard input: max_tokens is 0",
    ];
    for (found, expected) in outcome.stderr.lines().zip(expected) {
        assert!(found.starts_with(expected) || found.contains("sampling: max_tokens is 0"), "{found}");
    }
}

#[test]
fn the_template_gets_a_system_message_and_variables() {
    let checkpoint = Checkpoint::new();
    let template = "{% for message in messages %}{{ message.role }}: {{ message.content }}\n{% endfor %}\
                    {% if mood %}({{ mood }}){% endif %}{% if think is not defined or think %}<think>{% endif %}";
    std::fs::write(checkpoint.path("chat_template.jinja"), template).unwrap();
    let how = ["--max-tokens", "6", "--temperature", "0"];
    let generate = |more: &[&str], input: &str| {
        checkpoint.r1("generate", &[&how[..], more].concat(), input).answers().remove(0)
    };
    let ids = |answer: &Value| completion(answer)["ids"].clone();
    let plain = |prompt: &str| generate(&["--prompt", prompt], "");
    let opened = generate(&["--chat", "--prompt", "Hi"], "");
    assert_eq!(ids(&opened), ids(&plain("user: Hi\n<think>")));
    assert_eq!(completion(&opened)["think_prefilled"], true);
    let system = generate(&["--chat", "--system", "Be brief", "--prompt", "Hi"], "");
    assert_eq!(ids(&system), ids(&plain("system: Be brief\nuser: Hi\n<think>")));
    let set = ["--template-variable", "think=false", "--template-variable", "mood=calm"];
    let closed = generate(&[&["--chat", "--prompt", "Hi"][..], &set].concat(), "");
    assert_eq!(ids(&closed), ids(&plain("user: Hi\n(calm)")));
    assert!(completion(&closed).get("think_prefilled").is_none());
    let line =
        json!({ "prompt": "Hi", "chat_template_kwargs": { "think": false, "mood": "calm" } }).to_string();
    assert_eq!(generate(&["--chat"], &line), closed);
    // In a plain prompt, too.
    assert_eq!(completion(&plain("1 <think>\n"))["think_prefilled"], true);

    let model = ["generate", "--model", checkpoint.dir(), "--prompt", "a"];
    refused(2, &[&model[..], &["--system", "x"]].concat(), &["--chat"]);
    refused(2, &[&model[..], &["--chat", "--template-variable", "x"]].concat(), &["expected NAME=VALUE"]);
    let line =
        json!({ "messages": [{ "role": "system", "content": "a" }, { "role": "user", "content": "b" }] });
    let outcome = checkpoint.r1("generate", &["--chat", "--system", "x"], line.to_string());
    assert!(outcome.stderr.contains("line 1 of standard input: `messages` begin with a system message"));
}

#[test]
fn ids_need_no_tokenizer() {
    let checkpoint = Checkpoint::new();
    let expected = checkpoint.r1("logprobs", &[], "{\"ids\":[5,6,7,8]}").answers();
    for name in ["tokenizer.json", "tokenizer_config.json"] {
        std::fs::remove_file(checkpoint.path(name)).unwrap();
    }
    let outcome = checkpoint.r1("logprobs", &[], "{\"text\":\"a\"}\n{\"ids\":[5,6,7,8]}\n{\"ids\":[96]}\n");
    assert_eq!((outcome.status, outcome.lines()), (1, expected), "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("line 1 of standard input: the checkpoint has no tokenizer.json; give `ids`")
    );
    assert!(
        outcome.stderr.contains("line 3 of standard input: token id 96 lies outside the vocabulary of 96")
    );
    std::fs::remove_file(checkpoint.path("model.safetensors")).unwrap();
    checkpoint.refused(&["model.safetensors"]);
}
