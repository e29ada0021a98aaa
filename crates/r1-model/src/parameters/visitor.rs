//! What is done with each parameter of a walk: listing, loading, drawing.

use std::sync::Arc;

use burn::tensor::Device;
use r1_core::Key;

use super::Initial;
use crate::{
    ModelError,
    checkpoint::{Slot, TensorFiles, TensorSource},
    config::Rope,
    device,
    kernels::{PackedMatrix, RotaryTable},
};

/// What a walk does with each parameter.
pub(super) trait Visitor {
    /// The values of a parameter, or `None` for a placeholder of its shape that needs no memory.
    fn values(&mut self, slot: Slot, initial: Initial) -> Option<Vec<f32>>;

    /// The same for a weight matrix.
    fn matrix(&mut self, slot: Slot, initial: Initial) -> Values {
        Values::Numbers(self.values(slot, initial))
    }

    /// The same for a parameter of an adapter.
    fn adapter_values(&mut self, slot: Slot, initial: Initial) -> Option<Vec<f32>> {
        self.values(slot, initial)
    }

    /// Where the parameters go.
    fn device(&self) -> Device;

    /// The rotary tables made so far; `None` when none are needed.
    fn tables(&mut self) -> Option<&mut Tables>;
}

/// The values of a weight matrix.
pub(super) enum Values {
    /// Numbers, or `None` for a placeholder.
    Numbers(Option<Vec<f32>>),
    /// Blocks.
    Packed(PackedMatrix),
}

pub(super) type Tables = Vec<(Rope, usize, usize, Arc<RotaryTable>)>;

pub(super) struct Lister {
    pub(super) slots: Vec<Slot>,
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

/// Lists what an adapter has.
pub(super) struct AdapterLister {
    pub(super) slots: Vec<Slot>,
}

impl Visitor for AdapterLister {
    fn values(&mut self, _: Slot, _: Initial) -> Option<Vec<f32>> {
        None
    }

    fn adapter_values(&mut self, slot: Slot, _: Initial) -> Option<Vec<f32>> {
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

/// Where the values of an adapter come from.
#[derive(Clone, Copy)]
pub(crate) enum AdapterValues<'a> {
    /// They are drawn with this seed.
    Fresh(u64),
    /// They were saved.
    Saved(&'a TensorFiles),
}

/// Loads a model, and an adapter from elsewhere.
pub(super) struct Adapted<'a> {
    pub(super) base: Loader<'a>,
    pub(super) values: AdapterValues<'a>,
    pub(super) trouble: Option<ModelError>,
}

impl Visitor for Adapted<'_> {
    fn values(&mut self, slot: Slot, initial: Initial) -> Option<Vec<f32>> {
        self.base.values(slot, initial)
    }

    fn adapter_values(&mut self, slot: Slot, initial: Initial) -> Option<Vec<f32>> {
        match self.values {
            AdapterValues::Fresh(seed) => Some(draw(seed, &slot, initial)),
            AdapterValues::Saved(tensors) => match tensors.values(&slot) {
                Ok(values) => Some(values),
                Err(error) => {
                    self.trouble.get_or_insert(error);
                    None
                }
            },
        }
    }

    fn device(&self) -> Device {
        self.base.device()
    }

    fn tables(&mut self) -> Option<&mut Tables> {
        self.base.tables()
    }
}

pub(super) struct Loader<'a> {
    pub(super) tensors: &'a dyn TensorSource,
    pub(super) device: Device,
    pub(super) tables: Tables,
    pub(super) trouble: Option<ModelError>,
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

    fn matrix(&mut self, slot: Slot, initial: Initial) -> Values {
        if self.trouble.is_none() {
            match self.tensors.packed(&slot) {
                Ok(Some(packed)) => return Values::Packed(packed),
                Ok(None) => {}
                Err(error) => self.trouble = Some(error),
            }
        }
        Values::Numbers(self.values(slot, initial))
    }

    fn device(&self) -> Device {
        self.device.clone()
    }

    fn tables(&mut self) -> Option<&mut Tables> {
        Some(&mut self.tables)
    }
}

pub(super) struct Random {
    pub(super) seed: u64,
    pub(super) device: Device,
    pub(super) tables: Tables,
}

impl Visitor for Random {
    fn values(&mut self, slot: Slot, initial: Initial) -> Option<Vec<f32>> {
        Some(draw(self.seed, &slot, initial))
    }

    fn device(&self) -> Device {
        self.device.clone()
    }

    fn tables(&mut self) -> Option<&mut Tables> {
        Some(&mut self.tables)
    }
}

/// Random values of a parameter, which depend on the seed and its path only.
fn draw(seed: u64, slot: &Slot, initial: Initial) -> Vec<f32> {
    let key = Key::new(seed).for_problem(&slot.path);
    let places = 0..slot.count() as u64;
    match initial {
        Initial::Constant(value) => vec![value; slot.count()],
        Initial::Normal(deviation) => places.map(|i| (normal(&key, i) * deviation) as f32).collect(),
        Initial::Uniform(bound) => places.map(|i| ((2.0 * key.uniform(i) - 1.0) * bound) as f32).collect(),
    }
}

/// A standard normal number by the method of Box and Muller.
fn normal(key: &Key, index: u64) -> f64 {
    let (u, v) = (1.0 - key.uniform(2 * index), key.uniform(2 * index + 1));
    (-2.0 * u.ln()).sqrt() * (2.0 * std::f64::consts::PI * v).cos()
}
