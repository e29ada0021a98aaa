//! Loading the model that a command works with.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use r1_core::Content;
use r1_model::{LanguageModel, ModelConfig, checkpoint::Packing};
use r1_run::Digest;

use crate::command::failure::{Failure, sentence};

/// No token stands for more bytes than this, many for one; a longer text is told before it is divided into tokens.
const MAX_TOKEN_BYTES: usize = 256;

/// The model that writes, and what its weights are held in.
#[derive(Debug, Args)]
pub(crate) struct ModelArguments {
    /// Checkpoint: a folder in Hugging Face layout, or a GGUF file
    #[arg(long = "model", value_name = "DIR|GGUF")]
    pub(crate) path: PathBuf,
    /// Hold the weight matrices of a folder in bf16, f16 or q8_0: half or a quarter of the memory, faster on the CPU,
    /// other numbers [default: f32; a GGUF file keeps its own]
    #[arg(long, value_name = "TYPE")]
    pub(crate) weights: Option<Packing>,
}

impl ModelArguments {
    /// Reads the model and says on standard error what is odd about it.
    pub(crate) fn load(&self) -> Result<LanguageModel, Failure> {
        match self.weights {
            None => load(&self.path),
            Some(_) if self.path.is_file() => Err(Failure::Job(format!(
                "`{}` has types of its own, which --weights cannot change; leave it out",
                self.path.display()
            ))),
            Some(packing) => {
                check_dir(&self.path)?;
                told(LanguageModel::load_packed(&self.path, packing, &r1_model::device()?)?, &self.path)
            }
        }
    }
}

/// Reads a checkpoint and says on standard error what is odd about it.
pub(crate) fn load(path: &Path) -> Result<LanguageModel, Failure> {
    if !path.is_file() {
        check_dir(path)?;
    }
    told(LanguageModel::load(path, &r1_model::device()?)?, path)
}

fn told(model: LanguageModel, dir: &Path) -> Result<LanguageModel, Failure> {
    warn_of_unknown_fields(&model.config, dir);
    if model.stop_ids.is_empty() {
        eprintln!(
            "warning: the checkpoint `{}` names no eos_token_id; completions end at the limit of tokens only",
            dir.display()
        );
    }
    Ok(model)
}

/// Finds out that a model's folder is one, and that none of its files is a pipe, which would be waited for.
pub(crate) fn check_dir(dir: &Path) -> Result<(), Failure> {
    let shown = dir.display();
    if !dir.is_dir() {
        return Err(Failure::Job(format!(
            "the model folder `{shown}` does not exist; give a folder with config.json, tokenizer.json and \
             model.safetensors, or a GGUF file"
        )));
    }
    let cannot = |error: std::io::Error| Failure::Job(format!("cannot read `{shown}`: {error}"));
    for entry in fs::read_dir(dir).map_err(cannot)? {
        let entry = entry.map_err(cannot)?;
        let path = entry.path();
        let read = Digest::counts(&entry.file_name().to_string_lossy());
        if read && fs::metadata(&path).is_ok_and(|about| !about.is_file() && !about.is_dir()) {
            return Err(Failure::Job(format!(
                "`{}` is a pipe or device; a checkpoint needs regular files",
                path.display()
            )));
        }
    }
    Ok(())
}

/// Names the fields of a config that r1 does not know, and the tensors that it has no use for.
pub(crate) fn warn_of_unknown_fields(config: &ModelConfig, dir: &Path) {
    if !config.unknown_fields.is_empty() {
        eprintln!(
            "warning: config `{}/config.json` has fields that r1 does not know: {}",
            dir.display(),
            config.unknown_fields.join(", ")
        );
    }
    if let Some(first) =
        config.left_aside.iter().find(|name| name.contains("mtp") || name.contains(".layers."))
    {
        eprintln!(
            "warning: `{}` has tensors for the prediction of further tokens, `{first}` and others; they are left aside, \
             and a checkpoint that r1 saves lacks them",
            dir.display()
        );
    }
}

/// The ids of a prompt that are sure to be in the vocabulary and to fit `most` tokens.
pub(crate) fn fitting(model: &LanguageModel, content: &Content, most: usize) -> Result<Vec<u32>, String> {
    prefilled(model, content, most).map(|(ids, _)| ids)
}

/// The same, and whether the prompt ends inside the thoughts.
pub(crate) fn prefilled(
    model: &LanguageModel,
    content: &Content,
    most: usize,
) -> Result<(Vec<u32>, bool), String> {
    let context = model.config.context;
    let bytes = match content {
        Content::Ids(_) => 0,
        Content::Text(text) => text.len(),
        Content::Messages(messages) => messages.iter().map(|message| message.content.len()).sum(),
    };
    if bytes / MAX_TOKEN_BYTES > context {
        return Err(format!(
            "it has {bytes} bytes, more than fit into the {most} tokens that the model's context of {context} leaves"
        ));
    }
    let (ids, thinks) = model.encode(content).map_err(|error| sentence(&error))?;
    check_ids(&ids, &model.config, most)?;
    Ok((ids, thinks))
}

/// Whether a model can read these ids, `most` at a time.
pub(crate) fn check_ids(ids: &[u32], config: &ModelConfig, most: usize) -> Result<(), String> {
    let (vocab, context) = (config.vocab, config.context);
    if let Some(id) = ids.iter().find(|id| **id as usize >= vocab) {
        return Err(format!("token id {id} lies outside the vocabulary of {vocab}"));
    }
    match ids.len() {
        0 => Err("there is no token in it; give at least one".into()),
        tokens if tokens > most => Err(format!(
            "it has {tokens} tokens, more than the {most} that the model's context of {context} leaves"
        )),
        _ => Ok(()),
    }
}
