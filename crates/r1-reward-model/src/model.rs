//! A language model with a scalar head.

use burn::module::{Module, Param};
use burn::tensor::{Device, Int, Tensor, TensorData};
use r1_model::{
    Architecture, Attend, CacheSpec, CausalLm, Head, Initial, ModelConfig, PackedBatch, Parameters,
    Transformer, kernels::linear,
};

/// A language model whose head is one row: it scores a sequence by the final-norm hidden state of its last token.
///
/// ```text
/// r = score · norm(h_last)            score: [1, d_model], without bias
/// ```
///
/// Inside a [`LanguageModel`](r1_model::LanguageModel) it has a tokenizer and a template;
/// [`load`](RewardModel::load) and [`from_causal_lm`](RewardModel::from_causal_lm) read one, and
/// [`LanguageModel::save`](r1_model::LanguageModel::save) writes it in the layout that transformers reads as
/// `AutoModelForSequenceClassification` with one label: the tensors of the base model and `score.weight`.
///
/// # Source
/// DeepSeek-R1 (arXiv:2501.12948v2), section 3.1: "the same architecture as DeepSeek-R1, with a reward head".
#[derive(Module, Debug)]
pub struct RewardModel<M = Transformer> {
    /// The language model. Its own output matrix is not used.
    pub backbone: M,
    /// `[1, d_model]`
    pub score: Param<Tensor<2>>,
}

impl<M: CausalLm> RewardModel<M> {
    /// A language model with a fresh head, drawn with `seed`: normal with deviation `1 / (d_model + 1)`, so that scores
    /// begin near 0.
    ///
    /// # Source
    /// The deviation is that of OpenRLHF's reward models.
    pub fn new(backbone: M, d_model: usize, seed: u64, device: &Device) -> Self {
        let score = Parameters::random(seed, device, |parameters| head(d_model, parameters));
        Self { backbone, score }
    }

    /// The scores of rows of the hidden states after the last block.
    ///
    /// # Shapes
    /// - `hidden`: `[tokens, d_model]`
    /// - `rows`: places in `hidden`
    /// - output: `[rows]`
    ///
    /// # Gradients
    /// Flow into the hidden states, the final norm and the head.
    pub(crate) fn score_rows(hidden: Tensor<2>, head: Head, rows: &[u32]) -> Tensor<1> {
        let count = rows.len();
        let rows: Vec<i32> = rows.iter().map(|&row| row as i32).collect();
        let rows = Tensor::<1, Int>::from_data(TensorData::new(rows, [count]), &hidden.device());
        linear(head.normalize(hidden.select(0, rows)), head.weight).reshape([count])
    }
}

impl<M: Architecture<Config = ModelConfig>> Architecture for RewardModel<M> {
    type Config = ModelConfig;

    fn build(config: &ModelConfig, parameters: &mut Parameters<'_>) -> Self {
        // There is no output matrix, as in a model that is tied.
        let mut tied = config.clone();
        tied.tied = true;
        let backbone = M::build(&tied, &mut parameters.at("backbone", ""));
        Self { backbone, score: head(config.d_model, parameters) }
    }
}

fn head(d_model: usize, parameters: &mut Parameters<'_>) -> Param<Tensor<2>> {
    parameters.tensor("score", "score.weight", [1, d_model], Initial::Normal(1.0 / (d_model + 1) as f64))
}

impl<M: CausalLm> CausalLm for RewardModel<M> {
    fn embed(&self, batch: &PackedBatch) -> Tensor<2> {
        self.backbone.embed(batch)
    }

    fn num_blocks(&self) -> usize {
        self.backbone.num_blocks()
    }

    fn block(&self, index: usize, x: Tensor<2>, attend: Attend<'_>) -> Tensor<2> {
        self.backbone.block(index, x, attend)
    }

    fn head(&self) -> Head {
        Head { weight: self.score.val(), packed: None, ..self.backbone.head() }
    }

    fn cache_spec(&self) -> CacheSpec {
        self.backbone.cache_spec()
    }
}
