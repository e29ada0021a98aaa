//! What a model is loaded from.

use super::{Part, Slot};
use crate::{ModelError, kernels::PackedMatrix};

/// The tensors of a checkpoint, whose names and shapes were checked, by Hugging Face's names.
pub(crate) trait TensorSource {
    /// Reads the tensor of a part, its rows in the tensor's own order.
    fn read(&self, part: &Part, values: &mut [f32]) -> Result<(), ModelError>;

    /// The values of a weight matrix in blocks, where they come in blocks.
    fn packed(&self, slot: &Slot) -> Result<Option<PackedMatrix>, ModelError>;

    /// The values of a parameter.
    fn values(&self, slot: &Slot) -> Result<Vec<f32>, ModelError> {
        let mut values = vec![0.0; slot.count()];
        let (mut rest, width) = (values.as_mut_slice(), slot.width());
        for part in &slot.parts {
            let (own, others) = rest.split_at_mut(part.rows * width);
            self.read(part, own)?;
            part.to_parameter(own, width);
            rest = others;
        }
        Ok(values)
    }
}
