//! `/v1/completions`

use std::sync::Arc;

use axum::{body::Body, extract, http::Request, response::Response};
use r1_core::session::Token;
use serde_json::{Value, json};
use tokio::sync::mpsc::unbounded_channel;

use super::{
    Inner, State,
    answer::{Choice, Usage, Whole, json_answer, more_of_the_end, reason, whole},
    error::ApiError,
    logprobs, now,
    parameters::{Asked, Fields},
    random,
    stream::{self, Chunks},
};
use crate::{Job, Piece, Update};

/// Most prompts of a request.
const MAX_PROMPTS: usize = 128;

pub(super) async fn answer(
    extract::State(State(inner)): extract::State<State>,
    request: Request<Body>,
) -> Response {
    answered(inner, request).await.unwrap_or_else(|error| error.response())
}

async fn answered(inner: Arc<Inner>, request: Request<Body>) -> Result<Response, ApiError> {
    let mut fields = Fields::new(inner.object(request).await?);
    let asked = Asked::read(&mut fields, &inner)?;
    let top_logprobs = fields.count("logprobs", 0, 20)?;
    let echo = fields.flag("echo")?;
    let prompts = prompts(&inner, fields.take("prompt"))?;
    fields.finish()?;
    if asked.stream && (prompts.len() > 1 || echo) {
        return Err(ApiError::bad("a stream answers one prompt, without echo", Some("stream")));
    }
    let (ids, samples) = (asked.return_token_ids, asked.samples);
    let form = Form {
        id: format!("cmpl-{:016x}", random()),
        created: now(),
        inner: inner.clone(),
        logprobs: top_logprobs.is_some(),
        ids,
        include_usage: asked.include_usage,
    };
    let mut waiting = Vec::with_capacity(prompts.len());
    for (index, prompt) in prompts.iter().enumerate() {
        let (updates, received) = unbounded_channel();
        let job = Job {
            prompt: prompt.clone(),
            // What a plain prompt opens is the writer's business: all text is the completion.
            think_prefilled: false,
            samples,
            // Equal prompts of one request are told apart, and the first is as if it were alone.
            key: if index == 0 { asked.key } else { asked.key.for_problem(&index.to_string()) },
            sampling: asked.sampling.clone(),
            top_logprobs: top_logprobs.unwrap_or(0),
            max_thinking_tokens: None,
            loop_guard: asked.loop_guard,
            constraint: None,
            updates,
        };
        if !inner.worker.add(job) {
            return Err(ApiError::internal("the model's thread has ended"));
        }
        waiting.push(received);
    }
    if asked.stream {
        let (Some(received), Some(prompt)) = (waiting.pop(), prompts.into_iter().next()) else {
            return Err(ApiError::internal("a request without a prompt"));
        };
        let tokens = prompt.len();
        let offsets = vec![0; samples];
        let chunks = TextChunks { form, offsets, prompt_ids: ids.then_some(prompt) };
        return stream::answer(received, chunks, samples, tokens).await;
    }
    let (mut choices, mut usage, mut version) = (Vec::new(), Usage::default(), 0);
    for (received, prompt) in waiting.into_iter().zip(&prompts) {
        let Whole { choices: written, usage: used, weights_version } =
            whole(received, samples, prompt.len()).await?;
        let echoed = if echo {
            inner.model.tokenizer.decode(prompt, false).unwrap_or_default()
        } else {
            String::new()
        };
        for choice in written {
            choices.push(form.choice(choices.len(), &choice, &echoed, prompt));
        }
        usage.prompt += used.prompt;
        usage.reused += used.reused;
        usage.written += used.written;
        version = weights_version;
    }
    let mut answer = form.value(version);
    answer["choices"] = choices.into();
    answer["usage"] = usage.value();
    Ok(json_answer(&answer))
}

