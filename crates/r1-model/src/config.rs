//! Hugging Face's `config.json`.

use std::path::Path;

use serde_json::{Map, Value};

use crate::{ModelError, kernels::Heads};

/// The model types that [`ModelConfig::read`] accepts.
const KNOWN: &str = "llama, qwen2 and qwen3";

/// What a decoder-only transformer needs to be built.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelConfig {
    /// `model_type` of the file.
    pub model_type: String,
    /// Token ids, `vocab_size`.
    pub vocab: usize,
    /// Width of the residual stream, `hidden_size`.
    pub d_model: usize,
    /// Width of the feed-forward layer, `intermediate_size`.
    pub d_ff: usize,
    /// Blocks, `num_hidden_layers`.
    pub layers: usize,
    /// Query heads, key heads and their width.
    pub heads: Heads,
    /// Longest sequence in tokens, `max_position_embeddings`.
    pub context: usize,
    /// Epsilon of the norms, `rms_norm_eps`.
    pub norm_epsilon: f64,
    /// True when the output matrix is the embedding, `tie_word_embeddings`.
    pub tied: bool,
    /// True when queries, keys and values have a bias.
    pub attention_bias: bool,
    /// True when each query and key head is normalised before rotary embedding.
    pub head_norm: bool,
    /// Base of the rotary frequencies.
    pub rope_theta: f64,
    /// How the rotary frequencies are changed for long contexts.
    pub rope_scaling: RopeScaling,
    /// Ids that end a turn.
    pub eos_ids: Vec<u32>,
    /// Fields of the file that r1 does not know; whoever loads the model should say so.
    pub unknown_fields: Vec<String>,
    /// The file as it was read, written back by a save.
    pub raw: Map<String, Value>,
}

/// How rotary frequencies are changed for long contexts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RopeScaling {
    /// Not at all.
    None,
    /// Llama 3: long wavelengths are stretched, short ones kept, those between blended.
    Llama3 {
        /// By how much long wavelengths are stretched.
        factor: f64,
        /// Wavelengths above `original_context / low_frequency` are stretched.
        low_frequency: f64,
        /// Wavelengths below `original_context / high_frequency` are kept.
        high_frequency: f64,
        /// Context of the unscaled model.
        original_context: f64,
    },
}

/// Fields that say nothing about the forward pass.
const IGNORED: &[&str] = &[
    "_name_or_path",
    "_model_name_or_path",
    "architectures",
    "attention_dropout",
    "bos_token_id",
    "dtype",
    "torch_dtype",
    "initializer_range",
    "pad_token_id",
    "pretraining_tp",
    "transformers_version",
    "unk_token_id",
    "use_cache",
    "transformers.js_config",
    "is_llama_config",
    "rope_interleaved",
    "return_dict",
    "output_attentions",
    "output_hidden_states",
    "id2label",
    "label2id",
    "chunk_size_feed_forward",
    "is_encoder_decoder",
    "problem_type",
    "is_decoder",
    "add_cross_attention",
];

