//! The layers that architectures are composed of.

pub mod linear;
pub mod rms_norm;
pub mod attention;
pub mod mlp;
pub mod block;

pub use attention::Attention;
pub use block::Block;
pub use linear::Linear;
pub use mlp::Mlp;
pub use rms_norm::RmsNorm;