/// A text, token ids, or a list of either.
fn prompts(inner: &Inner, prompt: Option<Value>) -> Result<Vec<Vec<u32>>, ApiError> {
    let wrong = || {
        let message = format!(
            "expected a text, token ids, or a list of at most {MAX_PROMPTS} texts or lists of token ids"
        );
        ApiError::bad(message, Some("prompt"))
    };
    let ids = |value: &Value| -> Option<Vec<u32>> {
        value.as_array()?.iter().map(|id| u32::try_from(id.as_u64()?).ok()).collect()
    };
    let one = |value: &Value| match value {
        Value::String(text) if text.len() / 256 > inner.model.context => {
            Err(ApiError::bad("the prompt is longer than the context holds", Some("prompt")))
        }
        Value::String(text) => {
            inner.model.tokenizer.encode_prompt(text).map_err(|error| ApiError::internal(error.to_string()))
        }
        value => ids(value).ok_or_else(wrong),
    };
    match prompt.ok_or_else(|| ApiError::bad("the prompt is missing", Some("prompt")))? {
        Value::Array(list) if list.first().is_some_and(|first| !first.is_number()) => {
            if list.len() > MAX_PROMPTS {
                return Err(wrong());
            }
            list.iter().map(one).collect()
        }
        value => Ok(vec![one(&value)?]),
    }
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
    fn value(&self, weights_version: u64) -> Value {
        json!({
            "id": self.id, "object": "text_completion", "created": self.created,
            "model": self.inner.model.name, "system_fingerprint": format!("weights-{weights_version}"),
            "weights_version": weights_version,
        })
    }

    fn choice(&self, index: usize, choice: &Choice, echoed: &str, prompt: &[u32]) -> Value {
        let text = format!("{echoed}{}", written(&choice.thoughts, &choice.answer));
        let mut value = json!({"index": index, "text": text, "logprobs": null, "finish_reason": null});
        if self.logprobs {
            let offset = echoed.chars().count();
            value["logprobs"] = logprobs::of_completion(&self.inner.model.tokenizer, &choice.tokens, offset);
        }
        if self.ids {
            value["token_ids"] = json!(choice.ids());
            value["prompt_token_ids"] = json!(prompt);
        }
        if let Some(ended) = choice.ended {
            value["finish_reason"] = json!(reason(ended.finish));
            more_of_the_end(&mut value, ended);
        }
        value
    }
}

/// A completion's text as it was written, tags included.
fn written(thoughts: &str, answer: &str) -> String {
    if thoughts.is_empty() { answer.to_owned() } else { format!("<think>{thoughts}</think>{answer}") }
}

struct TextChunks {
    form: Form,
    /// Characters of each completion so far.
    offsets: Vec<usize>,
    /// The prompt, until it is told.
    prompt_ids: Option<Vec<u32>>,
}

impl TextChunks {
    fn part(&mut self, sample: usize, pieces: Vec<Piece>, token: Option<&Token>, version: u64) -> Value {
        let text: String = pieces
            .into_iter()
            .map(|piece| match piece {
                Piece::Thought(text) | Piece::Answer(text) => text,
            })
            .collect();
        let mut chunk = self.form.value(version);
        let mut choice = json!({"index": sample, "text": text, "logprobs": null, "finish_reason": null});
        if let Some(token) = token {
            if self.form.logprobs {
                let tokenizer = &self.form.inner.model.tokenizer;
                let tokens = std::slice::from_ref(token);
                choice["logprobs"] = logprobs::of_completion(tokenizer, tokens, self.offsets[sample]);
            }
            if self.form.ids {
                choice["token_ids"] = json!([token.id]);
            }
        }
        self.offsets[sample] += choice["text"].as_str().map_or(0, |text| text.chars().count());
        chunk["choices"] = json!([choice]);
        if let Some(ids) = self.prompt_ids.take() {
            chunk["prompt_token_ids"] = json!(ids);
        }
        chunk
    }
}

impl Chunks for TextChunks {
    fn of(&mut self, update: Update, version: u64) -> Vec<Value> {
        match update {
            Update::Begun { .. } => Vec::new(),
            Update::Token { sample, token, pieces } => {
                let told = self.form.logprobs || self.form.ids || !pieces.is_empty();
                if told { vec![self.part(sample, pieces, Some(&token), version)] } else { Vec::new() }
            }
            Update::Ended { sample, pieces, ended } => {
                let mut last = self.part(sample, pieces, None, version);
                last["choices"][0]["finish_reason"] = json!(reason(ended.finish));
                more_of_the_end(&mut last["choices"][0], ended);
                vec![last]
            }
            Update::Refused(refused) => vec![ApiError::refused(&refused).value()],
        }
    }

    fn usage(&self, usage: Usage, version: u64) -> Option<Value> {
        let mut chunk = self.form.value(version);
        chunk["choices"] = json!([]);
        chunk["usage"] = usage.value();
        self.form.include_usage.then_some(chunk)
    }
}
