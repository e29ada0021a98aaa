//! Adam with decoupled weight decay and a global-norm clip.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::GradientStore;

/// The optimizer's constants.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdamWConfig {
    /// Decay of the first moment.
    pub beta1: f64,
    /// Decay of the second moment.
    pub beta2: f64,
    /// Added to the root of the second moment.
    pub epsilon: f64,
    /// Decoupled decay, on matrices only.
    pub weight_decay: f64,
    /// The gradient's norm is cut down to this.
    pub max_grad_norm: f64,
}

impl Default for AdamWConfig {
    /// PyTorch's betas and epsilon, no decay, and the clip of 1 that TRL uses.
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.0, max_grad_norm: 1.0 }
    }
}

/// AdamW with `f32` moments keyed by parameter path.
///
/// ```text
/// g ← g · min(1, max_norm / ‖g‖)
/// m ← β₁ m + (1 − β₁) g        v ← β₂ v + (1 − β₂) g²
/// w ← w − η (λ w + (m / (1 − β₁ᵗ)) / (sqrt(v / (1 − β₂ᵗ)) + ε))
/// ```
///
/// # Source
/// Loshchilov and Hutter, "Decoupled Weight Decay Regularization" (arXiv:1711.05101v3), algorithm 2;
/// the order of operations and the clip (no `1e-6` in the denominator) as PyTorch's `AdamW`.
#[derive(Debug, Clone)]
pub struct AdamW {
    config: AdamWConfig,
    step: u64,
    moments: BTreeMap<String, Moments>,
}

/// Flattened first and second moment of one parameter.
#[derive(Debug, Clone)]
pub struct Moments {
    /// Mean of the gradients.
    pub first: Tensor<1>,
    /// Mean of their squares.
    pub second: Tensor<1>,
}

impl Moments {
    fn zeros(count: usize, device: &Device) -> Self {
        let zeros = || Tensor::zeros([count], device);
        Self { first: zeros(), second: zeros() }
    }
}

/// The constants of one step, the same for every parameter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StepConstants {
    pub(crate) config: AdamWConfig,
    /// What gradients are multiplied with to obey the clip.
    pub(crate) clip: f64,
    pub(crate) learning_rate: f64,
    /// `1 − βᵗ` of both moments.
    pub(crate) bias_corrections: [f64; 2],
}

impl AdamW {
    /// An optimizer that has made no step.
    pub fn new(config: AdamWConfig) -> Self {
        Self { config, step: 0, moments: BTreeMap::new() }
    }

    /// Makes the moments of a module that have none yet. [`step`](Self::step) does it too, but by then memory has
    /// holes, of the sizes of what a backward pass keeps, and moments in them cost it room in every later pass.
    pub fn reserve<M: Module>(&mut self, module: &M) {
        module.visit(&mut Reserve { path: Vec::new(), moments: &mut self.moments });
    }

    /// How many steps were made.
    pub fn steps(&self) -> u64 {
        self.step
    }

    /// Moves the parameters against their gradients; returns the module and the gradient's norm
    /// before the clip. Parameters without a gradient stay as they are.
    ///
    /// A gradient norm that is not finite changes nothing: the caller sees it in the return value.
    pub fn step<M: Module>(&mut self, module: M, gradients: GradientStore, learning_rate: f64) -> (M, f64) {
        let norm = gradients.norm();
        if !norm.is_finite() {
            return (module, norm);
        }
        self.step += 1;
        let correction = |beta: f64| 1.0 - beta.powf(self.step as f64);
        let constants = StepConstants {
            config: self.config,
            clip: (self.config.max_grad_norm / norm).min(1.0),
            learning_rate,
            bias_corrections: [correction(self.config.beta1), correction(self.config.beta2)],
        };
        let mut mapper = Mapper { path: Vec::new(), gradients, moments: &mut self.moments, constants };
        (module.map(&mut mapper), norm)
    }

    /// The state: steps made, and both moments by path.
    pub fn state(&self) -> (u64, &BTreeMap<String, Moments>) {
        (self.step, &self.moments)
    }

