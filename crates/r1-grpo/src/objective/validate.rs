//! Ranges of the settings of an objective.

use crate::{Correction, GrpoError, Objective, Reduction, Surrogate};

impl Objective {
    /// Checks that every number lies in its range.
    ///
    /// # Errors
    /// [`GrpoError::Setting`] names the first setting that does not.
    ///
    /// # Examples
    /// ```
    /// # use r1_grpo::{Objective, Surrogate};
    /// let mut objective = Objective::r1();
    /// assert!(objective.validate().is_ok());
    /// objective.surrogate = Surrogate::clip(-0.2);
    /// let error = objective.validate().unwrap_err().to_string();
    /// assert_eq!(error, "setting `epsilon_low` is -0.2; it must be 0 or more");
    /// ```
    pub fn validate(&self) -> Result<(), GrpoError> {
        self.surrogate.validate()?;
        self.reduction.validate()?;
        not_negative("kl.coef", self.kl.coef)?;
        if let Some(threshold) = self.off_policy_threshold {
            check("off_policy_threshold", threshold, threshold.is_finite(), "a finite number")?;
        }
        let in_unit = self.top_entropy > 0.0 && self.top_entropy <= 1.0;
        check("top_entropy", self.top_entropy, in_unit, "above 0 and at most 1")?;
        not_negative("entropy_coef", self.entropy_coef)?;
        self.correction.as_ref().map_or(Ok(()), Correction::validate)
    }
}

impl Surrogate {
    fn validate(&self) -> Result<(), GrpoError> {
        match self {
            Self::Clip(clip) => {
                not_negative("epsilon_low", clip.epsilon_low)?;
                not_negative("epsilon_high", clip.epsilon_high)?;
                clip.ratio_cap.map_or(Ok(()), |cap| positive("ratio_cap", cap))?;
                clip.dual_clip.map_or(Ok(()), |bound| check("dual_clip", bound, bound > 1.0, "above 1"))
            }
            Self::Cispo(cispo) => {
                positive("ratio_cap", cispo.ratio_cap)?;
                let floor = cispo.ratio_floor.unwrap_or(0.0);
                check("ratio_floor", floor, (0.0..=cispo.ratio_cap).contains(&floor), "from 0 to ratio_cap")
            }
            Self::Sapo(sapo) => {
                positive("temperature_positive", sapo.temperature_positive)?;
                positive("temperature_negative", sapo.temperature_negative)
            }
            Self::Vespo(vespo) => [vespo.positive, vespo.negative].into_iter().try_for_each(|gamma| {
                positive("k", gamma.k)?;
                positive("lambda", gamma.lambda)
            }),
            Self::Reinforce => Ok(()),
        }
    }
}

impl Reduction {
    fn validate(&self) -> Result<(), GrpoError> {
        match *self {
            Self::Constant { max_tokens } => positive("max_tokens", max_tokens as f32),
            _ => Ok(()),
        }
    }
}

impl Correction {
    fn validate(&self) -> Result<(), GrpoError> {
        positive("correction.max", self.max)?;
        let min = self.min.unwrap_or(0.0);
        check("correction.min", min, (0.0..=self.max).contains(&min), "from 0 to correction.max")
    }
}

fn not_negative(setting: &'static str, value: f32) -> Result<(), GrpoError> {
    check(setting, value, value >= 0.0 && value.is_finite(), "0 or more")
}

fn positive(setting: &'static str, value: f32) -> Result<(), GrpoError> {
    check(setting, value, value > 0.0 && value.is_finite(), "above 0")
}

fn check(setting: &'static str, value: f32, holds: bool, expected: &'static str) -> Result<(), GrpoError> {
    if holds { Ok(()) } else { Err(GrpoError::Setting { setting, value, expected }) }
}
