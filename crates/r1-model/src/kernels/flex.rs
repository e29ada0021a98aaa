//! What the CPU kernels share: slices of Flex tensors, threads, and the large matrix product.

use std::mem::MaybeUninit;

use burn::backend::{DispatchDevice, TensorMetadata};
use burn::tensor::{Device, Shape, TensorData};
use burn_flex::FlexTensor;

/// True for the Flex device, with or without autodiff.
pub(crate) fn on_flex(device: &Device) -> bool {
    matches!(device.clone().inner().as_dispatch(), DispatchDevice::Flex(_))
}

/// Elements of a vector that one thread works on at a time. Sums are made of the sums of these.
pub(crate) const CHUNK: usize = 1 << 14;

/// The tensor with its elements in row-major order.
pub(crate) fn contiguous(tensor: FlexTensor) -> FlexTensor {
    if tensor.as_slice::<f32>().is_some() { tensor } else { tensor.to_contiguous() }
}

/// The elements of a [`contiguous`] tensor.
pub(crate) fn slice(tensor: &FlexTensor) -> &[f32] {
    tensor.as_slice::<f32>().expect("the tensor was made contiguous")
}

/// The elements of a tensor to write to, in its own memory when nobody else holds it.
pub(crate) fn slice_mut(tensor: &mut FlexTensor) -> &mut [f32] {
    // A view's memory holds more than its elements, or in another order.
    if tensor.as_slice::<f32>().map(<[f32]>::len) != Some(tensor.storage::<f32>().len()) {
        *tensor = tensor.to_contiguous();
    }
    tensor.storage_mut()
}

/// The two dimensions of a matrix.
pub(crate) fn dims2(tensor: &FlexTensor) -> [usize; 2] {
    let shape = tensor.shape();
    [shape[0], shape[1]]
}

/// A tensor of these elements.
pub(crate) fn tensor(elements: Vec<f32>, shape: impl Into<Shape>) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(elements, shape.into()))
}

/// Calls `work(chunk_index, rows)` for chunks of `rows` of a `[count, width]` output, on all threads.
/// The chunks are the same for any number of threads.
pub(crate) fn for_row_chunks<T: Send>(
    output: &mut [T],
    width: usize,
    rows: usize,
    work: impl Fn(usize, &mut [T]) + Sync + Send,
) {
    if width > 0 {
        r1_parallel::for_each_chunk(output, rows * width, work);
    }
}

/// A row-major matrix or, with `transposed`, the transpose of one.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a> {
    pub(crate) data: &'a [f32],
    pub(crate) width: usize,
    pub(crate) transposed: bool,
}

/// A vector of `length` elements that `write` fills, without clearing them first.
///
/// # Safety
/// `write` writes every element.
pub(crate) unsafe fn filled(length: usize, write: impl FnOnce(&mut [MaybeUninit<f32>])) -> Vec<f32> {
    let mut elements = Vec::with_capacity(length);
    write(&mut elements.spare_capacity_mut()[..length]);
    // SAFETY: the caller's promise.
    unsafe { elements.set_len(length) };
    elements
}

/// `A[m, k] · B[k, n]`
pub(crate) fn matmul(sizes: [usize; 3], a: Matrix, b: Matrix) -> Vec<f32> {
    let [m, n, k] = sizes;
    if k == 0 {
        return vec![0.0; m * n];
    }
    // SAFETY: without accumulation the product is written and not read.
    unsafe { filled(m * n, |c| multiply(sizes, a, b, c.as_mut_ptr().cast(), false)) }
}

/// `C[m, n] += A[m, k] · B[k, n]`
pub(crate) fn matmul_onto(sizes: [usize; 3], a: Matrix, b: Matrix, c: &mut [f32]) {
    let [m, n, _] = sizes;
    assert!(c.len() >= m * n, "the sum is too short");
    // SAFETY: the sum holds `m * n` elements.
    unsafe { multiply(sizes, a, b, c.as_mut_ptr(), true) }
}

/// Multiply-adds from which a product is worth two threads, and from which it is divided by us.
const THREADED: usize = 1 << 18;
const DIVIDED: usize = 1 << 24;

