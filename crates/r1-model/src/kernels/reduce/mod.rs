//! What a training step sums up: gradients onto gradients, whole or by rows, and their squares.

#[cfg(feature = "flex")]
pub(crate) mod flex;

use burn::backend::Dispatch;
use burn::tensor::Tensor;

use super::non_differentiable::NonDifferentiable;

/// `s_i + x_i`, on the CPU in the memory of `s` when nobody else holds it.
///
/// # Shapes
/// - `sum`, `term`, output: `[count]`
///
/// # Gradients
/// None: tensors on an autodiff tape are refused.
///
/// # Panics
/// When the lengths differ.
pub fn add_onto(sum: Tensor<1>, term: Tensor<1>) -> Tensor<1> {
    assert_eq!(sum.dims(), term.dims(), "the sum and what is added must be equally long");
    Tensor::from_dispatch(Dispatch::add_onto(sum.into_dispatch(), term.into_dispatch()))
}

/// `s[ids_i] + x_i`, for one row `x_i` after the other, on the CPU in the memory of `s` when nobody else holds it: the
/// gradient of a table of which rows were looked up.
///
/// # Shapes
/// - `sum`, output: `[count, width]`
/// - `ids`: `[rows]`, which may repeat
/// - `rows`: `[rows, width]`
///
/// # Gradients
/// None: tensors on an autodiff tape are refused.
///
/// # Panics
/// When the widths differ, there is not one id for each row, or an id is none of a row of the sum.
pub fn add_rows_onto(sum: Tensor<2>, ids: &[u32], rows: Tensor<2>) -> Tensor<2> {
    let [count, width] = sum.dims();
    assert_eq!(rows.dims(), [ids.len(), width], "one id for each row, and rows as wide as the sum's");
    assert!(ids.iter().all(|id| (*id as usize) < count), "an id is none of {count} rows");
    Tensor::from_dispatch(Dispatch::add_rows_onto(sum.into_dispatch(), ids, rows.into_dispatch()))
}

/// `Σ_i x_i²` over all tensors.
///
/// On a GPU one number is read back, however many tensors there are, and the sum is in `f32`.
/// On the CPU the squares of each 2^14 consecutive elements are summed in `f32`, in sixteen lanes, and these sums in
/// `f64` in their order, then those of the tensors: the result has the same bits with any number of threads and any
/// vector width.
///
/// # Shapes
/// - each tensor: `[count]`
///
/// # Gradients
/// None: a tensor on an autodiff tape is refused.
///
/// # Examples
/// ```
/// # use burn::tensor::{Device, Tensor};
/// # use r1_model::kernels::reduce::sum_of_squares;
/// let x = Tensor::<1>::from_floats([3.0, -4.0], &Device::flex());
/// assert_eq!(sum_of_squares(&[x]), 25.0);
/// ```
pub fn sum_of_squares(x: &[Tensor<1>]) -> f64 {
    #[cfg(feature = "gpu")]
    if let Some(sum) = super::gpu::sum_of_squares(x) {
        return sum;
    }
    x.iter().map(|x| Dispatch::sum_of_squares(x.clone().into_dispatch())).sum()
}

/// The three by plain tensor operations.
pub mod reference {
    use burn::tensor::{IndexingUpdateOp, Int, Tensor, TensorData};

    /// See [`add_onto`](super::add_onto()).
    pub fn add_onto(sum: Tensor<1>, term: Tensor<1>) -> Tensor<1> {
        sum + term
    }

    /// See [`add_rows_onto`](super::add_rows_onto()).
    pub fn add_rows_onto(sum: Tensor<2>, ids: &[u32], rows: Tensor<2>) -> Tensor<2> {
        if ids.is_empty() {
            return sum;
        }
        let ids: Vec<i32> = ids.iter().map(|id| *id as i32).collect();
        let ids = Tensor::<1, Int>::from_data(TensorData::new(ids, [rows.dims()[0]]), &sum.device());
        sum.select_assign(0, ids, rows, IndexingUpdateOp::Add)
    }