impl ModelConfig {
    /// Reads a `config.json`.
    ///
    /// # Errors
    /// When the file is missing or not JSON, a needed field is missing or of the wrong kind, the
    /// architecture is unknown, or a field asks for something the model does not do.
    pub fn read(path: &Path) -> Result<Self, ModelError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ModelError::Read { path: path.to_owned(), source })?;
        let raw: Map<String, Value> = serde_json::from_str(&text)
            .map_err(|error| ModelError::Config { path: path.to_owned(), reason: error.to_string() })?;
        Self::parse(raw, path)
    }

    /// Reads the fields of a parsed config; `path` is named in errors.
    ///
    /// # Errors
    /// See [`ModelConfig::read`].
    pub fn parse(raw: Map<String, Value>, path: &Path) -> Result<Self, ModelError> {
        let fail = |reason: String| ModelError::Config { path: path.to_owned(), reason };
        let mut fields = Fields { raw: &raw, used: IGNORED.to_vec(), fail: &fail };
        let model_type = fields.text("model_type")?;
        let (attention_bias, head_norm) = match model_type.as_str() {
            "llama" => (false, false),
            "qwen2" => (true, false),
            "qwen3" => (false, true),
            _ => return Err(ModelError::UnknownArchitecture { architecture: model_type, known: KNOWN }),
        };
        fields.must_be("hidden_act", "silu")?;
        fields.must_be("attention_bias", attention_bias)?;
        fields.must_be("mlp_bias", false)?;
        fields.must_be("use_mrope", false)?;
        fields.full_attention()?;
        let (d_model, count) = (fields.count("hidden_size")?, fields.count("num_attention_heads")?);
        let kv_heads = fields.optional_count("num_key_value_heads")?.unwrap_or(count);
        let head_dim = fields.optional_count("head_dim")?.unwrap_or(d_model / count);
        if count % kv_heads != 0 {
            return Err(fail(format!("{count} query heads cannot share {kv_heads} key heads evenly")));
        }
        if head_dim % 2 != 0 {
            return Err(fail(format!("head_dim is {head_dim}; rotary embedding needs an even number")));
        }
        let (rope_theta, rope_scaling) = fields.rope()?;
        let config = Self {
            vocab: fields.count("vocab_size")?,
            d_model,
            d_ff: fields.count("intermediate_size")?,
            layers: fields.count("num_hidden_layers")?,
            heads: Heads { heads: count, kv_heads, head_dim },
            context: fields.count("max_position_embeddings")?,
            norm_epsilon: fields.number("rms_norm_eps")?,
            tied: fields.flag("tie_word_embeddings")?,
            attention_bias,
            head_norm,
            rope_theta,
            rope_scaling,
            eos_ids: ids(fields.take("eos_token_id"))
                .map_err(|reason| fail(format!("eos_token_id {reason}")))?,
            unknown_fields: raw
                .keys()
                .filter(|name| !fields.used.contains(&name.as_str()))
                .cloned()
                .collect(),
            model_type,
            raw: raw.clone(),
        };
        Ok(config)
    }

    /// Angular frequency of each rotary pair, in radians per token.
    ///
    /// # Source
    /// RoFormer (arXiv:2104.09864v5), section 3.2.2; the Llama 3 scaling as transformers computes it.
    pub fn rotary_frequencies(&self) -> Vec<f64> {
        let pairs = self.heads.head_dim / 2;
        let plain = (0..pairs).map(|i| self.rope_theta.powf(-(i as f64) / pairs as f64));
        match self.rope_scaling {
            RopeScaling::None => plain.collect(),
            RopeScaling::Llama3 { factor, low_frequency, high_frequency, original_context } => plain
                .map(|f| {
                    let wavelength = 2.0 * std::f64::consts::PI / f;
                    if wavelength < original_context / high_frequency {
                        f
                    } else if wavelength > original_context / low_frequency {
                        f / factor
                    } else {
                        let smooth = (original_context / wavelength - low_frequency)
                            / (high_frequency - low_frequency);
                        (1.0 - smooth) * f / factor + smooth * f
                    }
                })
                .collect(),
        }
    }
}

/// Reads `eos_token_id`: one id, several, or none.
pub(crate) fn ids(value: Option<&Value>) -> Result<Vec<u32>, String> {
    let one = |value: &Value| {
        value
            .as_u64()
            .and_then(|id| u32::try_from(id).ok())
            .ok_or_else(|| format!("is {value}; expected a token id"))
    };
    match value {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(values)) => values.iter().map(one).collect(),
        Some(value) => Ok(vec![one(value)?]),
    }
}

/// The fields of a config, remembering which were looked at.
struct Fields<'a> {
    raw: &'a Map<String, Value>,
    used: Vec<&'a str>,
    fail: &'a dyn Fn(String) -> ModelError,
}

