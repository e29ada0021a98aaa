//! The fields of a request: each is honoured, known to change nothing, or refused by name.

use r1_core::{Key, LoopGuard, Sampling, session::Request};
use serde_json::{Map, Value};

use super::{Inner, error::ApiError, random};

/// Fields that say nothing of the answer.
const IGNORED: &[&str] = &[
    "metadata",
    "prompt_cache_key",
    "prompt_cache_retention",
    "safety_identifier",
    "service_tier",
    "store",
    "user",
];

/// Fields that are honoured only at the value at which they change nothing.
const NEUTRAL: &[(&str, &[&str])] = &[
    ("best_of", &["1"]),
    ("frequency_penalty", &["0", "0.0"]),
    ("function_call", &["\"none\""]),
    ("functions", &["[]"]),
    ("logit_bias", &["{}"]),
    ("modalities", &["[\"text\"]"]),
    ("parallel_tool_calls", &["true", "false"]),
    ("presence_penalty", &["0", "0.0"]),
    ("repetition_penalty", &["1", "1.0"]),
    ("response_format", &["{\"type\":\"text\"}"]),
    ("suffix", &["\"\""]),
    ("tool_choice", &["\"none\"", "\"auto\""]),
    ("tools", &["[]"]),
];

/// The fields of a request that are not read yet. A field that is null is not there.
#[derive(Debug)]
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    pub(super) fn new(object: Map<String, Value>) -> Self {
        Self(object.into_iter().filter(|(_, value)| !value.is_null()).collect())
    }

    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    fn read<T>(
        &mut self,
        name: &str,
        expected: &str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Result<Option<T>, ApiError> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let wrong = || ApiError::bad(format!("{name} is {}; expected {expected}", shown(&value)), Some(name));
        read(&value).map(Some).ok_or_else(wrong)
    }

    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, ApiError> {
        self.read(name, "a text", |value| value.as_str().map(str::to_owned))
    }

    pub(super) fn flag(&mut self, name: &str) -> Result<bool, ApiError> {
        self.flag_or(name, false)
    }

    /// The flag, or what it is where the request does not say.
    pub(super) fn flag_or(&mut self, name: &str, default: bool) -> Result<bool, ApiError> {
        Ok(self.read(name, "true or false", Value::as_bool)?.unwrap_or(default))
    }

    pub(super) fn count(&mut self, name: &str, least: usize, most: usize) -> Result<Option<usize>, ApiError> {
        let expected = if most == usize::MAX {
            format!("a whole number of at least {least}")
        } else {
            format!("a whole number from {least} to {most}")
        };
        self.read(name, &expected, |value| {
            let count = usize::try_from(value.as_u64()?).ok()?;
            (least..=most).contains(&count).then_some(count)
        })
    }

    fn number(&mut self, name: &str, least: f64, most: f64) -> Result<Option<f32>, ApiError> {
        let expected = format!("a number from {least} to {most}");
        self.read(name, &expected, |value| {
            let number = value.as_f64()?;
            (least..=most).contains(&number).then_some(number as f32)
        })
    }

    pub(super) fn object(&mut self, name: &str) -> Result<Option<Map<String, Value>>, ApiError> {
        self.read(name, "an object", |value| value.as_object().cloned())
    }

    /// Refuses what nobody has read and what would have changed the answer.
    pub(super) fn finish(self) -> Result<(), ApiError> {
        for (name, value) in &self.0 {
            if IGNORED.contains(&name.as_str()) {
                continue;
            }
            let written = value.to_string();
            match NEUTRAL.iter().find(|(neutral, _)| neutral == name) {
                Some((_, neutral)) if neutral.contains(&written.as_str()) => {}
                Some(_) => {
                    let message = format!("{name} is not supported by this server; leave it out");
                    return Err(ApiError::bad(message, Some(name)));
                }
                None => {
                    return Err(ApiError::bad(
                        format!("the field {name} is unknown; leave it out"),
                        Some(name),
                    ));
                }
            }
        }
        Ok(())
    }
}

/// A value for a sentence, short.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 60 { text } else { text.chars().take(60).chain("...".chars()).collect() }
}

/// What completions and chats have in common.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) samples: usize,
    pub(super) stream: bool,
    pub(super) include_usage: bool,
    pub(super) sampling: Sampling,
    pub(super) key: Key,
    pub(super) return_token_ids: bool,
}

