//! Answers that come in parts, as server-sent events.

use std::convert::Infallible;

use axum::{
    body::Body,
    http::header,
    response::{IntoResponse, Response},
};
use futures_util::stream::{self, StreamExt};
use serde_json::Value;
use tokio::sync::mpsc::UnboundedReceiver;

use super::{
    answer::{Usage, thinks},
    error::ApiError,
};
use crate::Update;

/// What the events of a stream are made of.
pub(super) trait Chunks: Send + 'static {
    /// The events that an update brings.
    fn of(&mut self, update: Update, weights_version: u64) -> Vec<Value>;

    /// Writes the events of a token without building them first, where they are plain; false when they are not, and
    /// nothing is written then.
    fn write_plain(&mut self, _update: &Update, _weights_version: u64, _text: &mut String) -> bool {
        false
    }

    /// The last event, if usage was asked for.
    fn usage(&self, usage: Usage, weights_version: u64) -> Option<Value>;
}

/// How far a stream has come.
struct Progress<C> {
    updates: UnboundedReceiver<Update>,
    chunks: C,
    usage: Usage,
    left: usize,
    weights_version: u64,
    done: bool,
}

/// Answers with a stream, once the first update shows that the job was taken.
pub(super) async fn answer(
    mut updates: UnboundedReceiver<Update>,
    chunks: impl Chunks,
    samples: usize,
    prompt: usize,
) -> Result<Response, ApiError> {
    let first = match updates.recv().await {
        None => return Err(ApiError::ended()),
        Some(Update::Refused(refused)) => return Err(ApiError::refused(&refused)),
        Some(first) => first,
    };
    let usage = Usage { prompt, ..Usage::default() };
    let mut progress = Progress { updates, chunks, usage, left: samples, weights_version: 0, done: false };
    let begun = progress.take(first);
    let rest = stream::unfold(progress, |mut progress| async {
        if progress.done {
            return None;
        }
        let text = match progress.updates.recv().await {
            Some(update) => progress.take(update),
            None => {
                progress.done = true;
                event(&ApiError::ended().value())
            }
        };
        Some((text, progress))
    });
    let parts = stream::iter([begun]).chain(rest).map(Ok::<String, Infallible>);
    let headers = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-cache")];
    Ok((headers, Body::from_stream(parts)).into_response())
}

fn event(value: &Value) -> String {
    format!("data: {value}\n\n")
}

impl<C: Chunks> Progress<C> {
    /// The text of an update's events, and of the end behind the last.
    fn take(&mut self, update: Update) -> String {
        match &update {
            Update::Begun { reused, weights_version } => {
                (self.usage.reused, self.weights_version) = (*reused, *weights_version);
            }
            Update::Token { pieces, .. } => {
                self.usage.written += 1;
                self.usage.thoughts += usize::from(thinks(pieces));
            }
            Update::Ended { .. } => self.left -= 1,
            Update::Refused(_) => {}
        }
        let mut text = String::new();
        if !self.chunks.write_plain(&update, self.weights_version, &mut text) {
            text.extend(self.chunks.of(update, self.weights_version).iter().map(event));
        }
        if self.left == 0 {
            self.done = true;
            text.extend(self.chunks.usage(self.usage, self.weights_version).iter().map(event));
            text += "data: [DONE]\n\n";
        }
        text
    }
}