impl<'a> Fields<'a> {
    fn take(&mut self, name: &'a str) -> Option<&'a Value> {
        self.used.push(name);
        self.raw.get(name).filter(|value| !value.is_null())
    }

    fn need<T>(
        &mut self,
        name: &'a str,
        what: &str,
        read: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<T, ModelError> {
        let value = self.take(name).ok_or_else(|| (self.fail)(format!("field `{name}` is missing")))?;
        read(value).ok_or_else(|| (self.fail)(format!("field `{name}` is {value}; expected {what}")))
    }

    fn text(&mut self, name: &'a str) -> Result<String, ModelError> {
        self.need(name, "a text", |value| value.as_str().map(str::to_owned))
    }

    fn number(&mut self, name: &'a str) -> Result<f64, ModelError> {
        self.need(name, "a number", Value::as_f64)
    }

    fn count(&mut self, name: &'a str) -> Result<usize, ModelError> {
        let read = |value: &Value| value.as_u64().filter(|n| (1..1 << 32).contains(n)).map(|n| n as usize);
        self.need(name, "a whole number of at least 1", read)
    }

    fn optional_count(&mut self, name: &'a str) -> Result<Option<usize>, ModelError> {
        if self.take(name).is_none() { Ok(None) } else { self.count(name).map(Some) }
    }

    fn flag(&mut self, name: &'a str) -> Result<bool, ModelError> {
        if self.take(name).is_none() { Ok(false) } else { self.need(name, "true or false", Value::as_bool) }
    }

    fn must_be(&mut self, name: &'a str, supported: impl Into<Value>) -> Result<(), ModelError> {
        let supported = supported.into();
        match self.take(name) {
            Some(value) if *value != supported => {
                Err((self.fail)(format!("field `{name}` is {value}; r1 supports only {supported}")))
            }
            _ => Ok(()),
        }
    }

    /// Sliding windows may be described, but not used.
    fn full_attention(&mut self) -> Result<(), ModelError> {
        self.must_be("use_sliding_window", false)?;
        self.used.extend(["sliding_window", "max_window_layers"]);
        let Some(layers) = self.take("layer_types") else { return Ok(()) };
        let full =
            layers.as_array().is_some_and(|layers| layers.iter().all(|layer| layer == "full_attention"));
        if full {
            Ok(())
        } else {
            Err((self.fail)(format!("layer_types is {layers}; r1 supports only full_attention")))
        }
    }

    /// Both spellings: `rope_parameters`, and `rope_theta` with `rope_scaling`.
    fn rope(&mut self) -> Result<(f64, RopeScaling), ModelError> {
        let parameters = self.take("rope_parameters").or(self.take("rope_scaling"));
        let theta = self.take("rope_theta");
        let empty = Map::new();
        let inner = match parameters {
            None => &empty,
            Some(Value::Object(map)) => map,
            Some(other) => {
                return Err((self.fail)(format!("rope parameters are {other}; expected an object")));
            }
        };
        let number = |name: &str| {
            inner.get(name).and_then(Value::as_f64).filter(|n| *n > 0.0).ok_or_else(|| {
                (self.fail)(format!("rope parameter `{name}` is missing or not a positive number"))
            })
        };
        let theta = match theta.or(inner.get("rope_theta")) {
            Some(value) => value.as_f64().filter(|theta| *theta > 0.0).ok_or_else(|| {
                (self.fail)(format!("field `rope_theta` is {value}; expected a positive number"))
            })?,
            None => 10_000.0,
        };
        let kind = inner.get("rope_type").or(inner.get("type")).and_then(Value::as_str).unwrap_or("default");
        match kind {
            "default" => Ok((theta, RopeScaling::None)),
            "llama3" => Ok((
                theta,
                RopeScaling::Llama3 {
                    factor: number("factor")?,
                    low_frequency: number("low_freq_factor")?,
                    high_frequency: number("high_freq_factor")?,
                    original_context: number("original_max_position_embeddings")?,
                },
            )),
            other => {
                Err((self.fail)(format!("rope type `{other}` is not supported; r1 knows default and llama3")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parse(change: impl FnOnce(&mut Map<String, Value>)) -> Result<ModelConfig, ModelError> {
        let Value::Object(mut raw) = json!({
            "model_type": "llama", "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
            "num_attention_heads": 4, "vocab_size": 96, "max_position_embeddings": 128, "rms_norm_eps": 1e-5,
            "eos_token_id": [2, 3],
        }) else {
            unreachable!()
        };
        change(&mut raw);
        ModelConfig::parse(raw, Path::new("config.json"))
    }

    #[test]
    fn defaults_follow_hugging_face() {
        let config = parse(|_| ()).unwrap();
        assert_eq!(config.heads, Heads { heads: 4, kv_heads: 4, head_dim: 8 });
        assert_eq!((config.rope_theta, config.tied, config.eos_ids), (10_000.0, false, vec![2, 3]));
        assert!(config.unknown_fields.is_empty());
    }

    #[test]
    fn both_spellings_of_rope_are_read_alike() {
        let scaling = json!({"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                             "original_max_position_embeddings": 32});
        let old = parse(|raw| {
            raw.insert("rope_theta".into(), json!(5e5));
            raw.insert("rope_scaling".into(), scaling.clone());
        });
        let new = parse(|raw| {
            let mut scaling = scaling.clone();
            scaling["rope_theta"] = json!(5e5);
            raw.insert("rope_parameters".into(), scaling);
        });
        let (old, new) = (old.unwrap(), new.unwrap());
        assert_eq!((old.rope_theta, old.rope_scaling), (new.rope_theta, new.rope_scaling));
        assert_eq!(old.rotary_frequencies(), new.rotary_frequencies());
    }

    #[test]
    fn trouble_is_named() {
        let message = |change: fn(&mut Map<String, Value>)| parse(change).unwrap_err().to_string();
        assert!(message(|raw| drop(raw.remove("hidden_size"))).contains("field `hidden_size` is missing"));
        assert!(message(|raw| raw["vocab_size"] = json!("many")).contains("`vocab_size` is \"many\""));
        assert!(
            message(|raw| raw["model_type"] = json!("mamba")).contains("`mamba` is not supported; r1 knows")
        );
        assert!(message(|raw| drop(raw.insert("hidden_act".into(), json!("gelu")))).contains("hidden_act"));
        let odd = parse(|raw| drop(raw.insert("secret_sauce".into(), json!(1)))).unwrap();
        assert_eq!(odd.unknown_fields, ["secret_sauce"]);
    }
}
