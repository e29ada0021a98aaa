//! A model together with its tokenizer and chat template: what a checkpoint folder holds.

mod adapted;
mod cast;
mod generate;
mod packed;
mod save;
mod session;

use std::path::Path;

use burn::tensor::Device;
use r1_core::{Content, Message};
use r1_data::{template::ChatTemplate, tokenizer::Tokenizer};

use crate::{
    Adapter, Architecture, CausalLm, EngineConfig, ModelConfig, ModelError, Transformer,
    checkpoint::{Slot, load_model},
    config,
};

pub use cast::cast;
pub use generate::EncodedPrompt;
pub use session::ModelSession;

/// The files beside the weights, kept so that a saved folder is complete.
const COMPANIONS: &[&str] = &[
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "chat_template.jinja",
    "chat_template.json",
    "vocab.json",
    "merges.txt",
    "added_tokens.json",
];

/// A causal language model that reads and writes text.
///
/// ```no_run
/// use r1_core::{Generate, Key, Prompt, Sampling};
/// use r1_model::LanguageModel;
///
/// let mut model = LanguageModel::load("checkpoints/smollm2-135m", &r1_model::device()?)?;
/// let prompts = [Prompt::text("The capital of France is", Key::new(0))];
/// let completions = model.generate(&prompts, 1, &Sampling::greedy().with_max_tokens(8))?;
/// println!("{}", completions[0][0].text);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct LanguageModel<M = Transformer> {
    /// The weights.
    pub model: M,
    /// Text to ids and back.
    pub tokenizer: Tokenizer,
    /// How conversations are written, if the checkpoint says so.
    pub template: Option<ChatTemplate>,
    /// The checkpoint's config.
    pub config: ModelConfig,
    /// Ids that end a turn.
    pub stop_ids: Vec<u32>,
    /// Sizes of the engine.
    pub engine: EngineConfig,
    /// Where the weights are.
    pub device: Device,
    slots: Vec<Slot>,
    adapter: Option<Adapter>,
    /// Whether the weight matrices are in blocks.
    packed: bool,
    /// The weights in the type that passes compute in, where it is another.
    cast: Option<M>,
    companions: Vec<(String, Vec<u8>)>,
    /// Ids that the tokenizer does not have: the rest of a padded vocabulary.
    forbidden: Vec<u32>,
}

impl LanguageModel {
    /// Reads a checkpoint: a folder in Hugging Face layout, whose weights become `f32`, which training needs, or a GGUF
    /// file, whose weights stay in its blocks and serve generation. A folder with an adapter alone is read with the base
    /// model that it names.
    ///
    /// # Errors
    /// When a file is missing or damaged, the architecture is unknown, a tensor is missing, surplus
    /// or misshapen, or the tokenizer does not go with the model.
    pub fn load(dir: impl AsRef<Path>, device: &Device) -> Result<Self, ModelError> {
        let dir = dir.as_ref();
        if packed::is_gguf(dir) {
            return Self::load_gguf(dir, device);
        }
        if adapted::is_adapter(dir) {
            return Self::load_adapter(dir, None, device);
        }
        let (model, config) = load_model::<Transformer>(dir, device)?;
        let slots = Transformer::slots(&config);
        Self::assemble(model, config, slots, dir, device)
    }

    /// Puts a model with fresh random weights beside the tokenizer of a folder.
    ///
    /// # Errors
    /// When the folder's tokenizer cannot be read or does not go with the config.
    pub fn random(
        config: ModelConfig,
        tokenizer_dir: &Path,
        seed: u64,
        device: &Device,
    ) -> Result<Self, ModelError> {
        Self::fresh(config, tokenizer_dir, seed, device)
    }
}

impl<M: Architecture<Config = ModelConfig>> LanguageModel<M> {
    /// Puts a model of one's own architecture with fresh random weights beside the tokenizer of a folder.
    ///
    /// # Errors
    /// When the folder's tokenizer cannot be read or does not go with the config.
    pub fn fresh(
        config: ModelConfig,
        tokenizer_dir: &Path,
        seed: u64,
        device: &Device,
    ) -> Result<Self, ModelError> {
        let slots = M::slots(&config);
        let model = M::random(&config, seed, device);
        Self::assemble(model, config, slots, tokenizer_dir, device)
    }
}

