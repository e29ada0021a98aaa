//! The Llama family: pre-norm decoder blocks with rotary embedding, grouped queries and SwiGLU.

use std::{collections::HashMap, sync::Arc};

use burn::module::{Module, Param};
use burn::tensor::{Device, Int, Tensor, TensorData};
use r1_data::Key;

use crate::{
    causal_lm::{Attend, CacheSpec, CausalLm, Head},
    checkpoint::{Part, Slot},
    config::ModelConfig,
    kernels::RotaryTable,
    nn::{Attention, Block, Linear, Mlp, RmsNorm},
    packed_batch::PackedBatch,
};

/// A Llama-layout language model.
#[derive(Module, Debug)]
pub struct Transformer {
    /// `[vocab, d_model]`
    pub embedding: Param<Tensor<2>>,
    /// The stack.
    pub blocks: Vec<Block>,
    /// The norm after the last block.
    pub norm: RmsNorm,
    /// `[vocab, d_model]`; absent when the embedding serves.
    pub head: Option<Linear>,
    #[module(skip)]
    spec: CacheSpec,
}

impl Transformer {
    /// Builds the model from the values of its [`slots`](Self::slots).
    ///
    /// # Panics
    /// When a slot is missing or has the wrong number of elements; the checkpoint reader never
    /// returns such a map.
    pub fn from_weights(
        config: &ModelConfig,
        mut weights: HashMap<String, Vec<f32>>,
        device: &Device,
    ) -> Self {
        let mut take =
            |path: String| weights.remove(&path).unwrap_or_else(|| panic!("no weights for `{path}`"));
        let mut matrix = |path: String, rows: usize, columns: usize| {
            Param::from_tensor(Tensor::<2>::from_data(TensorData::new(take(path), [rows, columns]), device))
        };
        let (d, heads) = (config.d_model, config.heads);
        let embedding = matrix("embedding".into(), config.vocab, d);
        let head = (!config.tied).then(|| Linear { weight: matrix("head.weight".into(), config.vocab, d) });
        let rotary = Arc::new(RotaryTable::new(&config.rotary_frequencies(), config.context));
        let mut linear = |path: String, rows, columns| Linear { weight: matrix(path, rows, columns) };
        let mut matrices = Vec::new();
        for index in 0..config.layers {
            let path = |rest: &str| format!("blocks.{index}.{rest}.weight");
            matrices.push((
                Attention {
                    qkv: linear(path("attention.qkv"), heads.fused_width(), d),
                    output: linear(path("attention.output"), d, heads.query_width()),
                    heads,
                    rotary: rotary.clone(),
                },
                Mlp {
                    gate_up: linear(path("mlp.gate_up"), 2 * config.d_ff, d),
                    down: linear(path("mlp.down"), d, config.d_ff),
                },
            ));
        }
        let mut norm = |path: String| RmsNorm {
            weight: Param::from_tensor(Tensor::<1>::from_data(TensorData::new(take(path), [d]), device)),
            epsilon: config.norm_epsilon,
        };
        let blocks = matrices
            .into_iter()
            .enumerate()
            .map(|(index, (attention, mlp))| Block {
                attention_norm: norm(format!("blocks.{index}.attention_norm.weight")),
                attention,
                mlp_norm: norm(format!("blocks.{index}.mlp_norm.weight")),
                mlp,
            })
            .collect();
        let spec = CacheSpec { layers: config.layers, heads, context: config.context, vocab: config.vocab };
        Self { embedding, blocks, norm: norm("norm.weight".into()), head, spec }
    }