    /// See [`sum_of_squares`](super::sum_of_squares()).
    pub fn sum_of_squares(x: Tensor<1>) -> f64 {
        let sum = x.powi_scalar(2).sum().into_data().convert::<f64>();
        sum.try_to_vec::<f64>().expect("the data was converted to f64")[0]
    }
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use burn::tensor::FloatDType;

    use super::*;
    use crate::kernels::check;

    const COUNTS: [usize; 6] = [0, 1, 17, 1 << 14, (1 << 14) + 1, 50_001];

    #[test]
    fn a_sum_has_the_bits_of_the_reference() {
        for count in COUNTS {
            for dtype in [FloatDType::F32, FloatDType::F64] {
                let [sum, term] = [1, 2].map(|seed| check::random_vector(count, seed).cast(dtype));
                let found = add_onto(sum.clone(), term.clone()).into_data();
                let expected = reference::add_onto(sum, term).into_data();
                check::close(&found, &expected, 0.0, &format!("{count} elements"));
            }
        }
    }

    #[test]
    fn a_part_of_a_tensor_is_added_onto_and_the_whole_stays() {
        let (whole, term) = (check::random_vector(40, 1), check::random_vector(23, 2));
        let before = whole.to_data();
        let part = || whole.clone().slice(7..30);
        let found = add_onto(part(), term.clone()).into_data();
        check::close(&found, &reference::add_onto(part(), term).into_data(), 0.0, "sum");
        check::close(&whole.into_data(), &before, 0.0, "whole");
    }

    #[test]
    fn each_row_is_added_to_that_of_its_id() {
        for (count, width, ids) in
            [(1, 1, vec![]), (5, 3, vec![4, 0, 4, 4, 2]), (9, 33, vec![8; 70]), (3, 0, vec![1, 1])]
        {
            for (dtype, tolerance) in [(FloatDType::F32, 1e-6), (FloatDType::F64, 1e-12)] {
                let sum = check::random([count, width], 1).cast(dtype);
                let rows = check::random([ids.len(), width], 2).cast(dtype);
                let read = |x: &Tensor<2>| x.to_data().convert::<f64>().try_to_vec::<f64>().unwrap();
                let (mut expected, terms) = (read(&sum), read(&rows));
                for (row, id) in ids.iter().enumerate() {
                    for column in 0..width {
                        expected[*id as usize * width + column] += terms[row * width + column];
                    }
                }
                for found in [
                    add_rows_onto(sum.clone(), &ids, rows.clone()),
                    reference::add_rows_onto(sum.clone(), &ids, rows.clone()),
                ] {
                    for (found, expected) in read(&found).iter().zip(&expected) {
                        assert!((found - expected).abs() <= tolerance * expected.abs().max(1.0));
                    }
                }
            }
        }
    }

    #[test]
    fn squares_are_summed_as_in_double_precision() {
        for count in COUNTS {
            for (dtype, tolerance) in [(FloatDType::F32, 1e-6), (FloatDType::F64, 1e-12)] {
                let x = check::random_vector(count, 3).cast(dtype);
                let exact = x.to_data().convert::<f64>().try_to_vec::<f64>().unwrap();
                let exact: f64 = exact.iter().map(|x| x * x).sum();
                for found in [sum_of_squares(std::slice::from_ref(&x)), reference::sum_of_squares(x)] {
                    assert!((found - exact).abs() <= tolerance * exact, "{count}: {found} is not {exact}");
                }
            }
        }
    }

    #[test]
    fn squares_are_summed_to_the_same_bits_by_any_number_of_threads() {
        let x = check::random_vector(300_001, 4);
        let sums = [1, 2, 3].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| sum_of_squares(std::slice::from_ref(&x))).to_bits()
        });
        assert_eq!(sums, [sums[0]; 3]);
    }
}
