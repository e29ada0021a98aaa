//! Every kernel body, a training pass and decoding on other backends, against the Flex CPU kernels.
//!
//! ```text
//! cargo test --release -p r1-model --features ndarray --test parity
//! R1_DEVICE=wgpu cargo test --release -p r1-model --features ndarray,wgpu --test parity
//! ```
//!
//! ndarray is always compared; another backend when `R1_DEVICE` names it.

mod support;

use std::sync::Arc;

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Tensor, TensorData};
use r1_core::{Key, Sampling, session::Request};
use r1_model::{
    CausalLm, EngineConfig, GradientStore, PackedBatch, Transformer,
    device::named,
    engine::Vocabulary,
    kernels::{
        Heads, RotaryTable,
        cached_attention::{CachedRun, LayerCache, cached_attention},
        causal_attention, linear, rms_norm, rotary, swiglu, token_logprobs,
    },
};
use r1_train::{AdamW, AdamWConfig, Recompute, backward};

/// How far a backend may be from Flex, as a share of the largest entry: values, then gradients.
#[derive(Clone, Copy)]
struct Tolerance {
    values: f32,
    gradients: f32,
}

/// The backends to compare, with their names. What they may differ by is the rounding of sums in another order;
/// a GPU's `exp` and fused operations are less exact than the CPU's.
fn backends() -> Vec<(String, Device, Tolerance)> {
    let mut names = vec!["ndarray".to_owned()];
    names.extend(std::env::var("R1_DEVICE").ok().filter(|name| !["", "flex", "ndarray"].contains(&&**name)));
    let backend = |name: String| {
        let tolerance = match name.as_str() {
            "ndarray" => Tolerance { values: 1e-5, gradients: 5e-5 },
            _ => Tolerance { values: 1e-4, gradients: 1e-3 },
        };
        let device = named(&name).unwrap();
        (name, device, tolerance)
    };
    names.into_iter().map(backend).collect()
}

fn random(shape: [usize; 2], seed: u64, device: &Device) -> Tensor<2> {
    let mut stream = Key::new(seed).stream();
    let elements: Vec<f32> = (0..shape[0] * shape[1]).map(|_| stream.uniform() as f32 * 2.0 - 1.0).collect();
    Tensor::from_data(TensorData::new(elements, shape), device)
}

fn read<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().convert::<f32>().try_to_vec().unwrap()
}

fn close(found: &[f32], expected: &[f32], tolerance: f32, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(1e-6f32, |a, b| a.max(b.abs()));
    for (index, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= tolerance * scale, "{what}, element {index}: {a} is not {b}");
    }
}

/// Output of `kernel` and the gradients of a random weighting of it, on one device.
fn run(
    device: &Device,
    shapes: &[[usize; 2]],
    kernel: &dyn Fn(&[Tensor<2>]) -> Tensor<2>,
) -> (Vec<f32>, Vec<Vec<f32>>) {
    let inputs: Vec<Tensor<2>> = shapes
        .iter()
        .zip(0..)
        .map(|(shape, seed)| random(*shape, seed, device).autodiff().require_grad())
        .collect();
    let output = kernel(&inputs);
    let weights = random(output.dims(), 99, device).autodiff();
    let gradients = (output.clone() * weights).sum().backward();
    let gradient = |x: &Tensor<2>| read(x.grad(&gradients).expect("every input has a gradient"));
    (read(output.inner()), inputs.iter().map(gradient).collect())
}

fn compare(name: &str, shapes: &[[usize; 2]], kernel: impl Fn(&[Tensor<2>]) -> Tensor<2>) {
    let expected = run(&Device::flex(), shapes, &kernel);
    for (backend, device, tolerance) in backends() {
        let found = run(&device, shapes, &kernel);
        close(&found.0, &expected.0, tolerance.values, &format!("{name} on {backend}"));
        for (index, (found, expected)) in found.1.iter().zip(&expected.1).enumerate() {
            let what = format!("{name} on {backend}, gradient of input {index}");
            close(found, expected, tolerance.gradients, &what);
        }
    }
}

fn vector(tensor: &Tensor<2>) -> Tensor<1> {
    let [rows, columns] = tensor.dims();
    tensor.clone().reshape([rows * columns])
}

#[test]
fn linear_rms_norm_and_swiglu() {
    // The gradient of a norm of one number is nothing but rounding, so rows have three at least.
    for [rows, d_in, d_out] in [[1, 3, 1], [3, 17, 5], [33, 64, 50]] {
        compare("linear", &[[rows, d_in], [d_out, d_in]], |t| linear(t[0].clone(), t[1].clone()));
        compare("rms_norm", &[[rows, d_in], [1, d_in]], |t| rms_norm(t[0].clone(), vector(&t[1]), 1e-5));
        compare("swiglu", &[[rows, 2 * d_in]], |t| swiglu(t[0].clone()));
    }
}

#[test]
fn rotary_embedding() {
    let table = Arc::new(RotaryTable::new(&[1.0, 0.1, 0.01, 0.001], 50));
    for [tokens, width, heads] in [[1, 8, 1], [5, 30, 2], [33, 24, 3]] {
        let positions: Arc<[u32]> = (0..tokens as u32).map(|t| (t * 7) % 50).collect();
        compare("rotary", &[[tokens, width]], |t| rotary(t[0].clone(), &table, &positions, heads));
    }
}

