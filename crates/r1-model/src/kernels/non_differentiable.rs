//! The kernels without gradients as operations that burn dispatches to a backend: decoding and the optimizer's.

use burn::backend::{Backend, backend_extension, tensor::FloatTensor};

use super::{
    Heads,
    adamw_step::{Moments, StepConstants},
    backend::{Bridge, Kernels},
    cached_attention::{CachedRun, LayerCache},
    draw::{Drawn, Wanted},
};

/// The kernels without gradients. The shapes and formulas are documented on the public functions; what these take and
/// return together, as keys and values, is a tuple here.
#[backend_extension(
    Flex: cfg(feature = "flex"),
    NdArray: cfg(feature = "ndarray"),
    Cube: cfg(feature = "gpu")
)]
pub(crate) trait NonDifferentiable: Backend {
    /// The output, keys and values.
    fn cached_attention(
        qkv: FloatTensor<Self>,
        keys: FloatTensor<Self>,
        values: FloatTensor<Self>,
        runs: &[CachedRun],
        heads: Heads,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    /// Keys and values.
    fn copy_page(
        keys: FloatTensor<Self>,
        values: FloatTensor<Self>,
        from: u32,
        to: &[u32],
    ) -> (FloatTensor<Self>, FloatTensor<Self>);

    fn draw(logits: FloatTensor<Self>, wanted: &[Wanted], forbidden: &[u32]) -> Option<Vec<Drawn>>;

    fn logits(x: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self>;

    /// The weight, first and second moment.
    fn adamw_step(
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        first: FloatTensor<Self>,
        second: FloatTensor<Self>,
        constants: &StepConstants,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    fn add_onto(sum: FloatTensor<Self>, term: FloatTensor<Self>) -> FloatTensor<Self>;

    fn add_rows_onto(sum: FloatTensor<Self>, ids: &[u32], rows: FloatTensor<Self>) -> FloatTensor<Self>;

    fn sum_of_squares(x: FloatTensor<Self>) -> f64;
}

impl<B: Bridge> NonDifferentiable for B {
    fn logits(x: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self> {
        B::primitive(<B as Kernels>::logits(B::tensor(x), B::tensor(weight)))
    }

    fn cached_attention(
        qkv: FloatTensor<Self>,
        keys: FloatTensor<Self>,
        values: FloatTensor<Self>,
        runs: &[CachedRun],
        heads: Heads,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let cache = LayerCache { keys: B::tensor(keys), values: B::tensor(values) };
        let (output, cache) = <B as Kernels>::cached_attention(B::tensor(qkv), cache, runs, heads);
        (B::primitive(output), B::primitive(cache.keys), B::primitive(cache.values))
    }

    fn copy_page(
        keys: FloatTensor<Self>,
        values: FloatTensor<Self>,
        from: u32,
        to: &[u32],
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let cache = LayerCache { keys: B::tensor(keys), values: B::tensor(values) };
        let cache = <B as Kernels>::copy_page(cache, from, to);
        (B::primitive(cache.keys), B::primitive(cache.values))
    }

    fn draw(logits: FloatTensor<Self>, wanted: &[Wanted], forbidden: &[u32]) -> Option<Vec<Drawn>> {
        <B as Kernels>::draw(B::tensor(logits), wanted, forbidden)
    }

    fn adamw_step(
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        first: FloatTensor<Self>,
        second: FloatTensor<Self>,
        constants: &StepConstants,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let moments = Moments { first: B::tensor(first), second: B::tensor(second) };
        let (weight, Moments { first, second }) =
            <B as Kernels>::adamw_step(B::tensor(weight), B::tensor(gradient), moments, constants);
        (B::primitive(weight), B::primitive(first), B::primitive(second))
    }

    fn add_onto(sum: FloatTensor<Self>, term: FloatTensor<Self>) -> FloatTensor<Self> {
        B::primitive(<B as Kernels>::add_onto(B::tensor(sum), B::tensor(term)))
    }

    fn add_rows_onto(sum: FloatTensor<Self>, ids: &[u32], rows: FloatTensor<Self>) -> FloatTensor<Self> {
        B::primitive(<B as Kernels>::add_rows_onto(B::tensor(sum), ids, B::tensor(rows)))
    }

    fn sum_of_squares(x: FloatTensor<Self>) -> f64 {
        <B as Kernels>::sum_of_squares(B::tensor(x))
    }
}
