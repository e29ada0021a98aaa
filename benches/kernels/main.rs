//! Each kernel beside what the machine can do: its share of the rate of a large matrix product, or of the
//! bandwidth of a copy, both measured in the same sitting. Shapes are those of SmolLM2-135M.
//!
//! ```text
//! cargo bench -p r1 --bench kernels                     everything, some minutes; a Markdown table at the end
//! cargo bench -p r1 --bench kernels -- swiglu           only what has `swiglu` in its name (a regular expression)
//! TOKENS=512 cargo bench -p r1 --bench kernels          512 tokens a pass instead of 1024
//! ```
//!
//! Times are criterion's (its other options hold too: `-- --help`), those of the table its medians. A backward row is the
//! backward pass alone, from an upstream gradient of ones; its tape is recorded outside of the timed part. A share may
//! pass 100 %: caches hold small operands, and a copy also fetches the memory that it overwrites.

mod table;

use std::{hint::black_box, sync::Arc};

use anyhow::{Context, Result};
use burn::tensor::{Device, Distribution, Tensor};
use criterion::Throughput::{self, BytesDecimal as Bytes, Elements};
use r1::model::{
    PackedBatch,
    kernels::{
        Heads, RotaryTable,
        adamw_step::{Moments, StepConstants, adamw_step},
        cached_attention::{CachedRun, LayerCache, PAGE, cached_attention},
        causal_attention, linear,
        reduce::{add_onto, sum_of_squares},
        rms_norm, rotary, swiglu, token_logprobs,
    },
};

use table::Sitting;

#[global_allocator]
static ALLOCATOR: r1::process::MiMalloc = r1::process::MiMalloc;

const HEADS: Heads = Heads::new(9, 3, 64);
const WIDTH: usize = 576;
const FEED_FORWARD: usize = 1536;
const VOCAB: usize = 49_152;
const LAYERS: usize = 30;
/// Tokens of a sequence in the attention's batch.
const LENGTH: usize = 256;

fn main() -> Result<()> {
    r1::process::prepare();
    let tokens = std::env::var("TOKENS").map_or(Ok(1024), |text| text.parse()).context("TOKENS")?;
    let mut sitting = Sitting::new(r1::model::device()?);
    products(&mut sitting, tokens);
    decoding(&mut sitting);
    attention_to_a_cache(&mut sitting);
    attention_and_head(&mut sitting, tokens);
    passes_over_memory(&mut sitting, tokens);
    optimizer(&mut sitting);
    sitting.print(tokens)
}

/// The work of a product, counted as a multiplication and an addition for each of its terms.
fn flop(sizes: [usize; 3]) -> u64 {
    2 * sizes.map(|size| size as u64).iter().product::<u64>()
}

/// The work of reading or writing so many numbers.
fn floats(count: usize) -> Throughput {
    Bytes(4 * count as u64)
}

fn products(sitting: &mut Sitting, tokens: usize) {
    for (name, d_in, d_out) in [
        ("linear qkv", WIDTH, HEADS.fused_width()),
        ("linear gate_up", WIDTH, 2 * FEED_FORWARD),
        ("linear down", FEED_FORWARD, WIDTH),
    ] {
        let flop = flop([tokens, d_in, d_out]);
        let work = [Elements(flop), Elements(2 * flop)];
        sitting.both(name, &[[tokens, d_in], [d_out, d_in]], work, |t| linear(t[0].clone(), t[1].clone()));
    }
}

/// The products of a step of decoding, which reads all weights from memory, for they are larger than the caches.
fn decoding(sitting: &mut Sitting) {
    let gate_up = [2 * FEED_FORWARD, WIDTH];
    let read = floats(2 * FEED_FORWARD * WIDTH);
    sitting.one("linear gate_up", "batch of 1", &[[1, WIDTH], gate_up], read, |t| {
        linear(t[0].clone(), t[1].clone())
    });
    let layer = [[HEADS.fused_width(), WIDTH], [WIDTH, WIDTH], gate_up, [WIDTH, FEED_FORWARD]];
    let weights = [layer.repeat(LAYERS), vec![[VOCAB, WIDTH]]].concat();
    let count = weights.iter().map(|[rows, columns]| rows * columns).sum();
    for rows in [1, 4, 8, 16, 32, 64] {
        let shapes = [vec![[rows, WIDTH], [rows, FEED_FORWARD]], weights.clone()].concat();
        sitting.one("all linear layers", &format!("batch of {rows}"), &shapes, floats(count), |t| {
            for layer in t[2..].chunks_exact(4) {
                let [qkv, output, gate_up, down] = layer else { unreachable!("chunks of four") };
                for weight in [qkv, output, gate_up] {
                    black_box(linear(t[0].clone(), weight.clone()));
                }
                black_box(linear(t[1].clone(), down.clone()));
            }
            linear(t[0].clone(), t[t.len() - 1].clone())
        });
    }
}

