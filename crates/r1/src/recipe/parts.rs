//! Which parts of a recipe a method reads.

use super::{
    Method::{Grpo, LabelSteps, Reject, RewardModel, Sft},
    Recipe, RecipeError,
};

impl Recipe {
    /// Refuses parts that the method does not read, which would otherwise change nothing and say nothing.
    pub(super) fn check_parts(&self) -> Result<(), RecipeError> {
        let parts = [
            ("updates", self.updates.is_some(), [Grpo].as_slice()),
            ("grpo", !self.grpo.is_empty(), &[Grpo]),
            ("reward", !self.reward.is_empty(), &[Grpo, Reject, LabelSteps]),
            ("sft", !self.sft.is_empty(), &[Sft]),
            ("reject", !self.reject.is_empty(), &[Reject]),
            ("label_steps", !self.label_steps.is_empty(), &[LabelSteps]),
            ("reward_model", !self.reward_model.is_empty(), &[RewardModel]),
            ("held_out", self.held_out.is_some(), &[Sft, RewardModel]),
            ("evaluation", self.evaluation.is_some(), &[Grpo, Sft]),
            ("model.lora", self.model.lora.is_some(), &[Grpo, Sft]),
        ];
        match parts.iter().find(|(_, is_there, methods)| *is_there && !methods.contains(&self.method)) {
            Some((table, ..)) => {
                Err(RecipeError::Setting { table, reason: "has no meaning for this method".into() })
            }
            None => Ok(()),
        }
    }
}
