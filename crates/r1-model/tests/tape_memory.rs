//! What the portable bodies leave on the tape: their inputs and what the closed form needs, no matrix of scores and no
//! logits.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use burn::tensor::{DType, Device, Tensor};
use r1_model::{
    PackedBatch,
    kernels::{self, Heads},
};

/// The system's allocator, which counts what is allocated.
struct Counting;

static BYTES: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is the system allocator's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.fetch_add(layout.size(), Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        BYTES.fetch_sub(layout.size(), Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Numbers that `forward` leaves allocated, besides its inputs, until its backward pass has run.
fn kept(
    (device, dtype): (&Device, DType),
    shapes: &[[usize; 2]],
    forward: impl Fn(&[Tensor<2>]) -> Tensor<2>,
) -> usize {
    let inputs: Vec<Tensor<2>> = shapes
        .iter()
        .map(|shape| Tensor::ones(*shape, (device, dtype)).mul_scalar(0.1).autodiff().require_grad())
        .collect();
    // Each thread fills a pool of its own when it first takes part; what is on the tape is there every time.
    let once = |_| {
        let before = BYTES.load(Relaxed);
        let output = forward(&inputs);
        let kept = BYTES.load(Relaxed).saturating_sub(before) / dtype_bytes(dtype);
        let gradients = output.sum().backward();
        assert!(inputs.iter().all(|x| x.grad(&gradients).is_some()), "every input has a gradient");
        kept
    };
    (0..8).map(once).min().expect("it ran")
}

fn dtype_bytes(dtype: DType) -> usize {
    if dtype == DType::F64 { 8 } else { 4 }
}

/// One test for all, because every test of a process shares the count.
#[test]
fn the_tape_keeps_no_scores_and_no_logits() {
    let backends = [
        (Device::flex(), DType::F64),
        #[cfg(feature = "ndarray")]
        (r1_model::device::named("ndarray").unwrap(), DType::F32),
    ];
    for (device, dtype) in backends {
        let on = (&device, dtype);
        let (tokens, heads) = (256, Heads::new(4, 2, 8));
        let mut batch = PackedBatch::new();
        batch.push(&vec![0; tokens], None);
        let segments = batch.layout().segments;
        let qkv = [[tokens, heads.fused_width()]];
        let scores = heads.heads * tokens * tokens;
        let found = kept(on, &qkv, |t| kernels::causal_attention(t[0].clone(), heads, &segments));
        let plain = kept(on, &qkv, |t| kernels::causal_attention::reference(t[0].clone(), heads, &segments));
        let output_and_lse = tokens * heads.heads * (heads.head_dim + 1);
        println!("{dtype:?} causal_attention {found} instead of {plain}");
        assert!(found < output_and_lse + 4096, "causal_attention keeps {found} numbers on {device:?}");
        assert!(plain > scores, "the reference keeps {plain} numbers, and the allocator must see them");

        let (width, vocab) = (8, 1000);
        let targets: Arc<[u32]> = (0..tokens as u32).collect();
        let shapes = [[tokens, width], [vocab, width]];
        let found = kept(on, &shapes, |t| kernels::token_logprobs(t[0].clone(), t[1].clone(), &targets, 1.0));
        let plain = kept(on, &shapes, |t| {
            kernels::token_logprobs::reference(t[0].clone(), t[1].clone(), &targets, 1.0)
        });
        println!("{dtype:?} token_logprobs {found} instead of {plain}");
        assert!(found < 3 * tokens + 4096, "token_logprobs keeps {found} numbers on {device:?}");
        assert!(plain > tokens * vocab, "the reference keeps {plain} numbers");

        let (d_ff, d_out) = (500, 8);
        let shapes = [[tokens, 2 * d_ff], [d_out, d_ff]];
        let found = kept(on, &shapes, |t| kernels::swiglu_linear(t[0].clone(), t[1].clone()));
        let plain = kept(on, &shapes, |t| kernels::swiglu_linear::reference(t[0].clone(), t[1].clone()));
        println!("{dtype:?} swiglu_linear {found} instead of {plain}");
        assert!(found < tokens * d_out + 4096, "swiglu_linear keeps {found} numbers on {device:?}");
        assert!(plain > 2 * tokens * d_ff, "the reference keeps {plain} numbers");

        let (d_in, d_out) = (500, 8);
        let shapes = [[tokens, d_in], [1, d_in], [d_out, d_in]];
        let norm = |t: &Tensor<2>| t.clone().reshape([d_in]);
        let found =
            kept(on, &shapes, |t| kernels::norm_linear(t[0].clone(), norm(&t[1]), 1e-5, t[2].clone()));
        let plain = kept(on, &shapes, |t| {
            kernels::norm_linear::reference(t[0].clone(), norm(&t[1]), 1e-5, t[2].clone())
        });
        println!("{dtype:?} norm_linear {found} instead of {plain}");
        assert!(found < tokens * d_out + 4096, "norm_linear keeps {found} numbers on {device:?}");
        assert!(plain > tokens * d_in, "the reference keeps {plain} numbers");
    }
}
