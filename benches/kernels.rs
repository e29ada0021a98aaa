//! Each kernel beside what the machine can do: its share of the rate of a large matrix product, or of the
//! bandwidth of a copy, both measured in the same sitting. Shapes are those of SmolLM2-135M.
//!
//! ```text
//! cargo bench -p r1 --bench kernels -- [TOKENS]      1024 tokens unless told otherwise; a Markdown table
//! ```
//!
//! A backward row is the time of forward and backward together, less that of forward, and holds the product with
//! the upstream gradient. Times are the best of nine.

use std::{hint::black_box, sync::Arc, time::Instant};

use anyhow::{Context, Result};
use burn::tensor::{Device, Distribution, Tensor};
use r1::model::{
    PackedBatch,
    kernels::{Heads, RotaryTable, causal_attention, linear, rms_norm, rotary, swiglu, token_logprobs},
};

#[global_allocator]
static ALLOCATOR: r1::process::MiMalloc = r1::process::MiMalloc;

const HEADS: Heads = Heads { heads: 9, kv_heads: 3, head_dim: 64 };
const WIDTH: usize = 576;
const FEED_FORWARD: usize = 1536;
const VOCAB: usize = 49_152;
const LAYERS: usize = 30;
/// Tokens of a sequence in the attention's batch.
const LENGTH: usize = 256;

/// What a kernel does at least: arithmetic that a matrix product could do, or bytes that a copy could move.
#[derive(Clone, Copy)]
enum Work {
    Flop(f64),
    Bytes(f64),
}

/// The best that the machine does, a second.
struct Machine {
    flop: f64,
    bytes: f64,
}

fn main() -> Result<()> {
    r1::process::prepare();
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let tokens: usize = arguments.next().map_or(Ok(1024), |text| text.parse()).context("TOKENS")?;
    let device = r1::model::device()?;
    let random = |rows, columns| Tensor::<2>::random([rows, columns], Distribution::Default, &device);
    let machine = Machine::measure(&device);
    println!(
        "matmul {:.0} GFLOP/s, copy {:.1} GB/s, {tokens} tokens\n",
        machine.flop / 1e9,
        machine.bytes / 1e9
    );
    println!("| kernel | ms | rate | share |\n|---|---|---|---|");

    let weights = |rows, columns| random(rows, columns);
    for (name, d_in, d_out) in [
        ("linear qkv", WIDTH, HEADS.fused_width()),
        ("linear gate_up", WIDTH, 2 * FEED_FORWARD),
        ("linear down", FEED_FORWARD, WIDTH),
    ] {
        let flop = 2.0 * (tokens * d_in * d_out) as f64;
        let work = [Work::Flop(flop), Work::Flop(2.0 * flop)];
        machine.row(name, &[random(tokens, d_in), weights(d_out, d_in)], work, |t| {
            linear(t[0].clone(), t[1].clone())
        });
    }
    let one = [random(1, WIDTH), weights(2 * FEED_FORWARD, WIDTH)];
    let read = Work::Bytes(4.0 * (2 * FEED_FORWARD * WIDTH) as f64);
    machine.forward("linear gate_up, one row", &one, read, |t| linear(t[0].clone(), t[1].clone()));
    // A step of decoding reads all weights from memory, for they are larger than the caches.
    let layer = |_| {
        [
            weights(HEADS.fused_width(), WIDTH),
            weights(WIDTH, WIDTH),
            weights(2 * FEED_FORWARD, WIDTH),
            weights(WIDTH, FEED_FORWARD),
        ]
    };
    let layers: Vec<[Tensor<2>; 4]> = (0..LAYERS).map(layer).collect();
    let head = weights(VOCAB, WIDTH);
    let count = LAYERS * (HEADS.fused_width() + WIDTH + 3 * FEED_FORWARD) * WIDTH + VOCAB * WIDTH;
    for rows in [1, 4, 8, 16, 32, 64] {
        let inputs = [random(rows, WIDTH), random(rows, FEED_FORWARD)];
        let read = Work::Bytes(4.0 * count as f64);
        machine.forward(&format!("all linear layers, {rows} rows"), &inputs, read, |t| {
            for [qkv, output, gate_up, down] in &layers {
                for weight in [qkv, output, gate_up] {
                    black_box(linear(t[0].clone(), weight.clone()));
                }
                black_box(linear(t[1].clone(), down.clone()));
            }
            linear(t[0].clone(), head.clone())
        });
    }
    drop((layers, head));

    let batch = PackedBatch::from_sequences(&vec![vec![0; LENGTH]; tokens.div_ceil(LENGTH)]);
    let layout = batch.layout();
    let pairs = (batch.len() * (LENGTH + 1) / 2 * HEADS.query_width()) as f64;
    let work = [Work::Flop(4.0 * pairs), Work::Flop(10.0 * pairs)];
    machine.row("causal_attention", &[random(batch.len(), HEADS.fused_width())], work, |t| {
        causal_attention(t[0].clone(), HEADS, &layout.segments)
    });

    let targets: Arc<[u32]> = (0..tokens as u32).map(|token| token * 37 % VOCAB as u32).collect();
    let flop = 2.0 * (tokens * WIDTH * VOCAB) as f64;
    let work = [Work::Flop(flop), Work::Flop(3.0 * flop)];
    machine.row("token_logprobs", &[random(tokens, WIDTH), weights(VOCAB, WIDTH)], work, |t| {
        token_logprobs(t[0].clone(), t[1].clone(), &targets, 1.0)
    });

    // Floats read and written, forward and backward.
    let bytes =
        |forward: usize, backward: usize| [forward, backward].map(|n| Work::Bytes(4.0 * (tokens * n) as f64));
    machine.row("rms_norm", &[random(tokens, WIDTH), random(1, WIDTH)], bytes(2 * WIDTH, 3 * WIDTH), |t| {
        rms_norm(t[0].clone(), t[1].clone().reshape([WIDTH]), 1e-5)
    });
    let frequencies: Vec<f64> = (0..32).map(|i| 1e4f64.powf(-f64::from(i) / 32.0)).collect();
    let table = Arc::new(RotaryTable::new(&frequencies, LENGTH));
    let (positions, width) = (layout.positions, HEADS.fused_width());
    machine.row("rotary", &[random(batch.len(), width)], bytes(2 * width, 2 * width), |t| {
        rotary(t[0].clone(), &table, &positions, HEADS.heads + HEADS.kv_heads)
    });
    let work = bytes(3 * FEED_FORWARD, 5 * FEED_FORWARD);
    machine.row("swiglu", &[random(tokens, 2 * FEED_FORWARD)], work, |t| swiglu(t[0].clone()));
    Ok(())
}

