//! How a parameter is stored.

use std::sync::Arc;

/// One parameter of a model and the checkpoint tensors it is stacked from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// The parameter's path in the module, for example `blocks.0.attention.qkv.weight`.
    pub path: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// The tensors that make it up, stacked along the first axis.
    pub parts: Vec<Part>,
}

impl Slot {
    /// The shape of one part.
    pub fn part_shape(&self, part: &Part) -> Vec<usize> {
        let mut shape = self.shape.clone();
        shape[0] = part.rows;
        shape
    }

    /// Numbers in one row.
    pub fn width(&self) -> usize {
        self.shape[1..].iter().product()
    }

    /// How many numbers the parameter has.
    pub fn count(&self) -> usize {
        self.shape.iter().product()
    }
}

/// A checkpoint tensor and how many rows of the parameter it fills.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The tensor's name in the checkpoint.
    pub name: String,
    /// Its rows.
    pub rows: usize,
    /// Row `i` of the parameter is row `order[i]` of the tensor; `None` when they stand in the same order.
    pub order: Option<Arc<[usize]>>,
}

impl Part {
    /// A tensor whose rows stand in the parameter's order.
    pub fn new(name: impl Into<String>, rows: usize) -> Self {
        Self { name: name.into(), rows, order: None }
    }

    /// The tensor's rows in another order.
    pub fn with_order(self, order: Option<Arc<[usize]>>) -> Self {
        Self { order, ..self }
    }

    /// From the order of the tensor to that of the parameter, in place; `width` numbers a row.
    pub fn to_parameter(&self, values: &mut [f32], width: usize) {
        let Some(order) = &self.order else { return };
        let stored = values.to_vec();
        for (row, from) in values.chunks_exact_mut(width).zip(order.iter()) {
            row.copy_from_slice(&stored[from * width..][..width]);
        }
    }

    /// From the order of the parameter to that of the tensor, in place; `width` numbers a row.
    pub fn to_tensor(&self, values: &mut [f32], width: usize) {
        let Some(order) = &self.order else { return };
        let ours = values.to_vec();
        for (row, to) in ours.chunks_exact(width).zip(order.iter()) {
            values[to * width..][..width].copy_from_slice(row);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_undone() {
        let part = Part::new("x", 3).with_order(Some([2, 0, 1].into()));
        let stored = [1.0, 1.5, 2.0, 2.5, 3.0, 3.5];
        let mut values = stored;
        part.to_parameter(&mut values, 2);
        assert_eq!(values, [3.0, 3.5, 1.0, 1.5, 2.0, 2.5]);
        part.to_tensor(&mut values, 2);
        assert_eq!(values, stored);
    }
}
