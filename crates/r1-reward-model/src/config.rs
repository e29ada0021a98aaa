//! Everything that is chosen before training starts.

use r1_train::{AdamWConfig, Recompute, Schedule};
use serde::{Deserialize, Serialize};

use crate::{RewardModelError, Scope};

/// Settings of a [`RewardModelTrainer`](crate::RewardModelTrainer).
///
/// The learning rate grows for `warmup` updates and then falls along half a cosine wave to `final_share` of itself,
/// which it reaches at the last of [`updates`](Self::updates). In a file, fields that are left out have the values of
/// [`RewardModelConfig::helpful`] with no row, and unknown fields are refused.
///
/// # Examples
/// ```
/// use r1_reward_model::{RewardModelConfig, Scope};
///
/// let config = RewardModelConfig::helpful(66_000);
/// assert_eq!((config.batch_size, config.learning_rate, config.updates()), (256, 6e-6, 258));
/// assert_eq!(RewardModelConfig::safe(106_000).scope, Scope::Response);
/// let error = config.with_batch_size(0).validate().unwrap_err().to_string();
/// assert_eq!(error, "setting `batch_size` is 0; it must be 1 or more");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RewardModelConfig {
    /// Rows of the data set; with `epochs` and `batch_size` they say how many updates there will be.
    pub rows: u64,
    /// How often each row is learnt.
    pub epochs: u64,
    /// Rows of one update.
    pub batch_size: usize,
    /// Greatest learning rate.
    pub learning_rate: f64,
    /// Updates over which the rate grows linearly from zero.
    pub warmup: u64,
    /// Share of the rate that is left at the end.
    pub final_share: f64,
    /// Constants of AdamW.
    pub optimizer: AdamWConfig,
    /// What part of responses is judged.
    pub scope: Scope,
    /// Whether a chosen response is to be scored higher by its row's margin at least.
    pub row_margins: bool,
    /// Most tokens of a prompt and a response with its end; the model's context is a limit, too. A longer row is an
    /// error.
    pub max_tokens: usize,
    /// Most tokens in one forward and backward pass (a longer row goes alone). It bounds memory, and does not change the
    /// result.
    pub tokens_per_micro_batch: usize,
    /// What the backward pass computes a second time to save memory. It does not change the result.
    pub recompute: Recompute,
}

impl Default for RewardModelConfig {
    fn default() -> Self {
        Self::helpful(0)
    }
}

impl RewardModelConfig {
    /// DeepSeek-R1's model of helpfulness, for so many pairs.
    ///
    /// | setting | value | source |
    /// |---|---|---|
    /// | rows an update | 256 | arXiv:2501.12948v2, section 3.1 |
    /// | learning rate | 6e-6 | the same |
    /// | epochs | 1 | the same |
    /// | tokens a response | 8,192 | the same |
    /// | judged | the final summary | the same |
    /// | schedule | constant, no warm-up | inferred: not stated |
    /// | AdamW, gradient clip | 0.9, 0.999, 1e-8, no decay; 1 | inferred: not stated |
    pub fn helpful(rows: u64) -> Self {
        Self {
            rows,
            epochs: 1,
            batch_size: 256,
            learning_rate: 6e-6,
            warmup: 0,
            final_share: 1.0,
            optimizer: AdamWConfig::default(),
            scope: Scope::Summary,
            row_margins: false,
            max_tokens: 8192,
            tokens_per_micro_batch: 4096,
            recompute: Recompute::Nothing,
        }
    }

    /// DeepSeek-R1's model of safety, for so many labelled responses: as [`helpful`](Self::helpful), with whole responses
    /// judged.
    ///
    /// # Source
    /// DeepSeek-R1 (arXiv:2501.12948v2), section 3.1.
    pub fn safe(rows: u64) -> Self {
        Self { scope: Scope::Response, ..Self::helpful(rows) }
    }

    /// Updates of the whole run: `⌈rows · epochs / batch_size⌉`.
    pub fn updates(&self) -> u64 {
        self.rows.saturating_mul(self.epochs).div_ceil(self.batch_size.max(1) as u64)
    }

