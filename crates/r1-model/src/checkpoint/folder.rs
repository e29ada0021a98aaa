//! Which files of a folder hold the weights, and what a folder is that holds none we read.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use crate::ModelError;

const SINGLE: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";

/// Refuses a folder that is no checkpoint of a whole model, and says what it is.
pub(crate) fn recognize(dir: &Path) -> Result<(), ModelError> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Ok(()) };
    let mut names: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    let has = |name: &str| names.iter().any(|other| other == name);
    let refuse = |name: &str, reason: &str| {
        Err(ModelError::Unreadable { path: dir.join(name), reason: reason.to_owned() })
    };
    if has("adapter_config.json") && (has(SINGLE) || has(INDEX)) {
        return refuse(
            "adapter_config.json",
            "is an adapter of PEFT, which changes a base model, beside the weights of a whole one; put it into a folder \
             of its own, or take it away to use the model alone",
        );
    }
    for name in ["quantize_config.json", "quant_config.json"] {
        if has(name) {
            return refuse(
                name,
                "says that the weights are quantised (GPTQ or AWQ); r1 reads F32, BF16 and F16: take the model's \
                 unquantised checkpoint",
            );
        }
    }
    if has(SINGLE) || has(INDEX) {
        return Ok(());
    }
    match names.iter().find_map(|name| Some((name, kind(name)?))) {
        Some((name, reason)) => refuse(name, reason),
        None => Ok(()),
    }
}

/// What a file of weights is that r1 does not read, and the way out.
fn kind(name: &str) -> Option<&'static str> {
    let ends = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
    if ends(&[".gguf"]) {
        return Some(
            "is a GGUF file; give the file itself to generate from it, or the model's Hugging Face folder to train",
        );
    }
    if ends(&[".bin", ".pt", ".pth", ".ckpt"])
        && !name.contains("training_args")
        && !name.contains("optimizer")
    {
        return Some(
            "is a pickle of PyTorch, which r1 does not read because it can run code; write model.safetensors with \
             transformers (`AutoModelForCausalLM.from_pretrained(folder).save_pretrained(folder)`)",
        );
    }
    if ends(&[".h5", ".msgpack", ".onnx"]) {
        return Some(
            "holds weights of another framework; r1 reads model.safetensors, which transformers writes from it",
        );
    }
    if !ends(&[".safetensors"]) {
        return None;
    }
    Some(if name.starts_with("model-") && name.contains("-of-") {
        "is one of several files of weights, and model.safetensors.index.json, which lists them, is missing; download \
         it too"
    } else if name.starts_with("consolidated") {
        "has the tensor names of the model's makers; r1 reads model.safetensors with those of Hugging Face, which the \
         model's repository has beside it"
    } else {
        "is not the name that r1 looks for; rename it to model.safetensors if it holds the whole model"
    })
}

/// The files with the weights: `model.safetensors`, which goes before an index as in transformers, or the shards
/// that `model.safetensors.index.json` names.
pub(crate) fn weight_files(dir: &Path) -> Result<Vec<PathBuf>, ModelError> {
    let index = dir.join(INDEX);
    let single = dir.join(SINGLE);
    if single.exists() || !index.exists() {
        return Ok(vec![single]);
    }
    let text =
        std::fs::read_to_string(&index).map_err(|source| ModelError::Read { path: index.clone(), source })?;
    let broken = |reason: &str| ModelError::Damaged { path: index.clone(), reason: reason.to_owned() };
    let value: serde_json::Value = serde_json::from_str(&text).map_err(|error| broken(&error.to_string()))?;
    let map = value["weight_map"].as_object().ok_or_else(|| broken("`weight_map` is missing"))?;
    let mut names = BTreeMap::new();
    for file in map.values() {
        let name = file
            .as_str()
            .filter(|name| !name.contains(['/', '\\']))
            .ok_or_else(|| broken("`weight_map` must map tensor names to files of the same folder"))?;
        names.insert(name.to_owned(), dir.join(name));
    }
    Ok(names.into_values().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(files: &[&str]) -> Option<String> {
        let dir = tempfile::tempdir().unwrap();
        for file in files {
            std::fs::write(dir.path().join(file), b"{}").unwrap();
        }
        recognize(dir.path()).err().map(|error| error.to_string())
    }

    #[test]
    fn a_folder_of_another_kind_is_named_with_the_way_out() {
        for (files, says) in [
            (vec!["config.json", "pytorch_model.bin"], "pytorch_model.bin` is a pickle"),
            (vec!["config.json", "pytorch_model-00001-of-00002.bin"], "save_pretrained"),
            (vec!["qwen2.5-q4_k_m.gguf"], "GGUF"),
            (vec!["config.json", "model.safetensors", "adapter_config.json"], "adapter of PEFT"),
            (vec!["config.json", "model-00001-of-00002.safetensors"], "model.safetensors.index.json"),
            (vec!["config.json", "consolidated.safetensors"], "names of the model's makers"),
            (vec!["model.safetensors", "quantize_config.json"], "quantised"),
            (vec!["tf_model.h5"], "another framework"),
            (vec!["config.json", "weights.safetensors"], "rename it"),
        ] {
            let found = refusal(&files).unwrap_or_else(|| panic!("{files:?} is taken"));
            assert!(found.contains(says), "{found}");
        }
        for files in [vec!["config.json", "model.safetensors", "pytorch_model.bin"], vec!["config.json"]] {
            assert_eq!(refusal(&files), None);
        }
    }

    #[test]
    fn a_single_file_goes_before_an_index() {
        let dir = tempfile::tempdir().unwrap();
        let index = r#"{"weight_map": {"a": "model-2.safetensors", "b": "model-1.safetensors", "c": "model-2.safetensors"}}"#;
        std::fs::write(dir.path().join(INDEX), index).unwrap();
        let names = || {
            let files = weight_files(dir.path()).unwrap();
            files
                .iter()
                .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(names(), ["model-1.safetensors", "model-2.safetensors"]);
        std::fs::write(dir.path().join(SINGLE), b"").unwrap();
        assert_eq!(names(), [SINGLE]);
    }
}
