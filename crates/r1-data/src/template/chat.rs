//! Chat templates of models.

use std::path::Path;

use crate::{DataError, Message};

/// A model's chat template.
#[derive(Debug, Clone)]
pub struct ChatTemplate {}

impl ChatTemplate {
    /// Compiles a template.
    pub fn new(_source: &str, _bos: Option<&str>, _eos: Option<&str>) -> Result<Self, DataError> {
        Err(DataError::Empty)
    }

    /// Reads a model folder's template.
    pub fn load(_folder: &Path) -> Result<Self, DataError> {
        Err(DataError::Empty)
    }

    /// Renders a conversation.
    pub fn render(&self, _messages: &[Message], _add_generation_prompt: bool) -> Result<String, DataError> {
        Err(DataError::Empty)
    }
}