    /// The schedule of the learning rate.
    pub fn schedule(&self) -> Schedule {
        Schedule::Cosine {
            warmup: self.warmup,
            // The last update, counted from 0, has the final rate.
            total: self.updates().saturating_sub(1),
            floor: self.final_share,
        }
    }

    /// The same with another number of epochs.
    pub fn with_epochs(self, epochs: u64) -> Self {
        Self { epochs, ..self }
    }

    /// The same with another number of rows in an update.
    pub fn with_batch_size(self, batch_size: usize) -> Self {
        Self { batch_size, ..self }
    }

    /// The same with another greatest learning rate.
    pub fn with_learning_rate(self, learning_rate: f64) -> Self {
        Self { learning_rate, ..self }
    }

    /// The same with another number of updates over which the rate grows.
    pub fn with_warmup(self, warmup: u64) -> Self {
        Self { warmup, ..self }
    }

    /// The same with another share of the rate at the end.
    pub fn with_final_share(self, final_share: f64) -> Self {
        Self { final_share, ..self }
    }

    /// The same with another part of responses judged.
    pub fn with_scope(self, scope: Scope) -> Self {
        Self { scope, ..self }
    }

    /// The same with the margins of rows in the loss, or without.
    pub fn with_row_margins(self, row_margins: bool) -> Self {
        Self { row_margins, ..self }
    }

    /// The same with another limit of tokens.
    pub fn with_max_tokens(self, max_tokens: usize) -> Self {
        Self { max_tokens, ..self }
    }

    /// Checks every setting.
    ///
    /// # Errors
    /// [`RewardModelError::Setting`] names the first setting out of range.
    pub fn validate(&self) -> Result<(), RewardModelError> {
        let check = |setting, value: f64, holds: bool, expected| {
            if holds { Ok(()) } else { Err(RewardModelError::Setting { setting, value, expected }) }
        };
        let count = |setting, value: u64| check(setting, value as f64, value > 0, "1 or more");
        let decay =
            |setting, value: f64| check(setting, value, (0.0..1.0).contains(&value), "from 0 to below 1");
        let positive =
            |setting, value: f64| check(setting, value, value > 0.0 && value.is_finite(), "above 0");
        let not_negative =
            |setting, value: f64| check(setting, value, value >= 0.0 && value.is_finite(), "0 or more");
        count("batch_size", self.batch_size as u64)?;
        count("epochs", self.epochs)?;
        count("max_tokens", self.max_tokens as u64)?;
        count("tokens_per_micro_batch", self.tokens_per_micro_batch as u64)?;
        not_negative("learning_rate", self.learning_rate)?;
        check("final_share", self.final_share, (0.0..=1.0).contains(&self.final_share), "from 0 to 1")?;
        decay("optimizer.beta1", self.optimizer.beta1)?;
        decay("optimizer.beta2", self.optimizer.beta2)?;
        positive("optimizer.epsilon", self.optimizer.epsilon)?;
        not_negative("optimizer.weight_decay", self.optimizer.weight_decay)?;
        positive("optimizer.max_grad_norm", self.optimizer.max_grad_norm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_of_the_paper_stays() {
        let schedule = RewardModelConfig::helpful(1024).schedule();
        assert!((0..9).all(|update| schedule.factor(update) == 1.0));
    }

    #[test]
    fn settings_out_of_range_are_named() {
        let refusal = |config: RewardModelConfig| config.validate().unwrap_err().to_string();
        let good = RewardModelConfig::helpful(10);
        assert!(good.validate().is_ok());
        assert_eq!(refusal(good.clone().with_epochs(0)), "setting `epochs` is 0; it must be 1 or more");
        assert_eq!(
            refusal(good.with_final_share(1.5)),
            "setting `final_share` is 1.5; it must be from 0 to 1"
        );
        let unknown =
            serde_json::from_str::<RewardModelConfig>(r#"{"batchsize": 3}"#).unwrap_err().to_string();
        assert!(unknown.starts_with("unknown field `batchsize`"), "{unknown}");
    }
}