impl Machine {
    fn measure(device: &Device) -> Self {
        let random = |rows, columns| Tensor::<2>::random([rows, columns], Distribution::Default, device);
        let (m, k, n) = (1024, WIDTH, 3072);
        let (x, weight) = (random(m, k), random(n, k));
        let seconds = best(|| drop(black_box(x.clone().matmul(weight.clone().transpose()))));
        let flop = 2.0 * (m * k * n) as f64 / seconds;
        let source = vec![1.0f32; 1 << 26];
        let mut target = vec![0.0f32; source.len()];
        let half = source.len() / 2;
        let seconds = best(|| {
            std::thread::scope(|scope| {
                for (target, source) in target.chunks_mut(half).zip(source.chunks(half)) {
                    scope.spawn(move || target.copy_from_slice(source));
                }
            });
        });
        Self { flop, bytes: 8.0 * source.len() as f64 / seconds }
    }

    /// A row for the forward pass; returns its seconds.
    fn forward(
        &self,
        name: &str,
        inputs: &[Tensor<2>],
        work: Work,
        kernel: impl Fn(&[Tensor<2>]) -> Tensor<2>,
    ) -> f64 {
        let seconds = best(|| drop(black_box(kernel(inputs))));
        self.print(name, seconds, work);
        seconds
    }

    /// A row each for forward and backward.
    fn row(
        &self,
        name: &str,
        inputs: &[Tensor<2>],
        [forward, backward]: [Work; 2],
        kernel: impl Fn(&[Tensor<2>]) -> Tensor<2>,
    ) {
        let alone = self.forward(name, inputs, forward, &kernel);
        let upstream = kernel(inputs).ones_like().autodiff();
        let both = best(|| {
            let tracked: Vec<Tensor<2>> =
                inputs.iter().map(|input| input.clone().autodiff().require_grad()).collect();
            black_box((kernel(&tracked) * upstream.clone()).sum().backward());
        });
        self.print(&format!("{name}, backward"), both - alone, backward);
    }

    fn print(&self, name: &str, seconds: f64, work: Work) {
        let (amount, limit, unit) = match work {
            Work::Flop(flop) => (flop, self.flop, "GFLOP/s"),
            Work::Bytes(bytes) => (bytes, self.bytes, "GB/s"),
        };
        let rate = amount / seconds;
        println!(
            "| {name} | {:.2} | {:.1} {unit} | {:.0} % |",
            1e3 * seconds,
            rate / 1e9,
            100.0 * rate / limit
        );
    }
}

/// The shortest of nine times, in seconds.
fn best(mut work: impl FnMut()) -> f64 {
    let time = |_| {
        let start = Instant::now();
        work();
        start.elapsed().as_secs_f64()
    };
    (0..9).map(time).fold(f64::INFINITY, f64::min)
}
