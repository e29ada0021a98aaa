//! What the engine promises: the same bits whatever runs beside a completion, and the probabilities that
//! training will compute, also to the last bit.

mod support;

use std::sync::Arc;

use burn::tensor::Device;
use r1_core::{FinishReason, Key};
use r1_model::{
    CausalLm, EngineConfig, PackedBatch, Transformer,
    engine::{Generated, Limits, Request, Sampler},
    kernels::token_logprobs,
};

const PLAIN: Sampler = Sampler { temperature: 1.0, top_k: None, top_p: 1.0, min_p: 0.0 };

fn limits(max_tokens: usize) -> Limits<'static> {
    Limits {
        sampler: PLAIN,
        max_tokens,
        stop_ids: &[2],
        forbidden: &[],
        stop: &|_| false,
        cancelled: &|| false,
    }
}

fn requests() -> Vec<Request> {
    let prompt = |length: u32, start: u32| (start..start + length).map(|id| 3 + id % 90).collect();
    (0..5u32)
        .map(|r| Request {
            prompt: prompt(1 + 7 * r, 11 * r),
            samples: 1 + r as usize,
            key: Key::new(4).for_problem(&r.to_string()),
        })
        .collect()
}

fn generate(engine: EngineConfig, model: &Transformer, limits: &Limits<'_>) -> Vec<Vec<Generated>> {
    engine.generate(model, &requests(), limits, &Device::flex())
}

fn same(a: &[Vec<Generated>], b: &[Vec<Generated>]) {
    for (a, b) in a.iter().flatten().zip(b.iter().flatten()) {
        assert_eq!(a, b);
    }
}

#[test]
fn slots_and_batches_do_not_change_a_completion() {
    // Also of a mixture of experts, of latent attention and of a window, for each has laws of its own to break.
    for name in ["llama-tied", "qwen3-moe", "deepseek-v3", "gemma3"] {
        let (_, model) = support::load(name);
        let wide = generate(EngineConfig::default(), &model, &limits(40));
        assert_eq!(wide.iter().map(Vec::len).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
        for max_slots in [1, 2, 3, 7] {
            let engine = EngineConfig { max_slots, prefill_tokens: 16, ..EngineConfig::default() };
            same(&wide, &generate(engine, &model, &limits(40)));
        }
        let short_of_memory = EngineConfig { cache_bytes: 1, ..EngineConfig::default() };
        same(&wide, &generate(short_of_memory, &model, &limits(40)));
    }
}

#[test]
fn samples_of_a_group_differ_and_repeat_with_the_seed() {
    let (_, model) = support::load("llama3-scaled");
    let first = generate(EngineConfig::default(), &model, &limits(30));
    assert_ne!(first[4][0].ids, first[4][1].ids);
    assert_eq!(first, generate(EngineConfig::default(), &model, &limits(30)));
}

#[test]
fn log_probabilities_equal_those_of_training() {
    for name in ["llama-tied", "llama3-scaled", "qwen3-moe", "deepseek-v3", "gemma3"] {
        let (_, model) = support::load(name);
        for temperature in [1.0, 0.7] {
            let sampler = Sampler { temperature, ..PLAIN };
            let written = generate(
                EngineConfig { max_slots: 3, ..EngineConfig::default() },
                &model,
                &Limits { sampler, ..limits(50) },
            );
            for (request, group) in requests().iter().zip(&written) {
                for completion in group {
                    let sequence: Vec<u32> = request.prompt.iter().chain(&completion.ids).copied().collect();
                    let mut targets = sequence[1..].to_vec();
                    targets.push(0);
                    let head = model.head();
                    let hidden = head.normalize(model.hidden(&PackedBatch::from_sequences(&[&sequence])));
                    let targets: Arc<[u32]> = targets.into();
                    let scores = token_logprobs(hidden, head.weight, &targets, f64::from(temperature));
                    let scores = scores.into_data().try_to_vec::<f32>().unwrap();
                    for (place, logprob) in completion.logprobs.iter().enumerate() {
                        let trained = scores[2 * (request.prompt.len() - 1 + place)];
                        assert_eq!(
                            logprob.to_bits(),
                            trained.to_bits(),
                            "{name}: {logprob} is not {trained}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn completions_end_for_the_reason_they_give() {
    let (config, model) = support::load("llama-tied");
    let run = |limits: &Limits<'_>| generate(EngineConfig::default(), &model, limits).concat();
    for completion in run(&limits(8)) {
        let stopped = completion.ids.last() == Some(&2);
        assert_eq!(completion.finish, if stopped { FinishReason::Stop } else { FinishReason::Length });
        assert!(completion.ids.len() == 8 || stopped);
    }
    for completion in run(&Limits { stop: &|ids| ids.len() == 3, ..limits(8) }) {
        assert!(completion.finish == FinishReason::Stop && completion.ids.len() <= 3);
    }
    for completion in run(&Limits { cancelled: &|| true, ..limits(8) }) {
        assert_eq!((completion.finish, completion.ids.len()), (FinishReason::Cancelled, 0));
    }
    // The context ends a completion that the limit would not.
    let long = Request { prompt: vec![5; config.context - 3], samples: 1, key: Key::new(1) };
    let open = Limits { stop_ids: &[], ..limits(100) };
    let written = EngineConfig::default().generate(&model, &[long], &open, &Device::flex());
    assert_eq!((written[0][0].ids.len(), written[0][0].finish), (3, FinishReason::Length));
}

#[test]
fn nothing_is_asked_and_nothing_is_written() {
    let (_, model) = support::load("llama-tied");
    assert!(EngineConfig::default().generate(&model, &[], &limits(4), &Device::flex()).is_empty());
    let idle = Request { prompt: vec![5], samples: 0, key: Key::new(1) };
    assert_eq!(EngineConfig::default().generate(&model, &[idle], &limits(4), &Device::flex()), [vec![]]);
}