    /// A model with random weights: normal with standard deviation 0.02, those that write to the
    /// residual stream divided by `sqrt(2 · layers)`; norms are 1.
    ///
    /// # Source
    /// Radford et al., "Language Models are Unsupervised Multitask Learners" (GPT-2), section 2.3.
    pub fn random(config: &ModelConfig, seed: u64, device: &Device) -> Self {
        let weights = Self::slots(config).into_iter().map(|slot| {
            let count = slot.shape.iter().product();
            let residual = slot.path.contains("output") || slot.path.contains("down");
            let deviation = if residual { 0.02 / (2.0 * config.layers as f64).sqrt() } else { 0.02 };
            let values = if slot.shape.len() == 1 {
                vec![1.0; count]
            } else {
                let key = Key::new(seed).for_problem(&slot.path);
                (0..count as u64).map(|i| (normal(&key, i) * deviation) as f32).collect()
            };
            (slot.path, values)
        });
        Self::from_weights(config, weights.collect(), device)
    }

    /// Which checkpoint tensors each parameter is made of: queries, keys and values are stacked, and
    /// so are gate and up.
    pub fn slots(config: &ModelConfig) -> Vec<Slot> {
        let (d, heads) = (config.d_model, config.heads);
        let one = |path: String, name: String, shape: Vec<usize>| Slot {
            path,
            parts: vec![Part { name, rows: shape[0] }],
            shape,
        };
        let mut slots = vec![
            one("embedding".into(), "model.embed_tokens.weight".into(), vec![config.vocab, d]),
            one("norm.weight".into(), "model.norm.weight".into(), vec![d]),
        ];
        if !config.tied {
            slots.push(one("head.weight".into(), "lm_head.weight".into(), vec![config.vocab, d]));
        }
        for index in 0..config.layers {
            let path = |rest: &str| format!("blocks.{index}.{rest}.weight");
            let name = |rest: &str| format!("model.layers.{index}.{rest}.weight");
            let stacked = |rest: &str, parts: &[(&str, usize)]| Slot {
                path: path(rest),
                shape: vec![parts.iter().map(|(_, rows)| rows).sum(), d],
                parts: parts.iter().map(|(part, rows)| Part { name: name(part), rows: *rows }).collect(),
            };
            slots.push(one(path("attention_norm"), name("input_layernorm"), vec![d]));
            slots.push(stacked(
                "attention.qkv",
                &[
                    ("self_attn.q_proj", heads.query_width()),
                    ("self_attn.k_proj", heads.kv_width()),
                    ("self_attn.v_proj", heads.kv_width()),
                ],
            ));
            slots.push(one(path("attention.output"), name("self_attn.o_proj"), vec![d, heads.query_width()]));
            slots.push(one(path("mlp_norm"), name("post_attention_layernorm"), vec![d]));
            slots.push(stacked(
                "mlp.gate_up",
                &[("mlp.gate_proj", config.d_ff), ("mlp.up_proj", config.d_ff)],
            ));
            slots.push(one(path("mlp.down"), name("mlp.down_proj"), vec![d, config.d_ff]));
        }
        slots
    }
}

/// A standard normal number by the method of Box and Muller.
fn normal(key: &Key, index: u64) -> f64 {
    let (u, v) = (1.0 - key.uniform(2 * index), key.uniform(2 * index + 1));
    (-2.0 * u.ln()).sqrt() * (2.0 * std::f64::consts::PI * v).cos()
}

impl CausalLm for Transformer {
    fn embed(&self, batch: &PackedBatch) -> Tensor<2> {
        let table = self.embedding.val();
        let ids: Vec<i32> = batch.ids().iter().map(|id| *id as i32).collect();
        let ids = Tensor::<1, Int>::from_data(TensorData::new(ids, [batch.len()]), &table.device());
        table.select(0, ids)
    }

    fn num_blocks(&self) -> usize {
        self.blocks.len()
    }

    fn block(&self, index: usize, x: Tensor<2>, attend: Attend<'_>) -> Tensor<2> {
        self.blocks[index].forward(x, index, attend)
    }

    fn head(&self) -> Head {
        let weight = self.head.as_ref().map_or_else(|| self.embedding.val(), |head| head.weight.val());
        Head { norm: self.norm.weight.val(), epsilon: self.norm.epsilon, weight }
    }

    fn cache_spec(&self) -> CacheSpec {
        self.spec
    }
}
