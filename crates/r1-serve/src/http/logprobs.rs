//! Log-probabilities in the forms of chats and of completions.

use r1_core::session::Token;
use r1_data::tokenizer::Tokenizer;
use serde_json::{Value, json};

/// The text of a token by itself, and its bytes.
fn text(tokenizer: &Tokenizer, id: u32) -> String {
    tokenizer.decode(&[id], false).unwrap_or_default()
}

/// A log-probability with the digits that it has; JSON has no infinity, for which OpenAI's -9999 stands.
fn number(logprob: f32) -> Value {
    let shortest: Option<f64> = logprob.is_finite().then(|| logprob.to_string().parse().ok()).flatten();
    json!(shortest.unwrap_or(-9999.0))
}

fn entry(tokenizer: &Tokenizer, id: u32, logprob: f32) -> Value {
    let token = text(tokenizer, id);
    json!({"token": token, "logprob": number(logprob), "bytes": token.as_bytes()})
}

/// The entries of a chat's tokens.
pub(super) fn of_chat(tokenizer: &Tokenizer, tokens: &[Token]) -> Value {
    let content = tokens.iter().map(|token| {
        let mut value = entry(tokenizer, token.id, token.logprob);
        let top = token.top.iter().map(|(id, logprob)| entry(tokenizer, *id, *logprob));
        value["top_logprobs"] = top.collect();
        value
    });
    json!({"content": content.collect::<Vec<_>>()})
}

/// The lists of a completion's tokens; `offset` is the number of characters before them.
pub(super) fn of_completion(tokenizer: &Tokenizer, tokens: &[Token], mut offset: usize) -> Value {
    let texts: Vec<String> = tokens.iter().map(|token| text(tokenizer, token.id)).collect();
    let offsets: Vec<usize> = texts
        .iter()
        .map(|text| {
            offset += text.chars().count();
            offset - text.chars().count()
        })
        .collect();
    let top = tokens.iter().map(|token| -> Value {
        let top = token.top.iter().map(|(id, logprob)| (text(tokenizer, *id), number(*logprob)));
        Value::Object(top.collect())
    });
    json!({
        "tokens": texts,
        "token_logprobs": tokens.iter().map(|token| number(token.logprob)).collect::<Vec<_>>(),
        "top_logprobs": top.collect::<Vec<_>>(),
        "text_offset": offsets,
    })
}
