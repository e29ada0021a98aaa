//! The gradients of one update, by parameter path.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Gradients, IndexingUpdateOp, Int, Tensor, TensorData};

/// Flattened gradients keyed by parameter path. Those of micro-batches are added, not averaged: the
/// loss carries its own global normaliser.
#[derive(Debug, Clone, Default)]
pub struct GradientStore {
    by_path: BTreeMap<String, Tensor<1>>,
}

impl GradientStore {
    /// A store without gradients.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the gradients of a tracked module out of `gradients` and adds them to the store.
    pub fn add<M: Module>(&mut self, tracked: &M, gradients: Gradients) {
        let mut collector = Collector { path: Vec::new(), gradients, store: self };
        tracked.visit(&mut collector);
    }

    /// Adds the gradients of rows of a table to the parameter's: row `ids[i]` gets row `i` of `rows`, in the order
    /// of `i`. Not tracked is `rows`, `[ids, width]`; the table has `count` rows.
    ///
    /// # Panics
    /// When an id lies outside the table, or the sum has another size than it.
    pub(crate) fn add_rows(&mut self, path: &str, ids: &[u32], rows: Tensor<2>, count: usize) {
        let [number, width] = rows.dims();
        assert_eq!(ids.len(), number, "one id for each row");
        let sum = self
            .by_path
            .remove(path)
            .unwrap_or_else(|| Tensor::zeros([count * width], (&rows.device(), rows.dtype())));
        self.by_path.insert(path.to_owned(), rows_added(sum.reshape([count, width]), ids, rows));
    }

    /// The gradient of a parameter, flattened.
    pub fn get(&self, path: &str) -> Option<&Tensor<1>> {
        self.by_path.get(path)
    }

    /// Takes the gradient of a parameter out.
    pub fn remove(&mut self, path: &str) -> Option<Tensor<1>> {
        self.by_path.remove(path)
    }

    /// The paths that have gradients, in order.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.by_path.keys().map(String::as_str)
    }

    /// The Euclidean norm of all gradients together, summed over the paths in order.
    pub fn norm(&self) -> f64 {
        self.by_path.values().map(squared).sum::<f64>().sqrt()
    }
}

/// The sum of two gradients; on the CPU in the first one's memory.
fn added(sum: Tensor<1>, gradient: Tensor<1>) -> Tensor<1> {
    #[cfg(feature = "flex")]
    if crate::kernels::flex::applies(&sum) {
        use burn::backend::Flex;
        use rayon::prelude::*;

        use crate::kernels::flex::{contiguous, slice};
        const CHUNK: usize = 1 << 14;
        let primitive = |tensor: Tensor<1>| {
            contiguous(tensor.try_into_primitive::<Flex>().expect("the backend was checked"))
        };
        let (mut sum, gradient) = (primitive(sum), primitive(gradient));
        let chunks = sum.storage_mut::<f32>().par_chunks_mut(CHUNK);
        chunks.zip(slice(&gradient).par_chunks(CHUNK)).for_each(|(sum, gradient)| add_to(sum, gradient));
        return Tensor::from_primitive::<Flex>(sum);
    }
    sum + gradient
}

/// The sum with rows added to those of these ids; on the CPU in the sum's memory.
fn rows_added(sum: Tensor<2>, ids: &[u32], rows: Tensor<2>) -> Tensor<1> {
    let [count, width] = sum.dims();
    let size = [count * width];
    #[cfg(feature = "flex")]
    if crate::kernels::flex::applies(&sum) {
        use burn::backend::Flex;

        use crate::kernels::flex::{contiguous, slice};
        let primitive = |tensor: Tensor<2>| {
            contiguous(tensor.try_into_primitive::<Flex>().expect("the backend was checked"))
        };
        let (mut sum, rows) = (primitive(sum), primitive(rows));
        let elements = sum.storage_mut::<f32>();
        for (id, row) in ids.iter().zip(slice(&rows).chunks_exact(width.max(1))) {
            add_to(&mut elements[*id as usize * width..][..width], row);
        }
        return Tensor::<2>::from_primitive::<Flex>(sum).reshape(size);
    }
    let ids: Vec<i32> = ids.iter().map(|id| *id as i32).collect();
    let ids = Tensor::<1, Int>::from_data(TensorData::new(ids, [rows.dims()[0]]), &sum.device());
    sum.select_assign(0, ids, rows, IndexingUpdateOp::Add).reshape(size)
}

#[cfg(feature = "flex")]
crate::kernels::simd::vectorized! {
    fn add_to(sum: &mut [f32], gradient: &[f32]) {
        for (sum, gradient) in sum.iter_mut().zip(gradient) {
            *sum += gradient;
        }
    }

    fn squares(values: &[f32]) -> f32 {
        crate::kernels::simd::dot(values, values)
    }
}

/// The sum of squares, over fixed chunks added in index order.
fn squared(gradient: &Tensor<1>) -> f64 {
    #[cfg(feature = "flex")]
    if crate::kernels::flex::applies(gradient) {
        use rayon::prelude::*;

        use crate::kernels::flex;
        let primitive = gradient.clone().try_into_primitive::<burn::backend::Flex>();
        let primitive = flex::contiguous(primitive.expect("the backend was checked"));
        let chunks = flex::slice(&primitive).par_chunks(1 << 14);
        let sums: Vec<f64> = chunks.map(|chunk| f64::from(squares(chunk))).collect();
        return sums.into_iter().sum();
    }
    let sum = gradient.clone().powi_scalar(2).sum().into_data().convert::<f32>();
    f64::from(sum.try_to_vec::<f32>().expect("the data was converted to f32")[0])
}

struct Collector<'a> {
    path: Vec<String>,
    gradients: Gradients,
    store: &'a mut GradientStore,
}

impl ModuleVisitor for Collector<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(gradient) = param.val().grad_remove(&mut self.gradients) else { return };
        let count = gradient.shape().num_elements();
        let gradient = gradient.reshape([count]);
        let path = self.path.join(".");
        let sum = match self.store.by_path.remove(&path) {
            Some(sum) => added(sum, gradient),
            None => gradient,
        };
        self.store.by_path.insert(path, sum);
    }

    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use super::*;
    use crate::kernels::check;

    #[test]
    fn rows_join_those_of_their_ids() {
        let (ids, rows) = ([3u32, 0, 3, 3], check::random([4, 5], 1));
        let values = rows.clone().into_data().try_to_vec::<f32>().unwrap();
        let mut expected = vec![0.0f32; 6 * 5];
        let mut store = GradientStore::new();
        for _ in 0..2 {
            store.add_rows("table", &ids, rows.clone(), 6);
            for (id, row) in ids.iter().zip(values.chunks_exact(5)) {
                for (sum, value) in expected[*id as usize * 5..].iter_mut().zip(row) {
                    *sum += value;
                }
            }
        }
        store.add_rows("table", &[], rows.slice([0..0, 0..5]), 6);
        let found = store.get("table").unwrap().clone().into_data();
        check::close(&found, &TensorData::new(expected, [30]), 0.0, "table");
    }
}
