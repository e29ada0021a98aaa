//! The gradients of one update, by parameter path.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor};

use crate::kernels::reduce::{add_onto, add_rows_onto, sum_of_squares};

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

    /// Adds the gradients of rows of a table to the parameter's at `path`: row `ids[i]` gets row `i` of `rows`, in the
    /// order of `i`. The table has `count` rows.
    ///
    /// # Shapes
    /// - `ids`: `[rows]`, which may repeat
    /// - `rows`: `[rows, width]`, outside autodiff
    ///
    /// # Panics
    /// When an id lies outside the table, or the sum has another size than it.
    pub fn add_rows(&mut self, path: &str, ids: &[u32], rows: Tensor<2>, count: usize) {
        let [number, width] = rows.dims();
        assert_eq!(ids.len(), number, "one id for each row");
        let sum = self
            .by_path
            .remove(path)
            .unwrap_or_else(|| Tensor::zeros([count * width], (&rows.device(), rows.dtype())));
        let sum = add_rows_onto(sum.reshape([count, width]), ids, rows).reshape([count * width]);
        self.by_path.insert(path.to_owned(), sum);
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
        sum_of_squares(&self.by_path.values().cloned().collect::<Vec<_>>()).sqrt()
    }
}

/// Whether a parameter gets gradients when its module is tracked.
pub fn is_trained<const D: usize>(param: &Param<Tensor<D>>) -> bool {
    param.clone().train().is_require_grad()
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
            Some(sum) => add_onto(sum, gradient),
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
    use burn::tensor::TensorData;

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
