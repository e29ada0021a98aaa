//! Advantages of several rewards, normalised one by one.

use crate::{AdvantageConfig, Baseline, Scale, batch_advantages, group_advantages};

/// GDPO: each term of the reward is compared within the group on its own, so that a term of small spread is not
/// drowned by another; the weighted sum is then compared over the batch.
///
/// ```text
/// z_ik = (r_ik − mean_group(r_k)) / (std_group(r_k) + ε)        s_i = Σ_k w_k z_ik
/// A_i  = (s_i − mean_batch(s)) / (std_batch(s) + ε)
/// ```
///
/// `None` is a term that abstained: it leaves mean and deviation of its term, and adds nothing. A completion on which
/// all terms abstained leaves the batch's mean and deviation and gets 0. `config` says which deviation and epsilon;
/// its baseline and scale have no meaning here.
///
/// # Shapes
/// - `groups`: `[prompts][group][terms]`
/// - `weights`: `[terms]`
/// - output: `[prompts][group]`
///
/// # Panics
/// If a completion does not have one reward for each weight.
///
/// # Examples
/// ```
/// use r1_grpo::{AdvantageConfig, gdpo_advantages};
///
/// // Accuracy is right in one of four, format in three of four: both count by their rarity.
/// let group = [[1.0, 1.0], [0.0, 1.0], [0.0, 1.0], [0.0, 0.0]].map(|terms| terms.map(Some).to_vec());
/// let advantages = gdpo_advantages(&[group.to_vec()], &[1.0, 1.0], &AdvantageConfig::default());
/// // The sums are 2, 0, 0 and -2, and their deviation is 1.633.
/// assert!(advantages[0][0] > 1.22 && advantages[0][3] < -1.22);
/// assert!(advantages[0][1].abs() < 1e-3);
/// ```
///
/// # Source
/// GDPO (arXiv:2601.05242); TRL's `multi_objective_aggregation="normalize_then_sum"`.
pub fn gdpo_advantages(
    groups: &[Vec<Vec<Option<f32>>>],
    weights: &[f32],
    config: &AdvantageConfig,
) -> Vec<Vec<f32>> {
    let config = AdvantageConfig { baseline: Baseline::GroupMean, scale: Scale::Group, ..*config };
    let sums: Vec<Vec<Option<f32>>> = groups.iter().map(|group| weighted(group, weights, &config)).collect();
    // The sums of all groups are one group of the batch.
    let batch: Vec<Option<f32>> = sums.iter().flatten().copied().collect();
    let advantages = &batch_advantages(&[batch], &config)[0];
    let mut rest = advantages.as_slice();
    sums.iter()
        .map(|group| {
            let (these, others) = rest.split_at(group.len());
            rest = others;
            these.to_vec()
        })
        .collect()
}

/// The weighted sum of the normalised terms of each completion; `None` where all abstained.
fn weighted(group: &[Vec<Option<f32>>], weights: &[f32], config: &AdvantageConfig) -> Vec<Option<f32>> {
    let mut sums = vec![None; group.len()];
    for (term, weight) in weights.iter().enumerate() {
        let rewards: Vec<Option<f32>> = group.iter().map(|terms| terms[term]).collect();
        let normalised = group_advantages(&rewards, config);
        for ((sum, reward), advantage) in sums.iter_mut().zip(rewards).zip(normalised) {
            if reward.is_some() {
                *sum = Some(sum.unwrap_or(0.0) + weight * advantage);
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_term_is_ordered_as_by_grpo_and_abstentions_stay_at_zero() {
        let rewards = [Some(1.0), None, Some(0.0), Some(0.5)];
        let group: Vec<Vec<Option<f32>>> = rewards.iter().map(|reward| vec![*reward]).collect();
        let gdpo = &gdpo_advantages(&[group], &[2.0], &AdvantageConfig::default())[0];
        let grpo = group_advantages(&rewards, &AdvantageConfig::default());
        // Normalising twice, whatever the weight, is normalising once but for the epsilon.
        assert!(gdpo.iter().zip(&grpo).all(|(a, b)| (a - b).abs() < 1e-3), "{gdpo:?} {grpo:?}");
        assert_eq!(gdpo[1], 0.0);
    }

    #[test]
    fn the_scale_of_a_term_does_not_matter() {
        let group = |scale: f32| {
            let terms = [[1.0, 0.0], [0.0, 1.0], [0.0, 0.0], [1.0, 1.0]];
            vec![terms.map(|[a, b]| vec![Some(a), Some(b * scale)]).to_vec()]
        };
        let advantages = |scale| gdpo_advantages(&group(scale), &[1.0, 1.0], &AdvantageConfig::default());
        let (plain, scaled) = (advantages(1.0), advantages(1000.0));
        assert!(plain[0].iter().zip(&scaled[0]).all(|(a, b)| (a - b).abs() < 1e-3), "{plain:?} {scaled:?}");
    }
}
