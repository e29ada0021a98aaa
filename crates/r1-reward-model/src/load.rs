//! Reward models from folders.

use std::path::Path;

use burn::tensor::Device;
use r1_core::{Content, Message};
use r1_model::{
    Architecture, CausalLm, LanguageModel, ModelConfig, ModelError, Transformer, checkpoint::load_model,
};
use serde_json::{Value, json};

use crate::RewardModel;

/// How transformers' classes of classifiers end.
const CLASSIFIER: &str = "ForSequenceClassification";

impl<M: Architecture<Config = ModelConfig>> RewardModel<M> {
    /// Reads a reward model in Hugging Face layout: `LlamaForSequenceClassification`, `Qwen2ForSequenceClassification`
    /// and so on, with one label.
    ///
    /// # Errors
    /// Those of [`LanguageModel::load`]; a head of another shape than `[1, hidden_size]` is refused by name.
    pub fn load(dir: impl AsRef<Path>, device: &Device) -> Result<LanguageModel<Self>, ModelError> {
        let dir = dir.as_ref();
        let (model, config) = load_model::<Self>(dir, device)?;
        let slots = Self::slots(&config);
        LanguageModel::assemble(model, config, slots, dir, device)
    }

    /// Puts a reward model with fresh random weights beside the tokenizer of a folder.
    ///
    /// # Errors
    /// Those of [`LanguageModel::fresh`].
    pub fn random(
        config: ModelConfig,
        tokenizer_dir: impl AsRef<Path>,
        seed: u64,
        device: &Device,
    ) -> Result<LanguageModel<Self>, ModelError> {
        let dir = tokenizer_dir.as_ref();
        let mut model = LanguageModel::<Self>::fresh(config, dir, seed, device)?;
        let pad = pad_of_answers(&model, dir)?;
        classify(&mut model.config, pad);
        Ok(model)
    }
}

impl RewardModel<Transformer> {
    /// Reads a causal language model and gives it a fresh head, drawn with `seed`, in the place of its output matrix.
    ///
    /// # Errors
    /// Those of [`LanguageModel::load`]; [`ModelError::Packed`] for a GGUF file and [`ModelError::Adapter`] for an
    /// adapter.
    pub fn from_causal_lm(
        dir: impl AsRef<Path>,
        seed: u64,
        device: &Device,
    ) -> Result<LanguageModel<Self>, ModelError> {
        let dir = dir.as_ref();
        let base = LanguageModel::load(dir, device)?;
        if base.is_packed() {
            return Err(ModelError::Packed { wanted: "a reward model" });
        }
        if base.adapter().is_some() {
            let reason =
                format!("`{}` is an adapter; merge it into its model first (`r1 convert`)", dir.display());
            return Err(ModelError::Adapter { reason });
        }
        let pad = pad_of_answers(&base, dir)?;
        let (mut config, mut backbone) = (base.config, base.model);
        classify(&mut config, pad);
        backbone.head = None;
        let model = Self::new(backbone, config.d_model, seed, device);
        let slots = Self::slots(&config);
        LanguageModel::assemble(model, config, slots, dir, device)
    }

    /// Reads a folder with either: a reward model as it is ([`load`](Self::load)), a causal language model with a fresh
    /// head ([`from_causal_lm`](Self::from_causal_lm)).
    ///
    /// # Errors
    /// Those of the two.
    pub fn open(
        dir: impl AsRef<Path>,
        seed: u64,
        device: &Device,
    ) -> Result<LanguageModel<Self>, ModelError> {
        let dir = dir.as_ref();
        let path = dir.join("config.json");
        let is_classifier =
            path.is_file() && classes(&ModelConfig::read(&path)?).any(|class| class.ends_with(CLASSIFIER));
        if is_classifier { Self::load(dir, device) } else { Self::from_causal_lm(dir, seed, device) }
    }
}

/// The token that pads batches in transformers: a sequence is scored at its last token that is another.
pub(crate) fn pad_id<M: CausalLm>(model: &LanguageModel<RewardModel<M>>) -> Option<u32> {
    model.config.raw.get("pad_token_id").and_then(Value::as_u64).and_then(|id| u32::try_from(id).ok())
}

/// The classes that a config names.
fn classes(config: &ModelConfig) -> impl Iterator<Item = &str> {
    config.raw.get("architectures").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// The padding token of a language model: that of its config or tokenizer, else the one that ends answers.
fn pad_of_answers<M: CausalLm>(base: &LanguageModel<M>, dir: &Path) -> Result<Option<u32>, ModelError> {
    if let Some(id) = base.config.raw.get("pad_token_id").and_then(Value::as_u64) {
        return Ok(u32::try_from(id).ok());
    }
    let named = std::fs::read(dir.join("tokenizer_config.json")).ok();
    let named = named.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    let token = named.as_ref().and_then(|config| {
        let token = &config["pad_token"];
        token.as_str().or_else(|| token["content"].as_str())
    });
    match token.and_then(|token| base.tokenizer.token_to_id(token)) {
        Some(id) => Ok(Some(id)),
        None => {
            let asked = match base.template {
                Some(_) => Content::Messages(vec![Message::user("?")]),
                None => Content::Text(String::new()),
            };
            base.end_of_turn(&asked)
        }
    }
}

/// Says in a config that the model is a classifier of one label.
fn classify(config: &mut ModelConfig, pad: Option<u32>) {
    let class = match classes(config).next() {
        Some(class) => class.replace("ForCausalLM", CLASSIFIER),
        None => config.model_type.split('_').map(capitalized).collect::<String>() + CLASSIFIER,
    };
    config.raw.insert("architectures".into(), json!([class]));
    config.raw.insert("id2label".into(), json!({"0": "LABEL_0"}));
    config.raw.insert("label2id".into(), json!({"LABEL_0": 0}));
    config.raw.insert("pad_token_id".into(), json!(pad));
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}
