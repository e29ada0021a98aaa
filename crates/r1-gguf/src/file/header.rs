//! Header of one file: version, metadata, places of tensors.

use std::ops::Range;

use r1_quant::BlockType;

use crate::cursor::Cursor;
use crate::value::read_value;
use crate::{GgufError, Metadata};

/// Metadata and places of tensors, which stand before the weights.
pub(super) struct Header {
    pub(super) metadata: Metadata,
    pub(super) tensors: Vec<TensorPlace>,
}

/// Name, shape and place of a tensor.
#[derive(Debug)]
pub(super) struct TensorPlace {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    pub(super) block_type: BlockType,
    pub(super) part: usize,
    pub(super) bytes: Range<usize>,
}

/// Headers of real files take tens of megabytes; what goes beyond this is no header.
const HEADER_BYTES: usize = 1 << 28;
/// The largest models have some thousand tensors and some hundred keys.
const MOST_TENSORS: usize = 1 << 20;
const MOST_KEYS: usize = 1 << 16;
/// The format's limit for keys.
const KEY_BYTES: usize = 65535;
/// ggml's own limit for names is 64.
const NAME_BYTES: usize = 256;
const ALIGNMENT: u64 = 32;

impl Header {
    pub(super) fn read(bytes: &[u8], part: usize) -> Result<Header, GgufError> {
        let mut cursor = Cursor::new(&bytes[..bytes.len().min(HEADER_BYTES)]);
        check_version(&mut cursor)?;
        cursor.reading("number of tensors");
        // A tensor takes a name, dimensions, a type and an offset.
        let tensor_count = at_most(MOST_TENSORS, cursor.count(28)?, &cursor)?;
        cursor.reading("number of metadata keys");
        let key_count = at_most(MOST_KEYS, cursor.count(13)?, &cursor)?;
        let metadata = read_metadata(&mut cursor, key_count)?;
        let alignment = metadata.get::<u64>("general.alignment")?.unwrap_or(ALIGNMENT);
        if !alignment.is_power_of_two() || alignment > 1 << 20 {
            return Err(GgufError::Value {
                key: "general.alignment".into(),
                found: alignment.to_string(),
                expected: "a power of two up to 1048576".into(),
            });
        }
        let mut tensors = Vec::new();
        for index in 0..tensor_count {
            tensors.push(read_tensor(&mut cursor, index, part, alignment)?);
        }
        let data = cursor.offset().next_multiple_of(alignment as usize);
        for tensor in &mut tensors {
            let end = tensor.bytes.end.checked_add(data).filter(|end| *end <= bytes.len());
            let Some(end) = end else {
                return Err(GgufError::Damaged {
                    field: format!("weights of tensor `{}`", tensor.name),
                    offset: (tensor.bytes.start as u64).saturating_add(data as u64),
                    what: format!(
                        "{} bytes are needed, and the file ends at {}",
                        tensor.bytes.len(),
                        bytes.len()
                    ),
                });
            };
            tensor.bytes = tensor.bytes.start + data..end;
        }
        apart(&tensors)?;
        Ok(Header { metadata, tensors })
    }
}

/// Checks that no two tensors share bytes, so that all of them together are no larger than the file.
fn apart(tensors: &[TensorPlace]) -> Result<(), GgufError> {
    let mut order: Vec<&TensorPlace> = tensors.iter().collect();
    order.sort_by_key(|tensor| tensor.bytes.start);
    match order.windows(2).find(|pair| pair[0].bytes.end > pair[1].bytes.start) {
        Some(pair) => Err(GgufError::Damaged {
            field: format!("weights of tensor `{}`", pair[1].name),
            offset: pair[1].bytes.start as u64,
            what: format!("`{}` has bytes there too", pair[0].name),
        }),
        None => Ok(()),
    }
}

fn at_most(most: usize, count: usize, cursor: &Cursor) -> Result<usize, GgufError> {
    if count > most { Err(cursor.damaged(format!("{count}, and {most} are the most"))) } else { Ok(count) }
}

