//! The file itself: header, then one tensor after the other.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use r1_quant::{BlockType, encode};
use rayon::prelude::*;

use super::LoadError;
use super::plan::{Plan, Planned, Source};
use crate::value::write_text;
use crate::weights::interleaved;
use crate::{GgufError, Metadata};

const ALIGNMENT: usize = 32;
/// Weights that a thread encodes at once.
const CHUNK: usize = 1 << 16;

/// A file that is removed unless it was moved into its place.
struct Beside {
    path: PathBuf,
    done: bool,
}

impl Drop for Beside {
    fn drop(&mut self) {
        if !self.done {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

pub(super) fn write(
    path: &Path,
    metadata: &Metadata,
    plan: &Plan,
    replace: bool,
    load: impl FnMut(&str, &mut Vec<f32>) -> Result<(), LoadError>,
) -> Result<(), GgufError> {
    let exists = || GgufError::Exists { path: path.into() };
    if !replace && path.symlink_metadata().is_ok() {
        return Err(exists());
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".part-{}", std::process::id()));
    let part = path.with_file_name(name);
    let io = |what, path: &Path| {
        let path = path.to_owned();
        move |source| GgufError::Io { path, what, source }
    };
    let file = File::create_new(&part).map_err(io("create the file", &part))?;
    let mut beside = Beside { path: part.clone(), done: false };
    let mut out = BufWriter::with_capacity(1 << 20, file);
    out.write_all(&header(metadata, plan)).map_err(io("write the header", &part))?;
    tensors(plan, load, |bytes| out.write_all(bytes).map_err(io("write weights", &part)))?;
    let file = out.into_inner().map_err(|error| error.into_error()).map_err(io("write weights", &part))?;
    file.sync_all().map_err(io("write weights", &part))?;
    if !replace && path.symlink_metadata().is_ok() {
        return Err(exists());
    }
    std::fs::rename(&part, path).map_err(io("move the file into place", path))?;
    beside.done = true;
    Ok(())
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
