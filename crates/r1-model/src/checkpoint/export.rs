//! A checkpoint folder as one GGUF file.

use std::{collections::BTreeMap, path::Path};

use r1_gguf::{Export, FileType};
use serde_json::Value;

use super::{Part, Slot, TensorSource, load::open};
use crate::{Architecture, ModelError, Transformer};

/// Writes a checkpoint folder as one GGUF file, which llama.cpp reads too: one tensor in memory at a time, the file in
/// place once it is whole, and over a file only with `replace`. `told` gets the number of tensors that were read, and of
/// all, after each.
///
/// ```no_run
/// use r1_model::checkpoint::{FileType, export_gguf};
///
/// export_gguf("checkpoints/smollm2-135m".as_ref(), "smollm2.gguf".as_ref(), FileType::Q4KM, false, |_, _| ())?;
/// # Ok::<(), r1_model::ModelError>(())
/// ```
///
/// # Errors
/// Those of [`load_model`](super::load_model), and [`ModelError::Gguf`] when the file is there, cannot be written, or
/// cannot say what the checkpoint holds.
pub fn export_gguf(
    dir: &Path,
    file: &Path,
    file_type: FileType,
    replace: bool,
    mut told: impl FnMut(usize, usize),
) -> Result<(), ModelError> {
    let failed = |source| ModelError::Gguf { path: file.to_owned(), source };
    let (tensors, config) = open::<Transformer>(dir)?;
    let mut written = json(dir, "config.json")?;
    written["tie_word_embeddings"] = config.tied.into();
    // All ids that end a text, which the file turns into ends of its own.
    if dir.join("generation_config.json").is_file() {
        let ends = json(dir, "generation_config.json")?["eos_token_id"].take();
        if !ends.is_null() {
            written["eos_token_id"] = ends;
        }
    }
    let mut tokenizer_config = json(dir, "tokenizer_config.json")?;
    // A template in a file of its own goes before that of the config, as with transformers.
    let template = dir.join("chat_template.jinja");
    if template.is_file() {
        tokenizer_config["chat_template"] = text(&template)?.into();
    }
    let export =
        Export::new(&written, &json(dir, "tokenizer.json")?, &tokenizer_config, file_type).map_err(failed)?;
    let export = if replace { export.replace() } else { export };
    let slots = Transformer::slots(&config);
    let parts: BTreeMap<&str, (&Slot, &Part)> = slots
        .iter()
        .flat_map(|slot| slot.parts.iter().map(move |part| (part.name.as_str(), (slot, part))))
        .collect();
    let shapes = parts.iter().map(|(name, (slot, part))| ((*name).to_owned(), slot.part_shape(part)));
    let mut read = 0;
    export
        .write(file, shapes, |name, values| {
            let (slot, part) = parts[name];
            values.resize(part.rows * slot.width(), 0.0);
            tensors.read(part, values)?;
            read += 1;
            told(read, parts.len());
            Ok(())
        })
        .map_err(failed)
}

fn text(path: &Path) -> Result<String, ModelError> {
    crate::config::check_regular(path)?;
    std::fs::read_to_string(path).map_err(|source| ModelError::Read { path: path.to_owned(), source })
}

/// A JSON object of the folder.
fn json(dir: &Path, name: &str) -> Result<Value, ModelError> {
    let path = dir.join(name);
    let value: Value = serde_json::from_str(&text(&path)?)
        .map_err(|error| ModelError::Config { path: path.clone(), reason: error.to_string() })?;
    match value {
        Value::Object(_) => Ok(value),
        _ => Err(ModelError::Config { path, reason: "it is no JSON object".into() }),
    }
}
