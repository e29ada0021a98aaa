//! Everything that is chosen before fine-tuning starts.

use r1_train::{AdamWConfig, Recompute, Schedule};
use serde::{Deserialize, Serialize};

use crate::DistillError;

/// Settings of an [`SftTrainer`](crate::SftTrainer).
///
/// The learning rate grows for `warmup` updates and then falls along half a cosine wave to `final_share` of itself,
/// which it reaches at the last of [`updates`](Self::updates). In a file, fields that are left out have the values of
/// [`SftConfig::r1`] with no trace, and unknown fields are refused.
///
/// # Examples
/// ```
/// use r1_distill::{SftConfig, Student};
///
/// let config = SftConfig::distill(Student::Qwen7b, 800_000);
/// assert_eq!((config.batch_size, config.learning_rate, config.updates()), (64, 8e-5, 25_000));
/// let error = config.with_batch_size(0).validate().unwrap_err().to_string();
/// assert_eq!(error, "setting `batch_size` is 0; it must be 1 or more");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SftConfig {
    /// Traces of the data set; with `epochs` and `batch_size` they say how many updates there will be.
    pub traces: u64,
    /// How often each trace is learnt.
    pub epochs: u64,
    /// Traces of one update.
    pub batch_size: usize,
    /// Greatest learning rate.
    pub learning_rate: f64,
    /// Updates over which the rate grows linearly from zero.
    pub warmup: u64,
    /// Share of the rate that is left at the end.
    pub final_share: f64,
    /// Constants of AdamW.
    pub optimizer: AdamWConfig,
    /// Most tokens of a trace, prompt and end included; the model's context is a limit, too. A longer trace is an
    /// error.
    pub max_tokens: usize,
    /// Most tokens in one forward and backward pass (a longer trace goes alone). It bounds memory, and does not change
    /// the result.
    pub tokens_per_micro_batch: usize,
    /// What the backward pass computes a second time to save memory. It does not change the result.
    pub recompute: Recompute,
}

impl Default for SftConfig {
    fn default() -> Self {
        Self::r1(0)
    }
}

impl SftConfig {
    /// Updates of the whole run: `⌈traces · epochs / batch_size⌉`.
    pub fn updates(&self) -> u64 {
        (self.traces * self.epochs).div_ceil(self.batch_size.max(1) as u64)
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

    /// The same with another number of traces in an update.
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

    /// The same with other constants of AdamW.
    pub fn with_optimizer(self, optimizer: AdamWConfig) -> Self {
        Self { optimizer, ..self }
    }

    /// The same with another limit of tokens for a trace.
    pub fn with_max_tokens(self, max_tokens: usize) -> Self {
        Self { max_tokens, ..self }
    }

    /// The same with another bound on the tokens of one pass.
    pub fn with_tokens_per_micro_batch(self, tokens_per_micro_batch: usize) -> Self {
        Self { tokens_per_micro_batch, ..self }
    }

    /// The same with another choice of what the backward pass computes again.
    pub fn with_recompute(self, recompute: Recompute) -> Self {
        Self { recompute, ..self }
    }

    /// Checks every setting.
    ///
    /// # Errors
    /// [`DistillError::Setting`] names the first setting out of range.
    pub fn validate(&self) -> Result<(), DistillError> {
        let check = |setting, value: f64, holds: bool, expected| {
            if holds { Ok(()) } else { Err(DistillError::Setting { setting, value, expected }) }
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
    fn the_rate_falls_to_its_share_at_the_last_update() {
        let config = SftConfig::r1(100).with_batch_size(8).with_epochs(2).with_warmup(2);
        assert_eq!(config.updates(), 25);
        let schedule = config.schedule();
        assert_eq!((schedule.factor(0), schedule.factor(1), schedule.factor(2)), (0.5, 1.0, 1.0));
        assert!(schedule.factor(23) > 0.1 + 1e-6);
        assert!((schedule.factor(24) - 0.1).abs() < 1e-12);
    }

    #[test]
    fn settings_out_of_range_are_named() {
        let refusal = |config: SftConfig| config.validate().unwrap_err().to_string();
        let good = SftConfig::r1(10);
        assert!(good.validate().is_ok());
        assert_eq!(refusal(good.clone().with_epochs(0)), "setting `epochs` is 0; it must be 1 or more");
        assert_eq!(
            refusal(good.clone().with_learning_rate(f64::NAN)),
            "setting `learning_rate` is NaN; it must be 0 or more"
        );
        assert_eq!(
            refusal(good.with_final_share(1.5)),
            "setting `final_share` is 1.5; it must be from 0 to 1"
        );
        let unknown = serde_json::from_str::<SftConfig>(r#"{"batchsize": 3}"#).unwrap_err().to_string();
        assert!(unknown.starts_with("unknown field `batchsize`"), "{unknown}");
    }
}
