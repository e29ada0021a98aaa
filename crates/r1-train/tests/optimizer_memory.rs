//! An optimizer step works in place: it allocates nothing of the size of a parameter, and neither does the
//! sum of two gradients.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicUsize, Ordering},
};

use burn::{
    module::{Module, Param},
    tensor::{Device, Distribution, Tensor},
};
use r1_model::{GradientStore, kernels::reduce::add_onto};
use r1_train::{AdamW, AdamWConfig};

/// The system's allocator, which remembers the largest piece it was asked for.
struct Watching;

static LARGEST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is the system allocator's.
unsafe impl GlobalAlloc for Watching {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LARGEST.fetch_max(layout.size(), Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Watching = Watching;

#[derive(Module, Debug)]
struct Two {
    matrix: Param<Tensor<2>>,
    vector: Param<Tensor<1>>,
}

/// Bytes of the smaller parameter.
const PARAMETER: usize = 4 << 18;

fn gradients(module: &Two, store: &mut GradientStore) {
    let tracked = module.clone().train();
    let loss = tracked.matrix.val().powi_scalar(2).sum() + tracked.vector.val().powi_scalar(2).sum();
    store.add(&tracked, loss.backward());
}

#[test]
fn a_step_and_a_sum_allocate_no_buffer_of_a_parameters_size() {
    let device = Device::flex();
    let mut module = Two {
        matrix: Param::from_tensor(Tensor::random([1024, 512], Distribution::Default, &device)),
        vector: Param::from_tensor(Tensor::random([PARAMETER / 4], Distribution::Default, &device)),
    };
    let mut optimizer = AdamW::new(AdamWConfig::default());
    for step in 0..3 {
        let mut store = GradientStore::new();
        gradients(&module, &mut store);
        gradients(&module, &mut store);
        LARGEST.store(0, Ordering::Relaxed);
        module = optimizer.step(module, store, 1e-3).0;
        let largest = LARGEST.load(Ordering::Relaxed);
        if step == 0 {
            assert!(largest >= PARAMETER, "the first step makes the moments, and the allocator must see it");
        } else {
            assert!(largest < PARAMETER / 8, "step {step} allocated {largest} bytes at once");
        }
    }

    let [sum, term] = [(); 2].map(|()| Tensor::<1>::random([PARAMETER / 4], Distribution::Default, &device));
    LARGEST.store(0, Ordering::Relaxed);
    let sum = add_onto(sum, term);
    let largest = LARGEST.load(Ordering::Relaxed);
    assert!(largest < PARAMETER / 8, "the sum of {} elements allocated {largest} bytes", sum.dims()[0]);
}
