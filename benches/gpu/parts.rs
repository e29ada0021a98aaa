//! Single kernels, and what a launch costs.

use std::{sync::Arc, time::Instant};

use anyhow::Result;
use burn::tensor::{Device, Distribution, FloatDType, Tensor, TensorData};
use r1::model::{
    PackedBatch, Precision,
    kernels::{self, Heads},
};
use serde_json::json;

use super::{say, sync};

/// The first time, and the mean of the others, in seconds.
fn timed(device: &Device, times: usize, mut body: impl FnMut()) -> Result<[f64; 2]> {
    let start = Instant::now();
    body();
    sync(device)?;
    let first = start.elapsed().as_secs_f64();
    body();
    sync(device)?;
    let start = Instant::now();
    (0..times).for_each(|_| body());
    sync(device)?;
    Ok([first, start.elapsed().as_secs_f64() / times as f64])
}

/// What operations cost that have next to nothing to compute.
pub(crate) fn launches(device: &Device) -> Result<()> {
    let x = Tensor::<1>::random([64], Distribution::Default, device);
    let mut y = x.clone();
    let show = |what: &str, times: usize, body: &mut dyn FnMut()| -> Result<()> {
        let [first, seconds] = timed(device, times, body)?;
        say(device, json!({"what": what, "first_seconds": first, "microseconds": 1e6 * seconds}));
        Ok(())
    };
    show("launch", 2000, &mut || y = y.clone() + x.clone())?;
    show("sum and read one number", 200, &mut || drop(x.clone().sum().into_data()))?;
    show("write 64 numbers", 200, &mut || {
        drop(Tensor::<1>::from_data(TensorData::new(vec![1.0f32; 64], [64]), device));
    })?;
    let big = Tensor::<2>::random([64, 151_936], Distribution::Default, device);
    show("read 64 rows of 151936", 10, &mut || drop(big.clone().into_data()))
}

/// The kernels at SmolLM2-135M's sizes.
pub(crate) fn kernels(device: &Device) -> Result<()> {
    let bf16 = Precision::current() == Precision::Bf16;
    let dtype = if bf16 { FloatDType::BF16 } else { FloatDType::F32 };
    let random = |rows: usize, columns: usize| {
        Tensor::<2>::random([rows, columns], Distribution::Default, device).cast(dtype)
    };
    let heads = Heads::new(9, 3, 64);
    let (tokens, d, ff, vocab) = (4096, 576, 1536, 49152);
    let layout = PackedBatch::from_sequences(&vec![vec![1; 512]; 8]).layout();
    let show = |what: &str, [first, seconds]: [f64; 2]| {
        say(device, json!({"what": "kernel", "name": what, "first_seconds": first, "ms": 1e3 * seconds}));
    };
    let (x, norm) = (random(tokens, d), random(1, d).reshape([d]));
    let normed = |x: &Tensor<2>| kernels::rms_norm(x.clone(), norm.clone(), 1e-5);
    show("rms_norm 4096x576", timed(device, 50, || drop(normed(&x)))?);
    let tracked = x.clone().autodiff().require_grad();
    let with_gradient = |y: Tensor<2>| drop(y.sum().backward());
    show("rms_norm 4096x576 with gradient", timed(device, 20, || with_gradient(normed(&tracked)))?);
    let gate_up = random(tokens, 2 * ff);
    show("swiglu 4096x3072", timed(device, 50, || drop(kernels::swiglu(gate_up.clone())))?);
    let tracked = gate_up.autodiff().require_grad();
    show(
        "swiglu 4096x3072 with gradient",
        timed(device, 20, || with_gradient(kernels::swiglu(tracked.clone())))?,
    );
    let qkv = random(tokens, heads.fused_width());
    let table = Arc::new(kernels::RotaryTable::new(&[0.5; 32], 600));
    let rotated = || drop(kernels::rotary(qkv.clone(), &table, &layout.positions, 12));
    show("rotary 4096x960", timed(device, 50, rotated)?);
    let attended = |qkv: &Tensor<2>| kernels::causal_attention(qkv.clone(), heads, &layout.segments);
    show("causal_attention 8x512", timed(device, 20, || drop(attended(&qkv)))?);
    let tracked = qkv.clone().autodiff().require_grad();
    show("causal_attention 8x512 with gradient", timed(device, 20, || with_gradient(attended(&tracked)))?);
    let head = random(vocab, d);
    let targets: Arc<[u32]> = (0..tokens as u32).map(|t| t * 7 % vocab as u32).collect();
    let scored =
        |x: &Tensor<2>, head: &Tensor<2>| kernels::token_logprobs(x.clone(), head.clone(), &targets, 1.0);
    show("token_logprobs 4096x49152", timed(device, 5, || drop(scored(&x, &head)))?);
    let (x, head) = (x.autodiff().require_grad(), head.autodiff().require_grad());
    show("token_logprobs 4096x49152 with gradient", timed(device, 5, || with_gradient(scored(&x, &head)))?);
    Ok(())
}
