//! The few operations whose speed decides, each in a folder of its own.
//!
//! A public function here takes tensors of any backend, and those that training differentiates have a closed-form backward
//! pass. On the Flex CPU backend in `f32` both are our own kernel, everywhere else a portable body of tensor operations. The
//! plain-tensor [`reference`](rms_norm::reference) beside it, under burn's autodiff, is what they are tested against.

pub mod linear;
pub mod causal_attention;
pub mod cached_attention;
pub(crate) mod draw;
pub mod rms_norm;
pub mod rotary;
pub mod swiglu;
pub mod norm_linear;
pub mod swiglu_linear;
pub mod packed_linear;
pub mod token_logprobs;
pub mod adamw_step;
pub mod reduce;
mod backward_from;
#[cfg(feature = "flex")]
pub(crate) mod flex;
#[cfg_attr(not(feature = "flex"), allow(dead_code))]
pub(crate) mod simd;
#[cfg(feature = "flex")]
pub(crate) mod matmul_add;
#[cfg(feature = "flex")]
mod flex_backend;
#[cfg(feature = "gpu")]
mod gpu;
pub(crate) mod backend;
// burn-ndarray is deprecated, and the attribute that lists it can only be excused here.
#[cfg_attr(feature = "ndarray", allow(deprecated))]
pub(crate) mod differentiable;
#[cfg_attr(feature = "ndarray", allow(deprecated))]
pub(crate) mod non_differentiable;
#[cfg(test)]
pub(crate) mod check;

pub use adamw_step::adamw_step;
pub use backward_from::backward_from;
pub use cached_attention::cached_attention;
pub use causal_attention::{Heads, causal_attention};
pub use linear::linear;
pub use norm_linear::norm_linear;
pub use packed_linear::{PackedMatrix, packed_linear};
pub use rms_norm::rms_norm;
pub use rotary::{RotaryTable, rotary};
pub use swiglu::swiglu;
pub use swiglu_linear::swiglu_linear;
pub use token_logprobs::token_logprobs;
