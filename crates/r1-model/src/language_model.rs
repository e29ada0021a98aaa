//! A model together with its tokenizer and chat template: what a checkpoint folder holds.

use std::path::Path;

use burn::tensor::Device;
use r1_core::{Completion, Content, FinishReason, Generate, GenerateError, Key, Prompt, Sampling};
use r1_data::{template::ChatTemplate, tokenizer::Tokenizer};

use crate::{
    Architecture, CausalLm, EngineConfig, ModelConfig, ModelError, Transformer,
    checkpoint::{Slot, WeightType, load_model, write_weights},
    config,
    engine::{Generated, Limits, Request, Sampler},
};

/// Shards larger than this are divided, as transformers does.
const MAX_SHARD_BYTES: usize = 5 << 30;

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
    companions: Vec<(String, Vec<u8>)>,
    /// Ids that the tokenizer does not have: the rest of a padded vocabulary.
    forbidden: Vec<u32>,
}

impl LanguageModel {
    /// Reads a checkpoint folder in Hugging Face layout. Weights become `f32`, which training needs.
    ///
    /// # Errors
    /// When a file is missing or damaged, the architecture is unknown, a tensor is missing, surplus
    /// or misshapen, or the tokenizer does not go with the model.
    pub fn load(dir: impl AsRef<Path>, device: &Device) -> Result<Self, ModelError> {
        let dir = dir.as_ref();
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
        Ok(Self {
            model,
            tokenizer,
            template,
            config,
            stop_ids,
            engine,
            device: device.clone(),
            slots,
            companions,
            forbidden,
        })
    }

    /// Writes the folder that [`load`](LanguageModel::load) reads, whole or not at all: what stood
    /// there before is replaced only when everything is written.
    ///
    /// # Errors
    /// When a file cannot be written, or a weight is not finite.
    pub fn save(&self, dir: impl AsRef<Path>, weight_type: WeightType) -> Result<(), ModelError> {
        self.save_sharded(dir, weight_type, MAX_SHARD_BYTES)
    }

    /// [`save`](Self::save) with weights in files of at most `max_shard_bytes`, and their index if there is more
    /// than one. A tensor that is larger has a file of its own.
    ///
    /// # Errors
    /// Those of [`save`](Self::save).
    pub fn save_sharded(
        &self,
        dir: impl AsRef<Path>,
        weight_type: WeightType,
        max_shard_bytes: usize,
    ) -> Result<(), ModelError> {
        r1_run::atomic::write_folder(dir.as_ref(), |dir| {
            write_weights(dir, &self.model, &self.slots, weight_type, max_shard_bytes)?;
            let mut raw = self.config.raw.clone();
            raw.remove("torch_dtype");
            raw.insert("dtype".into(), weight_type.name().into());
            let text = serde_json::Value::Object(raw);
            let mut files = vec![("config.json".to_owned(), format!("{text:#}\n").into_bytes())];
            files.extend(self.companions.iter().cloned());
            for (name, bytes) in files {
                let path = dir.join(name);
                std::fs::write(&path, bytes).map_err(|source| ModelError::Write { path, source })?;
            }
            Ok(())
        })
    }

