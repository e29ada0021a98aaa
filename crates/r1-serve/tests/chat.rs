//! A conversation over a script.

mod support;

use std::time::Duration;

use r1_core::{Key, Role, Sampling};
use r1_serve::{Chat, ChatOptions};

fn options() -> ChatOptions {
    ChatOptions {
        sampling: Sampling::greedy().with_max_tokens(200),
        key: Key::new(1),
        system: None,
        show_thoughts: true,
        max_thinking_tokens: None,
        loop_guard: None,
        interactive: false,
        color: false,
    }
}

/// The output, and how many turns there were.
fn talk(input: &str, options: ChatOptions) -> (String, usize) {
    let (mut script, model, _folder) = support::script(Duration::ZERO);
    let stop = || false;
    let mut chat = Chat::new(&mut script, model, options, &stop);
    let mut output = Vec::new();
    chat.run(&mut input.as_bytes(), &mut output).unwrap();
    let user = chat.messages().iter().filter(|message| message.role == Role::User).count();
    assert_eq!(chat.messages().len(), 2 * user);
    (String::from_utf8(output).unwrap(), user)
}

#[test]
fn lines_are_answered_until_the_input_ends() {
    // The script repeats the last message.
    assert_eq!(talk("abc\n\nde f\n", options()), ("abc\nde f\n".to_owned(), 2));
    assert_eq!(talk("abc\n/quit\nde\n", options()), ("abc\n".to_owned(), 1));
    assert_eq!(talk("ab\\\ncd\n", options()).0, "ab\ncd\n");
    assert_eq!(talk("\"\"\"\nab\n/cd\n\"\"\"\n", options()).0, "ab\n/cd\n");
    assert_eq!(talk("<think>so</think>yes", options()).0, "so\nyes\n");
    let folded = ChatOptions { show_thoughts: false, ..options() };
    let (text, _) = talk("<think>so</think>yes", folded);
    assert!(text.starts_with("[thoughts: ") && text.ends_with("\nyes\n"), "{text}");
    // The limit of thoughts comes with the last token of all.
    let sampling = Sampling::greedy().with_max_tokens(9);
    let both = ChatOptions { max_thinking_tokens: Some(2), sampling, ..options() };
    assert_eq!(talk("<think>abcdef", both).0, "ab\n\n");
    let cut = ChatOptions { max_thinking_tokens: Some(2), ..options() };
    assert!(talk("<think>abcdef", cut).0.starts_with("ab\n"));
}

#[test]
fn commands_do_what_they_say_and_nothing_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("talk.json");
    let shown = path.display();
    let (text, user) = talk(&format!("abc\n/save {shown}\n/save {shown}\n/clear\n/retry\n"), options());
    assert_eq!(user, 0);
    assert!(text.contains("exists and is kept") && text.contains("Nothing was asked yet."), "{text}");
    let saved: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(saved[1]["content"], "abc");
    let (text, user) = talk("abc\n/retry\n/temperature 7x\n/nothing\n/think on\n/help\n", options());
    assert_eq!(user, 1);
    for part in
        ["abc\nabc\n", "expected a number", "no command /nothing", "enable_thinking is true", "/retry"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn an_answer_can_be_stopped_and_the_chat_goes_on() {
    let (mut script, model, _folder) = support::script(Duration::ZERO);
    let steps = std::cell::Cell::new(0);
    let stop = || {
        steps.set(steps.get() + 1);
        steps.get() == 4
    };
    let mut chat = Chat::new(&mut script, model, options(), &stop);
    let mut output = Vec::new();
    chat.run(&mut "abcdefgh\nxy\n".as_bytes(), &mut output).unwrap();
    assert_eq!(String::from_utf8(output).unwrap(), "abc\nxy\n");
}
