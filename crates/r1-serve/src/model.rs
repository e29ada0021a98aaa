//! What a server knows of the model behind it.

use std::path::Path;

use r1_core::session::Session;
use r1_data::{template::ChatTemplate, tokenizer::Tokenizer};

/// **A type that implements `Served` is a session whose weights can be replaced while it works.**
pub trait Served: Session {
    /// Goes on with the weights of a checkpoint folder; what is being written goes on, too.
    ///
    /// # Errors
    /// A sentence that says why the weights stay as they are.
    fn load_weights(&mut self, folder: &Path) -> Result<(), String> {
        Err(format!("cannot take the weights of `{}`: this model's weights are fixed", folder.display()))
    }
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
    /// Most tokens of a prompt with its completion.
    pub context: usize,
}
