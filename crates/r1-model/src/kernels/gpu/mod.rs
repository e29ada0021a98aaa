//! GPU backends: tensors as buffers of [`r1_gpu`]'s kernels.

mod backend;
mod decode;
mod view;

use view::{View, in_ours};
