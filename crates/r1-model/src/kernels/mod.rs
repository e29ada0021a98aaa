//! The few operations whose speed decides, each in a folder of its own.
//!
//! A public function here takes tensors of any backend. On the Flex CPU backend in `f32` it runs our
//! own kernel with a closed-form backward pass; everywhere else it runs the plain-tensor
//! [`reference`](rms_norm::reference) beside it, which is also what the kernels are tested against.

pub mod linear;
pub mod causal_attention;
pub mod cached_attention;
pub mod rms_norm;
pub mod rotary;
pub mod swiglu;
pub mod norm_linear;
pub mod swiglu_linear;
pub mod token_logprobs;
#[cfg(feature = "flex")]
pub(crate) mod flex;
#[cfg_attr(not(feature = "flex"), allow(dead_code))]
pub(crate) mod simd;
#[cfg(feature = "flex")]
pub(crate) mod differentiable;
#[cfg(test)]
pub(crate) mod check;

pub use cached_attention::cached_attention;
pub use causal_attention::{Heads, causal_attention};
pub use linear::linear;
pub use norm_linear::norm_linear;
pub use rms_norm::rms_norm;
pub use rotary::{RotaryTable, rotary};
pub use swiglu::swiglu;
pub use swiglu_linear::swiglu_linear;
pub use token_logprobs::token_logprobs;
