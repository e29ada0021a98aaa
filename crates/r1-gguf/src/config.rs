//! config.json from the keys of a file.

mod fields;
mod rope;
mod experts;

use serde_json::{Map, Value, json};

use crate::error::KNOWN;
use crate::tokenizer::special_ids;
use crate::{Gguf, GgufError};
pub(crate) use fields::Fields;
pub(crate) use rope::{Llama3, llama3_factors};

/// Architectures that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Architecture {
    Llama,
    Qwen2,
    Qwen3,
    Qwen2Moe,
    Qwen3Moe,
    Deepseek2,
}

impl Architecture {
    pub(crate) fn of(gguf: &Gguf) -> Result<Architecture, GgufError> {
        let name: &str = gguf.metadata().need("general.architecture", "every model")?;
        Architecture::named(name).ok_or_else(|| GgufError::Architecture { architecture: name.into() })
    }

    pub(crate) fn named(name: &str) -> Option<Architecture> {
        use Architecture::*;
        let all = [Llama, Qwen2, Qwen3, Qwen2Moe, Qwen3Moe, Deepseek2];
        KNOWN.split(", ").zip(all).find(|(known, _)| *known == name).map(|(_, architecture)| architecture)
    }

    /// Whether neighbours in a row of q and k are rotated together in the file, where Hugging Face's layout has halves.
    pub(crate) fn interleaves(self) -> bool {
        self == Architecture::Llama
    }
}

impl Gguf {
    /// The model's config.json: what transformers and r1 read.
    ///
    /// Keys are translated by architecture (llama, which includes Mistral; qwen2, qwen3, qwen2moe, qwen3moe,
    /// deepseek2). `tie_word_embeddings` is true where the file has no `output.weight`; a file that stores a tied
    /// model's matrix twice is read as untied, as llama.cpp does. Of Llama 3's rope scaling a file holds only the
    /// factor of each frequency; the scaling is named again from these.
    ///
    /// # Errors
    /// [`GgufError::Architecture`] for others; [`GgufError::MissingKey`], [`GgufError::Value`] and
    /// [`GgufError::Tensor`] for what the file lacks or contradicts.
    pub fn config(&self) -> Result<Value, GgufError> {
        let architecture = Architecture::of(self)?;
        let fields = Fields::new(self)?;
        let mut config = Map::new();
        let (class, model_type) = names(architecture, &fields)?;
        config.insert("architectures".into(), json!([class]));
        config.insert("model_type".into(), json!(model_type));
        sizes(self, &fields, architecture, &mut config)?;
        rope::scaling(self, &fields, &mut config)?;
        match architecture {
            Architecture::Qwen2Moe | Architecture::Qwen3Moe => {
                experts::qwen(&fields, architecture, &mut config)?
            }
            Architecture::Deepseek2 => experts::deepseek(self, &fields, &mut config)?,
            _ => {}
        }
        config.extend(special_ids(self)?);
        Ok(Value::Object(config))
    }
}

fn names(architecture: Architecture, fields: &Fields) -> Result<(&'static str, &'static str), GgufError> {
    Ok(match architecture {
        Architecture::Llama if fields.get::<u64>("expert_count")?.unwrap_or(0) > 0 => {
            return Err(GgufError::Architecture { architecture: "llama with experts (Mixtral)".into() });
        }
        Architecture::Llama => ("LlamaForCausalLM", "llama"),
        Architecture::Qwen2 => ("Qwen2ForCausalLM", "qwen2"),
        Architecture::Qwen3 => ("Qwen3ForCausalLM", "qwen3"),
        Architecture::Qwen2Moe => ("Qwen2MoeForCausalLM", "qwen2_moe"),
        Architecture::Qwen3Moe => ("Qwen3MoeForCausalLM", "qwen3_moe"),
        Architecture::Deepseek2 if experts::by_sigmoid(fields)? => ("DeepseekV3ForCausalLM", "deepseek_v3"),
        Architecture::Deepseek2 => ("DeepseekV2ForCausalLM", "deepseek_v2"),
    })
}

fn sizes(
    gguf: &Gguf,
    fields: &Fields,
    architecture: Architecture,
    config: &mut Map<String, Value>,
) -> Result<(), GgufError> {
    let embedding =
        gguf.tensor("token_embd.weight").filter(|tensor| tensor.shape().len() == 2).ok_or_else(|| {
            GgufError::Tensor { tensor: "token_embd.weight".into(), what: "is missing, or no matrix".into() }
        })?;
    let heads = fields.one_of("attention.head_count")?;
    let hidden = fields.need("embedding_length")?;
    let blocks = fields.need("block_count")?;
    let further = fields.get::<u64>("nextn_predict_layers")?.unwrap_or(0);
    config.insert("vocab_size".into(), json!(embedding.rows()));
    config.insert("hidden_size".into(), json!(hidden));
    config.insert("intermediate_size".into(), json!(fields.one_of("feed_forward_length")?));
    config.insert("num_hidden_layers".into(), json!(blocks.saturating_sub(further)));
    config.insert("num_attention_heads".into(), json!(heads));
    if architecture != Architecture::Deepseek2 {
        config
            .insert("num_key_value_heads".into(), json!(fields.one_of_or("attention.head_count_kv", heads)?));
        let head_dim = match fields.get("attention.key_length")? {
            Some(length) => length,
            None if heads > 0 && hidden % heads == 0 => hidden / heads,
            None => {
                return Err(fields.wrong("attention.head_count", heads, "a divisor of the embedding length"));
            }
        };
        if let Some(length) =
            fields.get::<u64>("attention.value_length")?.filter(|length| *length != head_dim)
        {
            return Err(fields.wrong("attention.value_length", length, "the key length"));
        }
        config.insert("head_dim".into(), json!(head_dim));
        let bias = gguf.tensor("blk.0.attn_q.bias").is_some();
        if !matches!(architecture, Architecture::Qwen2 | Architecture::Qwen2Moe) {
            config.insert("attention_bias".into(), json!(bias));
        }
    }
    config.insert("max_position_embeddings".into(), json!(fields.need("context_length")?));
    config.insert("rms_norm_eps".into(), json!(fields.need_float("attention.layer_norm_rms_epsilon")?));
    config.insert("rope_theta".into(), json!(fields.get::<f64>("rope.freq_base")?.unwrap_or(10000.0)));
    config.insert("hidden_act".into(), json!("silu"));
    config.insert("tie_word_embeddings".into(), json!(gguf.tensor("output.weight").is_none()));
    Ok(())
}
