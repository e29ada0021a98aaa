//! The trainer teaches, reports, and refuses what cannot be taught.

mod tiny;

use std::error::Error;

use r1_core::{Content, Cursor, Generate, Key, Message, Prompt, Sampling, Trace, TraceSource};
use r1_distill::{DistillError, SftTrainer, encode_trace};

fn whole(error: &DistillError) -> String {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("{error}{cause}")
}

#[test]
fn a_student_learns_its_traces_by_heart_and_ends_its_turns() {
    let mut trainer = SftTrainer::new(tiny::config(), tiny::model(1)).unwrap();
    let mut source = tiny::source();
    let before = trainer.evaluate(&tiny::traces()).unwrap();
    let updates = trainer.config().updates();
    assert_eq!(updates, 135);
    let mut reports = Vec::new();
    while trainer.updates() < updates {
        reports.push(trainer.step(&mut source).unwrap());
    }
    // 20 characters at random are 3.0 nats.
    let after = trainer.evaluate(&tiny::traces()).unwrap();
    assert!(before > 2.0 && after < 0.05, "{before} {after}");
    let last = &reports[134];
    assert_eq!((last.step, last.tokens, last.num_tokens), (135, 12, 135 * 12));
    assert!((last.learning_rate - 1e-3).abs() < 1e-9, "{}", last.learning_rate);
    assert_eq!(last.epoch, 60.0);
    let mut model = trainer.into_model();
    let prompts = [Prompt::text("c=", Key::new(0))];
    let written = model.generate(&prompts, 1, &Sampling::greedy().with_max_tokens(8)).unwrap();
    assert_eq!((written[0][0].text.as_str(), written[0][0].ids.len()), ("de", 3));
}

#[test]
fn a_failed_step_leaves_weights_and_source_alone() {
    let mut traces = tiny::traces();
    traces[4].completion = "a".repeat(30);
    let mut source = Cursor::new(traces, 0).unwrap();
    let mut trainer = SftTrainer::new(tiny::config().with_batch_size(9), tiny::model(1)).unwrap();
    let before = trainer.evaluate(&tiny::traces()).unwrap();
    let error = trainer.step(&mut source).unwrap_err();
    assert_eq!(
        whole(&error),
        "trace `e` has 33 tokens, more than the 24 allowed; leave it out or raise `max_tokens`"
    );
    assert_eq!((TraceSource::position(&source), trainer.updates()), (0, 0));
    assert_eq!(trainer.evaluate(&tiny::traces()).unwrap(), before);
}

#[test]
fn a_loss_that_is_not_finite_names_its_traces() {
    let config = tiny::config().with_learning_rate(1e30).with_warmup(0);
    let mut trainer = SftTrainer::new(config, tiny::model(1)).unwrap();
    let mut source = tiny::source();
    let error = loop {
        match trainer.step(&mut source) {
            Ok(report) => assert!(report.step < 20, "{report:?}"),
            Err(error) => break error,
        }
    };
    assert!(matches!(&error, DistillError::NotFinite { traces, .. } if traces.len() == 4), "{error}");
    assert!(error.to_string().contains("is not finite, so nothing was changed; its traces are `"), "{error}");
}

#[test]
fn what_cannot_be_taught_is_refused_by_name() {
    let encode = |prompt: Content, completion: &str| {
        encode_trace(&tiny::model(1), &Trace::new("t", prompt, completion)).map_err(|error| whole(&error))
    };
    let text = |text: &str| Content::Text(text.into());
    assert_eq!(encode(text(""), "a").unwrap_err(), "trace `t` has no token of prompt; leave it out");
    assert_eq!(encode(text("a="), " \n").unwrap_err(), "trace `t` has no token of completion; leave it out");
    assert_eq!(
        encode(Content::Ids(vec![99]), "a").unwrap_err(),
        "trace `t` cannot be encoded: token id 99 lies outside the vocabulary of 24"
    );
    let messages = Content::Messages(vec![Message::user("a")]);
    let error = encode(messages.clone(), "a").unwrap_err();
    assert!(error.contains("the checkpoint has no chat template; add chat_template.jinja"), "{error}");
    let raising = tiny::chat_model("{{ raise_exception('no thoughts today') }}");
    let error = encode_trace(&raising, &Trace::new("t", messages, "a")).unwrap_err();
    assert!(whole(&error).starts_with("trace `t` cannot be encoded: chat template: "), "{}", whole(&error));
    assert!(whole(&error).contains("no thoughts today"), "{}", whole(&error));
    let trainer = SftTrainer::new(tiny::config(), tiny::model(1)).unwrap();
    assert!(matches!(trainer.evaluate(&[]), Err(DistillError::Empty)));
}

#[test]
fn a_turn_ends_as_the_template_ends_it() {
    let messages = || Content::Messages(vec![Message::user("a")]);
    let ids = |template: &str, stops: &str, completion: &str| {
        let model = tiny::folder_model(1, |folder| {
            std::fs::write(folder.join("chat_template.jinja"), template).unwrap();
            let text = format!("{{\"eos_token_id\": {stops}}}");
            std::fs::write(folder.join("generation_config.json"), text).unwrap();
        });
        let encoded = encode_trace(&model, &Trace::new("t", messages(), completion)).unwrap();
        model.tokenizer.decode(encoded.completion(), false).unwrap()
    };
    let turns = "{% for m in messages %}{{ m.content }}{% if m.role == 'assistant' %}<|stop|>{% endif %}=\
                 {% endfor %}";
    // Both tokens end a turn; the template says which.
    assert_eq!(ids(turns, "[1, 2]", "bc"), "bc<|stop|>");
    // The template's is not the model's.
    assert_eq!(ids(turns, "1", "bc"), "bc<|end|>");
    // A prompt that opens the thoughts has the completion's opening already.
    let opening = "{{ messages[0].content }}:{% if add_generation_prompt %}<think>\n{% endif %}";
    assert_eq!(ids(opening, "1", "<think>\nbc</think>d"), "bc</think>d<|end|>");
    assert_eq!(ids(turns, "1", "<think>\nbc</think>d"), "<think>\nbc</think>d<|end|>");
}

#[test]
fn a_model_without_an_end_is_refused() {
    let endless = tiny::folder_model(1, |folder| {
        std::fs::write(folder.join("generation_config.json"), "{\"eos_token_id\": [1]}").unwrap();
    });
    let mut model = endless;
    model.stop_ids.clear();
    assert!(matches!(SftTrainer::new(tiny::config(), model), Err(DistillError::NoEnd)));
}
