//! The routes of matrix products on a GPU, each timed at shapes of training and decoding, forward and backward:
//! what `kernels/gpu/product.rs` chooses by.
//!
//! ```text
//! cargo bench -p r1-model --features cuda --bench products -- [f32|bf16]...
//! ```

use std::time::Instant;

use burn::backend::Cube;
use burn::tensor::{DType, Device, Distribution, FloatDType, Shape, Tensor};
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
            components::tile::TileMatmulKind,
            routines::{
                TileSizeSelection,
                batch::{
                    double_buffering::DoubleBufferingArgs, double_unit::DoubleUnitSelectionArgs,
                    ordered_double_buffering::OrderedSelectionArgs, simple::SimpleArgs,
                    simple_unit::SimpleUnitSelectionArgs,
                },
            },
        },
        routine::BlueprintStrategy,
    },
    std::InputBinding,
};

/// Rows, inner and columns of a product, and which factors are transposed views.
const SHAPES: [(usize, usize, usize, bool, bool); 9] = [
    // SmolLM2's gate and up; the gradients of its input and of its weight; logits.
    (4096, 576, 3072, false, true),
    (4096, 3072, 576, false, false),
    (3072, 4096, 576, true, false),
    (2048, 576, 49152, false, true),
    (4096, 4096, 4096, false, true),
    // Decoding.
    (64, 576, 3072, false, true),
    (64, 576, 49152, false, true),
    (8, 576, 3072, false, true),
    (1, 576, 3072, false, true),
];

fn routes(dtype: DType) -> Vec<Strategy> {
    let units =
        [TileSizeSelection::MinTileSize, TileSizeSelection::MaxTileSize].into_iter().flat_map(|tile_size| {
            [
                Strategy::SimpleUnit(BlueprintStrategy::Inferred(SimpleUnitSelectionArgs { tile_size })),
                Strategy::DoubleUnit(BlueprintStrategy::Inferred(DoubleUnitSelectionArgs { tile_size })),
            ]
        });
    let mut routes: Vec<Strategy> = units.collect();
    routes.push(Strategy::Gemm(BlueprintStrategy::Inferred(Default::default())));
    routes.push(Strategy::SimpleVecMat(BlueprintStrategy::Inferred(().into())));
    if dtype == DType::F32 {
        return routes;
    }
    for tile_matmul in [TileMatmulKind::Cmma, TileMatmulKind::Mma] {
        for multi_rows in [false, true] {
            let simple = SimpleArgs { multi_rows, tile_matmul };
            routes.push(match tile_matmul {
                TileMatmulKind::Cmma => Strategy::SimpleCyclicCmma(BlueprintStrategy::Inferred(simple)),
                _ => Strategy::SimpleCyclicMma(BlueprintStrategy::Inferred(simple)),
            });
        }
        for specialized in [false, true] {
            let double = DoubleBufferingArgs { specialized, tile_matmul };
            routes.push(match tile_matmul {
                TileMatmulKind::Cmma => Strategy::DoubleCyclicCmma(BlueprintStrategy::Inferred(double)),
                _ => Strategy::DoubleCyclicMma(BlueprintStrategy::Inferred(double)),
            });
        }
        for row_count in [4, 8] {
            let ordered = OrderedSelectionArgs {
                partition_k: Some(2),
                row_count: Some(row_count),
                rows_per_plane: Some(2),
                tile_matmul,
            };
            routes.push(match tile_matmul {
                TileMatmulKind::Cmma => Strategy::OrderedDoubleCmma(BlueprintStrategy::Inferred(ordered)),
                _ => Strategy::OrderedDoubleMma(BlueprintStrategy::Inferred(ordered)),
            });
        }
    }
    routes
}

fn launch(route: &Strategy, left: &CubeTensor, right: &CubeTensor, out: &CubeTensor) -> Result<(), String> {
    let elem = |dtype: DType| match dtype {
        DType::BF16 => half::bf16::elem_type_native(),
        _ => f32::elem_type_native(),
    };
    let of = elem(left.dtype);
    let mut types = MatmulElems::from_globals(&MatmulGlobalElems { lhs: of, rhs: of, out: elem(out.dtype) });
    let [left, right] = [left, right].map(|factor| InputBinding::new(factor.clone().binding(), of));
    launch_ref(&route.clone().into(), &out.client, left, right, out.clone().binding(), &mut types)
        .map_err(|error| format!("{error:?}").chars().take(80).collect())
}

fn main() {
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let device = r1_model::device().expect("a device");
    let budget =
        std::env::var("PRODUCTS_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(f64::MAX);
    let begun = Instant::now();
    for (name, dtype) in [("bf16", DType::BF16), ("f32", DType::F32)] {
        if !wanted.is_empty() && !wanted.iter().any(|one| one == name) {
            continue;
        }
        for shape in SHAPES {
            if begun.elapsed().as_secs_f64() < budget {
                measure(&device, name, dtype, shape);
            }
        }
    }
}

fn measure(
    device: &Device,
    name: &str,
    dtype: DType,
    (m, k, n, left_transposed, right_transposed): (usize, usize, usize, bool, bool),
) {
    let random = |rows: usize, columns: usize, transposed: bool| -> CubeTensor {
        let [a, b] = if transposed { [columns, rows] } else { [rows, columns] };
        let float = if dtype == DType::BF16 { FloatDType::BF16 } else { FloatDType::F32 };
        let x = Tensor::<2>::random([a, b], Distribution::Uniform(-1.0, 1.0), device).cast(float);
        let x = if transposed { x.transpose() } else { x };
        x.try_into_primitive::<Cube>().expect("the device is a GPU")
    };
    let (left, right) = (random(m, k, left_transposed), random(k, n, right_transposed));
    let outs = if left_transposed { DType::F32 } else { dtype };
    let room = || {
        let shape = Shape::new([m, n]);
        empty_device_contiguous_dtype(left.client.clone(), left.device.clone(), shape, outs)
    };
    let out = room();
    let sync = || device.sync().expect("the device answers");
    let tell = |route: &str, first: f64, found: Result<f64, String>| {
        let flop = 2.0 * (m * k * n) as f64;
        let row = match found {
            Ok(seconds) => format!(
                "\"first\": {first:.3}, \"us\": {:.1}, \"tflops\": {:.1}",
                seconds * 1e6,
                flop / seconds * 1e-12
            ),
            Err(reason) => format!("\"failed\": {reason:?}"),
        };
        let views = (left_transposed, right_transposed);
        println!(
            "{{\"what\": \"product\", \"dtype\": \"{name}\", \"shape\": [{m}, {k}, {n}], \"views\": \"{views:?}\", \"route\": {route:?}, {row}}}"
        );
    };
    let timed = |route: &str, body: &mut dyn FnMut() -> Result<(), String>| {
        let start = Instant::now();
        if let Err(reason) = body() {
            return tell(route, 0.0, Err(reason));
        }
        sync();
        let first = start.elapsed().as_secs_f64();
        let start = Instant::now();
        let times = 10;
        for _ in 0..times {
            body().expect("it was launched before");
        }
        sync();
        tell(route, first, Ok(start.elapsed().as_secs_f64() / f64::from(times)));
    };
    for route in routes(dtype) {
        timed(&route.to_string(), &mut || launch(&route, &left, &right, &out));
    }
    timed("tuned by burn", &mut || {
        matmul(left.clone(), right.clone(), Some(out.clone()), MatmulStrategy::default(), outs)
            .map(drop)
            .map_err(|error| format!("{error:?}"))
    });
}
