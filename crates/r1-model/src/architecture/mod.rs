//! Model families, composed of [`nn`](crate::nn).

pub mod transformer;

pub use transformer::Transformer;
