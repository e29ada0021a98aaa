//! A low-rank addition to the product with a frozen weight.

use burn::module::{Module, Param};
use burn::tensor::Tensor;

use crate::{Initial, Parameters, checkpoint::Part, kernels};

/// `s B A x` beside a frozen product `W x`, for each stretch of the weight's rows by itself.
///
/// A weight is a stack of the checkpoint's matrices (queries, keys and values), of which each has factors of its own,
/// as PEFT has it; the first factors are one matrix, so that they take one product.
///
/// # Gradients
/// Flow into `A`, `B` and `x`.
///
/// # Source
/// Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models" (arXiv:2106.09685v2), section 4.1.
#[derive(Module, Debug)]
pub struct Lora {
    /// `A` of each adapted stretch, one under the other: `[stretches · rank, d_in]`.
    pub down: Param<Tensor<2>>,
    /// `B` of each adapted stretch, `[rows, rank]`.
    pub up: Vec<Param<Tensor<2>>>,
    #[module(skip)]
    stretches: Vec<Stretch>,
    #[module(skip)]
    scale: f64,
}

/// Neighbouring rows of the frozen weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stretch {
    rows: usize,
    adapted: bool,
}

impl Lora {
    /// The addition to the product that is made of `parts`, linear layers of the checkpoint; `None` when none of them is
    /// to be adapted. `A` begins uniform within `1 / sqrt(d_in)`, as PEFT's, and `B` with zeros.
    pub fn build(mut parameters: Parameters<'_>, parts: &[Part], columns: usize) -> Option<Self> {
        let config = parameters.lora()?.clone();
        let adapted: Vec<bool> =
            parts.iter().map(|part| config.targets(&parameters.full_name(&part.name))).collect();
        if !adapted.contains(&true) {
            return None;
        }
        let chosen = || parts.iter().zip(&adapted).filter(|(_, adapted)| **adapted).map(|(part, _)| part);
        let (rank, bound) = (config.rank, 1.0 / (columns as f64).sqrt());
        let named = |part: &Part, factor: &str| match part.name.as_str() {
            "" => format!("{factor}.weight"),
            name => format!("{name}.{factor}.weight"),
        };
        let first = chosen().map(|part| Part::new(named(part, "lora_A"), rank)).collect();
        let down = [chosen().count() * rank, columns];
        let down = parameters.adapter("down", first, down, Initial::Uniform(bound));
        let up = chosen().enumerate().map(|(index, part)| {
            let second = Part { name: named(part, "lora_B"), ..part.clone() };
            parameters.adapter(&format!("up.{index}"), vec![second], [part.rows, rank], Initial::ZERO)
        });
        let up = up.collect();
        let stretches = parts.iter().zip(adapted).map(|(part, adapted)| Stretch { rows: part.rows, adapted });
        Some(Self { down, up, stretches: stretches.collect(), scale: config.scale() })
    }

    /// What is added to the product of `x`, given `x Aᵀ`.
    ///
    /// # Shapes
    /// - `z`: `[tokens, stretches · rank]`
    /// - output: `[tokens, d_out]`
    pub fn addition(&self, z: Tensor<2>) -> Tensor<2> {
        let (tokens, z) = (z.dims()[0], z.mul_scalar(self.scale));
        let mut up = self.up.iter().enumerate();
        let parts = self.stretches.iter().map(|stretch| match stretch.adapted {
            false => Tensor::zeros([tokens, stretch.rows], (&z.device(), z.dtype())),
            true => {
                let (index, factor) = up.next().expect("each adapted stretch has a second factor");
                let factor = factor.val();
                let rank = factor.dims()[1];
                let own = z.clone().slice([0..tokens, index * rank..(index + 1) * rank]);
                kernels::linear(own, factor)
            }
        });
        let mut parts: Vec<Tensor<2>> = parts.collect();
        if parts.len() == 1 { parts.remove(0) } else { Tensor::cat(parts, 1) }
    }
}
