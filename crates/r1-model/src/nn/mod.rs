//! The layers that architectures are composed of.

pub mod lora;
pub mod linear;
pub mod rms_norm;
pub mod attention;
pub mod latent_attention;
pub mod mlp;
pub mod router;
pub mod moe;
pub mod block;

pub use attention::{Attention, AttentionShape, HeadNorm};
pub use block::Block;
pub use latent_attention::{LatentAttention, LatentShape};
pub use linear::Linear;
pub use lora::Lora;
pub use mlp::{Activation, Mlp, MlpShape};
pub use moe::{Moe, MoeShape};
pub use rms_norm::RmsNorm;
pub use router::{Router, Routing};
