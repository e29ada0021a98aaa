//! Weights under the names and in the shapes of a Hugging Face checkpoint.

mod names;
mod weight;

use crate::config::Architecture;
use crate::{Gguf, GgufError};
pub(crate) use names::{Part, gguf_name, hugging_face_name};
use weight::Source;
pub use weight::Weight;
pub(crate) use weight::deinterleaved;

impl Gguf {
    /// All weights as a Hugging Face checkpoint has them.
    ///
    /// Names are translated, stacked experts are taken apart, the rows of q and k that llama.cpp interleaves in
    /// `llama` models stand again in Hugging Face's order, DeepSeek's `attn_k_b` and `attn_v_b` are joined to
    /// `kv_b_proj`. Nothing is read yet: see [`Weight`].
    ///
    /// # Errors
    /// [`GgufError::Architecture`]; [`GgufError::Tensor`] for a tensor that has no place in such a checkpoint.
    pub fn weights(&self) -> Result<Vec<Weight<'_>>, GgufError> {
        let architecture = Architecture::of(self)?;
        let prefix: &str = self.metadata().need("general.architecture", "every model")?;
        let number = |name: &str| self.metadata().get::<u64>(&format!("{prefix}.{name}"));
        let further = number("nextn_predict_layers")?.unwrap_or(0);
        let blocks = number("block_count")?.unwrap_or(0).saturating_sub(further);
        let mut weights = Vec::new();
        for tensor in self.tensors() {
            let Some(part) = hugging_face_name(tensor.name(), architecture)
                .map_err(|what| GgufError::Tensor { tensor: tensor.name().into(), what })?
            else {
                continue;
            };
            let wrong = |what: &str| GgufError::Tensor { tensor: tensor.name().into(), what: what.into() };
            let shape = tensor.shape().to_vec();
            match part {
                Part::Layer { layer, .. } | Part::Experts { layer, .. } if layer >= blocks => {
                    // Layers that predict further tokens are not part of the model itself.
                    if layer >= blocks.saturating_add(further) {
                        return Err(wrong("belongs to a layer beyond `block_count`"));
                    }
                }
                Part::Experts { before, after, .. } => {
                    let [experts, rows, columns] = shape[..] else {
                        return Err(wrong("has not three dimensions"));
                    };
                    for expert in 0..experts {
                        let name = format!("{before}.{expert}.{after}");
                        weights.push(Weight::new(
                            name,
                            vec![rows, columns],
                            Source::Rows { tensor, first: expert * rows },
                        ));
                    }
                }
                Part::KeyUp { name, .. } => {
                    let value = self.tensor(&tensor.name().replace("attn_k_b", "attn_v_b"));
                    let value = value.ok_or_else(|| wrong("has no `attn_v_b` beside it"))?;
                    let ([heads, rank, nope], [value_heads, out, value_rank]) = (&shape[..], value.shape())
                    else {
                        return Err(wrong("has not three dimensions"));
                    };
                    if (heads, rank) != (value_heads, value_rank) {
                        return Err(wrong("does not fit `attn_v_b`"));
                    }
                    let shape = vec![heads * (nope + out), *rank];
                    weights.push(Weight::new(name, shape, Source::KeyValue { key: tensor, value }));
                }
                Part::ValueUp => {
                    if self.tensor(&tensor.name().replace("attn_v_b", "attn_k_b")).is_none() {
                        return Err(wrong("has no `attn_k_b` beside it"));
                    }
                }
                Part::Layer { name, interleaved: Some(heads), .. } => {
                    let heads = number(heads)?.or(number("attention.head_count")?).unwrap_or(0) as usize;
                    let len = if shape.len() == 1 { shape[0] } else { tensor.rows() };
                    if heads == 0 || len % heads != 0 || (len / heads) % 2 != 0 {
                        return Err(wrong("cannot be divided by the number of heads"));
                    }
                    weights.push(Weight::new(
                        name,
                        shape,
                        Source::Interleaved { tensor, head_dim: len / heads },
                    ));
                }
                Part::Layer { name, one_row, .. } | Part::Whole { name, one_row } => {
                    let shape = if one_row && shape.len() == 1 { vec![1, shape[0]] } else { shape };
                    weights.push(Weight::new(name, shape, Source::Rows { tensor, first: 0 }));
                }
            }
        }
        Ok(weights)
    }
}
