//! Rows of the file that make a weight.

use std::borrow::Cow;
use std::ops::Range;

use r1_quant::BlockType;

use crate::{SharedBytes, Tensor};

/// Place of a weight's rows in the file.
#[derive(Debug, Clone)]
pub(super) enum Source<'a> {
    /// Rows of a tensor, from `first` on.
    Rows { tensor: Tensor<'a>, first: usize },
    /// Rows of a matrix, in heads of `head_dim`: rotated pairs are neighbours in the file, and halves apart here.
    Interleaved { tensor: Tensor<'a>, head_dim: usize },
    /// The same of the numbers of a vector.
    InterleavedVector { tensor: Tensor<'a>, head_dim: usize },
    /// For each head the columns of `key`, then the rows of `value`.
    KeyValue { key: Tensor<'a>, value: Tensor<'a> },
}

impl<'a> Source<'a> {
    pub(super) fn block_type(&self) -> BlockType {
        match self {
            Source::Rows { tensor, .. }
            | Source::Interleaved { tensor, .. }
            | Source::InterleavedVector { tensor, .. }
            | Source::KeyValue { key: tensor, .. } => tensor.block_type(),
        }
    }

    pub(super) fn blocks(&self, rows: usize) -> Option<Cow<'a, [u8]>> {
        match *self {
            Source::Rows { tensor, first } => Some(tensor.row_blocks(first..first + rows).into()),
            Source::Interleaved { tensor, head_dim } => {
                let mut blocks = Vec::with_capacity(tensor.blocks().len());
                for row in (0..rows).map(|row| interleaved(row, head_dim)) {
                    blocks.extend_from_slice(tensor.row_blocks(row..row + 1));
                }
                Some(blocks.into())
            }
            Source::InterleavedVector { .. } | Source::KeyValue { .. } => None,
        }
    }

    pub(super) fn bytes_shared(&self, rows: usize) -> Option<(SharedBytes, Range<usize>)> {
        let Source::Rows { tensor, first } = *self else { return None };
        let (file, place) = tensor.bytes_shared();
        let row = place.len() / tensor.rows();
        Some((file, place.start + first * row..place.start + (first + rows) * row))
    }

    /// Decodes rows of `columns` weights behind what `values` holds.
    pub(super) fn append_rows(&self, rows: Range<usize>, columns: usize, values: &mut Vec<f32>) {
        match *self {
            Source::Rows { tensor, first } => {
                tensor.append_rows(first + rows.start..first + rows.end, values);
            }
            Source::Interleaved { tensor, head_dim } => {
                for row in rows.map(|row| interleaved(row, head_dim)) {
                    tensor.append_rows(row..row + 1, values);
                }
            }
            Source::InterleavedVector { tensor, head_dim } => {
                let mut stored = Vec::new();
                tensor.append_rows(rows.clone(), &mut stored);
                values.extend((0..stored.len()).map(|place| stored[interleaved(place, head_dim)]));
            }
            Source::KeyValue { key, value } => append_key_value(&key, &value, rows, columns, values),
        }
    }
}

/// Decodes rows of DeepSeek's `kv_b_proj`: of each head first `nope` rows, which are the columns of its part of `key`,
/// then those of `value`. A row has `rank` columns.
fn append_key_value(key: &Tensor, value: &Tensor, rows: Range<usize>, rank: usize, values: &mut Vec<f32>) {
    let (nope, out) = (key.columns(), value.shape()[1]);
    let mut head_key = Vec::new();
    let mut decoded = None;
    for row in rows {
        let (head, inside) = (row / (nope + out), row % (nope + out));
        if inside < nope {
            if decoded != Some(head) {
                key.rows_to_f32(head * rank..(head + 1) * rank, &mut head_key);
                decoded = Some(head);
            }
            values.extend(head_key.iter().skip(inside).step_by(nope));
        } else {
            let row = head * out + inside - nope;
            value.append_rows(row..row + 1, values);
        }
    }
}

/// Row in a file of a row of a checkpoint: the two halves of a head take turns there.
pub(crate) fn interleaved(row: usize, head_dim: usize) -> usize {
    let (head, inside) = (row / head_dim, row % head_dim);
    let (half, pair) = (inside / (head_dim / 2), inside % (head_dim / 2));
    head * head_dim + 2 * pair + half
}
