//! The walk over a model's parameters, by which it is listed, loaded or made at random.

mod visitor;

use std::sync::Arc;

use burn::module::{Param, ParamId};
use burn::tensor::{Device, Tensor, TensorData};

use crate::{
    LoraConfig, ModelError,
    adapter::PREFIX,
    checkpoint::{Part, Slot, TensorFiles, TensorSource},
    config::Rope,
    kernels::{PackedMatrix, RotaryTable},
};
pub(crate) use visitor::AdapterValues;
use visitor::{Adapted, AdapterLister, Lister, Loader, Random, Values, Visitor};

/// What a parameter is before training.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Initial {
    /// Normal with this standard deviation.
    Normal(f64),
    /// Uniform between this, negated, and this.
    Uniform(f64),
    /// The same number everywhere.
    Constant(f32),
}

impl Initial {
    /// What weights begin with: standard deviation 0.02.
    pub const WEIGHT: Self = Self::Normal(0.02);
    /// What norms begin with.
    pub const ONE: Self = Self::Constant(1.0);
    /// What biases begin with.
    pub const ZERO: Self = Self::Constant(0.0);

    /// What weights begin with that write to the residual stream of so many layers: `0.02 / sqrt(2 · layers)`.
    ///
    /// # Source
    /// Radford et al., "Language Models are Unsupervised Multitask Learners" (GPT-2), section 2.3.
    pub fn residual(layers: usize) -> Self {
        Self::Normal(0.02 / (2.0 * layers as f64).sqrt())
    }
}

/// Gives an architecture its parameters while it is built. Each parameter is named once, with its path in the module,
/// its name in the checkpoint, its shape and its initial value; whoever started the walk decides what its values are.
///
/// ```
/// # use burn::{module::{Module, Param}, tensor::Tensor};
/// use r1_model::{Initial, Parameters};
///
/// #[derive(Module, Debug)]
/// struct Gate {
///     weight: Param<Tensor<2>>,
/// }
///
/// fn gate(parameters: &mut Parameters<'_>) -> Gate {
///     Gate { weight: parameters.tensor("weight", "weight", [4, 8], Initial::WEIGHT) }
/// }
///
/// let slots = Parameters::list(|parameters| {
///     gate(&mut parameters.at("gate", "model.gate"));
/// });
/// assert_eq!((slots[0].path.as_str(), slots[0].parts[0].name.as_str()), ("gate.weight", "model.gate.weight"));
/// ```
pub struct Parameters<'a> {
    visitor: &'a mut (dyn Visitor + 'a),
    /// The adapter that linear layers get.
    lora: Option<Arc<LoraConfig>>,
    /// Whether everything but adapters is frozen.
    frozen: bool,
    path: String,
    name: String,
}

impl std::fmt::Debug for Parameters<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parameters").field("path", &self.path).field("name", &self.name).finish()
    }
}

