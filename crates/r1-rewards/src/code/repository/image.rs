//! A folder as it was, in memory: what every run starts from and none can change.

use std::{
    collections::BTreeMap,
    fs,
    path::{Component, Path},
    sync::Arc,
};

use crate::code::CodeError;

/// The most that an image holds: it is written anew for each run.
const MOST_BYTES: u64 = 64 << 20;
const MOST_FILES: usize = 10_000;

/// The files of a repository by their names. Cheap to clone: the contents are shared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Image {
    pub(super) files: BTreeMap<String, Arc<[u8]>>,
}

impl Image {
    /// Reads a folder without its `.git`. Links within it are read as what they lead to.
    ///
    /// # Errors
    /// [`CodeError::Tests`] when it cannot be read, a name is no UTF-8, a link leads out of it, or it holds more than
    /// 64 MiB or 10,000 files.
    pub fn read(folder: &Path) -> Result<Self, CodeError> {
        let failed = |path: &Path, reason: &dyn std::fmt::Display| {
            CodeError::tests(format!("the repository cannot be read: `{}`: {reason}", path.display()))
        };
        let root = fs::canonicalize(folder).map_err(|error| failed(folder, &error))?;
        let (mut image, mut bytes) = (Self::default(), 0);
        let mut folders = vec![folder.to_owned()];
        while let Some(current) = folders.pop() {
            let entries = fs::read_dir(&current).map_err(|error| failed(&current, &error))?;
            for entry in entries {
                let path = entry.map_err(|error| failed(&current, &error))?.path();
                let real = fs::canonicalize(&path).map_err(|error| failed(&path, &error))?;
                if !real.starts_with(&root) {
                    return Err(failed(&path, &"it is a link that leads out of the folder"));
                }
                let is_link = path.is_symlink();
                let metadata = fs::metadata(&path).map_err(|error| failed(&path, &error))?;
                if metadata.is_dir() {
                    if is_link {
                        return Err(failed(&path, &"it is a link to a folder; make it a folder"));
                    }
                    if path.file_name().is_some_and(|name| name != ".git") {
                        folders.push(path);
                    }
                    continue;
                }
                bytes += metadata.len();
                if !metadata.is_file() || bytes > MOST_BYTES || image.files.len() >= MOST_FILES {
                    return Err(failed(&path, &"only files, up to 64 MiB and 10,000 in number, can be held"));
                }
                let name = path.strip_prefix(folder).ok().and_then(Path::to_str);
                let name = name.ok_or_else(|| failed(&path, &"its name is no UTF-8"))?.to_owned();
                let content = fs::read(&path).map_err(|error| failed(&path, &error))?;
                image.files.insert(name, content.into());
            }
        }
        Ok(image)
    }

    /// Puts a file in, or in the place of the one of this name.
    ///
    /// # Errors
    /// [`CodeError::Tests`] when the name leads out of the folder.
    pub fn insert(&mut self, name: &str, content: impl Into<Arc<[u8]>>) -> Result<(), CodeError> {
        if !is_inside(name) {
            return Err(CodeError::tests(format!("`{name}` is no name inside of the repository")));
        }
        self.files.insert(name.to_owned(), content.into());
        Ok(())
    }

    /// A file's content.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.files.get(name).map(|content| &content[..])
    }

    /// How many files it holds.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}

/// Whether a name stays inside of the folder that it is meant for.
pub(super) fn is_inside(name: &str) -> bool {
    let path = Path::new(name);
    !name.is_empty()
        && !name.contains('\0')
        && path.components().all(|part| matches!(part, Component::Normal(_)))
        && path.components().next() != Some(Component::Normal(".git".as_ref()))
}
