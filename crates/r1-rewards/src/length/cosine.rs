//! A cosine over the length, upwards for wrong answers and downwards for right ones.

use std::f64::consts::PI;

use r1_core::{Completion, LoopGuard, Outcome, Problem, Reward, RewardError};
use serde::{Deserialize, Serialize};

use super::policy_ids;
use crate::AccuracyReward;

/// The ends of the schedule, as a recipe writes them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CosineSchedule {
    /// The length at which the schedule ends; longer completions get the same.
    pub max_tokens: usize,
    /// What a right answer gets at length 0.
    pub right_short: f64,
    /// What a right answer gets at `max_tokens`.
    pub right_long: f64,
    /// What a wrong answer gets at length 0.
    pub wrong_short: f64,
    /// What a wrong answer gets at `max_tokens`.
    pub wrong_long: f64,
}

impl Default for CosineSchedule {
    fn default() -> Self {
        Self { max_tokens: 1000, right_short: 1.0, right_long: 0.5, wrong_short: -1.0, wrong_long: -0.5 }
    }
}

/// The schedule's value for an answer after `tokens` tokens.
///
/// ```text
/// r = long + (short - long) / 2 · (1 + cos(π · min(L / L_max, 1)))
/// ```
///
/// # Examples
/// ```
/// use r1_rewards::length::{CosineSchedule, cosine};
///
/// let schedule = CosineSchedule { max_tokens: 100, ..CosineSchedule::default() };
/// assert_eq!((cosine(true, 50, &schedule), cosine(false, 50, &schedule)), (0.75, -0.75));
/// assert_eq!(cosine(true, 300, &schedule), 0.5);
/// ```
///
/// # Source
/// Demystifying Long Chain-of-Thought Reasoning (arXiv:2502.03373), appendix C.1; the values are those of TRL.
pub fn cosine(right: bool, tokens: usize, schedule: &CosineSchedule) -> f32 {
    let (short, long) = match right {
        true => (schedule.right_short, schedule.right_long),
        false => (schedule.wrong_short, schedule.wrong_long),
    };
    let progress = (tokens as f64 / schedule.max_tokens.max(1) as f64).min(1.0);
    (long + (short - long) / 2.0 * (1.0 + (PI * progress).cos())) as f32
}

/// [`cosine`] over another reward's verdict: right answers earn more when they are short, wrong ones lose less when much was
/// tried.
///
/// An answer is right when the other reward gives more than a half; where that abstains or fails, so does this one.
///
/// Resists: loops, which would make a wrong answer long: they count as of length 0. Does not resist: wrong answers that
/// are made longer by filler which never repeats.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CosineReward<R = AccuracyReward> {
    verdict: R,
    schedule: CosineSchedule,
}

impl<R: Reward> CosineReward<R> {
    /// The schedule over what `verdict` says.
    pub fn new(verdict: R, schedule: CosineSchedule) -> Self {
        Self { verdict, schedule }
    }
}

impl<R: Reward> Reward for CosineReward<R> {
    fn name(&self) -> &str {
        "cosine"
    }

    fn score(&self, problem: &Problem, completion: &Completion) -> Result<Outcome, RewardError> {
        let Some(ids) = policy_ids(completion) else { return Ok(Outcome::Abstain) };
        let Outcome::Score(verdict) = self.verdict.score(problem, completion)? else {
            return Ok(Outcome::Abstain);
        };
        let right = verdict > 0.5;
        let tokens = if !right && LoopGuard::default().finds(&ids) { 0 } else { ids.len() };
        Ok(Outcome::Score(cosine(right, tokens, &self.schedule)))
    }
}
