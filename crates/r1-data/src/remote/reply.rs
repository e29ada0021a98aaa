//! Replies of a chat endpoint.

use serde::Deserialize;
use serde_json::Value;

use r1_core::{Completion, FinishReason};

/// Most characters of a server's complaint that are passed on.
const COMPLAINT: usize = 300;

#[derive(Deserialize)]
struct Reply {
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    message: Said,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    content: Option<String>,
    /// DeepSeek's and vLLM's name for thoughts that are sent apart.
    #[serde(default, alias = "reasoning")]
    reasoning_content: Option<String>,
}

/// The completion of a reply, thoughts first.
pub(super) fn completion(text: &[u8]) -> Result<Completion, String> {
    let reply: Reply =
        serde_json::from_slice(text).map_err(|error| format!("the reply is not as expected ({error})"))?;
    let choice = reply.choices.into_iter().next().ok_or("the reply has no choice")?;
    let content = choice.message.content.unwrap_or_default();
    let text = match choice.message.reasoning_content {
        Some(thoughts) if !thoughts.trim().is_empty() => {
            format!("<think>\n{}\n</think>\n\n{}", thoughts.trim(), content.trim_start())
        }
        _ => content,
    };
    let finish = match choice.finish_reason.as_deref() {
        Some("length") => FinishReason::Length,
        Some("content_filter") => FinishReason::Cancelled,
        _ => FinishReason::Stop,
    };
    Ok(Completion::from_text(text, finish))
}

/// The message of an error reply in short, or how it begins.
pub(super) fn complaint(text: &[u8]) -> String {
    let value: Option<Value> = serde_json::from_slice(text).ok();
    let message = value.as_ref().and_then(|value| {
        value
            .pointer("/error/message")
            .or_else(|| value.get("message"))
            .or_else(|| value.get("error"))?
            .as_str()
    });
    let lossy = String::from_utf8_lossy(text);
    let words: Vec<&str> = message.unwrap_or(&lossy).split_whitespace().collect();
    match words.join(" ") {
        short if short.is_empty() => "nothing more".into(),
        short => short.chars().take(COMPLAINT).collect(),
    }
}
