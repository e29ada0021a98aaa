//! The portable bodies of the kernels against burn's autodiff of their references, values and gradients, in `f32` and
//! `f64`.
//!
//! ```text
//! cargo test --release -p r1-model --features ndarray --test portable
//! R1_DEVICE=wgpu cargo test --release -p r1-model --features ndarray,wgpu --test portable
//! ```
//!
//! ndarray is always tested; another backend, in `f32`, when `R1_DEVICE` names it. On the Flex backend, where the
//! bodies serve `f64`, each kernel's own test compares them.

use std::sync::Arc;

use burn::tensor::{DType, Device, Tensor, TensorData};
use r1_core::Key;
use r1_model::{
    PackedBatch,
    device::named,
    kernels::{self, Heads, RotaryTable},
};

/// The devices and types to test, with their names and how far the two may be apart, as a share of the largest entry.
fn backends() -> Vec<(String, Device, DType, f64)> {
    let ndarray = || named("ndarray").unwrap();
    let mut backends = vec![
        ("ndarray in f32".to_owned(), ndarray(), DType::F32, 2e-5),
        ("ndarray in f64".to_owned(), ndarray(), DType::F64, 1e-12),
    ];
    if let Some(name) =
        std::env::var("R1_DEVICE").ok().filter(|name| !["", "flex", "ndarray"].contains(&&**name))
    {
        let device = named(&name).unwrap();
        backends.push((name, device, DType::F32, 2e-5));
    }
    backends
}

/// Output of `kernel`, then the gradients of a random weighting of it.
fn results(
    (device, dtype): (&Device, DType),
    shapes: &[[usize; 2]],
    kernel: &dyn Fn(&[Tensor<2>]) -> Tensor<2>,
) -> Vec<Vec<f64>> {
    let random = |[rows, columns]: [usize; 2], seed| {
        let mut stream = Key::new(seed).stream();
        let elements: Vec<f64> = (0..rows * columns).map(|_| stream.uniform() * 2.0 - 1.0).collect();
        Tensor::<2>::from_data(TensorData::new(elements, [rows, columns]), (device, dtype)).autodiff()
    };
    let inputs: Vec<Tensor<2>> =
        shapes.iter().zip(0..).map(|(shape, seed)| random(*shape, seed).require_grad()).collect();
    let output = kernel(&inputs);
    let gradients = (output.clone() * random(output.dims(), 99)).sum().backward();
    let found = inputs.iter().map(|x| x.grad(&gradients).expect("every input has a gradient"));
    let read = |tensor: Tensor<2>| tensor.into_data().convert::<f64>().try_to_vec().unwrap();
    [output.inner()].into_iter().chain(found).map(read).collect()
}

fn agree(
    name: &str,
    shapes: &[[usize; 2]],
    kernel: impl Fn(&[Tensor<2>]) -> Tensor<2>,
    reference: impl Fn(&[Tensor<2>]) -> Tensor<2>,
) {
    for (backend, device, dtype, tolerance) in backends() {
        let found = results((&device, dtype), shapes, &kernel);
        let expected = results((&device, dtype), shapes, &reference);
        for (index, (found, expected)) in found.iter().zip(&expected).enumerate() {
            assert_eq!(found.len(), expected.len(), "{name} on {backend}, result {index}");
            let scale = expected.iter().fold(1e-6f64, |a, b| a.max(b.abs()));
            for (place, (a, b)) in found.iter().zip(expected).enumerate() {
                assert!(
                    (a - b).abs() <= tolerance * scale,
                    "{name} on {backend}, result {index} of {shapes:?}, element {place}: {a} is not {b}"
                );
            }
        }
    }
}

fn vector(tensor: &Tensor<2>) -> Tensor<1> {
    tensor.clone().squeeze_dim(0)
}

