//! GPU backends: tensors as buffers of [`r1_gpu`]'s kernels, and products without surprises.

mod backend;
mod copies;
mod decode;
mod product;
mod view;

pub(crate) use backend::sum_of_squares;
pub(crate) use copies::Copies;
use view::{View, elem, in_ours};
