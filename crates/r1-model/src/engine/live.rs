//! What the engine holds, and how requests come and go.

use std::{
    cmp::Reverse,
    collections::BTreeMap,
    sync::{Arc, atomic::AtomicBool},
};

use burn::tensor::Device;
use r1_core::{
    FinishReason,
    session::{Event, Load, Refused, Request, RequestId, SequenceId, Token},
};

use super::{
    EngineConfig, KvCache, Sampler,
    drafts::Drafter,
    pages::Pages,
    sequence::{Sequence, Settings},
};
use crate::{causal_lm::CacheSpec, kernels::cached_attention::PAGE};

/// What the engine has to know of token ids.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    /// Ids that end every completion.
    pub stop_ids: Vec<u32>,
    /// Ids that are never drawn; log-probabilities are those of the whole vocabulary all the same.
    pub forbidden: Vec<u32>,
}

/// Requests that are being answered, and the cache.
///
/// The weights are not its own: [`step`](Engine::step) is given the model each time. When they have changed,
/// [`forget`](Engine::forget) what was computed with those before.
///
/// ```
/// use burn::tensor::Device;
/// use r1_core::{Key, Sampling, session::{Event, Request}};
/// use r1_model::{Architecture, CausalLm, Engine, EngineConfig, ModelConfig, Transformer, engine::Vocabulary};
///
/// let config = serde_json::json!({
///     "model_type": "llama", "vocab_size": 50, "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2,
///     "num_attention_heads": 2, "max_position_embeddings": 128, "rms_norm_eps": 1e-5,
/// });
/// let config = ModelConfig::parse(config.as_object().cloned().unwrap_or_default(), "config.json".as_ref())?;
/// let model = Transformer::random(&config, 1, &Device::flex());
/// let mut engine = Engine::new(&model.cache_spec(), Vocabulary::default(), EngineConfig::default(), &Device::flex());
/// let sampling = Sampling::default().with_max_tokens(3);
/// let request = engine.add(Request::new(vec![5, 6, 7], Key::new(1)).with_sampling(sampling))?;
/// let mut ids = Vec::new();
/// while engine.is_busy() {
///     for event in engine.step(&model) {
///         if let Event::Token { sequence, token } = event {
///             assert_eq!(sequence.request, request);
///             ids.push(token.id);
///         }
///     }
/// }
/// assert_eq!(ids.len(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Engine {
    pub(super) config: EngineConfig,
    pub(super) spec: CacheSpec,
    pub(super) device: Device,
    pub(super) cache: KvCache,
    pub(super) pages: Pages,
    /// Sequences in the order in which they go first.
    pub(super) waiting: BTreeMap<Order, Sequence>,
    pub(super) running: BTreeMap<Order, Sequence>,
    /// What happened since the last step.
    pub(super) events: Vec<Event>,
    pub(super) reused_tokens: u64,
    pub(super) preemptions: u64,
    stop_ids: Vec<u32>,
    pub(super) forbidden: Arc<[u32]>,
    next: u64,
}

/// Who goes first: a higher priority, then who came first.
pub(super) type Order = (Reverse<i32>, u64, usize);

impl Engine {
    /// An engine with nothing to do, for models with this cache.
    pub fn new(spec: &CacheSpec, vocabulary: Vocabulary, config: EngineConfig, device: &Device) -> Self {
        Self::with_pages(spec, vocabulary, config, config.allowed_pages(spec), device)
    }

    pub(super) fn with_pages(
        spec: &CacheSpec,
        vocabulary: Vocabulary,
        config: EngineConfig,
        pages: usize,
        device: &Device,
    ) -> Self {
        Self {
            config,
            spec: spec.clone(),
            device: device.clone(),
            cache: KvCache::new(spec, pages, device),
            pages: Pages::new(pages),
            waiting: BTreeMap::new(),
            running: BTreeMap::new(),
            events: Vec::new(),
            reused_tokens: 0,
            preemptions: 0,
            stop_ids: vocabulary.stop_ids,
            forbidden: vocabulary.forbidden.into(),
            next: 0,
        }
    }

    /// Takes a request; its sequences wait for their turn.
    ///
    /// # Errors
    /// [`Refused`] when a setting is out of range, the prompt is empty, has an id outside of the vocabulary or does not fit
    /// the context or the cache, or too many wait.
    pub fn add(&mut self, request: Request) -> Result<RequestId, Refused> {
        let Request { prompt, samples, key, sampling, top_logprobs, priority, constraint } = request;
        sampling.validate()?;
        let room = self.room();
        if prompt.is_empty() {
            return Err(Refused::EmptyPrompt);
        }
        if prompt.len() >= room {
            return Err(Refused::PromptTooLong { tokens: prompt.len(), room });
        }
        let vocab = self.spec.vocab;
        if let Some(id) = prompt.iter().find(|id| **id as usize >= vocab) {
            return Err(Refused::TokenId { id: *id, vocab });
        }
        let free = self.config.max_slots.saturating_sub(self.running.len());
        if self.waiting.len().saturating_add(samples) > self.config.max_waiting.saturating_add(free) {
            return Err(Refused::Full { waiting: self.waiting.len() });
        }
        let settings = Arc::new(Settings {
            sampler: Sampler::from(&sampling),
            max_tokens: sampling.max_tokens,
            room,
            stop_ids: self.stop_ids.iter().chain(&sampling.stop_ids).copied().collect(),
            forbidden: self.forbidden.clone(),
            top_logprobs,
            loop_guard: sampling.loop_guard,
            announced: AtomicBool::new(false),
        });
        let request = RequestId(self.next);
        self.next += 1;
        for sample in 0..samples {
            let sequence = Sequence {
                id: SequenceId { request, sample },
                settings: settings.clone(),
                key: key.for_sample(sample as u64),
                prompt: prompt.len(),
                ids: prompt.clone(),
                cached: 0,
                pages: Vec::new(),
                watch: sampling.loop_guard.map(|guard| guard.watch()),
                constraint: constraint.as_ref().map(|constraint| constraint.fork()),
                drafter: Drafter::default(),
                follows: false,
            };
            self.waiting.insert((Reverse(priority), request.0, sample), sequence);
        }
        Ok(request)
    }

