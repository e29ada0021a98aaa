//! The Llama family: pre-norm decoder blocks with rotary embedding, grouped queries and SwiGLU. Qwen2 adds
//! a bias to queries, keys and values, and Qwen3 a norm of each query and key head.

use std::{collections::HashMap, sync::Arc};

use burn::module::{Module, Param};
use burn::tensor::{Device, Int, Tensor, TensorData};
use r1_core::Key;

use crate::{
    causal_lm::{Attend, CacheSpec, CausalLm, Head},
    checkpoint::{Part, Slot},
    config::ModelConfig,
    gradients::GradientStore,
    kernels::RotaryTable,
    nn::{Attention, Block, Linear, Mlp, RmsNorm},
    packed_batch::PackedBatch,
};

/// A language model of the Llama family (Llama, Qwen2, Qwen3).
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
        let mut parameters = Parameters { weights: &mut weights, device };
        let (d, heads) = (config.d_model, config.heads);
        let embedding = parameters.matrix("embedding", config.vocab, d);
        let head = (!config.tied).then(|| parameters.linear("head", config.vocab, d));
        let rotary = Arc::new(RotaryTable::new(&config.rotary_frequencies(), config.context));
        let blocks = (0..config.layers).map(|index| {
            let path = |rest: &str| format!("blocks.{index}.{rest}");
            let mut head_norm = |name: &str| {
                config.head_norm.then(|| parameters.norm(&path(name), heads.head_dim, config.norm_epsilon))
            };
            let (query_norm, key_norm) = (head_norm("attention.query_norm"), head_norm("attention.key_norm"));
            let mut qkv = parameters.linear(&path("attention.qkv"), heads.fused_width(), d);
            qkv.bias = config
                .attention_bias
                .then(|| parameters.vector(&path("attention.qkv.bias"), heads.fused_width()));
            Block {
                attention_norm: parameters.norm(&path("attention_norm"), d, config.norm_epsilon),
                attention: Attention {
                    qkv,
                    output: parameters.linear(&path("attention.output"), d, heads.query_width()),
                    query_norm,
                    key_norm,
                    heads,
                    rotary: rotary.clone(),
                },
                mlp_norm: parameters.norm(&path("mlp_norm"), d, config.norm_epsilon),
                mlp: Mlp {
                    gate_up: parameters.linear(&path("mlp.gate_up"), 2 * config.d_ff, d),
                    down: parameters.linear(&path("mlp.down"), d, config.d_ff),
                },
            }
        });
        let blocks = blocks.collect();
        let spec = CacheSpec { layers: config.layers, heads, context: config.context, vocab: config.vocab };
        Self { embedding, blocks, norm: parameters.norm("norm", d, config.norm_epsilon), head, spec }
    }

    /// A model with random weights: normal with standard deviation 0.02, those that write to the
    /// residual stream divided by `sqrt(2 · layers)`; norms are 1 and biases 0.
    ///
    /// # Source
    /// Radford et al., "Language Models are Unsupervised Multitask Learners" (GPT-2), section 2.3.
    pub fn random(config: &ModelConfig, seed: u64, device: &Device) -> Self {
        let weights = Self::slots(config).into_iter().map(|slot| {
            let count = slot.shape.iter().product();
            let residual = slot.path.contains("output") || slot.path.contains("down");
            let deviation = if residual { 0.02 / (2.0 * config.layers as f64).sqrt() } else { 0.02 };
            let values = if slot.shape.len() == 1 {
                vec![if slot.path.ends_with("bias") { 0.0 } else { 1.0 }; count]
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
        let slot = |path: String, parts: Vec<Part>, width: Option<usize>| Slot {
            path,
            shape: [parts.iter().map(|part| part.rows).sum()].into_iter().chain(width).collect(),
            parts,
        };
        let one = |path: &str, name: &str, rows, width| {
            slot(path.to_owned(), vec![Part { name: name.to_owned(), rows }], width)
        };
        let mut slots = vec![
            one("embedding", "model.embed_tokens.weight", config.vocab, Some(d)),
            one("norm.weight", "model.norm.weight", d, None),
        ];
        if !config.tied {
            slots.push(one("head.weight", "lm_head.weight", config.vocab, Some(d)));
        }
        let (query, kv) = (heads.query_width(), heads.kv_width());
        let projections = [("self_attn.q_proj", query), ("self_attn.k_proj", kv), ("self_attn.v_proj", kv)];
        let gates = [("mlp.gate_proj", config.d_ff), ("mlp.up_proj", config.d_ff)];
        for index in 0..config.layers {
            let mut add = |path: &str, kind: &str, parts: &[(&str, usize)], width: Option<usize>| {
                let part = |(name, rows): &(&str, usize)| Part {
                    name: format!("model.layers.{index}.{name}.{kind}"),
                    rows: *rows,
                };
                slots.push(slot(
                    format!("blocks.{index}.{path}.{kind}"),
                    parts.iter().map(part).collect(),
                    width,
                ));
            };
            add("attention_norm", "weight", &[("input_layernorm", d)], None);
            add("attention.qkv", "weight", &projections, Some(d));
            if config.attention_bias {
                add("attention.qkv", "bias", &projections, None);
            }
            add("attention.output", "weight", &[("self_attn.o_proj", d)], Some(query));
            if config.head_norm {
                add("attention.query_norm", "weight", &[("self_attn.q_norm", heads.head_dim)], None);
                add("attention.key_norm", "weight", &[("self_attn.k_norm", heads.head_dim)], None);
            }
            add("mlp_norm", "weight", &[("post_attention_layernorm", d)], None);
            add("mlp.gate_up", "weight", &gates, Some(d));
            add("mlp.down", "weight", &[("mlp.down_proj", d)], Some(config.d_ff));
        }
        slots
    }
}

/// Takes parameters out of a checkpoint's values.
struct Parameters<'a> {
    weights: &'a mut HashMap<String, Vec<f32>>,
    device: &'a Device,
}

impl Parameters<'_> {
    fn take(&mut self, path: &str) -> Vec<f32> {
        self.weights.remove(path).unwrap_or_else(|| panic!("no weights for `{path}`"))
    }

    fn vector(&mut self, path: &str, length: usize) -> Param<Tensor<1>> {
        Param::from_tensor(Tensor::from_data(TensorData::new(self.take(path), [length]), self.device))
    }

    fn matrix(&mut self, path: &str, rows: usize, columns: usize) -> Param<Tensor<2>> {
        Param::from_tensor(Tensor::from_data(TensorData::new(self.take(path), [rows, columns]), self.device))
    }

    fn linear(&mut self, path: &str, rows: usize, columns: usize) -> Linear {
        Linear { weight: self.matrix(&format!("{path}.weight"), rows, columns), bias: None }
    }

    fn norm(&mut self, path: &str, length: usize, epsilon: f64) -> RmsNorm {
        RmsNorm { weight: self.vector(&format!("{path}.weight"), length), epsilon }
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

    fn embed_backward(&self, batch: &PackedBatch, upstream: Tensor<2>, gradients: &mut GradientStore) {
        // A frozen table has no gradient, as on a tape.
        if !self.embedding.val().is_require_grad() {
            return;
        }
        let [vocab, _] = self.embedding.dims();
        gradients.add_rows("embedding", batch.ids(), upstream, vocab);
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
