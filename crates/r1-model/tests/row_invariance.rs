//! A row has the same bits whatever stands beside it and however many threads work (a model of SmolLM2's
//! widths and heads, two layers deep).

use std::{io::Write, sync::Arc};

use burn::tensor::{Device, Tensor, TensorData};
use r1_core::{Key, Sampling, session::Request};
use r1_model::{
    Architecture, CausalLm, EngineConfig, GradientStore, ModelConfig, PackedBatch, Transformer,
    engine::{Generated, Vocabulary},
    kernels::{linear, token_logprobs},
};
use r1_train::{Recompute, backward};

const VOCAB: u32 = 700;

/// Models of those widths: a plain one, a mixture of experts, and latent attention before one.
fn models() -> Vec<Transformer> {
    let common = serde_json::json!({
        "hidden_act": "silu", "hidden_size": 576, "intermediate_size": 1536, "num_hidden_layers": 2,
        "num_attention_heads": 9, "num_key_value_heads": 3, "head_dim": 64, "max_position_embeddings": 256,
        "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "tie_word_embeddings": true, "vocab_size": VOCAB, "eos_token_id": 2,
    });
    let kinds = [
        serde_json::json!({"model_type": "llama"}),
        serde_json::json!({
            "model_type": "qwen3_moe", "num_experts": 8, "num_experts_per_tok": 3, "moe_intermediate_size": 96,
            "norm_topk_prob": true, "decoder_sparse_step": 1, "mlp_only_layers": [],
        }),
        serde_json::json!({
            "model_type": "deepseek_v3", "n_routed_experts": 8, "num_experts_per_tok": 3, "n_shared_experts": 1,
            "moe_intermediate_size": 96, "n_group": 4, "topk_group": 2, "norm_topk_prob": true,
            "routed_scaling_factor": 2.5, "first_k_dense_replace": 1, "num_key_value_heads": 9, "kv_lora_rank": 96,
            "q_lora_rank": 160, "qk_nope_head_dim": 48, "qk_rope_head_dim": 16, "v_head_dim": 40,
            "tie_word_embeddings": false,
        }),
    ];
    let model = |kind: serde_json::Value| {
        let mut config = common.clone();
        config.as_object_mut().unwrap().extend(kind.as_object().unwrap().clone());
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(config.to_string().as_bytes()).unwrap();
        Transformer::random(&ModelConfig::read(file.path()).unwrap(), 1, &Device::flex())
    };
    kinds.into_iter().map(model).collect()
}

fn with_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
}

fn ids(sequence: u64, length: usize) -> Vec<u32> {
    let mut stream = Key::new(sequence).stream();
    (0..length).map(|_| stream.between(3, i64::from(VOCAB) - 1) as u32).collect()
}

fn bits(tensor: Tensor<2>) -> Vec<u32> {
    tensor.into_data().try_to_vec::<f32>().unwrap().into_iter().map(f32::to_bits).collect()
}

/// Log-probabilities and entropies of the first sequence of a batch of `count`.
fn first_scores(model: &Transformer, count: u64) -> Vec<u32> {
    let sequences: Vec<Vec<u32>> = (0..count).map(|i| ids(i, 37 + (i as usize * 11) % 40)).collect();
    let batch = PackedBatch::from_sequences(&sequences);
    let head = model.head();
    let hidden = head.normalize(model.hidden(&batch));
    let targets: Arc<[u32]> = batch.ids().iter().map(|id| (id * 7) % VOCAB).collect();
    let scores = bits(token_logprobs(hidden, head.weight, &targets, 0.8));
    scores[..2 * sequences[0].len()].to_vec()
}

