//! A matrix product.

use burn::module::{Module, Param};
use burn::tensor::Tensor;

use r1_quant::QuantError;

use super::{Lora, RmsNorm};
use crate::{
    Initial, Parameters,
    checkpoint::{Packing, Part},
    kernels::{self, PackedMatrix},
};

/// `y = x Wᵀ + b`, with the weight as Hugging Face stores it, and what an adapter adds.
#[derive(Module, Debug)]
pub struct Linear {
    /// `[d_out, d_in]`; without rows where the weight was packed as it was loaded.
    pub weight: Param<Tensor<2>>,
    /// The weight in blocks, which serves generation only.
    #[module(skip)]
    pub packed: Option<PackedMatrix>,
    /// `[d_out]`, if there is one.
    pub bias: Option<Param<Tensor<1>>>,
    /// The adapter, if there is one.
    pub lora: Option<Lora>,
}

impl Linear {
    /// The product whose rows are those of `parts`, each a linear layer of the checkpoint; without parts, of the layer
    /// that `parameters` stands at.
    pub fn build(
        mut parameters: Parameters<'_>,
        parts: Vec<Part>,
        [rows, columns]: [usize; 2],
        bias: bool,
        initial: Initial,
    ) -> Self {
        let named = |kind: &str| -> Vec<Part> {
            if parts.is_empty() {
                return vec![Part::new(kind, rows)];
            }
            let named = |part: &Part| Part { name: format!("{}.{kind}", part.name), ..part.clone() };
            parts.iter().map(named).collect()
        };
        let (weight, packed) = parameters.matrix("weight", named("weight"), [rows, columns], initial);
        let bias = bias.then(|| parameters.stack("bias", named("bias"), [rows], Initial::ZERO));
        let whole = [Part::new("", rows)];
        let adapted = if parts.is_empty() { &whole } else { parts.as_slice() };
        let lora = Lora::build(parameters.at("lora", ""), adapted, columns);
        Self { weight, packed, bias, lora }
    }

    /// Packs the weight for generation. A weight that is packed stays as it is.
    ///
    /// # Errors
    /// When the packing cannot hold a weight.
    pub(crate) fn pack(&mut self, packing: Packing) -> Result<(), QuantError> {
        if self.packed.is_none() {
            self.packed = Some(PackedMatrix::pack(packing, self.weight.val())?);
        }
        Ok(())
    }

    /// The product with a left side that `product` makes and multiplies in one: it is given the weight, `[d_out, d_in]`,
    /// and the adapter's first factors. Packed weights are multiplied with what `left` makes.
    ///
    /// # Shapes
    /// - output: `[tokens, d_out]`
    pub(super) fn through(
        &self,
        left: impl FnOnce() -> Tensor<2>,
        product: impl Fn(Tensor<2>) -> Tensor<2>,
    ) -> Tensor<2> {
        let y = match &self.packed {
            Some(packed) => kernels::packed_linear(left(), packed),
            None => product(self.weight.val()),
        };
        let y = match &self.bias {
            Some(bias) => y + bias.val().unsqueeze(),
            None => y,
        };
        match &self.lora {
            Some(lora) => y + lora.addition(product(lora.down.val())),
            None => y,
        }
    }

    /// # Shapes
    /// - `x`: `[tokens, d_in]`
    /// - output: `[tokens, d_out]`
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        self.through(|| x.clone(), |weight| kernels::linear(x.clone(), weight))
    }

    /// The product with the normalised `x`, which is not kept for the backward pass; with `x` itself where there is no
    /// norm.
    ///
    /// # Shapes
    /// - `x`: `[tokens, d_in]`
    /// - output: `[tokens, d_out]`
    pub fn forward_normalized(&self, x: Tensor<2>, norm: Option<&RmsNorm>) -> Tensor<2> {
        match norm {
            Some(norm) => self.through(
                || norm.forward(x.clone()),
                |weight| kernels::norm_linear(x.clone(), norm.scale(), norm.epsilon, weight),
            ),
            None => self.forward(x),
        }
    }
}
