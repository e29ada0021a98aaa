//! Parts of a split file.

use std::path::{Path, PathBuf};

use super::header::Header;
use super::{SharedBytes, map};
use crate::GgufError;

/// All parts, in order, of the split file that one of them belongs to.
pub(super) fn parts(path: &Path, count: u64) -> Result<Vec<(SharedBytes, Header)>, GgufError> {
    let error = |path: &Path, what: String| GgufError::Split { path: path.into(), what };
    let Some(names) = names(path, count) else {
        return Err(error(
            path,
            format!("the file is one of {count} parts, and its name does not say which"),
        ));
    };
    let mut parts = Vec::new();
    for (number, name) in names.into_iter().enumerate() {
        let bytes = map(&name)?;
        let header = Header::read((*bytes).as_ref(), number)?;
        let stored = header.metadata.get::<u64>("split.count")?;
        if stored != Some(count) {
            return Err(error(&name, format!("`split.count` is {stored:?}, and {count} in another part")));
        }
        if header.metadata.get::<u64>("split.no")? != Some(number as u64) {
            return Err(error(&name, format!("`split.no` is not {number}")));
        }
        parts.push((bytes, header));
    }
    let expected = parts.first().map(|(_, header)| header.metadata.get::<u64>("split.tensors.count"));
    let found: usize = parts.iter().map(|(_, header)| header.tensors.len()).sum();
    if let Some(expected) = expected.transpose()?.flatten().filter(|expected| *expected != found as u64) {
        return Err(error(path, format!("{found} tensors are in the parts, and {expected} are announced")));
    }
    Ok(parts)
}

/// Names of the parts, if the file's name has the form `NAME-00001-of-00003.gguf` with this count.
fn names(path: &Path, count: u64) -> Option<Vec<PathBuf>> {
    let name = path.file_name()?.to_str()?;
    let stem = name.strip_suffix(&format!("-of-{count:05}.gguf"))?;
    let (stem, number) = stem.rsplit_once('-')?;
    let own = number.parse::<u64>().ok().filter(|own| (1..=count).contains(own));
    // Five digits at the most, so the list is short.
    (number.len() == 5 && count < 100_000 && own.is_some()).then(|| {
        (1..=count)
            .map(|number| path.with_file_name(format!("{stem}-{number:05}-of-{count:05}.gguf")))
            .collect()
    })
}
