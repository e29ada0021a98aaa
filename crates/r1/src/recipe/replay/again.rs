//! Rewards that are asked again.

use r1_core::{Completion, Part, Problem, Reward, score_with_retries};
use r1_grpo::{Group, Rollout};

use super::difference::Difference;

/// How often the same completions are scored.
const TIMES: usize = 4;

/// Scores the completions of a group again and again; when a term says something else of the same completion, the
/// difference is that it is not deterministic.
pub(super) fn asked(reward: &dyn Reward, group: &Group, difference: Difference) -> Difference {
    let completions: Vec<Completion> =
        group.rollouts.iter().map(|rollout| rollout.completion.clone()).collect();
    let asked: [(&Problem, &[Completion]); 1] = [(&group.problem, &completions)];
    for _ in 0..TIMES {
        let scores = score_with_retries(reward, &asked).remove(0);
        for (sample, (rollout, score)) in group.rollouts.iter().zip(scores).enumerate() {
            let Ok(score) = score else { continue };
            let scored = Rollout::new(rollout.completion.clone(), score);
            let Some(name) = differing(rollout, &scored, reward.name()) else { continue };
            return Difference { deterministic: Some(false), ..difference.named(&name).of_sample(sample) };
        }
    }
    Difference { deterministic: Some(true), ..difference }
}

/// The first term that differs between two scores of a completion.
fn differing(then: &Rollout, now: &Rollout, whole: &str) -> Option<String> {
    let is_other = |(a, b): &(&Part, &Part)| a.outcome != b.outcome;
    let part = then.parts.iter().zip(&now.parts).find(is_other).map(|(part, _)| part.name.clone());
    part.or_else(|| (then.reward != now.reward).then(|| whole.to_owned()))
}