impl<M: CausalLm> LanguageModel<M> {
    /// Puts a model together with the tokenizer, template and generation settings of a folder;
    /// `slots` says how its parameters are stored.
    ///
    /// # Errors
    /// When a file of the folder cannot be read, the tokenizer is larger than the vocabulary or lacks
    /// the end token that its config names, or a stop id lies outside the vocabulary.
    pub fn assemble(
        model: M,
        config: ModelConfig,
        slots: Vec<Slot>,
        dir: &Path,
        device: &Device,
    ) -> Result<Self, ModelError> {
        let tokenizer = Tokenizer::load(dir)?;
        if tokenizer.vocab_size() > config.vocab {
            return Err(ModelError::Vocabulary { tokenizer: tokenizer.vocab_size(), model: config.vocab });
        }
        tokenizer.require(tokenizer.eos().as_slice())?;
        let template = ChatTemplate::find(dir)?;
        let companions: Vec<(String, Vec<u8>)> = COMPANIONS
            .iter()
            .filter_map(|name| std::fs::read(dir.join(name)).ok().map(|bytes| ((*name).to_owned(), bytes)))
            .collect();
        let stop_ids = stop_ids(&companions, &config, dir)?;
        if let Some(id) = stop_ids.iter().find(|id| **id as usize >= config.vocab) {
            return Err(ModelError::TokenId { id: *id, vocab: config.vocab });
        }
        let engine = EngineConfig::default();
        let unknown = |id: &u32| tokenizer.id_to_token(*id).is_none();
        let forbidden = (0..config.vocab as u32).filter(unknown).collect();
        let mut model = Self {
            model,
            tokenizer,
            template,
            config,
            stop_ids,
            engine,
            device: device.clone(),
            slots,
            adapter: None,
            packed: false,
            cast: None,
            companions,
            forbidden,
        };
        model.recast();
        Ok(model)
    }

    /// Whether the weight matrices are in blocks, which serve generation only.
    pub fn is_packed(&self) -> bool {
        self.packed
    }

    /// How the parameters are stored, those of an adapter left out.
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// The adapter that it was loaded with.
    pub fn adapter(&self) -> Option<&Adapter> {
        self.adapter.as_ref()
    }

    /// How the parameters that training changes are stored: those of the adapter, if there is one.
    pub fn trained_slots(&self) -> &[Slot] {
        self.adapter.as_ref().map_or(&self.slots, |adapter| &adapter.slots)
    }

    /// The fewest of these tokens, one at least, whose text is so many bytes long; all of them when their text is shorter,
    /// and 0 of none.
    pub fn tokens_reaching(&self, ids: &[u32], bytes: usize) -> usize {
        let reaches = |tokens: usize| {
            let text = self.tokenizer.decode(&ids[..tokens], true).unwrap_or_default();
            // Bytes that are no character yet are shown as one.
            text.trim_end_matches('\u{fffd}').len() >= bytes
        };
        let (mut low, mut high) = (1.min(ids.len()), ids.len());
        while low < high {
            let middle = (low + high) / 2;
            if reaches(middle) { high = middle } else { low = middle + 1 }
        }
        low
    }

    /// The token ids of a prompt, and whether it ends inside the thoughts.
    ///
    /// # Errors
    /// When the template or the tokenizer fails, or there is no template for a conversation.
    pub fn encode(&self, content: &Content) -> Result<(Vec<u32>, bool), ModelError> {
        let text = match content {
            Content::Ids(ids) => {
                if let Some(id) = ids.iter().find(|id| **id as usize >= self.config.vocab) {
                    return Err(ModelError::TokenId { id: *id, vocab: self.config.vocab });
                }
                return Ok((ids.clone(), false));
            }
            Content::Text(text) => {
                return Ok((self.tokenizer.encode_prompt(text)?, text.trim_end().ends_with("<think>")));
            }
            Content::Messages(messages) => {
                let missing =
                    "the checkpoint has no chat template; add chat_template.jinja or give a plain prompt";
                let missing = || r1_data::DataError::Template { reason: missing.into() };
                self.template.as_ref().ok_or_else(missing)?.render(messages, true)?
            }
        };
        Ok((self.tokenizer.encode(&text)?, text.trim_end().ends_with("<think>")))
    }

    /// The token that ends an answer to this prompt: the one that the chat template puts behind an answer, where it
    /// ends a turn of this model, else the model's first end token; none without any.
    ///
    /// # Errors
    /// When the template or the tokenizer fails.
    pub fn end_of_turn(&self, prompt: &Content) -> Result<Option<u32>, ModelError> {
        // A text that no template writes by itself.
        const ANSWER: &str = "rX1answerX1r";
        if let (Content::Messages(messages), Some(template)) = (prompt, &self.template) {
            let answered: Vec<Message> =
                messages.iter().cloned().chain([Message::assistant(ANSWER)]).collect();
            let text = template.render(&answered, false)?;
            if let Some((_, behind)) = text.rsplit_once(ANSWER) {
                let ids = self.tokenizer.encode(behind)?;
                if let Some(id) = ids.into_iter().find(|id| self.stop_ids.contains(id)) {
                    return Ok(Some(id));
                }
            }
        }
        Ok(self.stop_ids.first().copied())
    }
}

/// `eos_token_id` of the generation config, else of the config.
fn stop_ids(
    companions: &[(String, Vec<u8>)],
    config: &ModelConfig,
    dir: &Path,
) -> Result<Vec<u32>, ModelError> {
    let Some((name, bytes)) = companions.iter().find(|(name, _)| name == "generation_config.json") else {
        return Ok(config.eos_ids.clone());
    };
    let fail = |reason: String| ModelError::Config { path: dir.join(name), reason };
    let value: serde_json::Value = serde_json::from_slice(bytes).map_err(|error| fail(error.to_string()))?;
    let ids =
        config::ids(value.get("eos_token_id")).map_err(|reason| fail(format!("eos_token_id {reason}")))?;
    Ok(if ids.is_empty() { config.eos_ids.clone() } else { ids })
}
