//! Reads a server's answer and checks that it can be trained on.

use serde::Deserialize;
use serde_json::Value;

use r1_core::{Completion, FinishReason};

use super::{RemoteRequest, server::Server};

/// Above this a log-probability is no rounding error.
const LARGEST_LOGPROB: f64 = 1e-3;
/// vLLM's number for minus infinity, which no sampled token has.
const IMPOSSIBLE: f64 = -9999.0;

const IDS: &str = "start vLLM 0.10.2 or later, or SGLang with `dialect = \"generate\"`";
const LOGPROBS: &str = "the server must give the log-probability of each sampled token";
const PROMPT: &str = "the server must take token ids as they are; is it the policy's model and tokenizer?";
const BROKEN: &str = "this is a fault of the server; look at its log and its version";
const VERSION: &str = "push weights with `weight_version` set to the number of updates they have had, such as \"40\", or \
                       set `weights_version`";

/// Faults of an answer.
#[derive(Debug)]
pub(super) enum Flaw {
    /// It may be better next time.
    Passing(String),
    /// It will not, unless the hint is followed.
    Lasting(String, &'static str),
}

/// An answer of either dialect, with what was said about the prompt.
struct Written {
    ids: Vec<u32>,
    logprobs: Vec<Option<f64>>,
    text: String,
    finish: FinishReason,
    weights_version: Option<u64>,
}

#[derive(Deserialize)]
struct Reply {
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    text: String,
    #[serde(default)]
    finish_reason: Option<String>,
    /// The stop text or the stop id that ended it.
    #[serde(default)]
    stop_reason: Option<Value>,
    #[serde(default)]
    token_ids: Option<Vec<u32>>,
    #[serde(default)]
    prompt_token_ids: Option<Vec<u32>>,
    #[serde(default)]
    logprobs: Option<Logprobs>,
}

#[derive(Deserialize)]
struct Logprobs {
    #[serde(default)]
    token_logprobs: Vec<Option<f64>>,
    #[serde(default)]
    tokens: Vec<String>,
}

#[derive(Deserialize)]
struct Generated {
    #[serde(default)]
    text: String,
    #[serde(default)]
    output_ids: Option<Vec<u32>>,
    meta_info: MetaInfo,
}

#[derive(Deserialize)]
struct MetaInfo {
    #[serde(default)]
    finish_reason: Option<Finish>,
    #[serde(default)]
    prompt_tokens: Option<usize>,
    /// `[log-probability, id, text]` for each token.
    #[serde(default)]
    output_token_logprobs: Option<Vec<Value>>,
    #[serde(default)]
    weight_version: Option<Value>,
}

#[derive(Deserialize)]
struct Finish {
    r#type: String,
    #[serde(default)]
    matched: Option<Value>,
}

/// The completion that an answer holds.
///
/// `weights_version` is the one of answers that name none, `max_tokens` the limit that was asked for.
pub(super) fn completion(
    server: &Server,
    text: &[u8],
    request: &RemoteRequest,
    max_tokens: usize,
    weights_version: Option<u64>,
) -> Result<Completion, Flaw> {
    let written = match server {
        Server::Completions { .. } => of_completions(text, request)?,
        Server::Generate { .. } => of_generate(text, request, weights_version)?,
    };
    let (tokens, values) = (written.ids.len(), written.logprobs.len());
    if tokens != values {
        return Err(Flaw::Lasting(
            format!("its answer has {tokens} ids and {values} log-probabilities"),
            BROKEN,
        ));
    }
    if tokens == 0 || tokens > max_tokens {
        return Err(Flaw::Lasting(
            format!("its answer has {tokens} tokens, and 1 to {max_tokens} were asked for"),
            BROKEN,
        ));
    }
    let mut logprobs = Vec::with_capacity(values);
    for (place, value) in written.logprobs.into_iter().enumerate() {
        match value {
            Some(value) if value > IMPOSSIBLE && value <= LARGEST_LOGPROB => {
                logprobs.push(value.min(0.0) as f32)
            }
            Some(value) => {
                return Err(Flaw::Lasting(
                    format!("its answer gives token {place}, counted from 0, the log-probability {value}"),
                    LOGPROBS,
                ));
            }
            None => {
                return Err(Flaw::Lasting(
                    format!("its answer gives token {place}, counted from 0, no log-probability"),
                    LOGPROBS,
                ));
            }
        }
    }
    Ok(Completion {
        ids: written.ids,
        logprobs,
        think_prefilled: request.think_prefilled,
        weights_version: written.weights_version.or(weights_version),
        ..Completion::from_text(written.text, written.finish)
    })
}

fn of_completions(text: &[u8], request: &RemoteRequest) -> Result<Written, Flaw> {
    let reply: Reply = serde_json::from_slice(text).map_err(unread)?;
    let count = reply.choices.len();
    let Ok([choice]) = <[Choice; 1]>::try_from(reply.choices) else {
        return Err(Flaw::Lasting(format!("its answer has {count} choices, not one"), BROKEN));
    };
    if let Some(ids) = choice.prompt_token_ids
        && ids != request.ids
    {
        return Err(Flaw::Lasting("its answer is to a prompt of other token ids".into(), PROMPT));
    }
    let finish = finish(choice.finish_reason.as_deref())?;
    let logprobs =
        choice.logprobs.ok_or_else(|| Flaw::Lasting("its answer has no `logprobs`".into(), LOGPROBS))?;
    let named =
        || logprobs.tokens.iter().map(|token| token.strip_prefix("token_id:")?.parse().ok()).collect();
    let ids = match choice.token_ids {
        Some(ids) => Some(ids),
        None if logprobs.tokens.is_empty() => None,
        None => named(),
    };
    let ids = ids.ok_or_else(|| Flaw::Lasting("its answer has no token ids".into(), IDS))?;
    let logprobs = logprobs.token_logprobs;
    let text = choice.text + stop_text(finish, choice.stop_reason.as_ref());
    Ok(Written { ids, logprobs, text, finish, weights_version: None })
}

fn of_generate(text: &[u8], request: &RemoteRequest, known: Option<u64>) -> Result<Written, Flaw> {
    let Generated { text, output_ids, meta_info } = serde_json::from_slice(text).map_err(unread)?;
    if let Some(tokens) = meta_info.prompt_tokens
        && tokens != request.ids.len()
    {
        return Err(Flaw::Lasting(format!("its answer is to a prompt of {tokens} tokens"), PROMPT));
    }
    let ended = finish(meta_info.finish_reason.as_ref().map(|finish| finish.r#type.as_str()))?;
    let pairs = meta_info.output_token_logprobs.ok_or_else(|| {
        Flaw::Lasting("its answer has no `meta_info.output_token_logprobs`".into(), LOGPROBS)
    })?;
    let id = |pair: &Value| pair.get(1)?.as_u64()?.try_into().ok();
    let ids: Option<Vec<u32>> = pairs.iter().map(id).collect();
    let ids = ids.ok_or_else(|| {
        Flaw::Lasting("its `output_token_logprobs` are not lists of a number and a token id".into(), IDS)
    })?;
    if output_ids.is_some_and(|output| output != ids) {
        return Err(Flaw::Lasting("its `output_ids` and `output_token_logprobs` differ".into(), BROKEN));
    }
    let logprobs = pairs.iter().map(|pair| pair.get(0)?.as_f64()).collect();
    let matched = meta_info.finish_reason.as_ref().and_then(|finish| finish.matched.as_ref());
    let weights_version = version(meta_info.weight_version.as_ref(), known)?;
    Ok(Written { ids, logprobs, text: text + stop_text(ended, matched), finish: ended, weights_version })
}

/// A server leaves the stop text out of the text; [`Completion::text`] has it.
fn stop_text(finish: FinishReason, stop: Option<&Value>) -> &str {
    stop.and_then(Value::as_str).filter(|_| finish == FinishReason::Stop).unwrap_or_default()
}

fn finish(reason: Option<&str>) -> Result<FinishReason, Flaw> {
    match reason {
        Some("stop") => Ok(FinishReason::Stop),
        Some("length") => Ok(FinishReason::Length),
        // Servers abort what is under way when new weights come.
        Some("abort" | "error") => Err(Flaw::Passing("the server aborted it".into())),
        None => Err(Flaw::Passing("its answer has no finish reason".into())),
        Some(other) => {
            let problem =
                format!("its answer ended for the reason `{other}`, and `stop` and `length` are known");
            Err(Flaw::Lasting(problem, BROKEN))
        }
    }
}

/// `"40"` or `40`; SGLang says `"default"` before anybody pushed weights.
fn version(said: Option<&Value>, known: Option<u64>) -> Result<Option<u64>, Flaw> {
    let Some(said) = said.filter(|said| !said.is_null() && said.as_str() != Some("default")) else {
        return Ok(None);
    };
    let number = said.as_u64().or_else(|| said.as_str()?.parse().ok());
    match number {
        None if known.is_none() => {
            Err(Flaw::Lasting(format!("its `weight_version` {said} is no number"), VERSION))
        }
        number => Ok(number),
    }
}

fn unread(error: serde_json::Error) -> Flaw {
    Flaw::Passing(format!("the reply is not as expected ({error})"))
}
