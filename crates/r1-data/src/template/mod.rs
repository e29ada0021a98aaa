//! How a conversation becomes a model's prompt.

mod chat;

pub use chat::{ChatTemplate, Rendered};