impl Asked {
    /// Reads the fields that both have.
    pub(super) fn read(fields: &mut Fields, inner: &Inner) -> Result<Self, ApiError> {
        let model =
            fields.text("model")?.ok_or_else(|| ApiError::bad("the model is missing", Some("model")))?;
        inner.check_model(&model)?;
        let stream = fields.flag("stream")?;
        let mut options = Fields::new(fields.object("stream_options")?.unwrap_or_default());
        let include_usage = options.flag("include_usage")?;
        options.take("include_obfuscation");
        options.finish()?;
        let limit = ["max_completion_tokens", "max_tokens"];
        let [completion, tokens] = limit.map(|name| fields.count(name, 1, usize::MAX));
        let default = inner.options.default_max_tokens.unwrap_or(inner.model().context);
        let guard = fields.take("loop_guard");
        let loop_guard = match guard {
            None => inner.options.loop_guard,
            Some(Value::Bool(false)) => None,
            Some(Value::Bool(true)) => Some(LoopGuard::default()),
            Some(value) => {
                let bad = |error| ApiError::bad(format!("loop_guard: {error}"), Some("loop_guard"));
                Some(serde_json::from_value(value).map_err(bad)?)
            }
        };
        let sampling = Sampling {
            temperature: fields.number("temperature", 0.0, 100.0)?.unwrap_or(1.0),
            top_p: fields.number("top_p", f64::MIN_POSITIVE, 1.0)?.unwrap_or(1.0),
            top_k: top_k(fields)?,
            min_p: fields.number("min_p", 0.0, 1.0)?.unwrap_or(0.0),
            max_tokens: completion?.or(tokens?).unwrap_or(default),
            stop: stops(fields)?,
            stop_ids: ids(fields, "stop_token_ids")?,
            loop_guard,
        };
        sampling.validate().map_err(|error| ApiError::sampling(&error))?;
        let seed = fields.read("seed", "a whole number", |value| {
            value.as_u64().or_else(|| value.as_i64().map(i64::cast_unsigned))
        })?;
        Ok(Self {
            samples: fields.count("n", 1, inner.options.max_samples)?.unwrap_or(1),
            stream,
            include_usage,
            sampling,
            key: Key::new(seed.unwrap_or_else(random)),
            return_token_ids: fields.flag("return_token_ids")?,
        })
    }
}

impl Asked {
    /// What the session is asked.
    pub(super) fn request(&self, prompt: Vec<u32>, key: Key, top_logprobs: usize) -> Request {
        Request {
            top_logprobs,
            ..Request::new(prompt, key).with_samples(self.samples).with_sampling(self.sampling.clone())
        }
    }
}

/// At least 1; -1 and 0 keep all, as servers that came before have it.
fn top_k(fields: &mut Fields) -> Result<Option<usize>, ApiError> {
    let read = |value: &Value| match value.as_i64()? {
        -1 | 0 => Some(None),
        count => usize::try_from(count).ok().map(Some),
    };
    Ok(fields.read("top_k", "a whole number, 0 for all", read)?.flatten())
}

/// A text, or at most 16 of them.
fn stops(fields: &mut Fields) -> Result<Vec<String>, ApiError> {
    let read = |value: &Value| match value {
        Value::String(stop) => Some(vec![stop.clone()]),
        Value::Array(stops) if stops.len() <= 16 => {
            stops.iter().map(|stop| stop.as_str().map(str::to_owned)).collect()
        }
        _ => None,
    };
    let stops: Option<Vec<String>> = fields.read("stop", "a text or at most 16 texts", read)?;
    match stops {
        Some(stops) if stops.iter().any(String::is_empty) => {
            Err(ApiError::bad("stop has an empty text", Some("stop")))
        }
        stops => Ok(stops.unwrap_or_default()),
    }
}

fn ids(fields: &mut Fields, name: &str) -> Result<Vec<u32>, ApiError> {
    let read = |value: &Value| -> Option<Vec<u32>> {
        value.as_array()?.iter().map(|id| u32::try_from(id.as_u64()?).ok()).collect()
    };
    Ok(fields.read(name, "a list of token ids", read)?.unwrap_or_default())
}