/// The first sequence written in a batch of `count`.
fn first_completion(model: &Transformer, count: u64) -> Generated {
    let sampling = Sampling::default().with_max_tokens(20);
    let request =
        |i: u64| Request::new(ids(i, 5 + i as usize), Key::new(100 + i)).with_sampling(sampling.clone());
    let requests = (0..count).map(request).collect();
    let written =
        EngineConfig::default().generate(model, Vocabulary::default(), requests, &Device::flex()).unwrap();
    written[0][0].clone()
}

#[test]
fn a_linear_row_has_the_same_bits_in_any_batch_and_with_any_threads() {
    let random = |seed, shape: [usize; 2]| {
        let mut stream = Key::new(seed).stream();
        let elements: Vec<f32> = (0..shape[0] * shape[1]).map(|_| stream.uniform() as f32 - 0.5).collect();
        Tensor::<2>::from_data(TensorData::new(elements, shape), &Device::flex())
    };
    for (d_in, d_out) in [(576, 960), (1536, 576), (64, 33)] {
        let (x, weight) = (random(1, [150, d_in]), random(2, [d_out, d_in]));
        let alone = with_threads(1, || bits(linear(x.clone().slice([0..1, 0..d_in]), weight.clone())));
        for rows in [1, 2, 17, 47, 48, 49, 150] {
            for threads in [1, 2, 3] {
                let part = x.clone().slice([0..rows, 0..d_in]);
                let product = with_threads(threads, || bits(linear(part, weight.clone())));
                assert_eq!(product[..d_out], alone, "{rows} rows of {d_in}, {threads} threads");
            }
        }
    }
}

#[test]
fn scores_have_the_same_bits_in_any_batch_and_with_any_threads() {
    for model in models() {
        let alone = with_threads(1, || first_scores(&model, 1));
        for count in [1, 2, 17] {
            for threads in [1, 2] {
                let scores = with_threads(threads, || first_scores(&model, count));
                assert_eq!(scores, alone, "{count} sequences, {threads} threads");
            }
        }
    }
}

#[test]
fn completions_have_the_same_bits_in_any_batch_and_with_any_threads() {
    for model in models() {
        let alone = with_threads(1, || first_completion(&model, 1));
        assert_eq!(alone.ids.len(), 20);
        for count in [1, 2, 17] {
            for threads in [1, 2] {
                for _ in 0..5 {
                    let completion = with_threads(threads, || first_completion(&model, count));
                    assert_eq!(completion, alone, "{count} sequences, {threads} threads");
                }
            }
        }
    }
}

#[test]
fn gradients_have_the_same_bits_with_any_threads() {
    for model in models() {
        let mut batch = PackedBatch::new();
        let prompt = batch.push(&ids(1, 30), None);
        for sample in 0..5 {
            batch.push(&ids(2 + sample, 20 + sample as usize), Some(prompt));
        }
        let targets: Arc<[u32]> = batch.ids().iter().map(|id| (id * 7) % VOCAB).collect();
        let gradients = |threads| {
            with_threads(threads, || {
                let mut gradients = GradientStore::new();
                backward(&model, &batch, Recompute::Nothing, &mut gradients, |hidden, head| {
                    let normalized = head.normalize(hidden);
                    token_logprobs(normalized, head.weight, &targets, 1.0).sum()
                });
                let norm = gradients.norm().to_bits();
                let paths: Vec<String> = gradients.paths().map(str::to_owned).collect();
                let all = paths.into_iter().map(|path| {
                    let gradient = gradients.get(&path).unwrap().clone();
                    let gradient = gradient.into_data().try_to_vec::<f32>().unwrap();
                    (path, gradient.into_iter().map(f32::to_bits).collect::<Vec<u32>>())
                });
                (norm, all.collect::<Vec<_>>())
            })
        };
        let alone = gradients(1);
        for threads in [2, 3] {
            let (norm, all) = gradients(threads);
            for ((path, ours), (_, theirs)) in all.iter().zip(&alone.1) {
                assert!(ours == theirs, "{path} with {threads} threads");
            }
            assert_eq!(norm, alone.0);
        }
    }
}
