//! `/v1/chat/completions`

use std::sync::Arc;

use axum::{body::Body, extract, http::Request, response::Response};
use r1_core::{Message, session::Token};
use serde_json::{Value, json};
use tokio::sync::mpsc::unbounded_channel;

use super::{
    Inner, State,
    answer::{Usage, json_answer, more_of_the_end, reason, tool_calls, whole},
    error::ApiError,
    logprobs, now,
    parameters::{Asked, Fields},
    random,
    stream::{self, Chunks},
    tools::Tools,
};
use crate::{Job, Piece, ToolReader, Update};

pub(super) async fn answer(
    extract::State(State(inner)): extract::State<State>,
    request: Request<Body>,
) -> Response {
    answered(inner, request).await.unwrap_or_else(|error| error.response())
}

async fn answered(inner: Arc<Inner>, request: Request<Body>) -> Result<Response, ApiError> {
    let mut fields = Fields::new(inner.object(request).await?);
    let asked = Asked::read(&mut fields, &inner)?;
    let wants_logprobs = fields.flag("logprobs")?;
    let top_logprobs = fields.count("top_logprobs", 0, 20)?;
    if top_logprobs.is_some() && !wants_logprobs {
        return Err(ApiError::bad("top_logprobs needs logprobs to be true", Some("top_logprobs")));
    }
    let messages =
        fields.take("messages").ok_or_else(|| ApiError::bad("messages are missing", Some("messages")))?;
    let messages: Vec<Message> = serde_json::from_value(messages)
        .map_err(|error| ApiError::bad(format!("messages: {error}"), Some("messages")))?;
    if messages.is_empty() {
        return Err(ApiError::bad("messages are empty", Some("messages")));
    }
    let variables = fields.object("chat_template_kwargs")?.unwrap_or_default();
    let add_generation_prompt =
        fields.take("add_generation_prompt").is_none_or(|value| value != json!(false));
    let tools = Tools::read(&mut fields)?;
    fields.finish()?;

    let template = inner.model.template.clone().ok_or_else(|| {
        ApiError::bad("this model has no chat template; ask /v1/completions", Some("messages"))
    })?;
    let template =
        variables.into_iter().fold(template, |template, (name, value)| template.with_variable(&name, value));
    let template = match &tools.offered {
        Some(offered) => template.with_variable("tools", offered.clone()),
        None => template,
    };
    let text = template
        .render(&messages, add_generation_prompt)
        .map_err(|error| ApiError::bad(error.to_string(), Some("messages")))?;
    let think_prefilled = text.trim_end().ends_with("<think>");
    let prompt = encode(&inner, &text)?;

    let (updates, received) = unbounded_channel();
    let Asked { samples, stream, include_usage, .. } = asked;
    let (tokens, ids) = (prompt.len(), asked.return_token_ids);
    let job = Job {
        prompt: prompt.clone(),
        think_prefilled,
        samples,
        key: asked.key,
        sampling: asked.sampling,
        top_logprobs: top_logprobs.unwrap_or(0),
        max_thinking_tokens: asked.max_thinking_tokens,
        loop_guard: asked.loop_guard,
        constraint: None,
        updates,
    };
    if !inner.worker.add(job) {
        return Err(ApiError::internal("the model's thread has ended"));
    }
    let form = Form {
        id: format!("chatcmpl-{:016x}", random()),
        created: now(),
        inner,
        logprobs: wants_logprobs,
        ids,
        include_usage,
    };
    if stream {
        let readers = (0..samples).map(|_| tools.reader()).collect();
        let chunks = ChatChunks { form, prompt_ids: ids.then_some(prompt), tools, readers };
        return stream::answer(received, chunks, samples, tokens).await;
    }
    let whole = whole(received, samples, tokens).await?;
    let choices = whole.choices.iter().enumerate().map(|(index, choice)| {
        let (answer, calls) = tools.split(&choice.answer);
        let mut message = json!({"role": "assistant", "content": answer, "refusal": null});
        if !calls.is_empty() {
            message["tool_calls"] = tool_calls(&calls, false);
            if answer.trim().is_empty() {
                message["content"] = Value::Null;
            }
        }
        if !choice.thoughts.is_empty() {
            message["reasoning_content"] = json!(choice.thoughts);
        }
        let mut value = json!({"index": index, "message": message, "logprobs": null, "finish_reason": null});
        if form.logprobs {
            value["logprobs"] = logprobs::of_chat(&form.inner.model.tokenizer, &choice.tokens);
        }
        if ids {
            value["token_ids"] = json!(choice.ids());
        }
        if let Some(ended) = choice.ended {
            value["finish_reason"] =
                json!(if calls.is_empty() { reason(ended.finish) } else { "tool_calls" });
            more_of_the_end(&mut value, ended);
        }
        value
    });
    let mut answer = form.value("chat.completion", whole.weights_version);
    answer["choices"] = choices.collect();
    answer["usage"] = whole.usage.value();
    if ids {
        answer["prompt_token_ids"] = json!(prompt);
    }
    Ok(json_answer(&answer))
}

