//! Weights under the names and in the shapes of a Hugging Face checkpoint.

mod names;
mod source;
mod weight;

use crate::config::{Architecture, Fields};
use crate::{Gguf, GgufError, Tensor};
use names::{Part, hugging_face_name};
pub(crate) use names::{gguf_name, layer_of};
use source::Source;
pub(crate) use source::interleaved;
pub use weight::Weight;

/// Experts of the largest layer: real ones have 512 at the most.
const MOST_EXPERTS: usize = 1 << 14;

impl Gguf {
    /// All weights as a Hugging Face checkpoint has them.
    ///
    /// Names are translated, stacked experts are taken apart, the rows of q and k that llama.cpp interleaves in
    /// `llama` models stand again in Hugging Face's order, DeepSeek's `attn_k_b` and `attn_v_b` are joined to
    /// `kv_b_proj`. Layers that predict further tokens are left out. Nothing is read yet: see [`Weight`].
    ///
    /// # Errors
    /// [`GgufError::Architecture`]; [`GgufError::Tensor`] for a tensor that has no place in such a checkpoint.
    pub fn weights(&self) -> Result<Vec<Weight<'_>>, GgufError> {
        let architecture = Architecture::of(self)?;
        let fields = Fields::new(self)?;
        let further = fields.get::<u64>("nextn_predict_layers")?.unwrap_or(0);
        let blocks = fields.need("block_count")?;
        let mut weights = Vec::new();
        for tensor in self.tensors() {
            match layer_of(tensor.name()) {
                Some(layer) if layer >= blocks => {
                    return Err(wrong(&tensor, "belongs to a layer beyond `block_count`"));
                }
                Some(layer) if layer >= blocks.saturating_sub(further) => continue,
                _ => {}
            }
            let part = hugging_face_name(tensor.name(), architecture).ok_or_else(|| {
                wrong(
                    &tensor,
                    "is of a kind that is not known; its file may be of a newer model than this reader",
                )
            })?;
            let shape = tensor.shape().to_vec();
            match part {
                Part::None => {}
                Part::Rows { name } => {
                    weights.push(Weight::new(name, shape, Source::Rows { tensor, first: 0 }))
                }
                Part::OneRow { name } => {
                    let shape = vec![1, shape.iter().product()];
                    weights.push(Weight::new(name, shape, Source::Rows { tensor, first: 0 }));
                }
                Part::Heads { name, count } => {
                    let heads = fields.one_of_or(count, fields.one_of("attention.head_count")?)?;
                    weights.push(Weight::new(name, shape, heads_of(tensor, heads)?));
                }
                Part::Experts { before, after } => {
                    let count = fields.need("expert_count")?;
                    weights.extend(experts(tensor, count, &before, &after)?);
                }
                Part::KeyUp { name } => weights.extend(self.key_value(tensor, name)?),
            }
        }
        Ok(weights)
    }

    /// DeepSeek's `kv_b_proj` from `attn_k_b` and its neighbour; none where the file has it whole as well.
    fn key_value<'a>(&'a self, key: Tensor<'a>, name: String) -> Result<Option<Weight<'a>>, GgufError> {
        let beside = |other: &str| self.tensor(&key.name().replace("attn_k_b", other));
        if beside("attn_kv_b").is_some() {
            return Ok(None);
        }
        let value = beside("attn_v_b").ok_or_else(|| wrong(&key, "has no `attn_v_b` beside it"))?;
        let (&[heads, rank, nope], &[value_heads, out, value_rank]) = (key.shape(), value.shape()) else {
            return Err(wrong(&key, "or `attn_v_b` has not three dimensions"));
        };
        if (heads, rank) != (value_heads, value_rank) {
            return Err(wrong(&key, "does not fit `attn_v_b`"));
        }
        Ok(Some(Weight::new(name, vec![heads * (nope + out), rank], Source::KeyValue { key, value })))
    }
}

fn experts<'a>(
    tensor: Tensor<'a>,
    count: u64,
    before: &str,
    after: &str,
) -> Result<impl Iterator<Item = Weight<'a>>, GgufError> {
    let &[experts, rows, columns] = tensor.shape() else {
        return Err(wrong(&tensor, "has not three dimensions"));
    };
    if experts as u64 != count || experts > MOST_EXPERTS {
        let what =
            format!("has {experts} experts, and `expert_count` is {count}, of {MOST_EXPERTS} at the most");
        return Err(wrong(&tensor, &what));
    }
    Ok((0..experts).map(move |expert| {
        let source = Source::Rows { tensor, first: expert * rows };
        Weight::new(format!("{before}.{expert}.{after}"), vec![rows, columns], source)
    }))
}

fn heads_of(tensor: Tensor, heads: u64) -> Result<Source, GgufError> {
    let len = tensor.shape()[0];
    let head_dim = usize::try_from(heads).ok().filter(|heads| *heads > 0 && len.is_multiple_of(*heads));
    let head_dim = head_dim.map(|heads| len / heads).filter(|head_dim| head_dim.is_multiple_of(2));
    match (head_dim, tensor.shape().len()) {
        (Some(head_dim), 1) if tensor.block_type().block_len() == 1 => {
            Ok(Source::InterleavedVector { tensor, head_dim })
        }
        (Some(head_dim), 2) => Ok(Source::Interleaved { tensor, head_dim }),
        _ => Err(wrong(&tensor, "cannot be divided by the number of heads")),
    }
}

fn wrong(tensor: &Tensor, what: &str) -> GgufError {
    GgufError::Tensor { tensor: tensor.name().into(), what: what.into() }
}
