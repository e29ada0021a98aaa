//! The weights as passes compute with them.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{FloatDType, Tensor};

use super::LanguageModel;
use crate::{CausalLm, Precision, device::is_gpu, gradients::is_trained};

impl<M: CausalLm> LanguageModel<M> {
    /// The weights that passes compute with: those of the model, or in [`Precision::Bf16`] on a GPU their copy in bf16.
    pub fn working(&self) -> &M {
        self.cast.as_ref().unwrap_or(&self.model)
    }

    /// Makes the copy that passes compute with again, where there is to be one. Call it when the weights have changed;
    /// [`forget_cast`](Self::forget_cast) before they do saves its memory meanwhile.
    pub fn recast(&mut self) {
        self.forget_cast();
        if Precision::current() == Precision::Bf16 && !self.packed && is_gpu(&self.device) {
            self.cast = Some(cast(&self.model, FloatDType::BF16));
        }
    }

    /// Another model of the same kind in the type that this one's passes compute in, where it is another.
    pub fn cast_of(&self, other: &M) -> Option<M> {
        self.cast.is_some().then(|| cast(other, FloatDType::BF16))
    }

    /// Drops the copy that passes compute with.
    pub fn forget_cast(&mut self) {
        self.cast = None;
    }
}

/// A module with its floats in another type; what is trained in it stays so.
pub fn cast<M: Module>(module: &M, dtype: FloatDType) -> M {
    module.clone().map(&mut Cast { dtype })
}

struct Cast {
    dtype: FloatDType,
}

impl ModuleMapper for Cast {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let trained = is_trained(&param);
        let (id, value, mapper) = param.consume();
        let param = Param::from_mapped_value(id, value.cast(self.dtype), mapper);
        if trained { param } else { param.set_require_grad(false) }
    }
}
