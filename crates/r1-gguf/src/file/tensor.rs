//! One tensor of a file.

use std::ops::Range;

use r1_quant::{BlockType, decode};

use super::SharedBytes;

/// A tensor of a file: its name there, its shape and its blocks.
#[derive(Clone, Copy)]
pub struct Tensor<'a> {
    pub(super) name: &'a str,
    pub(super) shape: &'a [usize],
    pub(super) block_type: BlockType,
    pub(super) blocks: &'a [u8],
    /// The file's bytes, and the place of the blocks among them.
    pub(super) file: &'a SharedBytes,
    pub(super) first: usize,
}

impl<'a> Tensor<'a> {
    /// Name in the file, such as `blk.0.attn_q.weight`.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// Sizes, the slowest dimension first, as in a Hugging Face checkpoint: `[rows, columns]`.
    pub fn shape(&self) -> &'a [usize] {
        self.shape
    }

    /// Format of the blocks.
    pub fn block_type(&self) -> BlockType {
        self.block_type
    }

    /// Blocks as they are stored, row after row.
    pub fn blocks(&self) -> &'a [u8] {
        self.blocks
    }

    /// Blocks as they are stored: the file's bytes, and the range among them that the tensor takes. They outlive the
    /// [`Gguf`](crate::Gguf), and nothing is copied.
    pub fn bytes_shared(&self) -> (SharedBytes, Range<usize>) {
        (self.file.clone(), self.first..self.first + self.blocks.len())
    }

    /// Number of rows: the product of all dimensions but the last.
    pub fn rows(&self) -> usize {
        self.shape[..self.shape.len() - 1].iter().product()
    }

    /// Number of weights of a row.
    pub fn columns(&self) -> usize {
        self.shape[self.shape.len() - 1]
    }

    /// Blocks of some rows.
    ///
    /// # Panics
    /// If a row is beyond [`Tensor::rows`].
    pub fn row_blocks(&self, rows: Range<usize>) -> &'a [u8] {
        let bytes = self.blocks.len() / self.rows();
        &self.blocks[rows.start * bytes..rows.end * bytes]
    }

    /// Decodes all weights into `values`, whose content is replaced.
    pub fn to_f32(&self, values: &mut Vec<f32>) {
        self.rows_to_f32(0..self.rows(), values);
    }

    /// Decodes some rows into `values`, whose content is replaced.
    ///
    /// # Panics
    /// If a row is beyond [`Tensor::rows`].
    pub fn rows_to_f32(&self, rows: Range<usize>, values: &mut Vec<f32>) {
        values.clear();
        self.append_rows(rows, values);
    }

    /// Decodes some rows behind what `values` holds.
    pub(crate) fn append_rows(&self, rows: Range<usize>, values: &mut Vec<f32>) {
        let blocks = self.row_blocks(rows.clone());
        let before = values.len();
        values.resize(before + rows.len() * self.columns(), 0.0);
        decode(self.block_type, blocks, &mut values[before..])
            .expect("a tensor's rows are whole blocks: its size was checked when the file was opened");
    }
}

impl std::fmt::Debug for Tensor<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tensor({} {} {:?})", self.name, self.block_type, self.shape)
    }
}
