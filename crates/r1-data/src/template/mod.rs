//! Chat templates: conversations as prompts of a model.

mod chat;

pub use chat::{ChatTemplate, Rendered};
