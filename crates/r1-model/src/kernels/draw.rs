//! Tokens drawn from the whole distribution where the logits lie, so that only they are read.

use burn::backend::Dispatch;
use burn::tensor::Tensor;

use super::non_differentiable::NonDifferentiable;

/// A token to draw.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Wanted {
    /// The row of logits; several may be drawn from one.
    pub(crate) row: usize,
    /// Divides the logits; 0 takes the most probable id, the smallest of equals.
    pub(crate) temperature: f32,
    /// Where in the distribution, in `[0, 1)`.
    pub(crate) uniform: f64,
}

/// A drawn token.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Drawn {
    /// The token.
    pub(crate) id: u32,
    /// See [`Draw::logprob`](crate::engine::Draw::logprob).
    pub(crate) logprob: f32,
    /// The same among what is not forbidden.
    pub(crate) allowed_logprob: f32,
}

/// Draws by the inverse of the cumulative distribution in vocabulary order. `None` where the logits lie on a backend that
/// cannot, as on the CPU: they are to be read then.
///
/// # Shapes
/// - `logits`: `[rows, vocab]`
pub(crate) fn draw(logits: Tensor<2>, wanted: &[Wanted], forbidden: &[u32]) -> Option<Vec<Drawn>> {
    Dispatch::draw(logits.into_dispatch(), wanted, forbidden)
}