    /// Whether anything is left to write, or to tell.
    pub fn is_busy(&self) -> bool {
        !(self.waiting.is_empty() && self.running.is_empty() && self.events.is_empty())
    }

    /// Most tokens of a sequence, those of its prompt included.
    pub fn room(&self) -> usize {
        self.spec.context.min(self.pages.count() * PAGE)
    }

    /// Keeps the first `written` tokens of a sequence and ends it; see [`Session::end`](r1_core::session::Session::end).
    pub fn end(&mut self, id: SequenceId, written: usize, finish: FinishReason) {
        if let Some((_, mut sequence)) = self.remove(id) {
            if written < sequence.written() {
                sequence.rewind(written);
            }
            self.finish(sequence, finish);
        }
    }

    /// Keeps the first `written` tokens of a sequence and puts `ids` behind them; see
    /// [`Session::force`](r1_core::session::Session::force).
    pub fn force(&mut self, id: SequenceId, written: usize, ids: &[u32]) {
        let vocab = self.spec.vocab;
        let Some(sequence) = self.sequence(id) else { return };
        if written < sequence.written() {
            sequence.rewind(written);
        }
        let (mut events, mut finish) = (Vec::new(), None);
        for id in ids.iter().filter(|id| (**id as usize) < vocab) {
            if finish.is_some() {
                break;
            }
            finish = sequence.push_forced(*id);
            let token = Token { id: *id, logprob: 0.0, sampled_logprob: None, top: Vec::new(), forced: true };
            events.push(Event::Token { sequence: sequence.id, token });
        }
        self.events.append(&mut events);
        if let Some(finish) = finish
            && let Some((_, sequence)) = self.remove(id)
        {
            self.finish(sequence, finish);
        }
    }

    /// Ends every sequence of a request.
    pub fn cancel(&mut self, request: RequestId) {
        let of = |sequences: &BTreeMap<Order, Sequence>| -> Vec<SequenceId> {
            sequences.values().map(|sequence| sequence.id).filter(|id| id.request == request).collect()
        };
        for id in [of(&self.running), of(&self.waiting)].concat() {
            self.end(id, usize::MAX, FinishReason::Cancelled);
        }
    }

    /// What it is busy with.
    pub fn load(&self) -> Load {
        Load {
            running: self.running.len(),
            waiting: self.waiting.len(),
            used_tokens: self.pages.held() * PAGE,
            kept_tokens: self.pages.kept() * PAGE,
            capacity_tokens: self.pages.count() * PAGE,
            reused_tokens: self.reused_tokens,
            preemptions: self.preemptions,
        }
    }

    /// Forgets all that was computed with weights that have changed. What is being written goes on with the new ones, its
    /// tokens as they are.
    pub fn forget(&mut self) {
        for sequence in self.running.values_mut() {
            sequence.pages.clear();
            sequence.cached = 0;
            sequence.follows = false;
        }
        self.pages = Pages::new(self.pages.count());
    }

    fn sequence(&mut self, id: SequenceId) -> Option<&mut Sequence> {
        self.running.values_mut().chain(self.waiting.values_mut()).find(|sequence| sequence.id == id)
    }

    fn remove(&mut self, id: SequenceId) -> Option<(Order, Sequence)> {
        let order = |sequences: &BTreeMap<Order, Sequence>| {
            sequences.iter().find(|(_, sequence)| sequence.id == id).map(|(order, _)| *order)
        };
        if let Some(order) = order(&self.running) {
            return self.running.remove_entry(&order);
        }
        let order = order(&self.waiting)?;
        self.waiting.remove_entry(&order)
    }

    /// Tells of a sequence's end and lets go of its pages; those that are full stay for others.
    pub(super) fn finish(&mut self, mut sequence: Sequence, finish: FinishReason) {
        self.release(&mut sequence);
        self.events.push(Event::Finished { sequence: sequence.id, finish });
    }

    /// Lets go of a sequence's pages, and keeps what they hold for prompts that begin alike.
    pub(super) fn release(&mut self, sequence: &mut Sequence) {
        self.pages.keep(&sequence.ids[..sequence.cached], &sequence.pages);
        // The last first, so that the beginning, which more can use, is given away last.
        sequence.pages.drain(..).rev().for_each(|page| self.pages.release(page));
        sequence.cached = 0;
        sequence.follows = false;
    }
}
