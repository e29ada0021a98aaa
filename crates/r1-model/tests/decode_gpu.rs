//! Decoding on the GPU that `R1_DEVICE` names; without one there is nothing to test.
//!
//! ```text
//! R1_DEVICE=wgpu cargo test --release -p r1-model --features wgpu --test decode_gpu -- --test-threads 1
//! ```

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use burn::tensor::{DType, Device, Tensor, TensorData};
use burn_cubecl::cubecl::logging::{LaunchObservation, LaunchObserver};
use r1_core::{
    Key, Sampling,
    session::{Event, Request},
};
use r1_model::{
    Architecture, CausalLm, Engine, EngineConfig, ModelConfig, Transformer,
    device::named,
    engine::{Generated, Vocabulary},
    kernels::{
        Heads, cached_attention,
        cached_attention::{CachedRun, LayerCache, reference},
    },
};

fn gpu() -> Option<Device> {
    let name =
        std::env::var("R1_DEVICE").ok().filter(|name| !["", "flex", "cpu", "ndarray"].contains(&&**name))?;
    Some(named(&name).unwrap())
}

const LAYERS: usize = 3;

fn model(device: &Device) -> Transformer {
    let config = serde_json::json!({
        "model_type": "llama", "vocab_size": 300, "hidden_size": 32, "intermediate_size": 64,
        "num_hidden_layers": LAYERS, "num_attention_heads": 4, "num_key_value_heads": 2,
        "max_position_embeddings": 1024, "rms_norm_eps": 1e-5,
    });
    let config = ModelConfig::parse(config.as_object().cloned().unwrap(), "config.json".as_ref()).unwrap();
    Transformer::random(&config, 1, device)
}

fn prompt(length: u32, start: u32) -> Vec<u32> {
    (start..start + length).map(|id| 3 + id % 290).collect()
}

#[test]
fn attention_to_pages_equals_its_reference() {
    let Some(device) = gpu() else { return };
    let run = |pages: &[u32], position, tokens| CachedRun { pages: pages.to_vec(), position, tokens };
    let steps = [
        vec![run(&[4, 1], 0, 70), run(&[0], 0, 1)],
        vec![run(&[0], 1, 1), run(&[2], 0, 0), run(&[4, 1], 70, 1)],
        vec![],
        vec![run(&[4, 1], 71, 40), run(&[4, 3], 64, 3)],
    ];
    let random = |shape: [usize; 2], seed| {
        let mut stream = Key::new(seed).stream();
        let numbers: Vec<f32> =
            (0..shape[0] * shape[1]).map(|_| stream.uniform() as f32 * 2.0 - 1.0).collect();
        Tensor::<2>::from_data(TensorData::new(numbers, shape), (&device, DType::F32))
    };
    let numbers = |tensor: Tensor<2>| tensor.into_data().convert::<f32>().try_to_vec::<f32>().unwrap();
    for heads in [Heads::new(6, 2, 10), Heads::new(2, 2, 16).with_window(Some(30))] {
        let (mut ours, mut theirs) = (LayerCache::new(5, heads, &device), LayerCache::new(5, heads, &device));
        for (seed, runs) in steps.iter().enumerate() {
            let tokens = runs.iter().map(|run| run.tokens).sum();
            let qkv = random([tokens, heads.fused_width()], seed as u64);
            let (found, cache) = cached_attention(qkv.clone(), ours, runs, heads);
            let (expected, reference_cache) = reference(qkv, theirs, runs, heads);
            (ours, theirs) = (cache, reference_cache);
            for (found, expected) in numbers(found).into_iter().zip(numbers(expected)) {
                assert!((found - expected).abs() < 1e-5, "{found} is not {expected}");
            }
            let same = |a: &Tensor<4>, b: &Tensor<4>| a.to_data().assert_eq(&b.to_data(), true);
            same(&ours.keys, &theirs.keys);
            same(&ours.values, &theirs.values);
        }
    }
}

