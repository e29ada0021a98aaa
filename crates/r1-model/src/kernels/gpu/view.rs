//! A tensor of a GPU as contiguous elements.

use burn::backend::Cube;
use burn::tensor::{DType, Shape, Tensor};
use burn_cubecl::{
    cubecl::{client::Client, ir::ElemType, prelude::Scalar},
    kernel::into_contiguous,
    ops::numeric::empty_device_contiguous_dtype,
    tensor::CubeTensor,
};
use r1_gpu::Buffer;

use crate::kernels::backend::Bridge;

/// Whether our kernels work in the type of this tensor; what they do not, plain tensor operations do.
pub(super) fn in_ours<const D: usize>(tensor: &Tensor<D>) -> bool {
    matches!(tensor.dtype(), DType::F32 | DType::BF16 | DType::F16)
}

/// Contiguous elements of a GPU.
pub(super) struct View(CubeTensor);

impl View {
    /// The elements of a tensor. Where they do not lie one behind the other, as rows of what burn makes itself may not,
    /// they are copied.
    pub(super) fn of<const D: usize>(tensor: Tensor<D>) -> Self {
        Self(into_contiguous(Cube::primitive(tensor)))
    }

    /// The elements of a tensor, if it lies on a GPU.
    pub(super) fn try_of<const D: usize>(tensor: Tensor<D>) -> Option<Self> {
        tensor.try_into_primitive::<Cube>().ok().map(|primitive| Self(into_contiguous(primitive)))
    }

    /// The elements of a tensor that will be written to: a copy where somebody else holds them too.
    pub(super) fn own<const D: usize>(tensor: Tensor<D>) -> Self {
        let view = Self::of(tensor);
        if view.0.can_mut() { view } else { Self(view.0.copy()) }
    }

    /// Room for another tensor beside this one.
    pub(super) fn room<const D: usize>(&self, shape: [usize; D], dtype: DType) -> Self {
        let (client, device) = (self.0.client.clone(), self.0.device.clone());
        Self(empty_device_contiguous_dtype(client, device, Shape::new(shape), dtype))
    }

    /// Room for a tensor like this one.
    pub(super) fn like(&self) -> Self {
        let (client, device) = (self.0.client.clone(), self.0.device.clone());
        Self(empty_device_contiguous_dtype(client, device, self.0.meta.shape().clone(), self.0.dtype))
    }

    pub(super) fn tensor<const D: usize>(self) -> Tensor<D> {
        Cube::tensor(self.0)
    }

    pub(super) fn buffer(&self) -> Buffer {
        Buffer { handle: self.0.handle.clone(), len: self.0.meta.num_elements() }
    }

    pub(super) fn client(&self) -> &Client {
        &self.0.client
    }

    pub(super) fn dtype(&self) -> DType {
        self.0.dtype
    }

    /// The type of the elements as kernels know it.
    pub(super) fn elem(&self) -> ElemType {
        elem(self.0.dtype)
    }
}

/// A type as kernels know it.
pub(super) fn elem(dtype: DType) -> ElemType {
    match dtype {
        DType::F32 => f32::elem_type_native(),
        DType::BF16 => half::bf16::elem_type_native(),
        DType::F16 => half::f16::elem_type_native(),
        other => unreachable!("no kernel of ours was asked to work in {other:?}"),
    }
}
