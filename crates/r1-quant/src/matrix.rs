//! A matrix whose rows are blocks.

use std::sync::Arc;

use crate::{BlockType, QuantError, decode, encode, product};

/// Where the blocks of a [`Matrix`] lie: memory of its own, or a part of a mapped file.
pub type Bytes = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// A weight matrix in blocks, `[rows, width]`: each row is a whole number of blocks, the rows follow one another.
///
/// ```
/// use r1_quant::{BlockType, Matrix};
///
/// // [2, 32]: a row of ones and a row of twos.
/// let weights: Vec<f32> = (0..64).map(|i| if i < 32 { 1.0 } else { 2.0 }).collect();
/// let matrix = Matrix::encode(BlockType::Q8_0, &weights, [2, 32])?;
/// let mut y = [0.0; 2];
/// matrix.product(&[0.5; 32], &mut y, 2);
/// assert!((y[0] - 16.0).abs() < 0.01 && (y[1] - 32.0).abs() < 0.01);
/// # Ok::<(), r1_quant::QuantError>(())
/// ```
#[derive(Clone)]
pub struct Matrix {
    block_type: BlockType,
    rows: usize,
    width: usize,
    bytes: Bytes,
    first: usize,
}

impl Matrix {
    /// The matrix whose blocks start at byte `first` of `bytes`.
    ///
    /// # Errors
    /// [`QuantError::Length`] if a row is no whole number of blocks, [`QuantError::Bytes`] if there are too few bytes.
    pub fn new(
        block_type: BlockType,
        bytes: Bytes,
        first: usize,
        [rows, width]: [usize; 2],
    ) -> Result<Self, QuantError> {
        let row = block_type.bytes_of(width).ok_or(QuantError::Length { len: width, block_type })?;
        let held = (*bytes).as_ref().len().saturating_sub(first);
        if row.checked_mul(rows).is_none_or(|needed| needed > held) {
            return Err(QuantError::Bytes { bytes: held, len: rows.saturating_mul(width), block_type });
        }
        Ok(Self { block_type, rows, width, bytes, first })
    }

    /// The matrix of row-major weights, encoded.
    ///
    /// # Errors
    /// Those of [`encode`].
    pub fn encode(
        block_type: BlockType,
        weights: &[f32],
        [rows, width]: [usize; 2],
    ) -> Result<Self, QuantError> {
        use rayon::prelude::*;
        if block_type.bytes_of(width).is_none() {
            return Err(QuantError::Length { len: width, block_type });
        }
        let parts: Result<Vec<Vec<u8>>, QuantError> =
            weights.par_chunks((width * 64).max(1)).map(|part| encode(block_type, part)).collect();
        Self::new(block_type, Arc::new(parts?.concat()), 0, [rows, width])
    }

    /// Format of the blocks.
    pub fn block_type(&self) -> BlockType {
        self.block_type
    }

    /// Number of rows, and of weights in each.
    pub fn shape(&self) -> [usize; 2] {
        [self.rows, self.width]
    }

    /// The blocks.
    pub fn blocks(&self) -> &[u8] {
        let row = self.block_type.bytes_of(self.width).expect("checked when it was made");
        &(*self.bytes).as_ref()[self.first..self.first + row * self.rows]
    }

    /// Decodes a row.
    ///
    /// # Panics
    /// When there is no such row, or `values` has another width.
    pub fn row(&self, row: usize, values: &mut [f32]) {
        let bytes = self.block_type.bytes_of(self.width).expect("checked when it was made");
        let blocks = &self.blocks()[row * bytes..(row + 1) * bytes];
        decode(self.block_type, blocks, values).expect("the row has the width of the matrix");
    }

    /// `Y = X Wᵀ` on rayon's threads: row `i` of `Y`, of which row `i + 1` begins `stride` elements later, gets the
    /// products of row `i` of `X` with all rows of the matrix.
    ///
    /// Integers meet integers: `X` is rounded to 8 bits in blocks of 32 first where the blocks hold integers, and the
    /// rest is exact up to the sums of the blocks, which are added in f32 in one fixed order. A row's result has
    /// the same bits alone and in any batch, with any number of threads and on every instruction set.
    ///
    /// # Shapes
    /// - `x`: `[n, width]`
    /// - `y`: `[n, rows]` at distances of `stride`
    ///
    /// # Panics
    /// When `x` is no whole number of rows, or `y` is too short for them.
    pub fn product(&self, x: &[f32], y: &mut [f32], stride: usize) {
        product::product(self, x, y, stride);
    }
}

impl std::fmt::Debug for Matrix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Matrix({} {}×{})", self.block_type, self.rows, self.width)
    }
}
