//! `<|begin_of_thought|>` and its like, the markers of OpenThoughts and Bespoke-Stratos.

use serde::Deserialize;

use r1_core::{Content, Message, Role, Trace};

/// `{"from": "user", "value": ".."}`.
#[derive(Deserialize)]
pub(super) struct Turn {
    from: String,
    value: String,
}

/// A conversation whose last turn is the model's, with the markers as tags of R1. The instructions speak of
/// the markers, too, and are changed alike.
pub(super) fn trace(id: String, system: Option<String>, turns: Vec<Turn>) -> Result<Trace, String> {
    let mut messages: Vec<Message> = system
        .filter(|text| !text.trim().is_empty())
        .map(|text| Message::system(instructions(&text)))
        .into_iter()
        .collect();
    for Turn { from, value } in turns {
        let role = match from.as_str() {
            "user" | "human" => Role::User,
            "assistant" | "gpt" => Role::Assistant,
            "system" => Role::System,
            other => return Err(format!("`{other}` speaks, but only `user`, `assistant` and `system` may")),
        };
        messages.push(Message::new(role, value));
    }
    let last = messages.pop().filter(|message| message.role == Role::Assistant);
    let completion =
        completion(&last.ok_or("the conversation does not end with the assistant's turn")?.content)?;
    Ok(Trace::new(id, Content::Messages(messages), completion))
}

const THOUGHT: [&str; 2] = ["<|begin_of_thought|>", "<|end_of_thought|>"];
const SOLUTION: [&str; 2] = ["<|begin_of_solution|>", "<|end_of_solution|>"];

fn instructions(text: &str) -> String {
    let thought = text.replace(THOUGHT[0], "<think>").replace(THOUGHT[1], "</think>");
    SOLUTION.iter().fold(thought, |text, marker| text.replace(marker, ""))
}

/// `<think>`, the thoughts, `</think>`, the solution.
pub(super) fn completion(text: &str) -> Result<String, String> {
    let between = |text: &'_ str, [start, end]: [&str; 2]| -> Option<(String, String)> {
        let (before, rest) = text.split_once(start)?;
        let (inside, after) = rest.split_once(end)?;
        before.trim().is_empty().then(|| (inside.trim().to_owned(), after.to_owned()))
    };
    let missing =
        |[start, end]: [&str; 2]| format!("the completion has no `{start} .. {end}` where it should");
    let (thought, rest) = between(text, THOUGHT).ok_or_else(|| missing(THOUGHT))?;
    let (solution, rest) = between(&rest, SOLUTION).ok_or_else(|| missing(SOLUTION))?;
    if !rest.trim().is_empty() {
        return Err("the completion goes on behind its solution".into());
    }
    if solution.is_empty() {
        return Err("the completion has an empty solution".into());
    }
    Ok(think(&thought, &solution))
}

/// A completion in the form of DeepSeek-R1.
pub(super) fn think(thought: &str, solution: &str) -> String {
    format!("<think>\n{}\n</think>\n\n{}", thought.trim(), solution.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_become_tags() {
        let text = "<|begin_of_thought|>\n\nTwo and two.\n\nFour.\n\n<|end_of_thought|>\n\n<|begin_of_solution|>\n\nIt is 4.\n\n<|end_of_solution|>\n";
        assert_eq!(completion(text).unwrap(), "<think>\nTwo and two.\n\nFour.\n</think>\n\nIt is 4.");
        for (text, reason) in [
            ("It is 4.", "no `<|begin_of_thought|>"),
            ("<|begin_of_thought|>a<|end_of_thought|>", "no `<|begin_of_solution|>"),
            (
                "x<|begin_of_thought|>a<|end_of_thought|><|begin_of_solution|>b<|end_of_solution|>",
                "no `<|begin_of_thought|>",
            ),
            ("<|begin_of_thought|>a<|end_of_thought|><|begin_of_solution|>b<|end_of_solution|>c", "goes on"),
            (
                "<|begin_of_thought|>a<|end_of_thought|><|begin_of_solution|> <|end_of_solution|>",
                "an empty solution",
            ),
            ("<|begin_of_thought|>a<|begin_of_solution|>b<|end_of_solution|>", "no `<|begin_of_thought|>"),
        ] {
            let error = completion(text).unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
    }
}