/// Attention of a step of decoding, in all layers: a new token for each of some sequences of [`LENGTH`].
fn attention_to_a_cache(sitting: &mut Sitting) {
    for rows in [1, 16] {
        let pages = LENGTH.div_ceil(PAGE) as u32;
        let run = |row: u32| CachedRun {
            pages: (row * pages..(row + 1) * pages).collect(),
            position: LENGTH - 1,
            tokens: 1,
        };
        let runs: Vec<CachedRun> = (0..rows as u32).map(run).collect();
        let read = floats(2 * LAYERS * rows * LENGTH * HEADS.kv_width());
        let start = |device: &Device| {
            let qkv = Tensor::<2>::random([rows, HEADS.fused_width()], Distribution::Default, device);
            let cache = || LayerCache::new(rows * pages as usize, HEADS, device);
            (qkv, (0..LAYERS).map(|_| cache()).collect::<Vec<_>>())
        };
        sitting.in_place("cached_attention", &format!("batch of {rows}"), read, start, |(qkv, caches)| {
            let step = |cache| {
                let (output, cache) = cached_attention(qkv.clone(), cache, &runs, HEADS);
                black_box(output);
                cache
            };
            let caches = caches.into_iter().map(step).collect();
            (qkv, caches)
        });
    }
}

/// What the optimizer does with the largest parameter.
fn optimizer(sitting: &mut Sitting) {
    let count = VOCAB * WIDTH;
    let random = |device: &Device| Tensor::<1>::random([count], Distribution::Default, device);
    let constants = StepConstants {
        betas: [0.9, 0.999],
        epsilon: 1e-8,
        weight_decay: 0.0,
        clip: 1.0,
        learning_rate: 1e-6,
        bias_corrections: [0.1, 0.001],
    };
    let start = |device: &Device| {
        let zeros = || Tensor::zeros([count], device);
        (random(device), random(device), Moments { first: zeros(), second: zeros() })
    };
    sitting.in_place("adamw_step", "in place", floats(7 * count), start, |(weight, gradient, moments)| {
        let (weight, moments) = adamw_step(weight, gradient.clone(), moments, &constants);
        (weight, gradient, moments)
    });
    let start = |device: &Device| (random(device), random(device));
    sitting.in_place("reduce", "add_onto", floats(3 * count), start, |(sum, term)| {
        (add_onto(sum, term.clone()), term)
    });
    sitting.in_place("reduce", "sum_of_squares", floats(count), random, |x| {
        black_box(sum_of_squares(std::slice::from_ref(&x)));
        x
    });
}

fn attention_and_head(sitting: &mut Sitting, tokens: usize) {
    let batch = PackedBatch::from_sequences(&vec![vec![0; LENGTH]; tokens.div_ceil(LENGTH)]);
    let segments = batch.layout().segments;
    let pairs = (batch.len() * (LENGTH + 1) / 2 * HEADS.query_width()) as u64;
    let work = [Elements(4 * pairs), Elements(10 * pairs)];
    sitting.both("causal_attention", &[[batch.len(), HEADS.fused_width()]], work, |t| {
        causal_attention(t[0].clone(), HEADS, &segments)
    });

    let targets: Arc<[u32]> = (0..tokens as u32).map(|token| token * 37 % VOCAB as u32).collect();
    let flop = flop([tokens, WIDTH, VOCAB]);
    let work = [Elements(flop), Elements(3 * flop)];
    sitting.both("token_logprobs", &[[tokens, WIDTH], [VOCAB, WIDTH]], work, |t| {
        token_logprobs(t[0].clone(), t[1].clone(), &targets, 1.0)
    });
}

/// The kernels that are bound by what they read and write.
fn passes_over_memory(sitting: &mut Sitting, tokens: usize) {
    let work = |forward: usize, backward: usize| [floats(tokens * forward), floats(tokens * backward)];
    sitting.both("rms_norm", &[[tokens, WIDTH], [1, WIDTH]], work(2 * WIDTH, 3 * WIDTH), |t| {
        rms_norm(t[0].clone(), t[1].clone().reshape([WIDTH]), 1e-5)
    });

    let frequencies: Vec<f64> = (0..32).map(|i| 1e4f64.powf(-f64::from(i) / 32.0)).collect();
    let table = Arc::new(RotaryTable::new(&frequencies, LENGTH));
    let positions: Arc<[u32]> = (0..tokens as u32).map(|token| token % LENGTH as u32).collect();
    let width = HEADS.fused_width();
    sitting.both("rotary", &[[tokens, width]], work(2 * width, 2 * width), |t| {
        rotary(t[0].clone(), &table, &positions, HEADS.heads + HEADS.kv_heads)
    });

    let work = work(3 * FEED_FORWARD, 5 * FEED_FORWARD);
    sitting.both("swiglu", &[[tokens, 2 * FEED_FORWARD]], work, |t| swiglu(t[0].clone()));
}
