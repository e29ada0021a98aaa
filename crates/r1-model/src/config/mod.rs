//! Hugging Face's `config.json`.

mod bounds;
mod fields;
mod rope;

use std::{path::Path, sync::Arc};

use serde_json::{Map, Value};

use crate::{
    ModelError,
    architecture::{self, Family},
    kernels::Heads,
};

pub(crate) use fields::Fields;
pub use rope::{Rope, RopeScaling};

/// What all decoder-only transformers have in common; the rest is known to the family, see
/// [`Transformer`](crate::Transformer).
#[derive(Debug, Clone)]
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
    /// Rotary embedding.
    pub rope: Rope,
    /// Ids that end a turn.
    pub eos_ids: Vec<u32>,
    /// Fields of the file that r1 does not know; whoever loads the model should say so.
    pub unknown_fields: Vec<String>,
    /// Tensors of the checkpoint that the model has no use for, such as those that predict further tokens; a saved
    /// checkpoint lacks them.
    pub left_aside: Vec<String>,
    /// The file as it was read, written back by a save.
    pub raw: Map<String, Value>,
    /// What else decides the blocks; `None` for an architecture of one's own.
    family: Option<Arc<dyn Family>>,
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
    "auto_map",
    "num_nextn_predict_layers",
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
        Self::parse_as(raw, path, true)
    }

    /// Reads a config of one's own architecture, whose `model_type` r1 need not know: sizes, rotary embedding, context
    /// and stop ids. What else it says stands in `raw`.
    ///
    /// ```
    /// # use r1_model::ModelConfig;
    /// let config = serde_json::json!({
    ///     "model_type": "mixer", "vocab_size": 16, "hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1,
    ///     "num_attention_heads": 2, "max_position_embeddings": 32, "rms_norm_eps": 1e-5,
    /// });
    /// let config = ModelConfig::parse_own(config.as_object().cloned().unwrap_or_default(), "config.json".as_ref())?;
    /// assert_eq!((config.model_type.as_str(), config.heads.head_dim), ("mixer", 16));
    /// # Ok::<(), r1_model::ModelError>(())
    /// ```
    ///
    /// # Errors
    /// When a needed field is missing, of the wrong kind or beyond all bounds.
    pub fn parse_own(raw: Map<String, Value>, path: &Path) -> Result<Self, ModelError> {
        Self::parse_as(raw, path, false)
    }

    fn parse_as(raw: Map<String, Value>, path: &Path, known: bool) -> Result<Self, ModelError> {
        let fail = |reason: String| ModelError::Config { path: path.to_owned(), reason };
        let mut fields = Fields { raw: &raw, used: IGNORED.to_vec(), fail: &fail };
        let model_type = fields.text("model_type")?;
        let reader = if known { architecture::read(&model_type) } else { None };
        if known && reader.is_none() {
            let known = architecture::known();
            return Err(ModelError::UnknownArchitecture { architecture: model_type, known });
        }
        let defaults = reader.map_or(architecture::Defaults::COMMON, |(defaults, _)| defaults);
        unquantized(&mut fields)?;
        let (d_model, count) = (fields.count("hidden_size")?, fields.count("num_attention_heads")?);
        let kv_heads = match fields.raw.get("num_key_value_heads") {
            None => defaults.kv_heads.unwrap_or(count),
            Some(_) => fields.optional_count("num_key_value_heads")?.unwrap_or(count),
        };
        let head_dim = fields.optional_count("head_dim")?.or(defaults.head_dim).unwrap_or(d_model / count);
        if count % kv_heads != 0 {
            return Err(fail(format!("{count} query heads cannot share {kv_heads} key heads evenly")));
        }
        if head_dim % 2 != 0 {
            return Err(fail(format!("head_dim is {head_dim}; rotary embedding needs an even number")));
        }
        let context = fields.count("max_position_embeddings")?;
        let tied = fields.flag_or("tie_word_embeddings", defaults.tied)?;
        let mut config = Self {
            vocab: fields.count("vocab_size")?,
            d_model,
            d_ff: fields.count("intermediate_size")?,
            layers: fields.count("num_hidden_layers")?,
            heads: Heads::new(count, kv_heads, head_dim),
            context,
            norm_epsilon: fields.number("rms_norm_eps")?,
            tied,
            rope: Rope::default(),
            eos_ids: ids(fields.take("eos_token_id"))
                .map_err(|reason| fail(format!("eos_token_id {reason}")))?,
            unknown_fields: Vec::new(),
            left_aside: Vec::new(),
            model_type,
            raw: raw.clone(),
            family: None,
        };
        config.check_bounds().map_err(&fail)?;
        config.rope = rope::read(&mut fields, context, &defaults)?;
        if let Some((_, reader)) = reader {
            config.family = Some(reader(&mut fields, &mut config)?);
        }
        config.rope.check(config.heads.head_dim).map_err(&fail)?;
        config.context = config.rope.scaling.limit().map_or(context, |limit| limit.min(context));
        let unknown = raw.keys().filter(|name| !fields.used.contains(&name.as_str()));
        config.unknown_fields = unknown.cloned().collect();
        Ok(config)
    }

    /// What decides the blocks beside the sizes; `None` for an architecture of one's own.
    pub(crate) fn family(&self) -> Option<&dyn Family> {
        self.family.as_deref()
    }

    /// Says that output matrix and embedding are two, as the weights show; a saved config says so too.
    pub(crate) fn untie(&mut self) {
        self.tied = false;
        self.raw.insert("tie_word_embeddings".into(), false.into());
    }

    /// Whether a checkpoint may hold a tensor that the model has no use for: rotary frequencies, which the config
    /// determines; the second of a tied pair; layers that predict further tokens.
    pub(crate) fn leaves_aside(&self, name: &str) -> bool {
        let further = name
            .strip_prefix("model.layers.")
            .and_then(|rest| rest.split('.').next()?.parse::<usize>().ok())
            .is_some_and(|layer| layer >= self.layers && self.raw.contains_key("num_nextn_predict_layers"));
        name.ends_with("rotary_emb.inv_freq")
            || (self.tied && name == "lm_head.weight")
            || name.starts_with("mtp.")
            || name.starts_with("model.mtp.")
            || further
    }
}

