//! Block formats of quantised weights: decoding to f32 and encoding from it.
//!
//! A [`BlockType`] names a format of ggml, the library under llama.cpp: a row of weights is cut into blocks of 32 or
//! 256, and each block stores small integers and the scales that make weights of them. [`decode`] and [`encode`] turn
//! whole rows, in blocks, into numbers and back. Decoded values have the bits that llama.cpp gives them.
//!
//! ```
//! use r1_quant::{BlockType, decode, encode};
//!
//! let weights: Vec<f32> = (0..256).map(|i| (i as f32 * 0.1).sin()).collect();
//! let blocks = encode(BlockType::Q4_K, &weights)?;
//! assert_eq!(blocks.len(), 144); // 4.5 bits a weight
//!
//! let mut back = vec![0.0; 256];
//! decode(BlockType::Q4_K, &blocks, &mut back)?;
//! assert!(weights.iter().zip(&back).all(|(a, b)| (a - b).abs() < 0.1));
//! # Ok::<(), r1_quant::QuantError>(())
//! ```
//!
//! # Invariants
//! - Any bytes can be decoded: a block has no invalid state, though its scales may be infinite or no number.
//! - What is encoded is finite, and so are its scales: anything else is an error that names the weight.

mod block_type;
mod blocks;
mod decode;
mod encode;
mod error;
mod matrix;
mod product;

pub use block_type::BlockType;
pub use decode::decode;
pub use encode::encode;
pub use error::QuantError;
pub use matrix::{Bytes, Matrix};
