//! GPU kernels of a transformer, written once in CubeCL for CUDA, Vulkan, Metal and ROCm.
//!
//! A module is one operation: its `#[cube]` kernels and the function that launches them. Buffers hold contiguous
//! elements of the type that is named with them; all arithmetic is in `f32`. No kernel uses atomics and every sum has one
//! order, so that a launch repeated gives the same bits.

pub mod attention;
mod buffer;
mod cube;
pub mod cached_attention;
pub mod draw;
pub mod pages;
pub mod rms_norm;
#[cfg(all(test, feature = "wgpu"))]
mod check;

pub use buffer::Buffer;
pub use cubecl::{client::Client, ir::ElemType};