impl Parameters<'_> {
    /// The parameters that `build` asks for, in its order. No memory is used for their values.
    pub fn list<M>(build: impl FnOnce(&mut Parameters<'_>) -> M) -> Vec<Slot> {
        let mut visitor = Lister { slots: Vec::new() };
        drop(build(&mut Parameters::root(&mut visitor)));
        visitor.slots
    }

    /// Builds with the values of a checkpoint, one parameter at a time.
    ///
    /// # Errors
    /// When a value cannot be read or is not finite.
    ///
    /// # Panics
    /// When the checkpoint was not [`check`](TensorFiles::check)ed for what `build` asks for.
    pub fn load<M>(
        tensors: &TensorFiles,
        device: &Device,
        build: impl FnOnce(&mut Parameters<'_>) -> M,
    ) -> Result<M, ModelError> {
        Self::load_from(tensors, device, build)
    }

    /// As [`load`](Self::load), from any source.
    pub(crate) fn load_from<M>(
        tensors: &dyn TensorSource,
        device: &Device,
        build: impl FnOnce(&mut Parameters<'_>) -> M,
    ) -> Result<M, ModelError> {
        let mut visitor = Loader { tensors, device: device.clone(), tables: Vec::new(), trouble: None };
        let model = build(&mut Parameters::root(&mut visitor));
        visitor.trouble.map_or(Ok(model), Err)
    }

    /// Builds with random values, those of a parameter depending on `seed` and its path only.
    pub fn random<M>(seed: u64, device: &Device, build: impl FnOnce(&mut Parameters<'_>) -> M) -> M {
        let mut visitor = Random { seed, device: device.clone(), tables: Vec::new() };
        build(&mut Parameters::root(&mut visitor))
    }

    /// The parameters of an adapter of what `build` makes, and no others.
    pub(crate) fn list_adapter<M>(
        lora: &LoraConfig,
        build: impl FnOnce(&mut Parameters<'_>) -> M,
    ) -> Vec<Slot> {
        let mut visitor = AdapterLister { slots: Vec::new() };
        drop(build(&mut Parameters::root(&mut visitor).with_lora(lora)));
        visitor.slots
    }

    /// Builds with the values of a checkpoint, frozen, and an adapter beside them.
    ///
    /// # Errors
    /// When a value cannot be read or is not finite.
    ///
    /// # Panics
    /// As [`load`](Self::load).
    pub(crate) fn load_adapted<M>(
        tensors: &TensorFiles,
        (lora, values): (&LoraConfig, AdapterValues<'_>),
        device: &Device,
        build: impl FnOnce(&mut Parameters<'_>) -> M,
    ) -> Result<M, ModelError> {
        let base = Loader { tensors, device: device.clone(), tables: Vec::new(), trouble: None };
        let mut visitor = Adapted { base, values, trouble: None };
        let model = build(&mut Parameters::root(&mut visitor).with_lora(lora));
        visitor.base.trouble.or(visitor.trouble).map_or(Ok(model), Err)
    }

    fn root<'b>(visitor: &'b mut (dyn Visitor + 'b)) -> Parameters<'b> {
        Parameters { visitor, lora: None, frozen: false, path: String::new(), name: String::new() }
    }

    fn with_lora(self, lora: &LoraConfig) -> Self {
        Self { lora: Some(lora.clone().into()), frozen: true, ..self }
    }

    /// The parameters of a part: paths begin with `path` and names in the checkpoint with `name`; either may be empty.
    pub fn at(&mut self, path: &str, name: &str) -> Parameters<'_> {
        let (path, name) = (join(&self.path, path), join(&self.name, name));
        Parameters { visitor: &mut *self.visitor, lora: self.lora.clone(), frozen: self.frozen, path, name }
    }

    /// The same parameters, of which none gets an adapter.
    pub fn without_adapter(self) -> Self {
        Self { lora: None, ..self }
    }

    /// The adapter that linear layers get.
    pub(crate) fn lora(&self) -> Option<&Arc<LoraConfig>> {
        self.lora.as_ref()
    }

    /// The name in the checkpoint of something below this place.
    pub(crate) fn full_name(&self, name: &str) -> String {
        join(&self.name, name)
    }

    /// A parameter that is one tensor of the checkpoint.
    pub fn tensor<const D: usize>(
        &mut self,
        path: &str,
        name: &str,
        shape: [usize; D],
        initial: Initial,
    ) -> Param<Tensor<D>> {
        let rows = shape.first().copied().unwrap_or(1);
        self.stack(path, vec![Part::new(name, rows)], shape, initial)
    }

    /// A parameter that is several tensors of the checkpoint, stacked along the first axis.
    pub fn stack<const D: usize>(
        &mut self,
        path: &str,
        parts: Vec<Part>,
        shape: [usize; D],
        initial: Initial,
    ) -> Param<Tensor<D>> {
        let named = |part: Part| Part { name: join(&self.name, &part.name), ..part };
        let parts = parts.into_iter().map(named).collect();
        let slot = Slot { path: join(&self.path, path), shape: shape.to_vec(), parts };
        let values = self.visitor.values(slot, initial);
        let parameter = self.parameter(values, shape);
        if self.frozen { parameter.set_require_grad(false) } else { parameter }
    }

    /// A weight matrix that is several tensors of the checkpoint, stacked: as a parameter or, where the source gives its
    /// weights in blocks, as a parameter without rows and the blocks.
    pub fn matrix(
        &mut self,
        path: &str,
        parts: Vec<Part>,
        shape: [usize; 2],
        initial: Initial,
    ) -> (Param<Tensor<2>>, Option<PackedMatrix>) {
        let named = |part: Part| Part { name: join(&self.name, &part.name), ..part };
        let parts = parts.into_iter().map(named).collect();
        let slot = Slot { path: join(&self.path, path), shape: shape.to_vec(), parts };
        let (parameter, packed) = match self.visitor.matrix(slot, initial) {
            Values::Numbers(values) => (self.parameter(values, shape), None),
            Values::Packed(packed) => (self.parameter(Some(Vec::new()), [0, shape[1]]), Some(packed)),
        };
        (if self.frozen { parameter.set_require_grad(false) } else { parameter }, packed)
    }

    /// A parameter of an adapter, likewise.
    pub(crate) fn adapter(
        &mut self,
        path: &str,
        parts: Vec<Part>,
        shape: [usize; 2],
        initial: Initial,
    ) -> Param<Tensor<2>> {
        let named = |part: Part| Part { name: format!("{PREFIX}{}", join(&self.name, &part.name)), ..part };
        let parts = parts.into_iter().map(named).collect();
        let slot = Slot { path: join(&self.path, path), shape: shape.to_vec(), parts };
        let values = self.visitor.adapter_values(slot, initial);
        self.parameter(values, shape)
    }

    /// A parameter with these values, or a placeholder.
    fn parameter<const D: usize>(&self, values: Option<Vec<f32>>, shape: [usize; D]) -> Param<Tensor<D>> {
        let device = self.visitor.device();
        match values {
            Some(values) => Param::from_tensor(Tensor::from_data(TensorData::new(values, shape), &device)),
            None => Param::uninitialized(
                ParamId::new(),
                move |device, _| Tensor::zeros(shape, device),
                device,
                false,
                shape.into(),
            ),
        }
    }

    /// The angles of `positions` positions for heads of `head_dim`, shared by all layers that ask for the same.
    pub fn rotary(&mut self, rope: &Rope, head_dim: usize, positions: usize) -> Arc<RotaryTable> {
        let Some(tables) = self.visitor.tables() else { return Arc::new(rope.table(head_dim, 0)) };
        let same = |(r, d, p, _): &&(Rope, usize, usize, Arc<RotaryTable>)| {
            (r, *d, *p) == (rope, head_dim, positions)
        };
        if let Some((.., table)) = tables.iter().find(same) {
            return table.clone();
        }
        let table = Arc::new(rope.table(head_dim, positions));
        tables.push((rope.clone(), head_dim, positions, table.clone()));
        table
    }
}

fn join(first: &str, second: &str) -> String {
    match (first, second) {
        ("", one) | (one, "") => one.to_owned(),
        (first, second) => format!("{first}.{second}"),
    }
}