fn check_version(cursor: &mut Cursor) -> Result<(), GgufError> {
    let what = match (cursor.array::<4>(), cursor.u32()) {
        (Ok(magic), Ok(2 | 3)) if &magic == b"GGUF" => return Ok(()),
        (Ok(magic), Ok(version)) if &magic == b"GGUF" && matches!(version.swap_bytes(), 1..=3) => {
            "the file is big-endian".into()
        }
        (Ok(magic), Ok(version)) if &magic == b"GGUF" => format!("the file has version {version}"),
        (Ok(magic), _) => format!("the file begins with {}", magic.escape_ascii()),
        _ => "the file has fewer than 8 bytes".into(),
    };
    Err(GgufError::NotGguf { what })
}

fn read_metadata(cursor: &mut Cursor, count: usize) -> Result<Metadata, GgufError> {
    let mut metadata = Metadata::default();
    for index in 0..count {
        cursor.reading(format!("metadata key {index}"));
        let key = cursor.name(KEY_BYTES)?;
        cursor.reading(format!("metadata `{key}`"));
        let value = read_value(cursor)?;
        if metadata.value(&key).is_some() {
            return Err(cursor.damaged("the key is there twice"));
        }
        metadata.set(key, value);
    }
    Ok(metadata)
}

/// Place of a tensor whose bytes still count from the end of the header.
fn read_tensor(
    cursor: &mut Cursor,
    index: usize,
    part: usize,
    alignment: u64,
) -> Result<TensorPlace, GgufError> {
    cursor.reading(format!("name of tensor {index}"));
    let name = cursor.name(NAME_BYTES)?;
    cursor.reading(format!("tensor `{name}`"));
    let dimensions = cursor.u32()?;
    if !(1..=4).contains(&dimensions) {
        return Err(cursor.damaged(format!("{dimensions} dimensions, and 1 to 4 are possible")));
    }
    let mut shape = Vec::new();
    for _ in 0..dimensions {
        let size = cursor.u64()?;
        let size = usize::try_from(size).ok().filter(|size| *size > 0);
        shape.push(size.ok_or_else(|| cursor.damaged("a dimension is zero or too large"))?);
    }
    // The file names the fastest dimension first.
    shape.reverse();
    let id = cursor.u32()?;
    let Some(block_type) = BlockType::from_ggml_id(id) else {
        return Err(GgufError::Format { tensor: name, format: format_name(id) });
    };
    let offset = cursor.u64()?;
    let row = shape[shape.len() - 1];
    if !row.is_multiple_of(block_type.block_len()) {
        return Err(
            cursor.damaged(format!("a row of {row} weights is no whole number of {block_type} blocks"))
        );
    }
    let len = shape.iter().try_fold(1usize, |len, size| len.checked_mul(*size));
    let bytes = len.and_then(|len| block_type.bytes_of(len));
    let bytes = bytes.ok_or_else(|| cursor.damaged("the tensor's size overflows"))?;
    if !offset.is_multiple_of(alignment) {
        return Err(cursor.damaged(format!("offset {offset} is no multiple of the alignment {alignment}")));
    }
    let start = usize::try_from(offset).ok();
    let end = start.and_then(|start| start.checked_add(bytes));
    let (Some(start), Some(end)) = (start, end) else {
        return Err(cursor.damaged(format!("offset {offset} is beyond any file")));
    };
    Ok(TensorPlace { name, shape, block_type, part, bytes: start..end })
}

/// Name of a format that is not read.
fn format_name(id: u32) -> String {
    let known = [
        (9, "Q8_1"),
        (15, "Q8_K"),
        (16, "IQ2_XXS"),
        (17, "IQ2_XS"),
        (18, "IQ3_XXS"),
        (19, "IQ1_S"),
        (20, "IQ4_NL"),
        (21, "IQ3_S"),
        (22, "IQ2_S"),
        (23, "IQ4_XS"),
        (24, "I8"),
        (25, "I16"),
        (26, "I32"),
        (27, "I64"),
        (28, "F64"),
        (29, "IQ1_M"),
        (34, "TQ1_0"),
        (35, "TQ2_0"),
        (39, "MXFP4"),
    ];
    let found = known.into_iter().find(|(number, _)| *number == id);
    found.map_or_else(|| format!("type {id}"), |(_, name)| name.into())
}
