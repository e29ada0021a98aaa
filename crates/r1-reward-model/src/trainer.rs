//! The trainer.

use r1_core::Cursor;
use r1_data::dataset::RewardRow;
use r1_model::{CausalLm, LanguageModel, Transformer};
use r1_train::Learner;

use crate::{
    RewardModel, RewardModelConfig, RewardModelError, RewardModelEvaluation, RewardModelReport,
    encode::{EncodedRow, Encoder},
    gradient::{judge, reward_pass},
};

/// Teaches a reward model to judge as given rows do. The caller owns the loop: each [`step`](Self::step) is one optimizer
/// update. Pairs and labelled responses may stand in one data set; each row weighs the same.
///
/// # Examples
/// A model of random weights learns which of two numbers is the right one:
/// ```
/// use burn::tensor::Device;
/// use r1_core::{Content, Cursor};
/// use r1_data::{dataset::{PreferenceRow, RewardRow}, tokenizer::Tokenizer};
/// use r1_model::{ModelConfig, Transformer};
/// use r1_reward_model::{RewardModel, RewardModelConfig, RewardModelTrainer};
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
/// // A checkpoint comes from `RewardModel::open(folder, seed, &r1_model::device()?)`.
/// let model = RewardModel::<Transformer>::random(architecture, folder, 1, &Device::flex())?;
///
/// let pair = |prompt: &str, chosen: &str, rejected: &str| {
///     RewardRow::Pair(PreferenceRow {
///         id: prompt.into(), prompt: Content::Text(prompt.into()), chosen: chosen.into(), rejected: rejected.into(),
///         margin: None,
///     })
/// };
/// let rows = vec![pair("2+2=", "4", "5"), pair("1+2=", "3", "4")];
/// let config = RewardModelConfig::helpful(2).with_batch_size(2).with_epochs(30).with_learning_rate(1e-2);
/// let mut trainer = RewardModelTrainer::new(config, model)?;
/// let mut source = Cursor::new(rows.clone(), 0)?;
/// while trainer.updates() < trainer.config().updates() {
///     trainer.step(&mut source)?;
/// }
/// let evaluation = trainer.evaluate(&rows)?;
/// assert!(evaluation.accuracy == 1.0 && evaluation.loss < 0.1, "{evaluation:?}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct RewardModelTrainer<M: CausalLm = Transformer> {
    pub(crate) config: RewardModelConfig,
    pub(crate) learner: Learner<RewardModel<M>>,
    pub(crate) tokens: u64,
}

impl<M: CausalLm> RewardModelTrainer<M> {
    /// A trainer that has made no update.
    ///
    /// # Errors
    /// When a setting is out of range, see [`RewardModelConfig::validate`].
    pub fn new(
        config: RewardModelConfig,
        model: LanguageModel<RewardModel<M>>,
    ) -> Result<Self, RewardModelError> {
        config.validate()?;
        Ok(Self { learner: Learner::new(model, config.optimizer), config, tokens: 0 })
    }

    /// Makes one optimizer update on the next [`RewardModelConfig::batch_size`] rows.
    ///
    /// # Errors
    /// Those of [`check`](Self::check), and [`RewardModelError::NotFinite`] when the loss or its gradient is. No weight
    /// has then changed, and the source stands where it stood.
    pub fn step(&mut self, source: &mut Cursor<RewardRow>) -> Result<RewardModelReport, RewardModelError> {
        let start = source.position();
        let report = self.update_on_next(source);
        if report.is_err() {
            source.go_to(start);
        }
        report
    }

    fn update_on_next(
        &mut self,
        source: &mut Cursor<RewardRow>,
    ) -> Result<RewardModelReport, RewardModelError> {
        let rows: Result<Vec<EncodedRow>, RewardModelError> =
            (0..self.config.batch_size).map(|_| self.encode(&source.take())).collect();
        let rows = rows?;
        let (config, update) = (&self.config, self.updates() + 1);
        let not_finite = |what| {
            let rows = rows.iter().map(|row| row.id.clone()).collect();
            RewardModelError::NotFinite { update, what, rows }
        };
        let pass =
            reward_pass(self.model().working(), &rows, config.tokens_per_micro_batch, config.recompute);
        if !pass.tally.loss.is_finite() {
            return Err(not_finite("loss"));
        }
        let learning_rate = config.learning_rate * config.schedule().factor(self.updates());
        let grad_norm = self.learner.update(pass.gradients, learning_rate);
        if !grad_norm.is_finite() {
            return Err(not_finite("gradient"));
        }
        let tally = pass.tally;
        self.tokens += tally.tokens as u64;
        Ok(RewardModelReport {
            step: update,
            loss: tally.loss,
            accuracy: tally.accuracy(),
            margin: tally.mean_difference(),
            mean_score: tally.mean_score(),
            grad_norm,
            learning_rate,
            epoch: source.position() as f64 / self.config.rows.max(1) as f64,
            tokens: tally.tokens as u64,
            num_tokens: self.tokens,
        })
    }

    /// The number of tokens of a row, each prompt counted once, if it can be learnt: what [`step`](Self::step) would say
    /// of it.
    ///
    /// # Errors
    /// [`RewardModelError::Encode`], [`RewardModelError::NoPrompt`], [`RewardModelError::NothingToJudge`],
    /// [`RewardModelError::NoMargin`] and [`RewardModelError::TooLong`] with the row.
    pub fn check(&self, row: &RewardRow) -> Result<usize, RewardModelError> {
        Ok(self.encode(row)?.texts.tokens())
    }

    fn encode(&self, row: &RewardRow) -> Result<EncodedRow, RewardModelError> {
        let encoder = Encoder { model: self.model(), scope: self.config.scope };
        let encoded = encoder.row(row, self.config.row_margins)?;
        let tokens = encoded.texts.longest();
        let limit = self.config.max_tokens.min(self.model().config.context);
        if tokens > limit {
            return Err(RewardModelError::TooLong { row: encoded.id, tokens, limit });
        }
        Ok(encoded)
    }

    /// How rows that are held out are judged. Nothing changes.
    ///
    /// # Errors
    /// [`RewardModelError::Empty`] without a row, and those of [`check`](Self::check).
    pub fn evaluate(&self, rows: &[RewardRow]) -> Result<RewardModelEvaluation, RewardModelError> {
        if rows.is_empty() {
            return Err(RewardModelError::Empty);
        }
        let encoded: Result<Vec<_>, _> = rows.iter().map(|row| self.encode(row)).collect();
        Ok(judge(self.model().working(), &encoded?, self.config.tokens_per_micro_batch).into())
    }

    /// The model that is trained.
    pub fn model(&self) -> &LanguageModel<RewardModel<M>> {
        self.learner.model()
    }

    /// Ends training and gives the model back.
    pub fn into_model(self) -> LanguageModel<RewardModel<M>> {
        self.learner.into_model()
    }

    /// How many updates were made.
    pub fn updates(&self) -> u64 {
        self.learner.updates()
    }

    /// The settings.
    pub fn config(&self) -> &RewardModelConfig {
        &self.config
    }
}
