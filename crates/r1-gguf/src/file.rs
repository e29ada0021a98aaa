//! Opened files.

mod header;
mod split;
mod tensor;

use std::collections::HashMap;
use std::path::Path;

use memmap2::Mmap;

use crate::{GgufError, Metadata};
use header::{Header, TensorPlace};
pub use tensor::Tensor;

/// An opened GGUF file, or all parts of a split one.
///
/// The file is mapped, not read: weights come into memory when they are used. Whoever changes or cuts the file while
/// it is open takes the bytes away under the reader, which ends the process.
#[derive(Debug)]
pub struct Gguf {
    parts: Vec<Bytes>,
    metadata: Metadata,
    tensors: Vec<TensorPlace>,
    places: HashMap<String, usize>,
}

/// Bytes of a part.
#[derive(Debug)]
enum Bytes {
    Map(Mmap),
    Owned(Vec<u8>),
}

impl Bytes {
    fn as_slice(&self) -> &[u8] {
        match self {
            Bytes::Map(map) => map,
            Bytes::Owned(bytes) => bytes,
        }
    }
}

impl Gguf {
    /// Opens a file; any part of a split file (`NAME-00001-of-00003.gguf`) opens all of them.
    ///
    /// # Errors
    /// [`GgufError::Io`] if a file cannot be mapped, [`GgufError::NotGguf`], [`GgufError::Damaged`],
    /// [`GgufError::Format`] or [`GgufError::Split`] for what it holds.
    pub fn open(path: impl AsRef<Path>) -> Result<Gguf, GgufError> {
        let path = path.as_ref();
        let bytes = map(path)?;
        let header = Header::read(bytes.as_slice(), 0)?;
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
        let bytes = Bytes::Owned(bytes);
        let header = Header::read(bytes.as_slice(), 0)?;
        if let Some(2..) = header.metadata.get::<u64>("split.count")? {
            return Err(GgufError::Split {
                path: "(bytes)".into(),
                what: "this is one part of several".into(),
            });
        }
        Gguf::joined(vec![(bytes, header)])
    }

    fn joined(files: Vec<(Bytes, Header)>) -> Result<Gguf, GgufError> {
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
        let bytes = self.parts[place.part].as_slice();
        Tensor {
            name: &place.name,
            shape: &place.shape,
            block_type: place.block_type,
            blocks: &bytes[place.bytes.clone()],
        }
    }
}

fn map(path: &Path) -> Result<Bytes, GgufError> {
    let error = |what| move |source| GgufError::Io { path: path.into(), what, source };
    let file = std::fs::File::open(path).map_err(error("open the file"))?;
    if file.metadata().map_err(error("ask for the file's length"))?.len() == 0 {
        // An empty mapping is an error of some systems.
        return Ok(Bytes::Owned(Vec::new()));
    }
    // SAFETY: the map is only read; that nobody may change the file meanwhile is said at `Gguf`.
    unsafe { Mmap::map(&file) }.map(Bytes::Map).map_err(error("map the file"))
}
