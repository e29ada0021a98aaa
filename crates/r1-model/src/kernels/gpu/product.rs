//! Matrix products, each by the route that goes with its shape and precision.

use std::sync::OnceLock;

use burn::backend::Cube;
use burn::tensor::{DType, Shape, Tensor};
use burn_cubecl::{
    kernel::matmul::{MatmulStrategy, matmul},
    ops::numeric::empty_device_contiguous_dtype,
    tensor::CubeTensor,
};
use cubek::{
    matmul::{
        definition::{MatmulElems, MatmulGlobalElems},
        launch::launch_ref,
        multi_level::{Strategy, components::tile::TileMatmulKind, routines::batch::simple::SimpleArgs},
        routine::BlueprintStrategy,
    },
    std::InputBinding,
};
use r1_gpu::{
    Buffer, linear,
    product::{Factor, product as exact},
};

use super::{View, elem};
use crate::{kernels::backend::Bridge, precision::Precision};

/// Rows up to which a weight is streamed once for all of them.
const FEW: usize = 16;

/// `left · right`, of a type of its own; the factors may be transposed views.
///
/// In [`Precision::Full`] products of `f32` add up in `f32` on units that have no other precision, never in TF32.
pub(super) fn product(left: Tensor<2>, right: Tensor<2>, dtype: DType) -> Tensor<2> {
    let ([rows, inner], [_, columns]) = (left.dims(), right.dims());
    let (left, right) = (Cube::primitive(left), Cube::primitive(right));
    let shape = Shape::new([rows, columns]);
    let out = empty_device_contiguous_dtype(left.client.clone(), left.device.clone(), shape, dtype);
    if rows == 0 || columns == 0 {
        return Cube::tensor(out);
    }
    if inner == 0 {
        return Cube::tensor::<2>(out).zeros_like();
    }
    let full = left.dtype == DType::F32 && Precision::current() == Precision::Full;
    if full && dtype == DType::F32 {
        let [a, b] = [&left, &right].map(buffer);
        let strides = |factor: &CubeTensor| [factor.meta.strides()[0], factor.meta.strides()[1]];
        let ([row, along], [down, column]) = (strides(&left), strides(&right));
        let factors = [
            Factor { buffer: &a, outer_stride: row, inner_stride: along },
            Factor { buffer: &b, outer_stride: column, inner_stride: down },
        ];
        exact(&out.client, factors, &buffer(&out), [rows, inner, columns], elem(DType::F32));
        return Cube::tensor(out);
    }
    if left.dtype == DType::BF16 && !tuned() && on_tensor_cores(&left, &right, &out) {
        return Cube::tensor(out);
    }
    let found = matmul(left, right, Some(out), MatmulStrategy::default(), dtype);
    Cube::tensor(found.expect("burn has a product for every shape"))
}

/// Whether products in bf16 go by the route that is fastest when tried, as `R1_TUNE=1` asks for: training is a third
/// faster on an H200, its first step takes most of a minute longer, and another machine may choose other sums.
fn tuned() -> bool {
    static TUNED: OnceLock<bool> = OnceLock::new();
    *TUNED.get_or_init(|| std::env::var("R1_TUNE").is_ok_and(|value| value == "1"))
}

/// The product of factors in bf16 by one route, always the same, which takes a tenth of a second to compile; false where
/// the device has no tensor cores.
fn on_tensor_cores(left: &CubeTensor, right: &CubeTensor, out: &CubeTensor) -> bool {
    let simple = SimpleArgs { multi_rows: true, tile_matmul: TileMatmulKind::Cmma };
    let route = Strategy::SimpleCyclicCmma(BlueprintStrategy::Inferred(simple));
    let [lhs, rhs, result] = [left, right, out].map(|tensor| elem(tensor.dtype));
    let mut types = MatmulElems::from_globals(&MatmulGlobalElems { lhs, rhs, out: result });
    let [left, right] =
        [(left, lhs), (right, rhs)].map(|(of, elem)| InputBinding::new(of.clone().binding(), elem));
    launch_ref(&route.into(), &out.client, left, right, out.clone().binding(), &mut types).is_ok()
}

/// The elements of a tensor with whatever lies between them.
fn buffer(tensor: &CubeTensor) -> Buffer {
    let last: usize =
        tensor.meta.shape().iter().zip(tensor.meta.strides().iter()).map(|(n, s)| (n - 1) * s).sum();
    Buffer { handle: tensor.handle.clone(), len: last + 1 }
}

/// `x Wᵀ` for a few rows; `None` where the other route is better.
pub(super) fn few_rows(x: &Tensor<2>, weight: &Tensor<2>, dtype: DType) -> Option<Tensor<2>> {
    let ([rows, width], [columns, _]) = (x.dims(), weight.dims());
    if rows == 0 || rows > FEW || columns == 0 || !linear::takes(width) {
        return None;
    }
    let (x, weight) = (View::of(x.clone()), View::of(weight.clone()));
    let output = x.room([rows, columns], dtype);
    let buffers = [&x, &weight, &output].map(View::buffer);
    linear::few_rows(x.client(), buffers.each_ref(), width, [x.elem(), output.elem()]);
    Some(output.tensor())
}