/// Refuses a checkpoint whose weights are quantised.
fn unquantized(fields: &mut Fields<'_>) -> Result<(), ModelError> {
    for name in ["quantization_config", "compression_config"] {
        let Some(value) = fields.take(name) else { continue };
        let method = value["quant_method"].as_str().or(value["quantization_type"].as_str());
        let method = match (method, value["load_in_4bit"].as_bool(), value["load_in_8bit"].as_bool()) {
            (Some(method), ..) => method,
            (None, Some(true), _) | (None, _, Some(true)) => "bitsandbytes",
            _ => "a method it does not name",
        };
        return Err((fields.fail)(format!(
            "`{name}` says that the weights are quantised ({method}); r1 reads F32, BF16 and F16: take the model's \
             unquantised checkpoint, or write one with transformers (`from_pretrained`, `dequantize`, \
             `save_pretrained`)"
        )));
    }
    Ok(())
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

/// Reads `eos_token_id`: one id, several, or none; an id of -1 stands for none.
pub(crate) fn ids(value: Option<&Value>) -> Result<Vec<u32>, String> {
    let one = |value: &Value| match value.as_i64() {
        Some(-1) => Ok(None),
        Some(id) => u32::try_from(id).map(Some).map_err(|_| format!("is {value}; expected a token id")),
        None => Err(format!("is {value}; expected a token id")),
    };
    let ids: Vec<Option<u32>> = match value {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(values)) => values.iter().map(one).collect::<Result<_, String>>()?,
        Some(value) => vec![one(value)?],
    };
    Ok(ids.into_iter().flatten().collect())
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
        assert_eq!(config.heads, Heads::new(4, 4, 8));
        assert_eq!((config.rope.theta, config.tied, config.eos_ids), (10_000.0, false, vec![2, 3]));
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
        let quantized = |raw: &mut Map<String, Value>| {
            raw.insert(
                "quantization_config".into(),
                json!({"quant_method": "fp8", "weight_block_size": [128, 128]}),
            );
        };
        assert!(
            message(quantized).contains("`quantization_config` says that the weights are quantised (fp8)")
        );
        let odd = parse(|raw| drop(raw.insert("secret_sauce".into(), json!(1)))).unwrap();
        assert_eq!(odd.unknown_fields, ["secret_sauce"]);
    }
}