    /// An optimizer that continues from a saved state.
    pub fn from_state(config: AdamWConfig, step: u64, moments: BTreeMap<String, Moments>) -> Self {
        Self { config, step, moments }
    }
}

struct Reserve<'a> {
    path: Vec<String>,
    moments: &'a mut BTreeMap<String, Moments>,
}

impl ModuleVisitor for Reserve<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.moments
            .entry(self.path.join("."))
            .or_insert_with(|| Moments::zeros(param.val().shape().num_elements(), &param.val().device()));
    }

    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }
}

struct Mapper<'a> {
    path: Vec<String>,
    gradients: GradientStore,
    moments: &'a mut BTreeMap<String, Moments>,
    constants: StepConstants,
}

impl ModuleMapper for Mapper<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let path = self.path.join(".");
        let Some(gradient) = self.gradients.remove(&path) else { return param };
        let moments = self
            .moments
            .remove(&path)
            .unwrap_or_else(|| Moments::zeros(gradient.shape().num_elements(), &gradient.device()));
        let mut constants = self.constants;
        if D < 2 {
            constants.config.weight_decay = 0.0;
        }
        let (id, weight, mapper) = param.consume();
        let shape = weight.shape();
        let count = shape.num_elements();
        let (weight, moments) = update(weight.reshape([count]), gradient, moments, &constants);
        self.moments.insert(path, moments);
        Param::from_mapped_value(id, weight.reshape(shape), mapper)
    }

    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }
}

fn update(
    weight: Tensor<1>,
    gradient: Tensor<1>,
    moments: Moments,
    constants: &StepConstants,
) -> (Tensor<1>, Moments) {
    #[cfg(feature = "flex")]
    if crate::kernels::flex::applies(&weight) {
        return flex::update(weight, gradient, moments, constants);
    }
    reference(weight, gradient, moments, constants)
}

/// One parameter's update by plain tensor operations.
fn reference(
    weight: Tensor<1>,
    gradient: Tensor<1>,
    moments: Moments,
    constants: &StepConstants,
) -> (Tensor<1>, Moments) {
    let StepConstants { config, clip, learning_rate, bias_corrections: [correct1, correct2] } = *constants;
    let gradient = gradient.mul_scalar(clip);
    let first = moments.first.mul_scalar(config.beta1) + gradient.clone().mul_scalar(1.0 - config.beta1);
    let second =
        moments.second.mul_scalar(config.beta2) + gradient.powi_scalar(2).mul_scalar(1.0 - config.beta2);
    let denominator = second.clone().div_scalar(correct2).sqrt().add_scalar(config.epsilon);
    let step = first.clone().mul_scalar(learning_rate / correct1) / denominator;
    let weight = weight.mul_scalar(1.0 - learning_rate * config.weight_decay) - step;
    (weight, Moments { first, second })
}

#[cfg(feature = "flex")]
mod flex {
    //! The CPU kernel: one pass over the four arrays, in place.

    use burn::backend::Flex;
    use burn::tensor::Tensor;
    use rayon::prelude::*;

    use super::{Moments, StepConstants};
    use crate::kernels::{
        flex::{contiguous, slice},
        simd::vectorized,
    };

    /// The step's constants as the loop needs them.
    #[derive(Clone, Copy)]
    struct Factors {
        clip: f32,
        beta: [f32; 2],
        rest: [f32; 2],
        rate: f32,
        correct2: f32,
        keep: f32,
        epsilon: f32,
    }

    impl From<&StepConstants> for Factors {
        fn from(constants: &StepConstants) -> Self {
            let StepConstants { config, clip, learning_rate, bias_corrections } = *constants;
            Self {
                clip: clip as f32,
                beta: [config.beta1 as f32, config.beta2 as f32],
                rest: [(1.0 - config.beta1) as f32, (1.0 - config.beta2) as f32],
                rate: (learning_rate / bias_corrections[0]) as f32,
                correct2: (1.0 / bias_corrections[1]).sqrt() as f32,
                keep: (1.0 - learning_rate * config.weight_decay) as f32,
                epsilon: config.epsilon as f32,
            }
        }
    }

