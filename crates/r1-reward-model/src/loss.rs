//! The losses of reward models.

use burn::tensor::{Tensor, activation::log_sigmoid};

/// What [`pairwise_loss`] is about.
#[derive(Debug, Clone)]
pub struct PairwiseInputs {
    /// Scores of the chosen responses of a micro-batch.
    pub chosen: Tensor<1>,
    /// Scores of the rejected ones.
    pub rejected: Tensor<1>,
    /// By how much each chosen response is to be scored higher at least; none for 0.
    pub margins: Option<Tensor<1>>,
    /// Rows of the whole update, over all its micro-batches.
    pub total_rows: usize,
}

/// How surprised the model is by preferences: the negative log-likelihood of Bradley and Terry's model.
///
/// ```text
/// L = − 1/N Σ_i log σ(r(x_i, y_i⁺) − r(x_i, y_i⁻) − m_i)
/// ```
///
/// # Shapes
/// - `chosen`, `rejected`, `margins`: `[pairs]`
/// - output: `[1]`, nats a row
///
/// # Gradients
/// Flow into both scores: `∓ σ(−(r⁺ − r⁻ − m)) / N`.
///
/// # Panics
/// When the shapes differ or `total_rows` is 0.
///
/// # Examples
/// ```
/// use burn::tensor::{Device, Tensor};
/// use r1_reward_model::{PairwiseInputs, pairwise_loss};
///
/// let device = Device::flex();
/// let scores = |values: [f32; 2]| Tensor::<1>::from_floats(values, &device);
/// let (chosen, rejected) = (scores([1.0, 0.5]), scores([1.0, -0.5]));
/// let loss = pairwise_loss(PairwiseInputs { chosen, rejected, margins: None, total_rows: 2 }).into_scalar::<f32>();
/// // (ln 2 + ln(1 + e⁻¹)) / 2
/// assert!((loss - (0.693_147 + 0.313_262) / 2.0).abs() < 1e-5);
/// ```
///
/// # Source
/// DeepSeek-R1 (arXiv:2501.12948v2), section 3.1 ("pairwise loss"); Ouyang et al., arXiv:2203.02155v1, eq. (1); the
/// margin is that of Llama 2 (arXiv:2307.09288v2), eq. (2).
pub fn pairwise_loss(inputs: PairwiseInputs) -> Tensor<1> {
    let PairwiseInputs { chosen, rejected, margins, total_rows } = inputs;
    assert!(total_rows > 0, "an update without rows has no loss");
    assert_eq!(chosen.dims(), rejected.dims(), "every chosen response has a rejected one");
    let difference = chosen - rejected;
    let difference = match margins {
        Some(margins) => difference - margins,
        None => difference,
    };
    log_sigmoid(difference).sum().div_scalar(-(total_rows as f64))
}

/// What [`pointwise_loss`] is about.
#[derive(Debug, Clone)]
pub struct PointwiseInputs {
    /// Scores of the responses of a micro-batch.
    pub scores: Tensor<1>,
    /// Their labels, from 0 (bad, unsafe) to 1 (good, safe).
    pub labels: Tensor<1>,
    /// How much each counts; none for 1.
    pub weights: Option<Tensor<1>>,
    /// Rows of the whole update, over all its micro-batches.
    pub total_rows: usize,
}

/// How surprised the model is by labels: the binary cross entropy with the scores as logits.
///
/// ```text
/// L = − 1/N Σ_i w_i (y_i log σ(r_i) + (1 − y_i) log σ(−r_i))
/// ```
///
/// # Shapes
/// - `scores`, `labels`, `weights`: `[responses]`, or `[steps]` of a process reward model
/// - output: `[1]`, nats a row
///
/// # Gradients
/// Flow into the scores: `w (σ(r) − y) / N`.
///
/// # Panics
/// When the shapes differ or `total_rows` is 0.
///
/// # Examples
/// ```
/// use burn::tensor::{Device, Tensor};
/// use r1_reward_model::{PointwiseInputs, pointwise_loss};
///
/// let device = Device::flex();
/// let (scores, labels) = (Tensor::from_floats([0.0, 2.0], &device), Tensor::from_floats([1.0, 0.0], &device));
/// let inputs = PointwiseInputs { scores, labels, weights: None, total_rows: 2 };
/// let loss = pointwise_loss(inputs).into_scalar::<f32>();
/// // (ln 2 + ln(1 + e²)) / 2
/// assert!((loss - (0.693_147 + 2.126_928) / 2.0).abs() < 1e-5);
/// ```
///
/// # Source
/// DeepSeek-R1 (arXiv:2501.12948v2), section 3.1: the safety model is trained "point-wise". Of steps: Math-Shepherd
/// (arXiv:2312.08935v3), eq. (2).
pub fn pointwise_loss(inputs: PointwiseInputs) -> Tensor<1> {
    let PointwiseInputs { scores, labels, weights, total_rows } = inputs;
    assert!(total_rows > 0, "an update without rows has no loss");
    assert_eq!(scores.dims(), labels.dims(), "every response has a label");
    let good = log_sigmoid(scores.clone()) * labels.clone();
    let bad = log_sigmoid(-scores) * (-labels).add_scalar(1.0);
    let each = match weights {
        Some(weights) => (good + bad) * weights,
        None => good + bad,
    };
    each.sum().div_scalar(-(total_rows as f64))
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn scores_far_from_zero_have_finite_losses_and_gradients() {
        let device = Device::flex().autodiff();
        let chosen = Tensor::<1>::from_floats([-200.0, 200.0], &device).require_grad();
        let rejected = Tensor::<1>::from_floats([200.0, -200.0], &device);
        let margins = Some(Tensor::from_floats([1.0, 1.0], &device));
        let inputs = PairwiseInputs { chosen: chosen.clone(), rejected, margins, total_rows: 2 };
        let loss = pairwise_loss(inputs);
        assert_eq!(loss.clone().into_scalar::<f32>(), 200.5);
        let gradient = chosen.grad(&loss.backward()).unwrap().into_data().try_to_vec::<f32>().unwrap();
        assert_eq!(gradient, [-0.5, 0.0]);
    }

    #[test]
    fn soft_labels_are_least_surprising_at_their_logit() {
        let loss = |score: f32| {
            let device = Device::flex();
            let (scores, labels) =
                (Tensor::from_floats([score], &device), Tensor::from_floats([0.25], &device));
            pointwise_loss(PointwiseInputs { scores, labels, weights: None, total_rows: 1 })
                .into_scalar::<f32>()
        };
        let best = (0.25f32 / 0.75).ln();
        assert!(loss(best) < loss(best + 0.1) && loss(best) < loss(best - 0.1));
    }
}
