//! The trainer.

use r1_core::{Trace, TraceSource};
use r1_model::{CausalLm, LanguageModel, Transformer};
use r1_train::Learner;

use crate::{
    DistillError, EncodedTrace, SftConfig, SftReport, encode_trace,
    gradient::{mean_loss, sft_pass},
};

/// Teaches a language model to write given completions. The caller owns the loop: each [`step`](Self::step) is one
/// optimizer update.
///
/// # Examples
/// A model of random weights learns one answer by heart:
/// ```
/// use burn::tensor::Device;
/// use r1_core::{Content, Cursor, Trace};
/// use r1_data::tokenizer::Tokenizer;
/// use r1_distill::{SftConfig, SftTrainer};
/// use r1_model::{LanguageModel, ModelConfig};
///
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path();
/// Tokenizer::characters("0123456789+=", &["<|end|>"], folder)?;
/// let architecture = serde_json::json!({
///     "model_type": "llama", "vocab_size": 14, "hidden_size": 32, "intermediate_size": 64,
///     "num_hidden_layers": 2, "num_attention_heads": 4, "max_position_embeddings": 64, "rms_norm_eps": 1e-5,
///     "rope_theta": 10000.0, "tie_word_embeddings": true, "hidden_act": "silu", "eos_token_id": 1,
/// });
/// let architecture = architecture.as_object().cloned().unwrap_or_default();
/// let architecture = ModelConfig::parse(architecture, &folder.join("config.json"))?;
/// // A checkpoint comes from `LanguageModel::load(folder, &r1_model::device()?)`.
/// let student = LanguageModel::random(architecture, folder, 1, &Device::flex())?;
///
/// let traces = vec![Trace::new("sum", Content::Text("2+2=".into()), "4")];
/// let config = SftConfig::r1(1).with_batch_size(1).with_epochs(30).with_learning_rate(1e-2);
/// let mut trainer = SftTrainer::new(config, student)?;
/// let mut source = Cursor::new(traces.clone(), 0)?;
/// while trainer.updates() < trainer.config().updates() {
///     trainer.step(&mut source)?;
/// }
/// assert!(trainer.evaluate(&traces)? < 0.1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SftTrainer<M: CausalLm = Transformer> {
    pub(crate) config: SftConfig,
    pub(crate) learner: Learner<M>,
    pub(crate) tokens: u64,
}

impl<M: CausalLm> SftTrainer<M> {
    /// A trainer that has made no update.
    ///
    /// # Errors
    /// When a setting is out of range, see [`SftConfig::validate`], or the model has no end token
    /// ([`DistillError::NoEnd`]).
    pub fn new(config: SftConfig, model: LanguageModel<M>) -> Result<Self, DistillError> {
        config.validate()?;
        if model.stop_ids.is_empty() {
            return Err(DistillError::NoEnd);
        }
        Ok(Self { learner: Learner::new(model, config.optimizer), config, tokens: 0 })
    }

    /// Makes one optimizer update on the next [`SftConfig::batch_size`] traces.
    ///
    /// # Errors
    /// Errors of the source; [`DistillError::Encode`], [`DistillError::TooLong`] and [`DistillError::NothingToTrain`] with
    /// the trace; [`DistillError::NotFinite`] when the loss or its gradient is. No weight has then changed, and the
    /// source stands where it stood.
    pub fn step(&mut self, source: &mut (impl TraceSource + ?Sized)) -> Result<SftReport, DistillError> {
        let start = source.position();
        let report = self.update_on_next(source);
        if report.is_err() {
            source.seek(start)?;
        }
        report
    }

    fn update_on_next(
        &mut self,
        source: &mut (impl TraceSource + ?Sized),
    ) -> Result<SftReport, DistillError> {
        let traces: Result<Vec<EncodedTrace>, DistillError> =
            (0..self.config.batch_size).map(|_| self.encode(&source.next()?)).collect();
        let traces = traces?;
        let (config, update) = (&self.config, self.updates() + 1);
        let not_finite = |what| {
            let traces = traces.iter().map(|trace| trace.id().to_owned()).collect();
            DistillError::NotFinite { update, what, traces }
        };
        let pass = sft_pass(self.model().working(), &traces, config.tokens_per_micro_batch, config.recompute);
        if !pass.loss.is_finite() {
            return Err(not_finite("loss"));
        }
        let learning_rate = config.learning_rate * config.schedule().factor(self.updates());
        let grad_norm = self.learner.update(pass.gradients, learning_rate);
        if !grad_norm.is_finite() {
            return Err(not_finite("gradient"));
        }
        self.tokens += pass.tokens as u64;
        Ok(SftReport {
            step: update,
            loss: pass.loss,
            grad_norm,
            learning_rate,
            epoch: source.position() as f64 / self.config.traces.max(1) as f64,
            tokens: pass.tokens as u64,
            num_tokens: self.tokens,
        })
    }

    /// The tokens of a trace, if it can be learnt: what [`step`](Self::step) would say of it.
    ///
    /// # Errors
    /// Those of [`encode_trace`], and [`DistillError::TooLong`].
    pub fn encode(&self, trace: &Trace) -> Result<EncodedTrace, DistillError> {
        let encoded = encode_trace(self.model(), trace)?;
        let (tokens, limit) = (encoded.ids().len(), self.config.max_tokens.min(self.model().config.context));
        if tokens > limit {
            return Err(DistillError::TooLong { trace: trace.id.clone(), tokens, limit });
        }
        Ok(encoded)
    }

    /// The evaluation loss: the mean negative log-likelihood of the completion tokens of traces that are held out, in
    /// nats a token. Nothing changes.
    ///
    /// # Errors
    /// [`DistillError::Empty`] without a trace, and those of [`encode`](Self::encode).
    pub fn evaluate(&self, traces: &[Trace]) -> Result<f64, DistillError> {
        if traces.is_empty() {
            return Err(DistillError::Empty);
        }
        let encoded: Result<Vec<_>, _> = traces.iter().map(|trace| self.encode(trace)).collect();
        Ok(mean_loss(self.model().working(), &encoded?, self.config.tokens_per_micro_batch))
    }

    /// The model that is trained.
    pub fn model(&self) -> &LanguageModel<M> {
        self.learner.model()
    }

    /// The model that is trained, to generate with.
    pub fn model_mut(&mut self) -> &mut LanguageModel<M> {
        self.learner.model_mut()
    }

    /// Ends training and gives the model back.
    pub fn into_model(self) -> LanguageModel<M> {
        self.learner.into_model()
    }

    /// How many updates were made.
    pub fn updates(&self) -> u64 {
        self.learner.updates()
    }

    /// The settings.
    pub fn config(&self) -> &SftConfig {
        &self.config
    }
}