/// The parts of rows and of columns into which a product is divided. `gemm` divides by itself too, but leaves one of
/// two threads waiting for a tenth of the time. The parts depend on the shape alone, for bits may depend on them.
fn parts([m, n, k]: [usize; 3], transposed: bool) -> [usize; 2] {
    if m * n * k < DIVIDED {
        [1, 1]
    } else if transposed && m >= n {
        [(m / 6144).max(2), 1]
    } else {
        [1, (n / 768).max(2)]
    }
}

/// # Safety
/// `c` is valid for writes of `m * n` elements, and for reads when `accumulate`.
unsafe fn multiply([m, n, k]: [usize; 3], a: Matrix, b: Matrix, c: *mut f32, accumulate: bool) {
    use rayon::prelude::*;
    if m == 0 || n == 0 || k == 0 {
        return;
    }
    assert!(a.data.len() >= m * k && b.data.len() >= k * n, "matmul operands are too short");
    let strides = |matrix: Matrix| {
        let (row, column) = (matrix.width as isize, 1);
        if matrix.transposed { (row, column) } else { (column, row) }
    };
    let ((a_column, a_row), (b_column, b_row)) = (strides(a), strides(b));
    let [row_parts, column_parts] = parts([m, n, k], a.transposed);
    let (part_rows, part_columns) = (m.div_ceil(row_parts), n.div_ceil(column_parts));
    let threads = match rayon::current_num_threads().div_ceil(row_parts * column_parts) {
        _ if m * n * k < THREADED => gemm::Parallelism::None,
        1 => gemm::Parallelism::None,
        threads => gemm::Parallelism::Rayon(threads),
    };
    let c = Shared(c);
    let part = |index: usize| {
        let (row, column) = (index / column_parts * part_rows, index % column_parts * part_columns);
        if row >= m || column >= n {
            return;
        }
        // SAFETY: the assertion above keeps every element that these sizes and strides reach inside, and no two
        // parts share an element of the product.
        unsafe {
            gemm::gemm(
                part_rows.min(m - row),
                part_columns.min(n - column),
                k,
                c.at(row * n + column),
                1,
                n as isize,
                accumulate,
                a.data.as_ptr().offset(row as isize * a_row),
                a_column,
                a_row,
                b.data.as_ptr().offset(column as isize * b_column),
                b_column,
                b_row,
                1.0f32,
                1.0f32,
                false,
                false,
                false,
                threads,
            );
        }
    };
    match row_parts * column_parts {
        1 => part(0),
        parts => (0..parts).into_par_iter().for_each(part),
    }
}

/// A product whose parts are written by several threads.
struct Shared(*mut f32);

// SAFETY: no two parts share an element, see `multiply`.
unsafe impl Sync for Shared {}

impl Shared {
    /// # Safety
    /// The product has an element there.
    unsafe fn at(&self, offset: usize) -> *mut f32 {
        // SAFETY: the caller's promise.
        unsafe { self.0.add(offset) }
    }
}

#[cfg(test)]
mod tests {
    use r1_core::Key;

    use super::*;

    #[test]
    fn a_divided_product_is_the_sum_of_products() {
        for ([m, n, k], transposed) in
            [([1001, 129, 131], true), ([129, 1001, 131], true), ([301, 1603, 37], false), ([2, 3, 4], false)]
        {
            let mut stream = Key::new(m as u64).stream();
            let mut random =
                |count: usize| -> Vec<f32> { (0..count).map(|_| stream.uniform() as f32 - 0.5).collect() };
            let (a, b) = (random(m * k), random(k * n));
            let left = Matrix { data: &a, width: if transposed { m } else { k }, transposed };
            let found = matmul([m, n, k], left, Matrix { data: &b, width: n, transposed: false });
            let mut twice = found.clone();
            matmul_onto([m, n, k], left, Matrix { data: &b, width: n, transposed: false }, &mut twice);
            for i in 0..m {
                for j in 0..n {
                    let term = |l: usize| {
                        f64::from(a[if transposed { l * m + i } else { i * k + l }]) * f64::from(b[l * n + j])
                    };
                    let expected: f64 = (0..k).map(term).sum();
                    assert!((f64::from(found[i * n + j]) - expected).abs() < 1e-4, "{i} {j}");
                    assert!((f64::from(twice[i * n + j]) - 2.0 * expected).abs() < 2e-4, "{i} {j}");
                }
            }
        }
    }
}
