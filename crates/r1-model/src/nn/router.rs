//! Which experts a token goes to.

use burn::module::{Module, Param};
use burn::tensor::{Int, Tensor, TensorData, activation::sigmoid};

use crate::{Initial, Parameters, kernels};

/// How experts are chosen and weighed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Routing {
    /// Experts there are.
    pub experts: usize,
    /// Experts of a token.
    pub chosen: usize,
    /// Whether scores are sigmoids of each logit (DeepSeek-V3) instead of a softmax.
    pub sigmoid: bool,
    /// Groups of neighbouring experts, and how many of them a token may choose from.
    pub groups: [usize; 2],
    /// Whether a group is worth the sum of its two best experts instead of its best.
    pub two_best: bool,
    /// Whether the weights of the chosen experts are made to sum to 1.
    pub normalize: bool,
    /// What the weights are multiplied with.
    pub scale: f64,
}

/// Scores every expert for every token and keeps the best.
#[derive(Module, Debug)]
pub struct Router {
    /// `[experts, d_model]`
    pub weight: Param<Tensor<2>>,
    /// Added to the scores for the choice, not for the weights; `[experts]`. It is not trained by gradients.
    pub correction: Option<Param<Tensor<1>>>,
    /// How experts are chosen.
    #[module(skip)]
    pub routing: Routing,
}

/// The chosen experts of each token and their weights.
#[derive(Debug)]
pub struct Routed {
    /// Experts of each token, in ascending order, one token after the other.
    pub experts: Vec<usize>,
    /// `[tokens, chosen]`
    pub weights: Tensor<2>,
}

impl Router {
    /// The router with Hugging Face's names: `weight` and `e_score_correction_bias`.
    pub fn build(mut parameters: Parameters<'_>, d_model: usize, routing: Routing, corrected: bool) -> Self {
        let weight = parameters.tensor("weight", "weight", [routing.experts, d_model], Initial::WEIGHT);
        let correction = corrected.then(|| {
            let name = "e_score_correction_bias";
            parameters.tensor("correction", name, [routing.experts], Initial::ZERO).set_require_grad(false)
        });
        Self { weight, correction, routing }
    }

    /// # Shapes
    /// - `x`: `[tokens, d_model]`
    pub fn forward(&self, x: Tensor<2>) -> Routed {
        let Routing { experts: count, chosen, sigmoid: by_sigmoid, normalize, scale, .. } = self.routing;
        let tokens = x.dims()[0];
        let logits = kernels::linear(x, self.weight.val());
        let scores = if by_sigmoid { sigmoid(logits) } else { softmax(logits) };
        let host = |tensor: Tensor<2>| -> Vec<f32> {
            let data = tensor.without_autodiff().into_data().convert::<f32>();
            data.try_to_vec().expect("the data was converted to f32")
        };
        let mut values = host(scores.clone());
        if let Some(correction) = &self.correction {
            let correction = host(correction.val().unsqueeze());
            for row in values.chunks_exact_mut(count) {
                row.iter_mut().zip(&correction).for_each(|(score, correction)| *score += correction);
            }
        }
        let experts: Vec<usize> =
            values.chunks_exact(count).flat_map(|scores| self.routing.choose(scores)).collect();
        let index: Vec<i32> = experts.iter().map(|expert| *expert as i32).collect();
        let index = Tensor::<2, Int>::from_data(TensorData::new(index, [tokens, chosen]), &scores.device());
        let mut weights = scores.gather(1, index);
        if normalize {
            weights = weights.clone() / weights.sum_dim(1).add_scalar(1e-20);
        }
        if scale != 1.0 {
            weights = weights.mul_scalar(scale);
        }
        Routed { experts, weights }
    }
}

/// Softmax of each row, by the same operations on a tape and off it: burn's own is one kernel where nothing is tracked
/// and several where something is, whose last bits differ, and an expert could be chosen in one and not in the other.
fn softmax(logits: Tensor<2>) -> Tensor<2> {
    let exponentials = (logits.clone() - logits.detach().max_dim(1)).exp();
    exponentials.clone() / exponentials.sum_dim(1)
}

impl Routing {
    /// Refuses numbers that no choice can satisfy.
    pub(crate) fn check(&self) -> Result<(), String> {
        let Self { experts, chosen, groups: [groups, kept], .. } = *self;
        let possible = experts <= 1 << 12
            && experts.is_multiple_of(groups)
            && kept <= groups
            && chosen <= experts / groups * kept
            && (!self.two_best || experts / groups > 1);
        if possible {
            return Ok(());
        }
        Err(format!("{chosen} of {experts} experts cannot be chosen from {kept} of {groups} groups"))
    }

    /// The best experts by their scores, in ascending order; of equal ones the first.
    fn choose(&self, scores: &[f32]) -> Vec<usize> {
        let [groups, kept] = self.groups;
        let size = self.experts / groups;
        let worth = |group: usize| {
            let mut scores = scores[group * size..][..size].to_vec();
            scores.sort_by(|a, b| b.total_cmp(a));
            scores.iter().take(if self.two_best { 2 } else { 1 }).sum::<f32>()
        };
        let worths: Vec<f32> = (0..groups).map(worth).collect();
        let groups = best(&worths, 0..groups, kept);
        let experts = groups.into_iter().flat_map(|group| group * size..(group + 1) * size);
        best(scores, experts, self.chosen)
    }
}

/// The places of the largest values among `places`, in ascending order; of equal ones the first.
fn best(values: &[f32], places: impl Iterator<Item = usize>, count: usize) -> Vec<usize> {
    let mut places: Vec<usize> = places.collect();
    places.sort_by(|a, b| values[*b].total_cmp(&values[*a]));
    places.truncate(count);
    places.sort_unstable();
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_chosen_before_experts() {
        let routing = Routing {
            experts: 6,
            chosen: 2,
            sigmoid: true,
            groups: [3, 1],
            two_best: true,
            normalize: true,
            scale: 1.0,
        };
        // The best expert is the fifth, but the best two together are in the first group.
        let scores = [0.5, 0.6, 0.1, 0.2, 0.9, 0.0];
        assert_eq!(routing.choose(&scores), [0, 1]);
        assert_eq!(Routing { two_best: false, ..routing }.choose(&scores), [4, 5]);
        assert_eq!(Routing { groups: [1, 1], ..routing }.choose(&scores), [1, 4]);
        assert_eq!(Routing { groups: [1, 1], ..routing }.choose(&[0.5; 6]), [0, 1]);
    }
}
