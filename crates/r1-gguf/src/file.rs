//! Opened files.

mod header;
mod split;
mod tensor;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use memmap2::Mmap;

use crate::{GgufError, Metadata};
use header::{Header, TensorPlace};
pub use tensor::Tensor;

/// An opened GGUF file, or all parts of a split one.
///
/// The file is mapped, not read: weights come into memory when they are used. Whoever changes or cuts the file while
/// it is open takes the bytes away under the reader, which ends the process.
pub struct Gguf {
    parts: Vec<SharedBytes>,
    metadata: Metadata,
    tensors: Vec<TensorPlace>,
    places: HashMap<String, usize>,
}

/// Bytes of a file, a map as a rule, which live as long as somebody holds them.
///
/// What `r1_quant::Matrix` takes its blocks from, so that a model's weights stay in the map.
pub type SharedBytes = Arc<dyn AsRef<[u8]> + Send + Sync>;

impl Gguf {
    /// Opens a file; any part of a split file (`NAME-00001-of-00003.gguf`) opens all of them.
    ///
    /// # Errors
    /// [`GgufError::Io`] if a file cannot be mapped, [`GgufError::NotGguf`], [`GgufError::Damaged`],
    /// [`GgufError::Format`] or [`GgufError::Split`] for what it holds.
    pub fn open(path: impl AsRef<Path>) -> Result<Gguf, GgufError> {
        let path = path.as_ref();
        let bytes = map(path)?;
        let header = Header::read((*bytes).as_ref(), 0)?;
        match header.metadata.get::<u64>("split.count")? {
            None | Some(0 | 1) => Gguf::joined(vec![(bytes, header)]),
            Some(count) => Gguf::joined(split::parts(path, count)?),
        }
    }

    /// Reads a file that is in memory.
    ///
    /// # Errors
    /// Those of [`Gguf::open`] but the first; a part of a split file is [`GgufError::Split`].
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Gguf, GgufError> {
        let header = Header::read(&bytes, 0)?;
        if let Some(2..) = header.metadata.get::<u64>("split.count")? {
            return Err(GgufError::Split {
                path: "(bytes)".into(),
                what: "this is one part of several".into(),
            });
        }
        Gguf::joined(vec![(Arc::new(bytes), header)])
    }

    fn joined(files: Vec<(SharedBytes, Header)>) -> Result<Gguf, GgufError> {
        let mut gguf = Gguf {
            parts: Vec::new(),
            metadata: Metadata::default(),
            tensors: Vec::new(),
            places: HashMap::new(),
        };
        for (bytes, header) in files {
            if gguf.parts.is_empty() {
                gguf.metadata = header.metadata;
            }
            gguf.parts.push(bytes);
            for tensor in header.tensors {
                if gguf.places.insert(tensor.name.clone(), gguf.tensors.len()).is_some() {
                    return Err(GgufError::Tensor {
                        tensor: tensor.name,
                        what: "is in the file twice".into(),
                    });
                }
                gguf.tensors.push(tensor);
            }
        }
        Ok(gguf)
    }

    /// Metadata; of a split file, that of the first part.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Tensors in the order of the file.
    pub fn tensors(&self) -> impl ExactSizeIterator<Item = Tensor<'_>> {
        self.tensors.iter().map(|place| self.at(place))
    }

    /// Tensor of a name.
    pub fn tensor(&self, name: &str) -> Option<Tensor<'_>> {
        self.places.get(name).map(|place| self.at(&self.tensors[*place]))
    }

    fn at<'a>(&'a self, place: &'a TensorPlace) -> Tensor<'a> {
        let file = &self.parts[place.part];
        let blocks = &(**file).as_ref()[place.bytes.clone()];
        let (name, shape, block_type, first) =
            (&place.name, &place.shape, place.block_type, place.bytes.start);
        Tensor { name, shape, block_type, blocks, file, first }
    }
}

impl std::fmt::Debug for Gguf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (parts, keys, tensors) = (self.parts.len(), self.metadata.len(), self.tensors.len());
        write!(f, "Gguf({parts} parts, {keys} keys, {tensors} tensors)")
    }
}

fn map(path: &Path) -> Result<SharedBytes, GgufError> {
    let error = |what| move |source| GgufError::Io { path: path.into(), what, source };
    // A pipe would keep the reader waiting when it is opened.
    let about = std::fs::metadata(path).map_err(error("open the file"))?;
    if !about.is_file() {
        let source = std::io::Error::new(std::io::ErrorKind::InvalidInput, "it is no regular file");
        return Err(error("open the file")(source));
    }
    let file = std::fs::File::open(path).map_err(error("open the file"))?;
    if file.metadata().map_err(error("ask for the file's length"))?.len() == 0 {
        // An empty mapping is an error of some systems.
        return Ok(Arc::new(Vec::new()));
    }
    // SAFETY: the map is only read; that nobody may change the file meanwhile is said at `Gguf`.
    let map = unsafe { Mmap::map(&file) }.map_err(error("map the file"))?;
    Ok(Arc::new(map))
}
