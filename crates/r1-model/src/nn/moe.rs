//! The feed-forward layer of several experts.

use burn::module::Module;
use burn::tensor::{Int, Tensor, TensorData, activation::sigmoid};

use super::{Linear, Mlp, MlpShape, RmsNorm, Router, Routing};
use crate::{Initial, Parameters};

/// A mixture of experts: each token goes through the few that its router chooses, and through shared ones.
///
/// ```text
/// y = Σ_{e chosen} w_e(x) expert_e(x) + g(x) shared(x)        g = 1, or σ of a product where there is a gate
/// ```
///
/// The tokens of an expert are worked on together, and a token's sum goes over its experts in ascending order, so that
/// a row has the same bits whatever stands beside it.
#[derive(Module, Debug)]
pub struct Moe {
    /// Chooses.
    pub router: Router,
    /// What it chooses from.
    pub experts: Vec<Mlp>,
    /// What every token goes through besides.
    pub shared: Option<Mlp>,
    /// Weighs the shared output (Qwen2-MoE), `[1, d_model]`.
    pub shared_gate: Option<Linear>,
}

/// The shape of a [`Moe`] layer and how it is stored.
#[derive(Debug, Clone, Copy)]
pub struct MoeShape {
    /// How experts are chosen.
    pub routing: Routing,
    /// Whether the choice has a correction.
    pub corrected: bool,
    /// One expert.
    pub expert: MlpShape,
    /// Width of the shared one, and its name in the checkpoint.
    pub shared: Option<(usize, &'static str)>,
    /// Whether it has a gate.
    pub gated: bool,
}

impl Moe {
    /// Its products with weights, but the gate's, whose matrix is one row.
    pub(crate) fn linears_mut(&mut self) -> Vec<&mut Linear> {
        self.experts.iter_mut().chain(&mut self.shared).flat_map(Mlp::linears_mut).collect()
    }

    /// The layer with Hugging Face's names: `gate`, `experts.N` and that of the shared expert.
    pub fn build(mut parameters: Parameters<'_>, shape: MoeShape) -> Self {
        let d_model = shape.expert.d_model;
        let router = Router::build(parameters.at("router", "gate"), d_model, shape.routing, shape.corrected);
        let shared = shape
            .shared
            .map(|(d_ff, name)| Mlp::build(parameters.at("shared", name), MlpShape { d_ff, ..shape.expert }));
        let shared_gate = shape.gated.then(|| {
            let at = parameters.at("shared_gate", "shared_expert_gate");
            Linear::build(at, vec![], [1, d_model], false, Initial::WEIGHT)
        });
        let expert = |index: usize| {
            let path = format!("experts.{index}");
            Mlp::build(parameters.at(&path, &path).without_adapter(), shape.expert)
        };
        Self { router, shared, shared_gate, experts: (0..shape.routing.experts).map(expert).collect() }
    }

    /// `norm` is that in front of this layer, if there is one.
    ///
    /// # Shapes
    /// - `x` and output: `[tokens, d_model]`
    pub fn forward(&self, x: Tensor<2>, norm: Option<&RmsNorm>) -> Tensor<2> {
        let x = match norm {
            Some(norm) => norm.forward(x),
            None => x,
        };
        let mixed = self.mixed(x.clone());
        let Some(shared) = &self.shared else { return mixed };
        let y = shared.forward(x.clone(), None);
        mixed
            + match &self.shared_gate {
                Some(gate) => sigmoid(gate.forward(x)) * y,
                None => y,
            }
    }

    /// The weighted sum of the chosen experts.
    fn mixed(&self, x: Tensor<2>) -> Tensor<2> {
        let tokens = x.dims()[0];
        let routed = self.router.forward(x.clone());
        let chosen = self.router.routing.chosen;
        if tokens == 0 {
            return x;
        }
        let device = x.device();
        let weights = routed.weights.reshape([tokens * chosen, 1]);
        // Which pairs of token and expert stand in which row of the experts' outputs.
        let mut row_of = vec![0; tokens * chosen];
        let (mut outputs, mut first) = (Vec::new(), 0);
        for (number, expert) in self.experts.iter().enumerate() {
            let pairs: Vec<usize> =
                (0..tokens * chosen).filter(|pair| routed.experts[*pair] == number).collect();
            if pairs.is_empty() {
                continue;
            }
            for (row, pair) in (first..).zip(&pairs) {
                row_of[*pair] = row;
            }
            first += pairs.len();
            let own: Vec<usize> = pairs.iter().map(|pair| pair / chosen).collect();
            let y = expert.forward(x.clone().select(0, indices(&own, &device)), None);
            outputs.push(y * weights.clone().select(0, indices(&pairs, &device)));
        }
        let outputs = Tensor::cat(outputs, 0);
        let nth = |n: usize| {
            let rows: Vec<usize> = (0..tokens).map(|token| row_of[token * chosen + n]).collect();
            outputs.clone().select(0, indices(&rows, &device))
        };
        (1..chosen).fold(nth(0), |sum, n| sum + nth(n))
    }
}

fn indices(places: &[usize], device: &burn::tensor::Device) -> Tensor<1, Int> {
    let values: Vec<i32> = places.iter().map(|place| *place as i32).collect();
    Tensor::from_data(TensorData::new(values, [places.len()]), device)
}
