//! The tensors of a checkpoint's files: which there are, and the values of one at a time.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use half::{bf16, f16};
use memmap2::Mmap;
use rayon::prelude::*;
use safetensors::{Dtype, SafeTensors};

use super::{Part, Slot, TensorSource, folder};
use crate::{ModelConfig, ModelError, config, kernels::PackedMatrix};

/// Bytes that are read at a time, a multiple of every number's size.
const CHUNK: usize = 8 << 20;

/// The embedding and the output matrix, as Hugging Face names them.
const EMBEDDING: &str = "model.embed_tokens.weight";
const HEAD: &str = "lm_head.weight";

/// Where a tensor stands.
#[derive(Debug, Clone)]
struct Entry {
    file: usize,
    dtype: Dtype,
    shape: Vec<usize>,
    start: u64,
    bytes: usize,
}

/// The tensors of a checkpoint folder. Only headers are read; values are read when they are asked for, a few
/// megabytes at a time, so that a model needs its own memory and no more.
#[derive(Debug)]
pub struct TensorFiles {
    files: Vec<(PathBuf, File)>,
    entries: BTreeMap<String, Entry>,
}

impl TensorFiles {
    /// Opens the weights of a folder in Hugging Face layout.
    ///
    /// # Errors
    /// When a file is missing or damaged, the folder holds weights of another kind, or a tensor stands in two files.
    pub fn open(dir: &Path) -> Result<Self, ModelError> {
        folder::recognize(dir)?;
        let mut tensors = Self { files: Vec::new(), entries: BTreeMap::new() };
        for path in folder::weight_files(dir)? {
            tensors.add(path)?;
        }
        Ok(tensors)
    }

    /// Opens one safetensors file.
    ///
    /// # Errors
    /// When it is missing or damaged.
    pub(crate) fn open_file(path: PathBuf) -> Result<Self, ModelError> {
        let mut tensors = Self { files: Vec::new(), entries: BTreeMap::new() };
        tensors.add(path)?;
        Ok(tensors)
    }

    fn add(&mut self, path: PathBuf) -> Result<(), ModelError> {
        let failed = |source| ModelError::Read { path: path.clone(), source };
        let damaged = |reason: String| ModelError::Damaged { path: path.clone(), reason };
        config::check_regular(&path)?;
        let file = File::open(&path).map_err(failed)?;
        // SAFETY: the map is read here and nowhere else; a file that another process shortens at this very moment is
        // the one case the system cannot rule out.
        let map = unsafe { Mmap::map(&file) }.map_err(failed)?;
        let parsed = SafeTensors::read_metadata(&map).map_err(|error| damaged(error.to_string()))?;
        let (header_end, parsed) = (8 + parsed.0 as u64, parsed.1.tensors());
        let number = self.files.len();
        for (name, info) in parsed {
            let (start, end) = info.data_offsets;
            let entry = Entry {
                file: number,
                dtype: info.dtype,
                shape: info.shape.clone(),
                start: header_end + start as u64,
                bytes: end - start,
            };
            if let Some(other) = self.entries.insert(name.clone(), entry) {
                let other = self.files[other.file].0.display();
                return Err(damaged(format!(
                    "tensor `{name}` stands in `{other}` too, perhaps with other values"
                )));
            }
        }
        self.files.push((path, file));
        Ok(())
    }

    /// Brings the names and the config together where checkpoints differ in how they are written: tensors without the
    /// prefix `model.` get it, an output matrix that stands for a tied pair serves as the embedding, and a pair that is
    /// stored twice with different values is tied no more. All as transformers does.
    ///
    /// # Errors
    /// When a tensor cannot be read.
    pub fn settle(&mut self, config: &mut ModelConfig) -> Result<(), ModelError> {
        let bare = |name: &str| {
            name.starts_with("layers.") || name == "embed_tokens.weight" || name == "norm.weight"
        };
        if self.entries.keys().any(|name| bare(name))
            && !self.entries.keys().any(|name| name.starts_with("model."))
        {
            let entries = std::mem::take(&mut self.entries).into_iter();
            let renamed = entries.map(|(name, entry)| {
                (if name.starts_with("lm_head.") { name } else { format!("model.{name}") }, entry)
            });
            self.entries = renamed.collect();
        }
        if config.tied {
            match (self.entries.get(EMBEDDING).cloned(), self.entries.get(HEAD).cloned()) {
                (None, Some(_)) => {
                    let head = self.entries.remove(HEAD).expect("it was just found");
                    self.entries.insert(EMBEDDING.into(), head);
                }
                (Some(embedding), Some(head)) if !self.same(&embedding, &head)? => config.untie(),
                _ => {}
            }
        }
        Ok(())
    }

