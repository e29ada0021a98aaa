//! Adam with decoupled weight decay and a global-norm clip.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use r1_model::{
    GradientStore, is_trained,
    kernels::adamw_step::{Moments, StepConstants, adamw_step},
};

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

/// AdamW with `f32` moments keyed by parameter path: [`adamw_step()`] for each parameter, with
/// `c = min(1, max_norm / ‖g‖)`.
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

impl AdamW {
    /// An optimizer that has made no step.
    pub fn new(config: AdamWConfig) -> Self {
        Self { config, step: 0, moments: BTreeMap::new() }
    }

    /// Makes the moments of what is trained in a module, where there are none yet. [`step`](Self::step) does it too, but by then memory has
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
        let AdamWConfig { beta1, beta2, epsilon, weight_decay, max_grad_norm } = self.config;
        let constants = StepConstants {
            betas: [beta1, beta2],
            epsilon,
            weight_decay,
            clip: (max_grad_norm / norm).min(1.0),
            learning_rate,
            bias_corrections: [correction(beta1), correction(beta2)],
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
        if !is_trained(param) {
            return;
        }
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
            constants.weight_decay = 0.0;
        }
        let (id, weight, mapper) = param.consume();
        let shape = weight.shape();
        let count = shape.num_elements();
        let (weight, moments) = adamw_step(weight.reshape([count]), gradient, moments, &constants);
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
