//! From a trace to the tokens that are trained.

use r1_core::Trace;
use r1_model::{CausalLm, LanguageModel};

use crate::DistillError;

/// A trace as token ids: the prompt, which is read, and the completion with its end, which is learnt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedTrace {
    id: String,
    ids: Vec<u32>,
    prompt_tokens: usize,
}

impl EncodedTrace {
    /// Puts prompt and completion together; the completion holds the token that ends it.
    ///
    /// # Errors
    /// [`DistillError::NothingToTrain`] when either has no token.
    pub fn new(id: impl Into<String>, prompt: &[u32], completion: &[u32]) -> Result<Self, DistillError> {
        let id = id.into();
        for (part, what) in [(prompt, "prompt"), (completion, "completion")] {
            if part.is_empty() {
                return Err(DistillError::NothingToTrain { trace: id, what });
            }
        }
        Ok(Self { id, ids: [prompt, completion].concat(), prompt_tokens: prompt.len() })
    }

    /// The trace's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Prompt and completion.
    pub fn ids(&self) -> &[u32] {
        &self.ids
    }

    /// How many of the ids are the prompt's.
    pub fn prompt_tokens(&self) -> usize {
        self.prompt_tokens
    }

    /// The ids that are read.
    pub fn prompt(&self) -> &[u32] {
        &self.ids[..self.prompt_tokens]
    }

    /// The ids that are learnt.
    pub fn completion(&self) -> &[u32] {
        &self.ids[self.prompt_tokens..]
    }
}

/// The tokens of a trace as the student will meet them: its prompt encoded as for generation, and the completion
/// encoded after it, with the token that ends a turn.
///
/// That token is the one the chat template puts behind an answer, where it ends a turn of this model; otherwise the
/// model's first end token. If the prompt already opens the thoughts with `<think>`, that of the completion is left out.
///
/// # Errors
/// [`DistillError::Encode`] when the template raises an error or the tokenizer fails, [`DistillError::NothingToTrain`]
/// for an empty part, [`DistillError::NoEnd`] when the model has no end token.
pub fn encode_trace<M: CausalLm>(
    model: &LanguageModel<M>,
    trace: &Trace,
) -> Result<EncodedTrace, DistillError> {
    let failed = |source| DistillError::Encode { trace: trace.id.clone(), source };
    if trace.completion.trim().is_empty() {
        return Err(DistillError::NothingToTrain { trace: trace.id.clone(), what: "completion" });
    }
    let (prompt, opened) = model.encode(&trace.prompt).map_err(failed)?;
    let text = match trace.completion.strip_prefix("<think>") {
        Some(rest) if opened => rest.strip_prefix('\n').unwrap_or(rest),
        _ => &trace.completion,
    };
    let mut completion = model.tokenizer.encode(text).map_err(|error| failed(error.into()))?;
    completion.push(model.end_of_turn(&trace.prompt).map_err(failed)?.ok_or(DistillError::NoEnd)?);
    EncodedTrace::new(&trace.id, &prompt, &completion)
}
