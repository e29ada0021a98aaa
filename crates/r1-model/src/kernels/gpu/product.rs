//! Matrix products, by routes that are chosen and not tuned.

use burn::backend::Cube;
use burn::tensor::{DType, Shape, Tensor};
use burn_cubecl::{
    cubecl::prelude::Scalar,
    kernel::matmul::{MatmulStrategy, matmul},
    ops::numeric::empty_device_contiguous_dtype,
    tensor::CubeTensor,
};
use cubek::{
    matmul::{
        definition::{MatmulElems, MatmulGlobalElems},
        launch::launch_ref,
        multi_level::{
            Strategy,
            routines::{
                TileSizeSelection,
                batch::{double_unit::DoubleUnitSelectionArgs, simple_unit::SimpleUnitSelectionArgs},
            },
        },
        routine::BlueprintStrategy,
    },
    std::InputBinding,
};

use crate::{kernels::backend::Bridge, precision::Precision};

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
        let zeros: Tensor<2> = Cube::tensor(out);
        return zeros.zeros_like();
    }
    if left.dtype == DType::F32 && Precision::current() == Precision::Full {
        exact(&left, &right, &out, rows.min(columns));
        return Cube::tensor(out);
    }
    let found = matmul(left, right, Some(out), MatmulStrategy::default(), dtype);
    Cube::tensor(found.expect("burn has a product for every shape"))
}

/// The product of matrices in `f32` without tensor cores; `least` is the smaller side of the result.
fn exact(left: &CubeTensor, right: &CubeTensor, out: &CubeTensor, least: usize) {
    let tile_size = if least >= 32 { TileSizeSelection::MaxTileSize } else { TileSizeSelection::MinTileSize };
    let routes = [
        Strategy::DoubleUnit(BlueprintStrategy::Inferred(DoubleUnitSelectionArgs { tile_size })),
        Strategy::SimpleUnit(BlueprintStrategy::Inferred(SimpleUnitSelectionArgs { tile_size })),
        Strategy::Naive,
    ];
    let elem = f32::elem_type_native();
    for route in routes {
        let mut types = MatmulElems::from_globals(&MatmulGlobalElems { lhs: elem, rhs: elem, out: elem });
        let [left, right] = [left, right].map(|factor| InputBinding::new(factor.clone().binding(), elem));
        if launch_ref(&route.into(), &out.client, left, right, out.clone().binding(), &mut types).is_ok() {
            return;
        }
    }
    unreachable!("the plain product takes every shape");
}
