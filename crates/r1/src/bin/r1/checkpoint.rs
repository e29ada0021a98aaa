//! Loading the model that a command works with.

use std::path::Path;

use r1_model::LanguageModel;

use crate::failure::Failure;

/// Reads a checkpoint folder and says on standard error what is odd about it.
pub(crate) fn load(dir: &Path) -> Result<LanguageModel, Failure> {
    let shown = dir.display();
    if !dir.is_dir() {
        return Err(Failure::Job(format!(
            "the model folder `{shown}` does not exist; give a folder with config.json, tokenizer.json and \
             model.safetensors"
        )));
    }
    let model = LanguageModel::load(dir, &r1_model::device()?)?;
    let unknown = &model.config.unknown_fields;
    if !unknown.is_empty() {
        eprintln!(
            "warning: config `{shown}/config.json` has fields that r1 does not know: {}",
            unknown.join(", ")
        );
    }
    if model.stop_ids.is_empty() {
        eprintln!(
            "warning: the checkpoint `{shown}` names no eos_token_id; completions end at the limit of tokens only"
        );
    }
    Ok(model)
}

/// The ids of a prompt that are sure to be in the vocabulary and to fit `most` tokens.
pub(crate) fn fitting(
    model: &LanguageModel,
    content: &r1_core::Content,
    most: usize,
) -> Result<Vec<u32>, String> {
    let (ids, _) = model.encode(content).map_err(|error| crate::failure::sentence(&error))?;
    let (vocab, context) = (model.config.vocab, model.config.context);
    if let Some(id) = ids.iter().find(|id| **id as usize >= vocab) {
        return Err(format!("token id {id} lies outside the vocabulary of {vocab}"));
    }
    match ids.len() {
        0 => Err("there is no token in it; give at least one".into()),
        tokens if tokens > most => Err(format!(
            "it has {tokens} tokens, more than the {most} that the model's context of {context} leaves"
        )),
        _ => Ok(ids),
    }
}
