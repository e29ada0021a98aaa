//! Whole answers, from the updates of a job.

use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use r1_core::{FinishReason, session::Token};
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedReceiver;

use super::{error::ApiError, random};
use crate::{Ended, Piece, ToolCall, Update};

pub(super) fn json_answer(value: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}

/// Says how a choice ended: in the words of OpenAI, in which a loop that was cut is a length that was, and beside them what
/// those words do not say.
pub(super) fn end(choice: &mut Value, ended: Ended, calls: bool) {
    choice["finish_reason"] = json!(match ended.finish {
        _ if calls => "tool_calls",
        FinishReason::Stop => "stop",
        _ => "length",
    });
    if ended.finish == FinishReason::Loop {
        choice["stop_reason"] = json!("loop");
    }
    if ended.thoughts_cut {
        choice["thoughts_cut"] = json!(true);
    }
}

/// Calls of tools, in OpenAI's form; `indexed` where they come in a stream.
pub(super) fn tool_calls(calls: &[ToolCall], indexed: bool) -> Value {
    let one = |(index, call): (usize, &ToolCall)| {
        let function = json!({"name": call.name, "arguments": call.arguments});
        let mut value =
            json!({"id": format!("call_{:016x}", random()), "type": "function", "function": function});
        if indexed {
            value["index"] = json!(index);
        }
        value
    };
    calls.iter().enumerate().map(one).collect()
}

/// Tokens asked and written, in OpenAI's form.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Usage {
    pub(super) prompt: usize,
    pub(super) reused: usize,
    pub(super) written: usize,
    pub(super) thoughts: usize,
}

impl Usage {
    pub(super) fn value(self) -> Value {
        json!({
            "prompt_tokens": self.prompt, "completion_tokens": self.written,
            "total_tokens": self.prompt + self.written,
            "prompt_tokens_details": {"cached_tokens": self.reused},
            "completion_tokens_details": {"reasoning_tokens": self.thoughts},
        })
    }
}

/// A finished completion.
#[derive(Debug, Default)]
pub(super) struct Choice {
    pub(super) thoughts: String,
    pub(super) answer: String,
    pub(super) tokens: Vec<Token>,
    pub(super) ended: Option<Ended>,
}

impl Choice {
    pub(super) fn take(&mut self, pieces: Vec<Piece>) {
        for piece in pieces {
            match piece {
                Piece::Thought(text) => self.thoughts += &text,
                Piece::Answer(text) => self.answer += &text,
            }
        }
    }

    pub(super) fn ids(&self) -> Vec<u32> {
        self.tokens.iter().map(|token| token.id).collect()
    }
}

/// All completions of a job.
#[derive(Debug, Default)]
pub(super) struct Whole {
    pub(super) choices: Vec<Choice>,
    pub(super) usage: Usage,
    pub(super) weights_version: u64,
}

/// Waits for a job's end.
pub(super) async fn whole(
    mut updates: UnboundedReceiver<Update>,
    samples: usize,
    prompt: usize,
) -> Result<Whole, ApiError> {
    let mut whole = Whole { usage: Usage { prompt, ..Usage::default() }, ..Whole::default() };
    whole.choices.resize_with(samples, Choice::default);
    let mut left = samples;
    while left > 0 {
        match updates.recv().await {
            None => return Err(ApiError::ended()),
            Some(Update::Refused(refused)) => return Err(ApiError::refused(&refused)),
            Some(Update::Begun { reused, weights_version }) => {
                (whole.usage.reused, whole.weights_version) = (reused, weights_version);
            }
            Some(Update::Token { sample, token, pieces }) => {
                whole.usage.written += 1;
                whole.usage.thoughts += usize::from(thinks(&pieces));
                let choice = &mut whole.choices[sample];
                choice.tokens.push(token);
                choice.take(pieces);
            }
            Some(Update::Ended { sample, pieces, ended }) => {
                let choice = &mut whole.choices[sample];
                choice.take(pieces);
                choice.ended = Some(ended);
                left -= 1;
            }
        }
    }
    Ok(whole)
}

/// Whether a token's text is of the thoughts.
pub(super) fn thinks(pieces: &[Piece]) -> bool {
    pieces.iter().any(|piece| matches!(piece, Piece::Thought(_)))
}