#[test]
fn a_gpu_writes_what_the_cpu_writes() {
    let Some(gpu) = gpu() else { return };
    let cpu = Device::flex();
    let ours = model(&cpu);
    let theirs = model(&gpu);
    let forbidden: Vec<u32> = (0..300).filter(|id| id % 7 == 5).collect();
    let settings = [
        (Sampling::default().with_max_tokens(24), Vec::new()),
        (Sampling::default().with_max_tokens(24).with_temperature(0.0), Vec::new()),
        (Sampling::default().with_max_tokens(24).with_temperature(0.7), forbidden),
        // Cut off, which the host does.
        (Sampling { top_k: Some(20), ..Sampling::default().with_max_tokens(12) }, Vec::new()),
    ];
    for (sampling, forbidden) in settings {
        let vocabulary = Vocabulary { stop_ids: vec![2], forbidden };
        let write = |model: &Transformer, device: &Device| {
            let request = |r: u32| {
                Request::new(
                    prompt([1, 70, 300][r as usize], 11 * r),
                    Key::new(4).for_problem(&r.to_string()),
                )
                .with_samples(1 + 2 * r as usize)
                .with_sampling(sampling.clone())
            };
            let engine = EngineConfig { draft_tokens: 0, prefill_tokens: 128, ..EngineConfig::default() };
            engine
                .generate(model, vocabulary.clone(), (0..3).map(request).collect(), device)
                .unwrap()
                .concat()
        };
        let (expected, found) = (write(&ours, &cpu), write(&theirs, &gpu));
        let (mut common, mut all) = (0, 0);
        for (found, expected) in found.iter().zip(&expected) {
            let same = found.ids.iter().zip(&expected.ids).take_while(|(a, b)| a == b).count();
            common += same;
            all += expected.ids.len();
            let close = |found: &[f32], expected: &[f32]| {
                for (found, expected) in found.iter().zip(expected).take(same) {
                    assert!((found - expected).abs() < 1e-4, "{found} is not {expected}");
                }
            };
            close(&found.logprobs, &expected.logprobs);
            let sampled = |one: &Generated| one.sampled_logprobs.clone();
            assert_eq!(sampled(found).is_some(), sampled(expected).is_some());
            close(&sampled(found).unwrap_or_default(), &sampled(expected).unwrap_or_default());
        }
        assert!(20 * common >= 19 * all, "{common} of {all} tokens are the same");
    }
}

/// Kernels by name, and how often each was launched.
#[derive(Default)]
struct Launches(Mutex<BTreeMap<&'static str, usize>>);

impl LaunchObserver for Launches {
    fn launched(&self, kernel: &'static str) {
        *self.0.lock().unwrap().entry(kernel).or_default() += 1;
    }
}

/// What is launched in a step in which so many sequences write a token each, behind prompts of this length.
fn launches(
    model: &Transformer,
    device: &Device,
    sequences: u32,
    length: u32,
) -> BTreeMap<&'static str, usize> {
    let config = EngineConfig { draft_tokens: 0, cache_bytes: 16 << 20, ..EngineConfig::default() };
    let mut engine = Engine::new(&model.cache_spec(), Vocabulary::default(), config, device);
    for index in 0..sequences {
        let request = Request::new(prompt(length, 40 * index), Key::new(u64::from(index)));
        engine.add(request.with_sampling(Sampling::default().with_max_tokens(20))).unwrap();
    }
    // The first steps compile and tune.
    for _ in 0..6 {
        engine.step(model);
    }
    let counted = Arc::new(Launches::default());
    let watching = LaunchObservation::new(counted.clone());
    let tokens = engine.step(model).into_iter().filter(|event| matches!(event, Event::Token { .. }));
    assert_eq!(tokens.count(), sequences as usize);
    drop(watching);
    let counted = counted.0.lock().unwrap();
    counted.clone()
}

#[test]
fn a_step_has_as_many_launches_whatever_the_batch_and_the_lengths() {
    let Some(device) = gpu() else { return };
    let model = model(&device);
    let total = |launches: &BTreeMap<&str, usize>| launches.values().sum::<usize>();
    let few = launches(&model, &device, 2, 5);
    println!("{} launches of 2 short sequences: {few:#?}", total(&few));
    let of = |name: &str| -> usize {
        few.iter().filter(|(kernel, _)| kernel.starts_with(name)).map(|(_, count)| count).sum()
    };
    assert_eq!((of("r1_gpu::cached_attention"), of("r1_gpu::draw")), (2 * LAYERS, 1));
    for (sequences, length) in [(5, 5), (5, 100), (9, 200)] {
        let more = launches(&model, &device, sequences, length);
        assert_eq!(total(&few), total(&more), "{sequences} sequences of {length}: {more:#?}");
    }
    // Where a token sees more than one split, a second kernel puts its parts together.
    for (sequences, length) in [(2, 300), (7, 600)] {
        let more = launches(&model, &device, sequences, length);
        assert_eq!(total(&few) + LAYERS, total(&more), "{sequences} sequences of {length}: {more:#?}");
    }
}
