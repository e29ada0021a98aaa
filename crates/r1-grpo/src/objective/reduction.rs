//! Reductions: how the losses of tokens become one number.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::StepTotals;

/// How tokens are averaged over the optimizer step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Reduction {
    /// Mean over completions of the mean over their tokens (GRPO as in the papers). A token of a long completion
    /// counts less.
    CompletionMean,
    /// Mean over all tokens of the step (DAPO, CISPO).
    TokenMean,
    /// Mean over the tokens of this micro-batch, averaged over micro-batches (TRL's `bnpo`). The only reduction
    /// whose result depends on how a step is split.
    LocalTokenMean,
    /// Sum over tokens divided by completions times a constant length (Dr. GRPO).
    Constant {
        /// The constant, usually the largest completion length.
        max_tokens: usize,
    },
    /// Mean over completions of the sum over their tokens (LUSPO; verl's `seq-mean-token-sum`).
    CompletionSum,
    /// Mean over prompts of the mean over all tokens of their completions (ScaleRL).
    PromptMean,
}

/// What [`token_weights`] needs.
#[derive(Clone, Copy, Debug)]
pub struct ReductionInputs<'a> {
    /// Range of tokens of each completion of the micro-batch, in order.
    pub segments: &'a [Range<usize>],
    /// Sizes of the whole optimizer step.
    pub totals: &'a StepTotals<'a>,
}

/// Weight of each token in the loss, which is `Σ_t weight_t · l_t`.
///
/// ```text
/// completion mean:   1 / (N · |o_i|)        local token mean:  1 / (T_micro · M)
/// token mean:        1 / T                  constant:          1 / (N · L)
/// completion sum:    1 / N                  prompt mean:       1 / (P · T_prompt)
/// ```
///
/// Where `N`, `T`, `M`, `P` are the completions, tokens, micro-batches and prompts of the whole step, so that the
/// losses of micro-batches add up to that of the step.
///
/// # Shapes
/// - output: `[tokens]`
///
/// # Panics
/// If a total that the reduction divides by is 0, or `group_tokens` does not match `segments`.
///
/// # Examples
/// ```
/// # use r1_grpo::{Reduction, ReductionInputs, StepTotals, token_weights};
/// let totals = StepTotals { completions: 2, tokens: 4, ..StepTotals::default() };
/// let inputs = ReductionInputs { segments: &[0..1, 1..4], totals: &totals };
/// assert_eq!(token_weights(inputs, Reduction::TokenMean), [0.25; 4]);
/// assert_eq!(token_weights(inputs, Reduction::CompletionMean)[..2], [0.5, 0.5 / 3.0]);
/// ```
///
/// # Source
/// DeepSeekMath (arXiv:2402.03300), eq. (3); DAPO (arXiv:2503.14476); Dr. GRPO (arXiv:2503.20783); ScaleRL
/// (arXiv:2510.13786).
pub fn token_weights(inputs: ReductionInputs<'_>, reduction: Reduction) -> Vec<f64> {
    let ReductionInputs { segments, totals } = inputs;
    let local: usize = segments.iter().map(Range::len).sum();
    let completions = || total("completions", totals.completions);
    let weight_of: Box<dyn Fn(usize, usize) -> f64> = match reduction {
        Reduction::CompletionMean => {
            let completions = completions();
            Box::new(move |_, length| 1.0 / (completions * length as f64))
        }
        Reduction::TokenMean => constant(1.0 / total("tokens", totals.tokens)),
        Reduction::LocalTokenMean => {
            constant(1.0 / (local.max(1) as f64 * total("micro_batches", totals.micro_batches)))
        }
        Reduction::Constant { max_tokens } => {
            constant(1.0 / (completions() * total("max_tokens", max_tokens)))
        }
        Reduction::CompletionSum => constant(1.0 / completions()),
        Reduction::PromptMean => {
            let prompts = total("prompts", totals.prompts);
            assert!(
                totals.group_tokens.len() == segments.len(),
                "group_tokens has {} entries for {} segments; the mean over prompts needs one for each",
                totals.group_tokens.len(),
                segments.len()
            );
            let group_tokens = totals.group_tokens;
            Box::new(move |i, _| 1.0 / (prompts * group_tokens[i] as f64))
        }
    };
    segments
        .iter()
        .enumerate()
        .flat_map(|(i, range)| std::iter::repeat_n(weight_of(i, range.len()), range.len()))
        .collect()
}

fn constant<'a>(weight: f64) -> Box<dyn Fn(usize, usize) -> f64 + 'a> {
    Box::new(move |_, _| weight)
}

fn total(name: &str, value: usize) -> f64 {
    assert!(
        value > 0,
        "{name} is 0; give its value for the whole optimizer step, this reduction divides by it"
    );
    value as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights(reduction: Reduction) -> Vec<f64> {
        let totals =
            StepTotals { completions: 4, tokens: 8, micro_batches: 2, prompts: 2, group_tokens: &[3, 3, 5] };
        token_weights(ReductionInputs { segments: &[0..1, 1..3, 3..4], totals: &totals }, reduction)
    }

    #[test]
    fn weights_are_shares_of_the_whole_step() {
        assert_eq!(weights(Reduction::CompletionMean), [0.25, 0.125, 0.125, 0.25]);
        assert_eq!(weights(Reduction::TokenMean), [0.125; 4]);
        assert_eq!(weights(Reduction::LocalTokenMean), [0.125; 4]);
        assert_eq!(weights(Reduction::Constant { max_tokens: 16 }), [1.0 / 64.0; 4]);
        assert_eq!(weights(Reduction::CompletionSum), [0.25; 4]);
        assert_eq!(weights(Reduction::PromptMean), [1.0 / 6.0, 1.0 / 6.0, 1.0 / 6.0, 0.1]);
    }

    #[test]
    #[should_panic(expected = "completions is 0; give its value for the whole optimizer step")]
    fn a_missing_total_is_named() {
        let totals = StepTotals::default();
        token_weights(
            ReductionInputs { segments: &[0..1, 1..2], totals: &totals },
            Reduction::CompletionMean,
        );
    }
}
