//! An architecture that r1 does not know: attention and a squared-ReLU layer side by side, behind one norm.

use std::sync::Arc;

use burn::module::{Module, Param};
use burn::tensor::{Int, Tensor};
use r1_model::kernels::{self, Heads, RotaryTable};
use r1_model::{
    Architecture, Attend, CacheSpec, CausalLm, Head, Initial, ModelConfig, PackedBatch, Parameters,
};

/// A language model of one kind of block, `x += attention(norm(x)) + down(relu(up(norm(x)))²)`.
#[derive(Module, Debug)]
pub struct Mixer {
    embedding: Param<Tensor<2>>,
    blocks: Vec<Layer>,
    norm: Param<Tensor<1>>,
    #[module(skip)]
    heads: Heads,
    #[module(skip)]
    rotary: Arc<RotaryTable>,
}

#[derive(Module, Debug)]
struct Layer {
    norm: Param<Tensor<1>>,
    qkv: Param<Tensor<2>>,
    output: Param<Tensor<2>>,
    up: Param<Tensor<2>>,
    down: Param<Tensor<2>>,
}

impl Architecture for Mixer {
    type Config = ModelConfig;

    fn build(config: &ModelConfig, parameters: &mut Parameters<'_>) -> Self {
        let (d, heads, weight) = (config.d_model, config.heads, Initial::Normal(0.06));
        let mut layer = |index: usize| {
            let path = format!("blocks.{index}");
            let mut at = parameters.at(&path, &path);
            let mut matrix = |name: &str, shape| at.tensor(name, name, shape, weight);
            let qkv = matrix("qkv", [heads.fused_width(), d]);
            let output = matrix("output", [d, heads.query_width()]);
            let (up, down) = (matrix("up", [config.d_ff, d]), matrix("down", [d, config.d_ff]));
            Layer { norm: at.tensor("norm", "norm", [d], Initial::ONE), qkv, output, up, down }
        };
        let blocks = (0..config.layers).map(&mut layer).collect();
        let embedding = parameters.tensor("embedding", "embedding", [config.vocab, d], weight);
        let norm = parameters.tensor("norm", "norm", [d], Initial::ONE);
        let rotary = parameters.rotary(&config.rope, heads.head_dim, config.context);
        Self { embedding, blocks, norm, heads, rotary }
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
        let layer = &self.blocks[index];
        let normal = kernels::rms_norm(x.clone(), layer.norm.val(), 1e-5);
        let qkv = kernels::linear(normal.clone(), layer.qkv.val());
        let mixed = attend.rotated(index, qkv, self.heads, Some(&self.rotary));
        let up = kernels::linear(normal, layer.up.val()).clamp_min(0.0);
        let down = kernels::linear(up.clone() * up, layer.down.val());
        x + kernels::linear(mixed, layer.output.val()) + down
    }
    fn head(&self) -> Head {
        Head { norm: self.norm.val(), epsilon: 1e-5, weight: self.embedding.val(), packed: None }
    }
    fn cache_spec(&self) -> CacheSpec {
        let [vocab, _] = self.embedding.dims();
        CacheSpec::of_heads(self.blocks.len(), self.heads, self.rotary.positions(), vocab)
    }
}
