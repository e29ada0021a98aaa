//! The option that says what is put around a question.

use clap::ValueEnum;
use r1_core::template::PromptTemplate;

use crate::command::failure::Failure;

/// What is put around a question.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum TemplateArgument {
    /// The question alone
    Plain,
    /// The paragraph of DeepSeek-R1-Zero
    R1Zero,
    /// The checkpoint's chat template
    Chat,
}

/// The template that was asked for; without one, `chat` where the model `can_chat`. `whose` names the model.
pub(crate) fn template(
    asked: Option<TemplateArgument>,
    chat: PromptTemplate,
    can_chat: bool,
    whose: &str,
) -> Result<PromptTemplate, Failure> {
    match (asked, can_chat) {
        (Some(TemplateArgument::Plain), _) => Ok(PromptTemplate::Plain),
        (Some(TemplateArgument::Chat) | None, true) => Ok(chat),
        (Some(TemplateArgument::R1Zero) | None, _) => Ok(PromptTemplate::R1Zero),
        (Some(TemplateArgument::Chat), false) => Err(Failure::Job(format!(
            "the checkpoint `{whose}` has no chat template; choose --template plain or r1-zero"
        ))),
    }
}
