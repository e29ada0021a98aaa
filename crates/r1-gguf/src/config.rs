//! config.json from the keys of a file.

mod fields;
mod sizes;
mod rope;
mod experts;

use serde_json::{Map, Value, json};

use crate::error::shown;
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
        Ok(match name {
            "llama" => Architecture::Llama,
            "qwen2" => Architecture::Qwen2,
            "qwen3" => Architecture::Qwen3,
            "qwen2moe" => Architecture::Qwen2Moe,
            "qwen3moe" => Architecture::Qwen3Moe,
            "deepseek2" => Architecture::Deepseek2,
            other => return Err(GgufError::Architecture { architecture: shown(other) }),
        })
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
        sizes::sizes(self, &fields, architecture, &mut config)?;
        rope::scaling(self, &fields, &mut config)?;
        match architecture {
            Architecture::Qwen2Moe | Architecture::Qwen3Moe => {
                experts::qwen(self, &fields, architecture, &mut config)?
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
