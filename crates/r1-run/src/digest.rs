//! SHA-256 of files, models and rows.

use std::{
    fmt::{self, Write as _},
    fs::{self, File},
    io::{self, Read},
    path::Path,
};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{RunError, error::reading};

/// The files that make a model what it is, in Hugging Face layout, beside its weights and their index.
const MODEL_FILES: [&str; 11] = [
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
    "chat_template.jinja",
    "chat_template.json",
    "adapter_config.json",
];

/// A SHA-256, in hexadecimal: the same for the same contents, whatever their names and places.
///
/// # Examples
/// ```
/// use r1_run::Digest;
///
/// let rows = Digest::of_rows([("a", 1), ("b", 2)])?;
/// assert_eq!(rows, Digest::of_rows([("a", 1), ("b", 2)])?);
/// assert_ne!(rows, Digest::of_rows([("b", 2), ("a", 1)])?);
/// assert_eq!(rows.to_string().len(), 64);
/// # Ok::<(), r1_run::RunError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(String);

impl Digest {
    /// The digest of a regular file's bytes, as `sha256sum` prints it.
    ///
    /// # Errors
    /// [`RunError::Read`] when it cannot be read or is no regular file.
    pub fn of_file(path: impl AsRef<Path>) -> Result<Self, RunError> {
        let mut hasher = Sha256::new();
        copy(path.as_ref(), &mut hasher)?;
        Ok(Self::finish(hasher))
    }

    /// Whether a file of this name in a model's folder is part of the model: weights, config, tokenizer and templates. A
    /// README or a report is not.
    pub fn counts(name: &str) -> bool {
        let weights = name.ends_with(".safetensors") || name.ends_with(".safetensors.index.json");
        (weights && !name.starts_with('.')) || MODEL_FILES.contains(&name)
    }

    /// The digest of a model's folder: the names and bytes of the files that [count](Self::counts); of a model in one
    /// file, that of the file.
    ///
    /// # Errors
    /// [`RunError::Read`] when a file cannot be read or is no regular file.
    pub fn of_model(dir: impl AsRef<Path>) -> Result<Self, RunError> {
        let dir = dir.as_ref();
        if dir.is_file() {
            return Self::of_file(dir);
        }
        let mut names = Vec::new();
        for entry in fs::read_dir(dir).map_err(reading(dir))? {
            let name = entry.map_err(reading(dir))?.file_name().to_string_lossy().into_owned();
            if Self::counts(&name) && !dir.join(&name).is_dir() {
                names.push(name);
            }
        }
        names.sort();
        let mut hasher = Sha256::new();
        for name in names {
            let path = dir.join(&name);
            let length = fs::metadata(&path).map_err(reading(&path))?.len();
            // With both lengths before them, no two folders have the same bytes.
            hasher.update((name.len() as u64).to_le_bytes());
            hasher.update(name.as_bytes());
            hasher.update(length.to_le_bytes());
            copy(&path, &mut hasher)?;
        }
        Ok(Self::finish(hasher))
    }

    /// The digest of values in order, by their JSON.
    ///
    /// # Errors
    /// [`RunError::Serialise`] for a value that has none.
    pub fn of_rows<T: Serialize>(rows: impl IntoIterator<Item = T>) -> Result<Self, RunError> {
        let mut hasher = Sha256::new();
        for row in rows {
            let text = serde_json::to_vec(&row)
                .map_err(|source| RunError::Serialise { path: "the data".into(), source })?;
            hasher.update(&text);
            hasher.update(b"\n");
        }
        Ok(Self::finish(hasher))
    }

    /// Its first characters, for people.
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }

    fn finish(hasher: Sha256) -> Self {
        Self(hasher.finalize().iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        }))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Feeds a file to a hasher. A pipe or device would never end, or not give the same bytes again.
fn copy(path: &Path, hasher: &mut Sha256) -> Result<(), RunError> {
    if !fs::metadata(path).map_err(reading(path))?.is_file() {
        let source = io::Error::other("it is no regular file");
        return Err(RunError::Read { path: path.to_owned(), source });
    }
    let mut file = File::open(path).map_err(reading(path))?;
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer).map_err(reading(path))? {
            0 => return Ok(()),
            count => hasher.update(&buffer[..count]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_the_digest_of_the_standard() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("abc");
        fs::write(&path, "abc").unwrap();
        // FIPS 180-2, appendix B.1.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Digest::of_file(&path).unwrap().to_string(), abc);
        assert!(Digest::of_file(dir.path()).unwrap_err().to_string().contains("cannot read"));
    }

    #[test]
    fn a_model_is_its_weights_config_and_tokenizer() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, content: &str| fs::write(dir.path().join(name), content).unwrap();
        let digest = || Digest::of_model(dir.path()).unwrap();
        write("config.json", "{}");
        write("model.safetensors", "1");
        let first = digest();
        write("README.md", "read me");
        write(".r1-manifest.json", "{}");
        write("report.json", "{}");
        assert_eq!(digest(), first);
        for (name, content) in
            [("model.safetensors", "2"), ("config.json", "{ }"), ("chat_template.jinja", "")]
        {
            let before = digest();
            write(name, content);
            assert_ne!(digest(), before, "{name}");
        }
    }
}
