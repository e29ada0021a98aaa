//! The file itself: header, then one tensor after the other.

use std::ffi::OsStr;
use std::io::{BufWriter, ErrorKind, Write};
use std::path::Path;

use r1_quant::{BlockType, encode};
use rayon::prelude::*;
use tempfile::{Builder, NamedTempFile};

use super::LoadError;
use super::plan::{Plan, Planned, Source};
use crate::value::write_text;
use crate::weights::interleaved;
use crate::{GgufError, Metadata};

const ALIGNMENT: usize = 32;
/// Weights that a thread encodes at once.
const CHUNK: usize = 1 << 16;

pub(super) fn write(
    path: &Path,
    metadata: &Metadata,
    plan: &Plan,
    replace: bool,
    load: impl FnMut(&str, &mut Vec<f32>) -> Result<(), LoadError>,
) -> Result<(), GgufError> {
    let header = header(metadata, plan);
    let bytes = plan.tensors.iter().map(|tensor| sizes(tensor).1.next_multiple_of(ALIGNMENT) as u64);
    let bytes = bytes.sum::<u64>() + header.len() as u64;
    let io = |what| {
        move |source: std::io::Error| match source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                GgufError::NoSpace { path: path.into(), bytes, source }
            }
            _ => GgufError::Io { path: path.into(), what, source },
        }
    };
    let name = path.file_name().ok_or_else(|| io("write the file")(ErrorKind::InvalidFilename.into()))?;
    match path.symlink_metadata() {
        Ok(_) if !replace => return Err(GgufError::Exists { path: path.into() }),
        Ok(about) if about.is_dir() => return Err(io("replace the folder")(ErrorKind::IsADirectory.into())),
        _ => {}
    }
    // Removed when it is dropped, unless it was moved into its place.
    let mut file = beside(path, name).map_err(io("create a file in the folder"))?;
    let mut out = BufWriter::with_capacity(1 << 20, file.as_file_mut());
    out.write_all(&header).map_err(io("write the header"))?;
    tensors(plan, load, |bytes| out.write_all(bytes).map_err(io("write weights")))?;
    out.flush().map_err(io("write weights"))?;
    drop(out);
    file.as_file().sync_all().map_err(io("write weights"))?;
    let moved = if replace { file.persist(path) } else { file.persist_noclobber(path) };
    match moved {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists && !replace => {
            Err(GgufError::Exists { path: path.into() })
        }
        Err(error) => Err(io("move the file into place")(error.error)),
    }
}

/// A new file in the folder of another, with the permissions that the user's files have.
fn beside(path: &Path, name: &OsStr) -> std::io::Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = Builder::new();
    let mut prefix = name.to_owned();
    prefix.push(".");
    builder.prefix(&prefix).suffix(".part");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

fn header(metadata: &Metadata, plan: &Plan) -> Vec<u8> {
    let mut out = b"GGUF\x03\0\0\0".to_vec();
    out.extend((plan.tensors.len() as u64).to_le_bytes());
    out.extend((metadata.len() as u64).to_le_bytes());
    for (key, value) in metadata.iter() {
        write_text(key, &mut out);
        value.write(&mut out);
    }
    let mut offset = 0u64;
    for tensor in &plan.tensors {
        write_text(&tensor.name, &mut out);
        out.extend((tensor.shape.len() as u32).to_le_bytes());
        for size in tensor.shape.iter().rev() {
            out.extend((*size as u64).to_le_bytes());
        }
        out.extend(tensor.block_type.ggml_id().to_le_bytes());
        out.extend(offset.to_le_bytes());
        offset += sizes(tensor).1.next_multiple_of(ALIGNMENT) as u64;
    }
    out.resize(out.len().next_multiple_of(ALIGNMENT), 0);
    out
}

fn sizes(tensor: &Planned) -> (usize, usize) {
    tensor.sizes().expect("the sizes were checked when the tensor was planned")
}

fn tensors(
    plan: &Plan,
    mut load: impl FnMut(&str, &mut Vec<f32>) -> Result<(), LoadError>,
    mut write: impl FnMut(&[u8]) -> Result<(), GgufError>,
) -> Result<(), GgufError> {
    let mut values = Vec::new();
    for tensor in &plan.tensors {
        let (len, bytes) = sizes(tensor);
        match &tensor.source {
            Source::Given(values) => write(&blocks(&tensor.name, tensor.block_type, values)?)?,
            Source::Loaded { names, interleave } => {
                let len = len / names.len();
                for name in names {
                    values.clear();
                    load(name, &mut values)
                        .map_err(|source| GgufError::Load { tensor: name.clone(), source })?;
                    if values.len() != len {
                        let what = format!("{} values were loaded, and its shape has {len}", values.len());
                        return Err(GgufError::Tensor { tensor: name.clone(), what });
                    }
                    if let Some(head_dim) = interleave {
                        interleave_rows(&mut values, tensor.shape[0], *head_dim);
                    }
                    write(&blocks(name, tensor.block_type, &values)?)?;
                }
            }
        }
        write(&[0; ALIGNMENT][..bytes.next_multiple_of(ALIGNMENT) - bytes])?;
    }
    Ok(())
}

fn interleave_rows(values: &mut [f32], rows: usize, head_dim: usize) {
    let columns = values.len() / rows;
    let original = values.to_vec();
    for (row, from) in original.chunks_exact(columns).enumerate() {
        let place = interleaved(row, head_dim);
        values[place * columns..(place + 1) * columns].copy_from_slice(from);
    }
}

fn blocks(name: &str, block_type: BlockType, values: &[f32]) -> Result<Vec<u8>, GgufError> {
    let chunks: Result<Vec<_>, _> = values.par_chunks(CHUNK).map(|chunk| encode(block_type, chunk)).collect();
    let chunks = chunks.map_err(|source| GgufError::Quant { tensor: name.into(), source })?;
    Ok(chunks.concat())
}