/// The ids of a rendered text. No token stands for more than some hundred bytes, so what can never fit is not divided.
pub(super) fn encode(inner: &Inner, text: &str) -> Result<Vec<u32>, ApiError> {
    let context = inner.model.context;
    if text.len() / 256 > context {
        let message =
            format!("the prompt has {} bytes, more than a context of {context} tokens holds", text.len());
        return Err(ApiError::bad(message, Some("messages")));
    }
    inner.model.tokenizer.encode(text).map_err(|error| ApiError::internal(error.to_string()))
}

/// What all parts of an answer have in common.
struct Form {
    id: String,
    created: u64,
    inner: Arc<Inner>,
    logprobs: bool,
    ids: bool,
    include_usage: bool,
}

impl Form {
    fn value(&self, object: &str, weights_version: u64) -> Value {
        json!({
            "id": self.id, "object": object, "created": self.created, "model": self.inner.model.name,
            "system_fingerprint": format!("weights-{weights_version}"), "weights_version": weights_version,
        })
    }
}

struct ChatChunks {
    form: Form,
    /// The prompt, until it is told.
    prompt_ids: Option<Vec<u32>>,
    tools: Tools,
    /// Where tools are offered: what tells text from calls, until the sample ends.
    readers: Vec<Option<ToolReader>>,
}

impl ChatChunks {
    fn choice(&mut self, sample: usize, delta: Value, weights_version: u64) -> Value {
        let mut chunk = self.form.value("chat.completion.chunk", weights_version);
        chunk["choices"] =
            json!([{"index": sample, "delta": delta, "logprobs": null, "finish_reason": null}]);
        if self.form.include_usage {
            chunk["usage"] = Value::Null;
        }
        if let Some(ids) = self.prompt_ids.take() {
            chunk["prompt_token_ids"] = json!(ids);
        }
        chunk
    }

    /// The pieces without what may be a call of a tool.
    fn without_calls(&mut self, sample: usize, pieces: Vec<Piece>) -> Vec<Piece> {
        let Some(reader) = &mut self.readers[sample] else { return pieces };
        let text = |piece| match piece {
            Piece::Answer(text) => {
                Some(Piece::Answer(reader.push(&text))).filter(|piece| *piece != Piece::Answer(String::new()))
            }
            thought => Some(thought),
        };
        pieces.into_iter().filter_map(text).collect()
    }

    /// A part for each piece; the token goes with the first of them, or with an empty one.
    fn parts(&mut self, sample: usize, pieces: Vec<Piece>, token: Option<Token>, version: u64) -> Vec<Value> {
        let delta = |piece| match piece {
            Piece::Thought(text) => json!({"reasoning_content": text}),
            Piece::Answer(text) => json!({"content": text}),
        };
        let mut deltas: Vec<Value> = pieces.into_iter().map(delta).collect();
        let told = token.as_ref().filter(|_| self.form.logprobs || self.form.ids);
        if deltas.is_empty() && told.is_some() {
            deltas.push(json!({"content": ""}));
        }
        let mut parts: Vec<Value> = Vec::with_capacity(deltas.len());
        for delta in deltas {
            let mut part = self.choice(sample, delta, version);
            if let (Some(token), true) = (told, parts.is_empty()) {
                if self.form.logprobs {
                    let tokenizer = &self.form.inner.model.tokenizer;
                    part["choices"][0]["logprobs"] =
                        logprobs::of_chat(tokenizer, std::slice::from_ref(token));
                }
                if self.form.ids {
                    part["choices"][0]["token_ids"] = json!([token.id]);
                }
            }
            parts.push(part);
        }
        parts
    }
}

impl Chunks for ChatChunks {
    fn of(&mut self, update: Update, version: u64) -> Vec<Value> {
        match update {
            Update::Begun { .. } => {
                vec![self.choice(0, json!({"role": "assistant", "content": ""}), version)]
            }
            Update::Token { sample, token, pieces } => {
                let pieces = self.without_calls(sample, pieces);
                self.parts(sample, pieces, Some(token), version)
            }
            Update::Ended { sample, pieces, ended } => {
                let mut pieces = self.without_calls(sample, pieces);
                let (rest, calls) = self.readers[sample].take().map(ToolReader::finish).unwrap_or_default();
                let calls = self.tools.kept(calls);
                if !rest.is_empty() {
                    pieces.push(Piece::Answer(rest));
                }
                let mut parts = self.parts(sample, pieces, None, version);
                if !calls.is_empty() {
                    parts.push(self.choice(sample, json!({"tool_calls": tool_calls(&calls, true)}), version));
                }
                let mut last = self.choice(sample, json!({}), version);
                let reason = if calls.is_empty() { reason(ended.finish) } else { "tool_calls" };
                last["choices"][0]["finish_reason"] = json!(reason);
                more_of_the_end(&mut last["choices"][0], ended);
                parts.push(last);
                parts
            }
            Update::Refused(refused) => vec![ApiError::refused(&refused).value()],
        }
    }

    fn usage(&self, usage: Usage, version: u64) -> Option<Value> {
        let mut chunk = self.form.value("chat.completion.chunk", version);
        chunk["choices"] = json!([]);
        chunk["usage"] = usage.value();
        self.form.include_usage.then_some(chunk)
    }
}
