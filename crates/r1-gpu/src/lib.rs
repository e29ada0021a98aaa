//! GPU kernels of a transformer, written once in CubeCL for CUDA, Vulkan, Metal and ROCm.
//!
//! A module is one operation: its `#[cube]` kernels and the function that launches them. Buffers hold contiguous
//! elements of the type that is named with them; all arithmetic is in `f32`. No kernel uses atomics and every sum has one
//! order, so that a launch repeated gives the same bits.

// A kernel is told all that it needs, and what is unrolled counts.
#![allow(clippy::too_many_arguments, clippy::needless_range_loop)]

pub mod adamw;
pub mod attention;
mod buffer;
mod cube;
pub mod linear;
pub mod product;
pub mod cached_attention;
pub mod draw;
pub mod pages;
pub mod rms_norm;
pub mod rotary;
pub mod scatter;
pub mod swiglu;
pub mod token_logprobs;
#[cfg(all(test, any(feature = "wgpu", feature = "vulkan", feature = "cuda")))]
mod check;

pub use buffer::{Buffer, device};
pub use cubecl::{client::Client, ir::ElemType};
