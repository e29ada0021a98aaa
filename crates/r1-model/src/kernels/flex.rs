//! What the CPU kernels share: slices of Flex tensors, threads, and the large matrix product.

use std::mem::MaybeUninit;

use burn::backend::{DispatchDevice, TensorMetadata};
use burn::tensor::{DType, Device, Shape, Tensor, TensorData};
use burn_flex::FlexTensor;

/// True when the tensor lies on the Flex CPU backend in `f32`, where our own kernels apply.
pub(crate) fn applies<const D: usize>(tensor: &Tensor<D>) -> bool {
    tensor.dtype() == DType::F32 && on_flex(&tensor.device())
}

/// True for the Flex device, with or without autodiff.
pub(crate) fn on_flex(device: &Device) -> bool {
    matches!(device.clone().inner().as_dispatch(), DispatchDevice::Flex(_))
}

/// The tensor with its elements in row-major order.
pub(crate) fn contiguous(tensor: FlexTensor) -> FlexTensor {
    if tensor.as_slice::<f32>().is_some() { tensor } else { tensor.to_contiguous() }
}

/// The elements of a [`contiguous`] tensor.
pub(crate) fn slice(tensor: &FlexTensor) -> &[f32] {
    tensor.as_slice::<f32>().expect("the tensor was made contiguous")
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
    work: impl Fn(usize, &mut [T]) + Sync,
) {
    use rayon::prelude::*;
    if width == 0 || output.is_empty() {
        return;
    }
    if output.len() <= rows * width {
        return work(0, output);
    }
    output.par_chunks_mut(rows * width).enumerate().for_each(|(index, chunk)| work(index, chunk));
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

/// # Safety
/// `c` is valid for writes of `m * n` elements, and for reads when `accumulate`.
unsafe fn multiply([m, n, k]: [usize; 3], a: Matrix, b: Matrix, c: *mut f32, accumulate: bool) {
    if m == 0 || n == 0 || k == 0 {
        return;
    }
    assert!(a.data.len() >= m * k && b.data.len() >= k * n, "matmul operands are too short");
    let strides = |matrix: Matrix| {
        let (row, column) = (matrix.width as isize, 1);
        if matrix.transposed { (row, column) } else { (column, row) }
    };
    let ((a_column, a_row), (b_column, b_row)) = (strides(a), strides(b));
    let threads = if m * n * k >= 1 << 18 { gemm::Parallelism::Rayon(0) } else { gemm::Parallelism::None };
    // SAFETY: the assertion above keeps every element that these sizes and strides reach inside.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            c,
            1,
            n as isize,
            accumulate,
            a.data.as_ptr(),
            a_column,
            a_row,
            b.data.as_ptr(),
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
}