#[test]
fn attention_with_prefixes_empty_and_single_token_segments() {
    for heads in [Heads::new(1, 1, 2), Heads::new(4, 2, 8), Heads::new(3, 1, 10)] {
        for layout in [
            vec![(1, None)],
            vec![(5, None), (0, None), (1, None), (17, None)],
            vec![(9, None), (3, Some(0)), (0, Some(0)), (14, Some(0)), (1, None), (2, Some(4))],
        ] {
            let mut batch = PackedBatch::new();
            for (length, prefix) in &layout {
                batch.push(&vec![0; *length], *prefix);
            }
            let segments = batch.layout().segments;
            compare("causal_attention", &[[batch.len(), heads.fused_width()]], |t| {
                causal_attention(t[0].clone(), heads, &segments)
            });
        }
    }
}

#[test]
fn log_probabilities_and_entropies() {
    for (tokens, width, vocab, temperature) in [(1, 3, 2, 1.0), (5, 8, 33, 0.7), (40, 16, 50, 1.3)] {
        let targets: Arc<[u32]> = (0..tokens as u32).map(|t| (t * 13) % vocab as u32).collect();
        compare("token_logprobs", &[[tokens, width], [vocab, width]], |t| {
            token_logprobs(t[0].clone(), t[1].clone(), &targets, temperature)
        });
    }
}

#[test]
fn attention_to_a_cache() {
    let heads = Heads::new(4, 2, 8);
    let run = |device: &Device| {
        let mut cache = LayerCache::new(4, heads, device);
        let mut outputs = Vec::new();
        let run = |pages: &[u32], position, tokens| CachedRun { pages: pages.to_vec(), position, tokens };
        for runs in [
            vec![run(&[0, 3], 0, 66), run(&[2], 0, 1)],
            vec![run(&[0, 3], 66, 1), run(&[1], 0, 3), run(&[2], 1, 1)],
        ] {
            let tokens = runs.iter().map(|run| run.tokens).sum();
            let qkv = random([tokens, heads.fused_width()], tokens as u64, device);
            let (output, next) = cached_attention(qkv, cache, &runs, heads);
            outputs.extend(read(output));
            cache = next;
        }
        outputs
    };
    let expected = run(&Device::flex());
    for (backend, device, tolerance) in backends() {
        close(&run(&device), &expected, tolerance.values, &format!("cached_attention on {backend}"));
    }
}

/// Moves every parameter.
struct MoveTo<'a>(&'a Device);

impl ModuleMapper for MoveTo<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|tensor| Tensor::from_data(tensor.into_data(), self.0))
    }
}

fn on(device: &Device, model: &Transformer) -> Transformer {
    model.clone().map(&mut MoveTo(device))
}

#[test]
fn three_training_steps_with_and_without_recomputation() {
    for name in ["llama-tied", "qwen2", "qwen3"] {
        let (_, model) = support::load(name);
        let mut batch = PackedBatch::new();
        let prefix = batch.push(&[5, 9, 13, 70], None);
        for completion in [&[7, 3, 22][..], &[90, 2], &[15, 60, 61, 62, 2]] {
            batch.push(completion, Some(prefix));
        }
        let targets: Arc<[u32]> = batch.ids().iter().map(|id| (id * 7) % 90).collect();
        let train = |device: &Device, recompute| {
            let (mut model, mut optimizer) = (on(device, &model), AdamW::new(AdamWConfig::default()));
            let mut losses = Vec::new();
            let mut norms = Vec::new();
            for _ in 0..3 {
                let mut gradients = GradientStore::new();
                let loss = backward(&model, &batch, recompute, &mut gradients, |hidden, head| {
                    token_logprobs(head.normalize(hidden), head.weight.clone(), &targets, 1.0).sum().neg()
                });
                losses.extend(read(loss));
                let norm;
                (model, norm) = optimizer.step(model, gradients, 1e-3);
                norms.push(norm as f32);
            }
            let head = model.head();
            let scores =
                token_logprobs(head.normalize(model.hidden(&batch)), head.weight.clone(), &targets, 1.0);
            (losses, norms, read(scores))
        };
        let expected = train(&Device::flex(), Recompute::Nothing);
        for (backend, device, tolerance) in backends() {
            for recompute in [Recompute::Nothing, Recompute::Blocks] {
                let found = train(&device, recompute);
                let what = format!("{name} on {backend}");
                close(&found.0, &expected.0, tolerance.values, &format!("losses of {what}"));
                close(&found.1, &expected.1, tolerance.gradients, &format!("gradient norms of {what}"));
                close(&found.2, &expected.2, tolerance.gradients, &format!("scores of {what} afterwards"));
            }
        }
    }
}

#[test]
fn decoding_writes_the_same_tokens() {
    for name in ["llama-tied", "llama3-scaled", "qwen3"] {
        let (_, model) = support::load(name);
        let prompt =
            |length: u32| -> Vec<u32> { (0..length).map(|id| 3 + (11 * length + id) % 90).collect() };
        for temperature in [0.0, 1.0] {
            let sampling = Sampling::default().with_max_tokens(12).with_temperature(temperature);
            let request = |length: u32| {
                Request::new(prompt(length), Key::new(4).for_problem(&length.to_string()))
                    .with_samples(2)
                    .with_sampling(sampling.clone())
            };
            let write = |device: &Device| {
                let engine = EngineConfig { max_slots: 4, ..EngineConfig::default() };
                let vocabulary = Vocabulary { stop_ids: vec![2], forbidden: Vec::new() };
                // The second prompt fills a page and the third begins a second one.
                let requests = [1, 60, 70].map(request).into();
                engine.generate(&on(device, &model), vocabulary, requests, device).unwrap().concat()
            };
            let expected = write(&Device::flex());
            for (backend, device, tolerance) in backends() {
                for (found, expected) in write(&device).iter().zip(&expected) {
                    assert_eq!(found.ids, expected.ids, "{name} on {backend}");
                    let what = format!("log-probabilities of {name} on {backend}");
                    close(&found.logprobs, &expected.logprobs, tolerance.values, &what);
                }
            }
        }
    }
}
