//! The walk over a model's parameters, by which it is listed, loaded or made at random.

use std::sync::Arc;

use burn::module::{Param, ParamId};
use burn::tensor::{Device, Tensor, TensorData};
use r1_core::Key;

use crate::{
    ModelError,
    checkpoint::{Part, Slot, TensorFiles},
    config::Rope,
    device,
    kernels::RotaryTable,
};

/// What a parameter is before training.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Initial {
    /// Normal with this standard deviation.
    Normal(f64),
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
    path: String,
    name: String,
}

impl std::fmt::Debug for Parameters<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parameters").field("path", &self.path).field("name", &self.name).finish()
    }
}

/// What a walk does with each parameter.
trait Visitor {
    /// The values of a parameter, or `None` for a placeholder of its shape that needs no memory.
    fn values(&mut self, slot: Slot, initial: Initial) -> Option<Vec<f32>>;

    /// Where the parameters go.
    fn device(&self) -> Device;

    /// The rotary tables made so far; `None` when none are needed.
    fn tables(&mut self) -> Option<&mut Tables>;
}

type Tables = Vec<(Rope, usize, usize, Arc<RotaryTable>)>;

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
        let mut visitor = Loader { tensors, device: device.clone(), tables: Vec::new(), trouble: None };
        let model = build(&mut Parameters::root(&mut visitor));
        visitor.trouble.map_or(Ok(model), Err)
    }

    /// Builds with random values, those of a parameter depending on `seed` and its path only.
    pub fn random<M>(seed: u64, device: &Device, build: impl FnOnce(&mut Parameters<'_>) -> M) -> M {
        let mut visitor = Random { seed, device: device.clone(), tables: Vec::new() };
        build(&mut Parameters::root(&mut visitor))
    }

    fn root<'b>(visitor: &'b mut (dyn Visitor + 'b)) -> Parameters<'b> {
        Parameters { visitor, path: String::new(), name: String::new() }
    }

    /// The parameters of a part: paths begin with `path` and names in the checkpoint with `name`; either may be empty.
    pub fn at(&mut self, path: &str, name: &str) -> Parameters<'_> {
        let (path, name) = (join(&self.path, path), join(&self.name, name));
        Parameters { visitor: &mut *self.visitor, path, name }
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
        let device = self.visitor.device();
        match self.visitor.values(slot, initial) {
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

struct Lister {
    slots: Vec<Slot>,
}

impl Visitor for Lister {
    fn values(&mut self, slot: Slot, _: Initial) -> Option<Vec<f32>> {
        self.slots.push(slot);
        None
    }

    fn device(&self) -> Device {
        device::any()
    }

    fn tables(&mut self) -> Option<&mut Tables> {
        None
    }
}

struct Loader<'a> {
    tensors: &'a TensorFiles,
    device: Device,
    tables: Tables,
    trouble: Option<ModelError>,
}

impl Visitor for Loader<'_> {
    fn values(&mut self, slot: Slot, _: Initial) -> Option<Vec<f32>> {
        // After the first trouble nothing more is read.
        if self.trouble.is_none() {
            match self.tensors.values(&slot) {
                Ok(values) => return Some(values),
                Err(error) => self.trouble = Some(error),
            }
        }
        None
    }

    fn device(&self) -> Device {
        self.device.clone()
    }

    fn tables(&mut self) -> Option<&mut Tables> {
        Some(&mut self.tables)
    }
}

struct Random {
    seed: u64,
    device: Device,
    tables: Tables,
}

impl Visitor for Random {
    fn values(&mut self, slot: Slot, initial: Initial) -> Option<Vec<f32>> {
        Some(match initial {
            Initial::Constant(value) => vec![value; slot.count()],
            Initial::Normal(deviation) => {
                let key = Key::new(self.seed).for_problem(&slot.path);
                (0..slot.count() as u64).map(|i| (normal(&key, i) * deviation) as f32).collect()
            }
        })
    }

    fn device(&self) -> Device {
        self.device.clone()
    }

    fn tables(&mut self) -> Option<&mut Tables> {
        Some(&mut self.tables)
    }
}

/// A standard normal number by the method of Box and Muller.
fn normal(key: &Key, index: u64) -> f64 {
    let (u, v) = (1.0 - key.uniform(2 * index), key.uniform(2 * index + 1));
    (-2.0 * u.ln()).sqrt() * (2.0 * std::f64::consts::PI * v).cos()
}
