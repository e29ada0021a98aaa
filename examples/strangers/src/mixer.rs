//! An architecture that r1 does not know: attention and a squared-ReLU layer side by side, behind one norm.

use std::sync::Arc;

use burn::module::{Module, Param};
use burn::tensor::{Device, Int, Tensor, TensorData};
use r1_core::Key;
use r1_model::{
    Attend, CacheSpec, CausalLm, Head, ModelConfig, PackedBatch,
    checkpoint::{Part, Slot},
    kernels::{self, RotaryTable},
};

/// A language model of one kind of block.
#[derive(Module, Debug)]
pub struct Mixer {
    embedding: Param<Tensor<2>>,
    blocks: Vec<Layer>,
    norm: Param<Tensor<1>>,
    #[module(skip)]
    spec: CacheSpec,
    #[module(skip)]
    rotary: Arc<RotaryTable>,
}

/// `x += attention(norm(x)) + down(relu(up(norm(x)))²)`.
#[derive(Module, Debug)]
struct Layer {
    norm: Param<Tensor<1>>,
    qkv: Param<Tensor<2>>,
    output: Param<Tensor<2>>,
    up: Param<Tensor<2>>,
    down: Param<Tensor<2>>,
}

impl Mixer {
    /// Small random weights.
    pub fn random(config: &ModelConfig, seed: u64, device: &Device) -> Self {
        let (d, heads) = (config.d_model, config.heads);
        let matrix = |name: String, rows: usize, columns: usize| {
            let mut random = Key::new(seed).for_problem(&name).stream();
            let values = (0..rows * columns).map(|_| random.uniform() as f32 * 0.2 - 0.1).collect();
            Param::from_tensor(Tensor::from_data(TensorData::new::<f32, _>(values, [rows, columns]), device))
        };
        let ones = || Param::from_tensor(Tensor::ones([d], device));
        let layer = |index: usize| Layer {
            norm: ones(),
            qkv: matrix(format!("{index}.qkv"), heads.fused_width(), d),
            output: matrix(format!("{index}.output"), d, heads.query_width()),
            up: matrix(format!("{index}.up"), config.d_ff, d),
            down: matrix(format!("{index}.down"), d, config.d_ff),
        };
        Self {
            embedding: matrix("embedding".into(), config.vocab, d),
            blocks: (0..config.layers).map(layer).collect(),
            norm: ones(),
            spec: CacheSpec { layers: config.layers, heads, context: config.context, vocab: config.vocab },
            rotary: Arc::new(RotaryTable::new(&config.rotary_frequencies(), config.context)),
        }
    }

    /// Each parameter is stored under its own path.
    pub fn slots(config: &ModelConfig) -> Vec<Slot> {
        let (d, heads) = (config.d_model, config.heads);
        let slot = |path: String, shape: &[usize]| Slot {
            parts: vec![Part { name: path.clone(), rows: shape[0] }],
            shape: shape.to_vec(),
            path,
        };
        let mut slots = vec![slot("embedding".into(), &[config.vocab, d]), slot("norm".into(), &[d])];
        for index in 0..config.layers {
            let path = |name: &str| format!("blocks.{index}.{name}");
            slots.push(slot(path("norm"), &[d]));
            slots.push(slot(path("qkv"), &[heads.fused_width(), d]));
            slots.push(slot(path("output"), &[d, heads.query_width()]));
            slots.push(slot(path("up"), &[config.d_ff, d]));
            slots.push(slot(path("down"), &[d, config.d_ff]));
        }
        slots
    }
}

impl CausalLm for Mixer {
    fn embed(&self, batch: &PackedBatch) -> Tensor<2> {
        let table = self.embedding.val();
        let ids: Vec<i32> = batch.ids().iter().map(|id| *id as i32).collect();
        table.clone().select(0, Tensor::<1, Int>::from_data(ids.as_slice(), &table.device()))
    }

    fn num_blocks(&self) -> usize {
        self.blocks.len()
    }

    fn block(&self, index: usize, x: Tensor<2>, attend: Attend<'_>) -> Tensor<2> {
        let (layer, heads) = (&self.blocks[index], self.spec.heads);
        let normal = kernels::rms_norm(x.clone(), layer.norm.val(), 1e-5);
        let qkv = kernels::linear(normal.clone(), layer.qkv.val());
        let rotated = heads.heads + heads.kv_heads;
        let mixed = match attend {
            Attend::Packed(layout) => {
                let qkv = kernels::rotary(qkv, &self.rotary, &layout.positions, rotated);
                kernels::causal_attention(qkv, heads, &layout.segments)
            }
            Attend::Cached(cache) => {
                let qkv = kernels::rotary(qkv, &self.rotary, cache.positions(), rotated);
                cache.attend(index, qkv)
            }
        };
        let up = kernels::linear(normal, layer.up.val()).clamp_min(0.0);
        let down = kernels::linear(up.clone() * up, layer.down.val());
        x + kernels::linear(mixed, layer.output.val()) + down
    }

    fn head(&self) -> Head {
        Head { norm: self.norm.val(), epsilon: 1e-5, weight: self.embedding.val() }
    }

    fn cache_spec(&self) -> CacheSpec {
        self.spec
    }
}
