//! A server's interface, and the requests that it is sent.

use std::sync::atomic::AtomicBool;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    super::{
        RemoteError,
        call::{Trouble, again, exchange, shown},
        seed, shortest,
    },
    CompletionsClient, Dialect, RemoteRequest,
};
use r1_core::{Key, Sampling};

/// A server whose interface is known.
#[derive(Debug, Clone)]
pub(super) enum Server {
    /// `POST {url}` of `/v1/completions` with this model.
    Completions { url: String, model: String },
    /// `POST {url}` of `/generate`.
    Generate { url: String },
}

#[derive(Deserialize)]
struct Models {
    data: Vec<Model>,
}

#[derive(Deserialize)]
struct Model {
    id: String,
    #[serde(default)]
    owned_by: Option<String>,
}

impl Server {
    /// Asks the server for the interface and the model's name that the settings leave open.
    pub(super) fn find(client: &CompletionsClient, url: &str) -> Result<Self, RemoteError> {
        let settings = &client.settings;
        let root = url.trim_end_matches('/');
        let root = root.strip_suffix("/v1").unwrap_or(root).trim_end_matches('/');
        let generate = || Self::Generate { url: format!("{root}/generate") };
        let completions = |model| Self::Completions { url: format!("{root}/v1/completions"), model };
        match (settings.dialect, &settings.model) {
            (Dialect::Generate, _) => return Ok(generate()),
            (Dialect::Completions, Some(model)) => return Ok(completions(model.clone())),
            _ => {}
        }
        let url = format!("{root}/v1/models");
        let text = again(settings.attempts, client.pause, &AtomicBool::new(false), |tries| {
            let text = exchange(&client.agent, &url, client.key.as_ref(), None, tries)?;
            let reason = |error| format!("it was asked for its models and its answer has none ({error})");
            let models: Models = serde_json::from_slice(&text).map_err(|error| {
                Trouble::Passing(RemoteError::Reply { url: shown(&url), tries, reason: reason(error) }, None)
            })?;
            Ok(models)
        })?;
        let sglang = text.data.iter().any(|model| model.owned_by.as_deref() == Some("sglang"));
        if settings.dialect == Dialect::Auto && sglang {
            return Ok(generate());
        }
        match (&settings.model, text.data.as_slice()) {
            (Some(model), _) => Ok(completions(model.clone())),
            (None, [only]) => Ok(completions(only.id.clone())),
            (None, several) => {
                let names: Vec<&str> = several.iter().take(20).map(|model| model.id.as_str()).collect();
                let value = format!("not set, and `{}` lists {} models", shown(&url), several.len());
                let expected = format!("the name of one of them ({})", names.join(", "));
                Err(RemoteError::Setting { field: "model", value, expected })
            }
        }
    }

    pub(super) fn url(&self) -> &str {
        match self {
            Self::Completions { url, .. } | Self::Generate { url } => url,
        }
    }

    /// The request for one sample. Whatever a server could take from the model's `generation_config.json` is sent, so
    /// that nothing but the temperature shapes the distribution. The text is decoded as r1's own engine does it.
    pub(super) fn body(&self, request: &RemoteRequest, key: Key, sampling: &Sampling) -> Value {
        let temperature = shortest(sampling.temperature);
        match self {
            Self::Completions { model, .. } => json!({
                "model": model, "prompt": request.ids, "n": 1, "seed": seed(key),
                "max_tokens": sampling.max_tokens, "temperature": temperature,
                "top_p": 1.0, "top_k": -1, "min_p": 0.0,
                "repetition_penalty": 1.0, "presence_penalty": 0.0, "frequency_penalty": 0.0,
                "stop": sampling.stop, "stop_token_ids": sampling.stop_ids,
                "logprobs": 1, "return_token_ids": true, "return_tokens_as_token_ids": true,
                "skip_special_tokens": true,
            }),
            Self::Generate { .. } => json!({
                "input_ids": request.ids, "return_logprob": true,
                "sampling_params": {
                    "n": 1, "sampling_seed": seed(key),
                    "max_new_tokens": sampling.max_tokens, "temperature": temperature,
                    "top_p": 1.0, "top_k": -1, "min_p": 0.0,
                    "repetition_penalty": 1.0, "presence_penalty": 0.0, "frequency_penalty": 0.0,
                    "stop": sampling.stop, "stop_token_ids": sampling.stop_ids,
                    "skip_special_tokens": true,
                },
            }),
        }
    }
}