    vectorized! {
        fn update_chunk(w: &mut [f32], g: &[f32], m: &mut [f32], v: &mut [f32], factors: Factors) {
            let Factors { clip, beta, rest, rate, correct2, keep, epsilon } = factors;
            for (((w, g), m), v) in w.iter_mut().zip(g).zip(m).zip(v) {
                let g = g * clip;
                *m = *m * beta[0] + g * rest[0];
                *v = *v * beta[1] + g * g * rest[1];
                *w = *w * keep - rate * *m / (v.sqrt() * correct2 + epsilon);
            }
        }
    }

    pub(super) fn update(
        weight: Tensor<1>,
        gradient: Tensor<1>,
        moments: Moments,
        constants: &StepConstants,
    ) -> (Tensor<1>, Moments) {
        const CHUNK: usize = 1 << 14;
        let primitive = |tensor: Tensor<1>| {
            contiguous(tensor.try_into_primitive::<Flex>().expect("the backend was checked"))
        };
        let (mut weight, gradient) = (primitive(weight), primitive(gradient));
        let (mut first, mut second) = (primitive(moments.first), primitive(moments.second));
        let factors = Factors::from(constants);
        weight
            .storage_mut::<f32>()
            .par_chunks_mut(CHUNK)
            .zip(slice(&gradient).par_chunks(CHUNK))
            .zip(first.storage_mut::<f32>().par_chunks_mut(CHUNK))
            .zip(second.storage_mut::<f32>().par_chunks_mut(CHUNK))
            .for_each(|(((w, g), m), v)| {
                update_chunk(w, g, m, v, factors);
            });
        let wrap = Tensor::from_primitive::<Flex>;
        (wrap(weight), Moments { first: wrap(first), second: wrap(second) })
    }
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use super::*;
    use crate::kernels::check;

    #[test]
    fn kernel_equals_reference_over_steps() {
        let constants = |step: i32| StepConstants {
            config: AdamWConfig { weight_decay: 0.1, ..AdamWConfig::default() },
            clip: 0.5,
            learning_rate: 1e-2,
            bias_corrections: [1.0 - 0.9f64.powi(step), 1.0 - 0.999f64.powi(step)],
        };
        let start = check::vector(&check::random([3, 7000], 1));
        let zeros = || Moments { first: start.zeros_like(), second: start.zeros_like() };
        let (mut ours, mut theirs) = ((start.clone(), zeros()), (start.clone(), zeros()));
        for step in 1..4 {
            let gradient = check::vector(&check::random([3, 7000], 10 + step as u64));
            ours = flex::update(ours.0, gradient.clone(), ours.1, &constants(step));
            theirs = reference(theirs.0, gradient, theirs.1, &constants(step));
            check::close(&ours.0.to_data(), &theirs.0.to_data(), 1e-6, "weights");
            check::close(&ours.1.second.to_data(), &theirs.1.second.to_data(), 1e-6, "second moment");
        }
    }

    #[test]
    fn the_first_step_moves_each_weight_by_the_learning_rate() {
        // m / (1 − β₁) = g and v / (1 − β₂) = g², so the step is η g / |g|.
        let weight = check::vector(&check::random([1, 50], 1));
        let gradient = check::vector(&check::random([1, 50], 2));
        let zeros = Moments { first: weight.zeros_like(), second: weight.zeros_like() };
        let constants = StepConstants {
            config: AdamWConfig::default(),
            clip: 1.0,
            learning_rate: 0.1,
            bias_corrections: [1.0 - 0.9, 1.0 - 0.999],
        };
        let (moved, _) = update(weight.clone(), gradient.clone(), zeros, &constants);
        let expected = weight - gradient.sign().mul_scalar(0.1);
        check::close(&moved.into_data(), &expected.into_data(), 1e-5, "weights");
    }
}