    /// Refuses a checkpoint that does not hold what the slots are made of. Surplus tensors are refused too, but those
    /// of which `aside` says that they may be left; they are returned.
    ///
    /// # Errors
    /// When a tensor is missing, surplus, misshapen, or of a type that cannot be weights.
    pub fn check(&self, slots: &[Slot], aside: &dyn Fn(&str) -> bool) -> Result<Vec<String>, ModelError> {
        let parts = || slots.iter().flat_map(|slot| slot.parts.iter().map(move |part| (slot, part)));
        let wanted: BTreeSet<&str> = parts().map(|(_, part)| part.name.as_str()).collect();
        let missing: Vec<String> = wanted
            .iter()
            .filter(|name| !self.entries.contains_key(**name))
            .map(|name| (*name).into())
            .collect();
        let (left, surplus): (Vec<String>, Vec<String>) = self
            .entries
            .keys()
            .filter(|name| !wanted.contains(name.as_str()))
            .cloned()
            .partition(|name| aside(name));
        if let Some(name) = surplus.iter().find(|name| quantized(name)) {
            return Err(ModelError::Quantized { name: name.clone() });
        }
        if !missing.is_empty() {
            return Err(ModelError::MissingTensors { names: missing });
        }
        if !surplus.is_empty() {
            return Err(ModelError::SurplusTensors { names: surplus });
        }
        for (slot, part) in parts() {
            let entry = &self.entries[&part.name];
            let (found, expected) = (entry.shape.clone(), slot.part_shape(part));
            if found != expected {
                return Err(ModelError::Shape { name: part.name.clone(), found, expected });
            }
            if !matches!(entry.dtype, Dtype::F32 | Dtype::BF16 | Dtype::F16) {
                let dtype = format!("{:?}", entry.dtype);
                return Err(ModelError::DataType { name: part.name.clone(), dtype });
            }
        }
        Ok(left)
    }

    /// The values of a parameter, as `f32`.
    ///
    /// # Errors
    /// When a file cannot be read, or a value is not finite.
    ///
    /// # Panics
    /// When the slot was not [`check`](Self::check)ed.
    pub fn values(&self, slot: &Slot) -> Result<Vec<f32>, ModelError> {
        TensorSource::values(self, slot)
    }

    fn read_tensor(&self, name: &str, values: &mut [f32]) -> Result<(), ModelError> {
        let entry = &self.entries[name];
        let size = if entry.dtype == Dtype::F32 { 4 } else { 2 };
        let mut finite = true;
        let mut rest = values;
        self.chunks(entry, &mut |bytes| {
            let (now, later) = std::mem::take(&mut rest).split_at_mut(bytes.len() / size);
            rest = later;
            finite &= convert(entry.dtype, bytes, now);
        })?;
        if finite { Ok(()) } else { Err(ModelError::NotFinite { name: name.to_owned() }) }
    }

    /// Gives the bytes of a tensor to `take`, some at a time.
    fn chunks(&self, entry: &Entry, take: &mut dyn FnMut(&[u8])) -> Result<(), ModelError> {
        let (path, file) = &self.files[entry.file];
        let failed = |source| ModelError::Read { path: path.clone(), source };
        let mut file = file;
        file.seek(SeekFrom::Start(entry.start)).map_err(failed)?;
        let mut buffer = vec![0; CHUNK.min(entry.bytes)];
        let mut left = entry.bytes;
        while left > 0 {
            let chunk = &mut buffer[..CHUNK.min(left)];
            file.read_exact(chunk).map_err(failed)?;
            take(chunk);
            left -= chunk.len();
        }
        Ok(())
    }

    /// Whether two tensors have the same bytes.
    fn same(&self, a: &Entry, b: &Entry) -> Result<bool, ModelError> {
        if (a.dtype, &a.shape, a.bytes) != (b.dtype, &b.shape, b.bytes) {
            return Ok(false);
        }
        let part = |entry: &Entry, first: usize| {
            let bytes = CHUNK.min(entry.bytes - first);
            let part = Entry { start: entry.start + first as u64, bytes, ..entry.clone() };
            let mut read = Vec::with_capacity(bytes);
            self.chunks(&part, &mut |chunk| read.extend_from_slice(chunk)).map(|()| read)
        };
        for first in (0..a.bytes).step_by(CHUNK) {
            if part(a, first)? != part(b, first)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl TensorSource for TensorFiles {
    fn read(&self, part: &Part, values: &mut [f32]) -> Result<(), ModelError> {
        self.read_tensor(&part.name, values)
    }

    fn packed(&self, _: &Slot) -> Result<Option<PackedMatrix>, ModelError> {
        Ok(None)
    }
}

/// Whether a tensor's name is one of those that quantised weights are accompanied by.
fn quantized(name: &str) -> bool {
    let ends =
        [".qweight", ".qzeros", ".g_idx", ".absmax", ".weight_scale", ".weight_scale_inv", ".SCB", "_packed"];
    ends.iter().any(|end| name.ends_with(end)) || name.contains(".quant_state.")
}

/// Writes the numbers of `bytes` to `values`, and tells whether they are finite.
fn convert(dtype: Dtype, bytes: &[u8], values: &mut [f32]) -> bool {
    match dtype {
        Dtype::BF16 => each(bytes, values, |b| bf16::from_le_bytes(b).to_f32()),
        Dtype::F16 => each(bytes, values, |b| f16::from_le_bytes(b).to_f32()),
        _ => each(bytes, values, f32::from_le_bytes),
    }
}

/// Makes a value of every `SIZE` bytes.
fn each<const SIZE: usize>(bytes: &[u8], values: &mut [f32], one: impl Fn([u8; SIZE]) -> f32 + Sync) -> bool {
    const RUN: usize = 1 << 16;
    let runs = values.par_chunks_mut(RUN).zip(bytes.par_chunks(RUN * SIZE));
    let finite = runs.map(|(values, bytes)| {
        let mut finite = true;
        for (value, bytes) in values.iter_mut().zip(bytes.as_chunks().0) {
            *value = one(*bytes);
            finite &= value.is_finite();
        }
        finite
    });
    finite.reduce(|| true, |a, b| a && b)
}