    /// How the parameters are stored.
    pub fn slots(&self) -> &[Slot] {
        &self.slots
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

    /// The longest stop text in tokens, at most: each token has at least one byte.
    fn stops_with(&self, stop: &[String], ids: &[u32]) -> bool {
        let longest = stop.iter().map(String::len).max().unwrap_or(0);
        if longest == 0 {
            return false;
        }
        let tail = &ids[ids.len().saturating_sub(longest + 4)..];
        self.tokenizer
            .decode(tail, false)
            .is_ok_and(|text| stop.iter().any(|stop| text.contains(stop.as_str())))
    }
}

impl<M: CausalLm> Generate for LanguageModel<M> {
    fn generate(
        &mut self,
        prompts: &[Prompt],
        samples: usize,
        sampling: &Sampling,
    ) -> Result<Vec<Vec<Completion>>, GenerateError> {
        let mut requests = Vec::with_capacity(prompts.len());
        for (index, prompt) in prompts.iter().enumerate() {
            let encoded = self.encode(&prompt.content);
            let (ids, think_prefilled) =
                encoded.map_err(|error| GenerateError::Encode { index, source: error.into() })?;
            requests.push(EncodedPrompt { ids, think_prefilled, key: prompt.key });
        }
        let mut completions = vec![Vec::new(); prompts.len()];
        self.generate_into(&requests, samples, sampling, &mut |index, group| completions[index] = group)?;
        Ok(completions)
    }
}

impl<M: CausalLm> LanguageModel<M> {
    /// Writes `samples` completions of each prompt, and gives those of a prompt to `deliver` as soon as the last of them
    /// is written. Nothing is written when any prompt does not fit.
    ///
    /// # Errors
    /// [`GenerateError::Sampling`], [`GenerateError::EmptyPrompt`], [`GenerateError::PromptTooLong`], and when a
    /// completion cannot be decoded.
    pub fn generate_into(
        &self,
        prompts: &[EncodedPrompt],
        samples: usize,
        sampling: &Sampling,
        deliver: &mut dyn FnMut(usize, Vec<Completion>),
    ) -> Result<(), GenerateError> {
        sampling.validate()?;
        let context = self.config.context;
        for (index, prompt) in prompts.iter().enumerate() {
            match prompt.ids.len() {
                0 => return Err(GenerateError::EmptyPrompt { index }),
                tokens if tokens >= context => {
                    return Err(GenerateError::PromptTooLong { index, tokens, context });
                }
                _ => {}
            }
        }
        let request =
            |prompt: &EncodedPrompt| Request { prompt: prompt.ids.clone(), samples, key: prompt.key };
        let requests: Vec<Request> = prompts.iter().map(request).collect();
        let stop_ids: Vec<u32> = self.stop_ids.iter().chain(&sampling.stop_ids).copied().collect();
        let limits = Limits {
            sampler: Sampler::from(sampling),
            max_tokens: sampling.max_tokens,
            stop_ids: &stop_ids,
            forbidden: &self.forbidden,
            stop: &|ids| self.stops_with(&sampling.stop, ids),
            cancelled: &|| false,
        };
        let mut failed = None;
        self.engine.generate_into(&self.model, &requests, &limits, &self.device, &mut |index, group| {
            let written = group.into_iter().map(|output| self.written(output, &stop_ids, &prompts[index]));
            match written.collect() {
                Ok(group) => deliver(index, group),
                Err(error) => failed = Some(error),
            }
        });
        failed.map_or(Ok(()), Err)
    }

    /// A completion with its text, which ends before the stop id.
    fn written(
        &self,
        output: Generated,
        stop_ids: &[u32],
        prompt: &EncodedPrompt,
    ) -> Result<Completion, GenerateError> {
        let ends = output.ids.last().is_some_and(|id| stop_ids.contains(id));
        let shown =
            &output.ids[..output.ids.len() - usize::from(ends && output.finish == FinishReason::Stop)];
        let text = self.tokenizer.decode(shown, true);
        let text = text.map_err(|error| GenerateError::Failed { source: error.into() })?;
        Ok(Completion {
            ids: output.ids,
            logprobs: output.logprobs,
            sampled_logprobs: output.sampled_logprobs,
            text,
            finish: output.finish,
            think_prefilled: prompt.think_prefilled,
            turns: Vec::new(),
            weights_version: None,
        })
    }
}

/// A prompt as token ids, with the key of its samples.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedPrompt {
    /// Token ids, at least one.
    pub ids: Vec<u32>,
    /// Whether it ends inside the thoughts.
    pub think_prefilled: bool,
    /// Sample `i` is drawn with `key.for_sample(i)`.
    pub key: Key,
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
