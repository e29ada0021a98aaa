//! The list of what r1 wrote into a folder, so that nothing else is ever deleted.
//!
//! Every folder of [`atomic::write_folder`](crate::atomic::write_folder) holds `.r1-manifest.json` with the names of
//! its files. A folder is replaced or deleted only when it is empty, or has the list and nothing beside what stands in
//! it.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{
    RunError,
    error::{reading, writing},
};

/// The list's name.
pub(crate) const MANIFEST: &str = ".r1-manifest.json";

/// Whose a folder is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Owner {
    /// There is no folder, or an empty one.
    Nobody,
    /// All that is in it was written here.
    Us,
    /// It holds this, which was not.
    Other(PathBuf),
}

#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    written_by: String,
    /// Paths within the folder, with `/` between names. `null` while the folder is being filled, when all of it is ours.
    files: Option<BTreeSet<String>>,
}

/// Marks a new folder as ours before the first file is in it.
pub(crate) fn begin(dir: &Path) -> Result<(), RunError> {
    write(dir, None)
}

/// Lists the files of a folder that is complete, or will be with the one called `last`, in a folder that was begun.
pub(crate) fn complete(dir: &Path, last: Option<&str>) -> Result<(), RunError> {
    if !dir.join(MANIFEST).exists() {
        return Ok(());
    }
    let mut files = BTreeSet::from_iter(last.map(str::to_owned));
    list(dir, "", &mut files)?;
    files.remove(MANIFEST);
    write(dir, Some(files))
}

/// Finds out whose a folder is. Anything else than a folder is somebody's.
pub(crate) fn owner(dir: &Path) -> Result<Owner, RunError> {
    let about = match fs::symlink_metadata(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Owner::Nobody),
        about => about.map_err(reading(dir))?,
    };
    if !about.is_dir() {
        return Ok(Owner::Other(dir.to_owned()));
    }
    let mut found = BTreeSet::new();
    list(dir, "", &mut found)?;
    if found.is_empty() {
        return Ok(Owner::Nobody);
    }
    let path = dir.join(MANIFEST);
    let stranger = |name: &String| Owner::Other(dir.join(name));
    let manifest = fs::read(&path).ok().and_then(|text| serde_json::from_slice::<Manifest>(&text).ok());
    let Some(manifest) = manifest else {
        return Ok(found.iter().next().map_or(Owner::Nobody, stranger));
    };
    let Some(mut files) = manifest.files else { return Ok(Owner::Us) };
    files.insert(MANIFEST.to_owned());
    Ok(found.iter().find(|name| !files.contains(*name)).map_or(Owner::Us, stranger))
}

/// Deletes a folder, if there is one and it is ours.
pub(crate) fn remove(dir: &Path) -> Result<(), RunError> {
    match owner(dir)? {
        Owner::Nobody if fs::symlink_metadata(dir).is_err() => Ok(()),
        Owner::Nobody | Owner::Us => fs::remove_dir_all(dir).map_err(writing(dir)),
        Owner::Other(stray) => Err(RunError::NotOurs { path: dir.to_owned(), stray }),
    }
}

fn write(dir: &Path, files: Option<BTreeSet<String>>) -> Result<(), RunError> {
    let path = dir.join(MANIFEST);
    let manifest = Manifest { written_by: concat!("r1 ", env!("CARGO_PKG_VERSION")).to_owned(), files };
    let mut text = serde_json::to_vec_pretty(&manifest)
        .map_err(|source| RunError::Serialise { path: path.clone(), source })?;
    text.push(b'\n');
    fs::write(&path, text).map_err(writing(path))
}

/// Everything below `dir` that is no folder, and every folder that is empty.
fn list(dir: &Path, prefix: &str, files: &mut BTreeSet<String>) -> Result<(), RunError> {
    for entry in fs::read_dir(dir).map_err(reading(dir))? {
        let entry = entry.map_err(reading(dir))?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type().map_err(reading(dir))?.is_dir() {
            let before = files.len();
            list(&entry.path(), &format!("{name}/"), files)?;
            if files.len() == before {
                files.insert(name);
            }
        } else {
            files.insert(name);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_ours_until_something_else_is_in_it() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().join("out");
        assert_eq!(owner(&dir).unwrap(), Owner::Nobody);
        fs::create_dir_all(dir.join("inner")).unwrap();
        begin(&dir).unwrap();
        fs::write(dir.join("inner/weights"), "1").unwrap();
        assert_eq!(owner(&dir).unwrap(), Owner::Us);
        complete(&dir, None).unwrap();
        assert_eq!(owner(&dir).unwrap(), Owner::Us);
        for stray in ["thesis.txt", "inner/notes", ".hidden"] {
            fs::write(dir.join(stray), "mine").unwrap();
            assert_eq!(owner(&dir).unwrap(), Owner::Other(dir.join(stray)));
            let error = remove(&dir).unwrap_err().to_string();
            assert!(error.contains(stray) && error.contains("--overwrite"), "{error}");
            fs::remove_file(dir.join(stray)).unwrap();
        }
        fs::create_dir(dir.join("empty")).unwrap();
        assert_eq!(owner(&dir).unwrap(), Owner::Other(dir.join("empty")));
        fs::remove_dir(dir.join("empty")).unwrap();
        // A file that is gone makes nobody else the owner.
        fs::remove_file(dir.join("inner/weights")).unwrap();
        fs::remove_dir(dir.join("inner")).unwrap();
        remove(&dir).unwrap();
        assert!(!dir.exists());
        remove(&dir).unwrap();
    }

    #[test]
    fn without_a_list_only_an_empty_folder_may_go() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("out");
        fs::create_dir(&out).unwrap();
        assert_eq!(owner(&out).unwrap(), Owner::Nobody);
        fs::write(out.join("model.safetensors"), "1").unwrap();
        assert_eq!(owner(&out).unwrap(), Owner::Other(out.join("model.safetensors")));
        fs::write(out.join(MANIFEST), "no list").unwrap();
        assert!(matches!(owner(&out).unwrap(), Owner::Other(_)));
        assert!(matches!(owner(&out.join("model.safetensors")).unwrap(), Owner::Other(_)));
    }
}
