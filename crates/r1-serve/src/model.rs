//! What a server knows of the model behind it.

use std::path::Path;

use r1_data::{template::ChatTemplate, tokenizer::Tokenizer};

/// A session with its model's text, and how its weights are replaced while it works.
#[derive(Debug)]
pub struct Served<S> {
    /// The session.
    pub session: S,
    /// Goes on with the weights of a checkpoint folder; what is being written goes on, too. An error is a sentence that says
    /// why the weights stay as they are.
    pub load_weights: fn(&mut S, &Path) -> Result<(), String>,
    /// The model's text.
    pub model: ServedModel,
}

/// A model's name, text and limits.
#[derive(Debug, Clone)]
pub struct ServedModel {
    /// The name that requests give.
    pub name: String,
    /// Text to ids and back.
    pub tokenizer: Tokenizer,
    /// How conversations are written, if the model has a template.
    pub template: Option<ChatTemplate>,
    /// Ids that end an answer, beside the tokenizer's own: what the session stops at.
    pub stop_ids: Vec<u32>,
    /// Most tokens of a prompt with its completion.
    pub context: usize,
}
