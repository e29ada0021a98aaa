//! Hugging Face's `config.json`.

mod bounds;
mod fields;
mod rope;

use std::path::Path;

use serde_json::{Map, Value};

use crate::{ModelError, kernels::Heads};

use fields::Fields;
pub use rope::RopeScaling;

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
    /// When the file is missing or not JSON, a needed field is missing, of the wrong kind or beyond all bounds, the
    /// architecture is unknown, or a field asks for something the model does not do.
    pub fn read(path: &Path) -> Result<Self, ModelError> {
        check_regular(path)?;
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
        let (rope_theta, rope_scaling) = rope::read(&mut fields)?;
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
        config.check_bounds().map_err(fail)?;
        Ok(config)
    }
}

/// Refuses a pipe or device in the place of a checkpoint's file: reading one may never end.
pub(crate) fn check_regular(path: &Path) -> Result<(), ModelError> {
    match std::fs::metadata(path) {
        Ok(about) if !about.is_file() && !about.is_dir() => {
            let source = std::io::Error::other("it is a pipe or device, and a regular file is needed");
            Err(ModelError::Read { path: path.to_owned(), source })
        }
        // What is missing is told by whoever opens it.
        _ => Ok(()),
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    pub(super) fn parse(change: impl FnOnce(&mut Map<String, Value>)) -> Result<ModelConfig, ModelError> {
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
