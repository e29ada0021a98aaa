//! The loss of supervised fine-tuning.

use burn::tensor::Tensor;

/// What [`sft_loss`] is about.
#[derive(Debug, Clone)]
pub struct SftInputs {
    /// `log π_θ(o_t | q, o_<t)` of the completion tokens of a micro-batch, in nats.
    pub logprobs: Tensor<1>,
    /// Completion tokens of the whole update, over all its micro-batches.
    pub total_tokens: usize,
}

/// Mean negative log-likelihood of the completion tokens; prompts are read and not learnt.
///
/// ```text
/// L = − 1/N Σ_i Σ_t log π_θ(o_it | q_i, o_i,<t)          N = Σ_i |o_i| over the whole update
/// ```
///
/// Every token weighs the same, so a long completion weighs more than a short one, and the losses of micro-batches add
/// up to that of the update.
///
/// # Shapes
/// - `logprobs`: `[tokens]`, nats
/// - output: `[1]`, nats a token
///
/// # Panics
/// When `total_tokens` is 0.
///
/// # Examples
/// ```
/// use burn::tensor::{Device, Tensor};
/// use r1_distill::{SftInputs, sft_loss};
///
/// let logprobs = Tensor::<1>::from_floats([-1.0, -2.0, -0.5, -0.5], &Device::flex());
/// let loss: f32 = sft_loss(SftInputs { logprobs, total_tokens: 8 }).into_scalar();
/// assert_eq!(loss, 0.5);
/// ```
///
/// # Source
/// The papers only say "supervised fine-tuning" (arXiv:2501.12948v2, section B.4.2); the mean over all tokens of the
/// batch is that of transformers and TRL.
pub fn sft_loss(inputs: SftInputs) -> Tensor<1> {
    let SftInputs { logprobs, total_tokens } = inputs;
    assert!(total_tokens > 0, "an update without completion tokens has no loss");
    logprobs.sum().div_scalar(-(total_tokens as f64))
}
