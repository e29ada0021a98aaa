//! The comparison every kernel is put through: values and gradients against its reference.

use burn::tensor::{Device, FloatDType, Tensor, TensorData};
use r1_core::Key;

/// Reads an input that stands for a vector.
pub(crate) fn vector(tensor: &Tensor<2>) -> Tensor<1> {
    let [rows, columns] = tensor.dims();
    tensor.clone().reshape([rows * columns])
}

pub(crate) fn random(shape: [usize; 2], seed: u64) -> Tensor<2> {
    Tensor::from_data(TensorData::new(elements(shape[0] * shape[1], seed), shape), &Device::flex())
}

pub(crate) fn random_vector(count: usize, seed: u64) -> Tensor<1> {
    Tensor::from_data(TensorData::new(elements(count, seed), [count]), &Device::flex())
}

fn elements(count: usize, seed: u64) -> Vec<f32> {
    let mut stream = Key::new(seed).stream();
    (0..count).map(|_| stream.uniform() as f32 * 2.0 - 1.0).collect()
}

/// Runs both functions on the same random inputs and compares their outputs and the gradients of a random weighting of
/// them: the kernel in `f32` within 2e-5 of the largest entry, the portable body in `f64` within 1e-12 of it.
pub(crate) fn agree(
    output: [usize; 2],
    shapes: &[Vec<usize>],
    kernel: impl Fn(&[Tensor<2>]) -> Tensor<2>,
    reference: impl Fn(&[Tensor<2>]) -> Tensor<2>,
) {
    for (dtype, tolerance) in [(FloatDType::F32, 2e-5), (FloatDType::F64, 1e-12)] {
        let run = |function| results(dtype, output, shapes, function);
        for (index, (ours, theirs)) in run(&kernel).into_iter().zip(run(&reference)).enumerate() {
            close(&ours, &theirs, tolerance, &format!("result {index} of shapes {shapes:?} in {dtype:?}"));
        }
    }
}

/// Like [`agree`], to the last bit.
pub(crate) fn same_bits(
    output: [usize; 2],
    shapes: &[Vec<usize>],
    kernel: impl Fn(&[Tensor<2>]) -> Tensor<2>,
    other: impl Fn(&[Tensor<2>]) -> Tensor<2>,
) {
    let run = |function| results(FloatDType::F32, output, shapes, function);
    let (ours, theirs) = (run(&kernel), run(&other));
    for (index, (ours, theirs)) in ours.into_iter().zip(theirs).enumerate() {
        let bits = |data: TensorData| -> Vec<u32> {
            data.try_to_vec::<f32>().unwrap().into_iter().map(f32::to_bits).collect()
        };
        assert_eq!(bits(ours), bits(theirs), "result {index}");
    }
}

/// The output, and the gradient of each input of a random weighting of it.
fn results(
    dtype: FloatDType,
    output: [usize; 2],
    shapes: &[Vec<usize>],
    function: &dyn Fn(&[Tensor<2>]) -> Tensor<2>,
) -> Vec<TensorData> {
    let inputs: Vec<Tensor<2>> = shapes
        .iter()
        .enumerate()
        .map(|(i, shape)| {
            let shape = if shape.len() == 1 { [1, shape[0]] } else { [shape[0], shape[1]] };
            random(shape, i as u64).cast(dtype).autodiff().require_grad()
        })
        .collect();
    let y = function(&inputs);
    assert_eq!(y.dims(), output);
    let weights = random(output, 99).cast(dtype).autodiff();
    let gradients = (y.clone() * weights).sum().backward();
    let mut results = vec![y.inner().into_data()];
    results
        .extend(inputs.iter().map(|x| x.grad(&gradients).expect("every input has a gradient").into_data()));
    results
}

pub(crate) fn close(ours: &TensorData, theirs: &TensorData, tolerance: f64, what: &str) {
    assert_eq!((ours.shape(), ours.dtype()), (theirs.shape(), theirs.dtype()), "{what}");
    let read = |data: &TensorData| data.clone().convert::<f64>().try_to_vec::<f64>().unwrap();
    let (ours, theirs) = (read(ours), read(theirs));
    let scale = theirs.iter().fold(1e-6f64, |a, b| a.max(b.abs()));
    for (i, (a, b)) in ours.iter().zip(&theirs).enumerate() {
        assert!((a - b).abs() <= tolerance * scale, "{what}, element {i}: {a} is not {b}");
    }
}