#[test]
fn products_norms_and_gates() {
    // The gradient of a norm of one number is nothing but rounding, so rows have three at least.
    for [rows, d_in, d_out] in [[1, 3, 1], [3, 17, 5], [33, 64, 50]] {
        let (x, norm, weight) = ([rows, d_in], [1, d_in], [d_out, d_in]);
        agree(
            "linear",
            &[x, weight],
            |t| kernels::linear(t[0].clone(), t[1].clone()),
            |t| kernels::linear::reference(t[0].clone(), t[1].clone()),
        );
        agree(
            "rms_norm",
            &[x, norm],
            |t| kernels::rms_norm(t[0].clone(), vector(&t[1]), 1e-5),
            |t| kernels::rms_norm::reference(t[0].clone(), vector(&t[1]), 1e-5),
        );
        agree(
            "norm_linear",
            &[x, norm, weight],
            |t| kernels::norm_linear(t[0].clone(), vector(&t[1]), 1e-5, t[2].clone()),
            |t| kernels::norm_linear::reference(t[0].clone(), vector(&t[1]), 1e-5, t[2].clone()),
        );
        let gate_up = [rows, 2 * d_in];
        agree(
            "swiglu",
            &[gate_up],
            |t| kernels::swiglu(t[0].clone()),
            |t| kernels::swiglu::reference(t[0].clone()),
        );
        agree(
            "swiglu_linear",
            &[gate_up, weight],
            |t| kernels::swiglu_linear(t[0].clone(), t[1].clone()),
            |t| kernels::swiglu_linear::reference(t[0].clone(), t[1].clone()),
        );
    }
}

#[test]
fn rotary_embedding() {
    let table = Arc::new(RotaryTable::new(&[1.0, 0.1, 0.01, 0.001], 50));
    for [tokens, width, heads] in [[1, 8, 1], [5, 30, 2], [33, 24, 3]] {
        let positions: Arc<[u32]> = (0..tokens as u32).map(|t| (t * 7) % 50).collect();
        agree(
            "rotary",
            &[[tokens, width]],
            |t| kernels::rotary(t[0].clone(), &table, &positions, heads),
            |t| kernels::rotary::reference(t[0].clone(), &table, &positions, heads),
        );
    }
}

#[test]
fn attention_with_prefixes_empty_and_single_token_segments() {
    for heads in [
        Heads::new(1, 1, 2),
        Heads::new(4, 2, 8),
        Heads::new(6, 3, 10),
        Heads::new(4, 2, 8).with_window(Some(3)).with_scale(0.5),
    ] {
        for layout in [
            vec![(1, None)],
            vec![(5, None), (0, None), (1, None), (37, None)],
            vec![(9, None), (3, Some(0)), (0, Some(0)), (14, Some(0)), (1, None), (2, Some(4)), (1, Some(0))],
            vec![(0, None), (4, Some(0)), (1, Some(0))],
        ] {
            let mut batch = PackedBatch::new();
            for (length, prefix) in &layout {
                batch.push(&vec![0; *length], *prefix);
            }
            let segments = batch.layout().segments;
            agree(
                "causal_attention",
                &[[batch.len(), heads.fused_width()]],
                |t| kernels::causal_attention(t[0].clone(), heads, &segments),
                |t| kernels::causal_attention::reference(t[0].clone(), heads, &segments),
            );
        }
    }
}

#[test]
fn log_probabilities_and_entropies() {
    for (tokens, width, vocab, temperature) in [(1, 3, 2, 1.0), (5, 8, 33, 0.7), (41, 16, 50, 1.3)] {
        let targets: Arc<[u32]> = (0..tokens as u32).map(|t| (t * 13) % vocab as u32).collect();
        agree(
            "token_logprobs",
            &[[tokens, width], [vocab, width]],
            |t| kernels::token_logprobs(t[0].clone(), t[1].clone(), &targets, temperature),
            |t| kernels::token_logprobs::reference(t[0].clone(), t[1].clone(), &targets, temperature),
        );
    }
}

#[test]
fn a_batch_without_tokens() {
    let heads = Heads::new(2, 1, 4);
    for (_, device, dtype, _) in backends() {
        let empty = |width| Tensor::<2>::zeros([0, width], (&device, dtype)).autodiff();
        let segments = PackedBatch::new().layout().segments;
        assert_eq!(kernels::causal_attention(empty(16), heads, &segments).dims(), [0, 8]);
        let weight = Tensor::<2>::ones([5, 3], (&device, dtype)).autodiff();
        assert_eq!(kernels::token_logprobs(empty(3), weight, &[].into(), 1.0).dims(), [0, 2]);
    }
}
