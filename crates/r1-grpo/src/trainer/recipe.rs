//! Published recipes: all settings of a paper. The loss alone is a preset of [`Objective`].

use std::path::PathBuf;

use r1_core::{Sampling, template::PromptTemplate};
use r1_train::{AdamWConfig, Recompute, Schedule};

use super::config::{LongPrompts, Stale};
use crate::{AdvantageConfig, GrpoConfig, LengthStep, Objective};

impl GrpoConfig {
    /// DeepSeek-R1-Zero.
    ///
    /// | setting | value | source |
    /// |---|---|---|
    /// | completions a problem | 16 | arXiv:2501.12948v2, section 2.1 |
    /// | problems an update | 32 | the same |
    /// | mini-batches a rollout, epochs | 16 (8,192 completions), 1 | the same |
    /// | learning rate | 3e-6 | the same |
    /// | divergence | `k3`, 0.001 | the same |
    /// | reference | every 400 updates | the same |
    /// | temperature | 1 | the same |
    /// | tokens a completion | 32,768 (65,536 after update 8,200) | the same |
    /// | clip | 10 | inferred: stated for R1's first stage only (section 3.2.1) |
    /// | schedule | constant, no warm-up | inferred: not stated |
    /// | AdamW, gradient clip | 0.9, 0.999, 1e-8, no decay; 1 | inferred: not stated |
    /// | deviation, its epsilon | sample, 1e-4 | inferred: not stated; TRL's |
    pub fn r1_zero() -> Self {
        Self {
            group_size: 16,
            prompts_per_step: 32,
            mini_batches_per_rollout: 16,
            inner_epochs: 1,
            learning_rate: 3e-6,
            schedule: Schedule::Constant { warmup: 0 },
            optimizer: AdamWConfig::default(),
            objective: Objective::r1(),
            advantage: AdvantageConfig::default(),
            term_weights: None,
            refill_rounds: 0,
            adaptive_entropy: None,
            sampling: Sampling::default().with_max_tokens(32_768),
            rollout_weights: None,
            max_tokens_from: vec![LengthStep { after: 8_200, max_tokens: 65_536 }],
            template: PromptTemplate::R1Zero,
            reference_refresh: Some(400),
            mask_truncated: false,
            skip_zero_advantage: true,
            seed: 0,
            tokens_per_micro_batch: 2048,
            recompute: Recompute::Nothing,
            long_prompts: LongPrompts::Skip,
            max_staleness: None,
            stale: Stale::Refuse,
            pass_term: None,
            dump_dir: PathBuf::from("."),
        }
    }

    /// DeepSeek-R1, first stage of reinforcement learning: as [`r1_zero`](Self::r1_zero), the clip of 10 being
    /// stated (arXiv:2501.12948v2, section 3.2.1), on prompts in the model's chat template without instructions.
    ///
    /// The second stage samples at temperature 0.7 (section 3.2.2): `.with_temperature(0.7)`.
    pub fn r1() -> Self {
        Self {
            template: PromptTemplate::Chat { system: None },
            max_tokens_from: Vec::new(),
            ..Self::r1_zero()
        }
    }

    /// DAPO (arXiv:2503.14476): learning rate 1e-6 after a warm-up of 20 rollouts (320 updates), 512 problems a
    /// rollout in 16 updates, 16 completions, 20,480 tokens, truncated completions masked (its overlong filter),
    /// no divergence.
    ///
    /// Groups without signal are replaced (dynamic sampling) in up to 10 rounds; the paper has no bound (inferred). Its
    /// soft punishment of overlong completions is a reward. Template, AdamW and the epsilon of the deviation are those of `r1_zero` (inferred).
    pub fn dapo() -> Self {
        Self {
            learning_rate: 1e-6,
            schedule: Schedule::Constant { warmup: 320 },
            objective: Objective::dapo(),
            sampling: Sampling::default().with_max_tokens(20_480),
            max_tokens_from: Vec::new(),
            refill_rounds: 10,
            mask_truncated: true,
            reference_refresh: None,
            ..Self::r1_zero()
        }
    }

    /// Dr. GRPO (arXiv:2503.20783): learning rate 1e-6, 8 completions of 16 problems (128), one update a rollout,
    /// 3,000 tokens, temperature 1, clip 0.2, no divergence, no division by the deviation. Completions that were
    /// cut off must get reward 0. AdamW is that of `r1_zero` (inferred).
    pub fn dr_grpo() -> Self {
        Self {
            group_size: 8,
            prompts_per_step: 16,
            mini_batches_per_rollout: 1,
            learning_rate: 1e-6,
            objective: Objective::dr_grpo(3_000),
            advantage: AdvantageConfig::dr_grpo(),
            sampling: Sampling::default().with_max_tokens(3_000),
            max_tokens_from: Vec::new(),
            reference_refresh: None,
            ..Self::r1_zero()
        }
    }

    /// GSPO (arXiv:2507.18071): ratio of the completion with its narrow clip, 4 mini-batches a rollout, no
    /// divergence. All else is not stated and taken from `r1_zero` (inferred).
    pub fn gspo() -> Self {
        Self {
            mini_batches_per_rollout: 4,
            objective: Objective::gspo(),
            max_tokens_from: Vec::new(),
            reference_refresh: None,
            ..Self::r1_zero()
        }
    }

    /// CISPO of MiniMax-M1 (arXiv:2506.13585): 16 updates a rollout, AdamW with 0.9, 0.95 and 1e-15, no divergence;
    /// its cap is ScaleRL's (see [`Objective::cispo`]). All else is taken from `r1_zero` (inferred).
    pub fn cispo() -> Self {
        Self {
            optimizer: AdamWConfig { beta1: 0.9, beta2: 0.95, epsilon: 1e-15, ..AdamWConfig::default() },
            objective: Objective::cispo(),
            max_tokens_from: Vec::new(),
            reference_refresh: None,
            ..Self::r1_zero()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recipe_is_valid_and_survives_json() {
        let recipes = [
            GrpoConfig::r1_zero(),
            GrpoConfig::r1(),
            GrpoConfig::dapo(),
            GrpoConfig::dr_grpo(),
            GrpoConfig::gspo(),
            GrpoConfig::cispo(),
        ];
        for recipe in recipes {
            recipe.validate().unwrap();
            let json = serde_json::to_string(&recipe).unwrap();
            assert_eq!(serde_json::from_str::<GrpoConfig>(&json).unwrap(), recipe);
        }
    }

    #[test]
    fn a_file_may_leave_fields_out_but_not_invent_any() {
        let config: GrpoConfig = serde_json::from_str(r#"{"group_size": 4}"#).unwrap();
        assert_eq!(config, GrpoConfig::r1_zero().with_group_size(4));
        assert!(serde_json::from_str::<GrpoConfig>(r#"{"groupsize": 4}"#).is_err());
    }

    #[test]
    fn the_paper_has_8192_completions_in_16_updates() {
        let config = GrpoConfig::r1_zero();
        assert_eq!(config.prompts_per_rollout() * config.group_size, 8_192);
        assert_eq!(config.updates_per_rollout(), 16);
    }
}
