//! The comparison every kernel is put through: values and gradients against its reference.

use burn::tensor::{Device, Tensor, TensorData};
use r1_data::Key;

/// Reads an input that stands for a vector.
pub(crate) fn vector(tensor: &Tensor<2>) -> Tensor<1> {
    let [rows, columns] = tensor.dims();
    tensor.clone().reshape([rows * columns])
}

pub(crate) fn random(shape: [usize; 2], seed: u64) -> Tensor<2> {
    let mut stream = Key::new(seed).stream();
    let elements: Vec<f32> = (0..shape[0] * shape[1]).map(|_| stream.uniform() as f32 * 2.0 - 1.0).collect();
    Tensor::from_data(TensorData::new(elements, shape), &Device::flex())
}

/// Runs both functions on the same random inputs and compares their outputs and the gradients of a
/// random weighting of them, within 2e-5 of the largest entry.
pub(crate) fn agree(
    output: [usize; 2],
    shapes: &[Vec<usize>],
    kernel: impl Fn(&[Tensor<2>]) -> Tensor<2>,
    reference: impl Fn(&[Tensor<2>]) -> Tensor<2>,
) {
    let (ours, theirs) = (results(output, shapes, &kernel), results(output, shapes, &reference));
    for (index, (ours, theirs)) in ours.into_iter().zip(theirs).enumerate() {
        close(&ours, &theirs, 2e-5, &format!("result {index} of shapes {shapes:?}"));
    }
}

/// Like [`agree`], to the last bit.
pub(crate) fn same_bits(
    output: [usize; 2],
    shapes: &[Vec<usize>],
    kernel: impl Fn(&[Tensor<2>]) -> Tensor<2>,
    other: impl Fn(&[Tensor<2>]) -> Tensor<2>,
) {
    let (ours, theirs) = (results(output, shapes, &kernel), results(output, shapes, &other));
    for (index, (ours, theirs)) in ours.into_iter().zip(theirs).enumerate() {
        let bits = |data: TensorData| -> Vec<u32> {
            data.try_to_vec::<f32>().unwrap().into_iter().map(f32::to_bits).collect()
        };
        assert_eq!(bits(ours), bits(theirs), "result {index}");
    }
}

/// The output, and the gradient of each input of a random weighting of it.
fn results(
    output: [usize; 2],
    shapes: &[Vec<usize>],
    function: &dyn Fn(&[Tensor<2>]) -> Tensor<2>,
) -> Vec<TensorData> {
    let inputs: Vec<Tensor<2>> = shapes
        .iter()
        .enumerate()
        .map(|(i, shape)| {
            let shape = if shape.len() == 1 { [1, shape[0]] } else { [shape[0], shape[1]] };
            random(shape, i as u64).autodiff().require_grad()
        })
        .collect();
    let y = function(&inputs);
    assert_eq!(y.dims(), output);
    let weights = random(output, 99).autodiff();
    let gradients = (y.clone() * weights).sum().backward();
    let mut results = vec![y.inner().into_data()];
    results
        .extend(inputs.iter().map(|x| x.grad(&gradients).expect("every input has a gradient").into_data()));
    results
}

pub(crate) fn close(ours: &TensorData, theirs: &TensorData, tolerance: f32, what: &str) {
    assert_eq!(ours.shape(), theirs.shape(), "{what}");
    let (ours, theirs) = (ours.try_to_vec::<f32>().unwrap(), theirs.try_to_vec::<f32>().unwrap());
    let scale = theirs.iter().fold(1e-6f32, |a, b| a.max(b.abs()));
    for (i, (a, b)) in ours.iter().zip(&theirs).enumerate() {
        assert!((a - b).abs() <= tolerance * scale, "{what}, element {i}: {a} is not {b}");
    }
}
