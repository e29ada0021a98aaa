//! `/v1/completions`

use axum::{body::Body, extract, http::Request, response::Response};
use r1_core::session::Token;
use r1_data::tokenizer::Tokenizer;
use serde_json::{Value, json};

use super::{
    Inner, State,
    answer::{Choice, Usage, Whole, end, json_answer, whole},
    envelope::Envelope,
    error::ApiError,
    logprobs,
    parameters::Asked,
    stream::{self, Chunks},
};
use crate::{Piece, Thoughts, Update};

/// Most prompts of a request.
const MAX_PROMPTS: usize = 128;

pub(super) async fn answer(
    extract::State(State(inner)): extract::State<State>,
    request: Request<Body>,
) -> Result<Response, ApiError> {
    let mut fields = inner.fields(request).await?;
    let asked = Asked::read(&mut fields, &inner)?;
    let top_logprobs = fields.count("logprobs", 0, 20)?;
    let echo = fields.flag("echo")?;
    let prompts = prompts(&inner, fields.take("prompt"))?;
    fields.finish()?;
    if asked.stream && (prompts.len() > 1 || echo) {
        return Err(ApiError::bad("a stream answers one prompt, without echo", Some("stream")));
    }
    if echo && top_logprobs.is_some() {
        return Err(ApiError::bad("prompts have no log-probabilities here; leave out echo", Some("echo")));
    }
    let mut waiting = Vec::with_capacity(prompts.len());
    for (index, prompt) in prompts.iter().enumerate() {
        // Equal prompts of one request are told apart, and the first is as if it were alone.
        let key = if index == 0 { asked.key } else { asked.key.for_problem(&index.to_string()) };
        let request = asked.request(prompt.clone(), key, top_logprobs.unwrap_or(0));
        waiting.push(inner.ask(request, Thoughts::Plain, None)?);
    }
    let samples = asked.samples;
    let envelope = Envelope::new(inner, &asked, "cmpl", top_logprobs.is_some());
    if asked.stream {
        let (Some(received), Some(prompt)) = (waiting.pop(), prompts.into_iter().next()) else {
            return Err(ApiError::bad("the prompt is an empty list", Some("prompt")));
        };
        let tokens = prompt.len();
        let prompt_ids = envelope.ids.then_some(prompt);
        let chunks = TextChunks { envelope, offsets: vec![0; samples], prompt_ids };
        return stream::answer(received, chunks, samples, tokens).await;
    }
    let (mut choices, mut usage, mut version) = (Vec::new(), Usage::default(), 0);
    for (received, prompt) in waiting.into_iter().zip(&prompts) {
        let Whole { choices: written, usage: used, weights_version } =
            whole(received, samples, prompt.len()).await?;
        let tokenizer = &envelope.inner.model().tokenizer;
        let echoed = if echo { tokenizer.decode(prompt, false).unwrap_or_default() } else { String::new() };
        for choice in written {
            choices.push(whole_choice(&envelope, choices.len(), &choice, &echoed, prompt));
        }
        usage.prompt += used.prompt;
        usage.reused += used.reused;
        usage.written += used.written;
        version = weights_version;
    }
    let mut answer = envelope.value(OBJECT, version);
    (answer["choices"], answer["usage"]) = (choices.into(), usage.value());
    Ok(json_answer(&answer))
}

const OBJECT: &str = "text_completion";

fn whole_choice(envelope: &Envelope, index: usize, choice: &Choice, echoed: &str, prompt: &[u32]) -> Value {
    let text = format!("{echoed}{}", choice.answer);
    let mut value = json!({"index": index, "text": text, "logprobs": null, "finish_reason": null});
    if envelope.logprobs {
        value["logprobs"] = logprobs::of_completion(&envelope.inner.model().tokenizer, &choice.tokens, 0);
    }
    if envelope.ids {
        value["token_ids"] = json!(choice.ids());
        value["prompt_token_ids"] = json!(prompt);
    }
    if let Some(ended) = choice.ended {
        end(&mut value, ended, false);
    }
    value
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
        Value::String(text) => inner.encode(text, "prompt", Tokenizer::encode_prompt),
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

struct TextChunks {
    envelope: Envelope,
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
        let mut chunk = self.envelope.value(OBJECT, version);
        let mut choice = json!({"index": sample, "text": text, "logprobs": null, "finish_reason": null});
        if let Some(token) = token {
            if self.envelope.logprobs {
                let tokenizer = &self.envelope.inner.model().tokenizer;
                let tokens = std::slice::from_ref(token);
                choice["logprobs"] = logprobs::of_completion(tokenizer, tokens, self.offsets[sample]);
            }
            if self.envelope.ids {
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
                let told = self.envelope.logprobs || self.envelope.ids || !pieces.is_empty();
                if told { vec![self.part(sample, pieces, Some(&token), version)] } else { Vec::new() }
            }
            Update::Ended { sample, pieces, ended } => {
                let mut last = self.part(sample, pieces, None, version);
                end(&mut last["choices"][0], ended, false);
                vec![last]
            }
            Update::Refused(refused) => vec![ApiError::refused(&refused).value()],
        }
    }

    fn usage(&self, usage: Usage, version: u64) -> Option<Value> {
        self.envelope.usage(OBJECT, usage, version)
    }
}
