//! The start of a backward pass from a gradient that is already known.

use burn::backend::Dispatch;
use burn::tensor::Tensor;

use super::differentiable::Differentiable;

/// A zero whose gradient with respect to `x` is `upstream`.
///
/// burn starts a backward pass at ones. `(x * upstream).sum()` has the wanted gradient too, but takes three passes
/// over the elements and as many allocations.
///
/// # Shapes
/// - `x` and `upstream`: `[tokens, width]`
/// - output: `[1]`
pub fn backward_from(x: Tensor<2>, upstream: Tensor<2>) -> Tensor<1> {
    assert_eq!(x.dims(), upstream.dims(), "a gradient has the shape of its tensor");
    Tensor::from_dispatch(Dispatch::backward_from(x.into_dispatch(), upstream.into_dispatch()))
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use super::*;
    use crate::kernels::check;

    #[test]
    fn the_gradient_is_that_of_the_inner_product() {
        let (x, upstream) = (check::random([5, 7], 1), check::random([5, 7], 2));
        let gradient = |value: fn(Tensor<2>, Tensor<2>) -> Tensor<1>| {
            let x = x.clone().autodiff().require_grad();
            let mut found = value(x.clone() * 3.0, upstream.clone().autodiff()).backward();
            x.grad_remove(&mut found).unwrap().into_data()
        };
        check::close(
            &gradient(backward_from),
            &gradient(|x, upstream| (x * upstream).sum()),
            0.0,
            "gradient",
        );
    }
}
