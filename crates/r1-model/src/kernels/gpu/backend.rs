//! What a GPU computes with our kernels.

use burn::backend::Cube;
use burn::tensor::{DType, Tensor};
use r1_gpu::{adamw, attention, rms_norm, rotary, scatter, swiglu, token_logprobs};

use super::{
    View, decode, in_ours,
    product::{few_rows, product},
};
use crate::{
    kernels::{
        Heads, RotaryTable,
        adamw_step::{Moments, StepConstants},
        backend::Kernels,
        cached_attention::{CachedRun, LayerCache},
        draw::{Drawn, Wanted},
        token_logprobs::Saved,
    },
    packed_batch::Segment,
};

/// The bodies that serve every backend.
pub(super) struct Portable;

impl Kernels for Portable {}

/// Logits that exist at a time: half a gigabyte of them in `f32`. A card has the room, and is busy with few launches.
const MOST_LOGITS: usize = 1 << 27;

impl Kernels for Cube {
    fn linear(x: Tensor<2>, weight: Tensor<2>) -> Tensor<2> {
        if !in_ours(&x) {
            return Portable::linear(x, weight);
        }
        let dtype = x.dtype();
        few_rows(&x, &weight, dtype).unwrap_or_else(|| product(x, weight.transpose(), dtype))
    }

    fn logits(x: Tensor<2>, weight: Tensor<2>) -> Tensor<2> {
        if !in_ours(&x) {
            return Portable::linear(x, weight);
        }
        few_rows(&x, &weight, DType::F32).unwrap_or_else(|| product(x, weight.transpose(), DType::F32))
    }

    /// The weight's gradient is in `f32`, whatever it was computed from: those of several passes add up.
    fn linear_backward(
        g: Tensor<2>,
        x: Tensor<2>,
        weight: Tensor<2>,
        wanted: [bool; 2],
    ) -> [Option<Tensor<2>>; 2] {
        if !in_ours(&x) {
            return Portable::linear_backward(g, x, weight, wanted);
        }
        let dx = wanted[0].then(|| product(g.clone(), weight, x.dtype()));
        [dx, wanted[1].then(|| product(g.transpose(), x, DType::F32))]
    }

    fn rms_norm(x: Tensor<2>, weight: Tensor<1>, epsilon: f64) -> Tensor<2> {
        if !in_ours(&x) {
            return Portable::rms_norm(x, weight, epsilon);
        }
        let (x, weight) = (View::of(x), View::of(weight));
        let output = x.like();
        let buffers = [&x, &weight, &output].map(View::buffer);
        rms_norm::forward(x.client(), buffers.each_ref(), epsilon as f32, x.elem());
        output.tensor()
    }

    fn rms_norm_backward(
        g: Tensor<2>,
        x: Tensor<2>,
        weight: Tensor<1>,
        epsilon: f64,
    ) -> (Tensor<2>, Tensor<1>) {
        if !in_ours(&x) {
            return Portable::rms_norm_backward(g, x, weight, epsilon);
        }
        let (width, dtype) = (x.dims()[1], x.dtype());
        let (g, x, weight) = (View::of(g.cast(dtype)), View::of(x), View::of(weight));
        let (dx, dweight) = (x.like(), weight.room([width], DType::F32));
        let [gradient, rows, scale] = [&g, &x, &weight].map(View::buffer);
        let inputs = rms_norm::Inputs { gradient: &gradient, x: &rows, weight: &scale };
        rms_norm::backward(x.client(), inputs, [&dx.buffer(), &dweight.buffer()], epsilon as f32, x.elem());
        (dx.tensor(), dweight.tensor())
    }

    fn rotary(
        x: Tensor<2>,
        table: &RotaryTable,
        positions: &[u32],
        heads: usize,
        inverse: bool,
    ) -> Tensor<2> {
        if !in_ours(&x) {
            return Portable::rotary(x, table, positions, heads, inverse);
        }
        let x = View::of(x);
        let output = x.like();
        let [cos, sin] = table.on_gpu(x.client());
        let head_dim = table.head_dim;
        let rotation = rotary::Rotation { cos: &cos, sin: &sin, positions, head_dim, heads, inverse };
        rotary::rotate(x.client(), [&x.buffer(), &output.buffer()], rotation, x.elem());
        output.tensor()
    }

    fn causal_attention(qkv: Tensor<2>, heads: Heads, segments: &[Segment]) -> (Tensor<2>, Tensor<2>) {
        let view = in_ours(&qkv).then(|| View::of(qkv.clone()));
        let Some(view) = view.filter(|view| shape(heads).fits(view.client())) else {
            return Portable::causal_attention(qkv, heads, segments);
        };
        let tokens = qkv.dims()[0];
        let output = view.room([tokens, heads.query_width()], view.dtype());
        let lse = view.room([tokens, heads.heads], DType::F32);
        let buffers = [&output.buffer(), &lse.buffer()];
        attention::forward(
            view.client(),
            &view.buffer(),
            buffers,
            &shape(heads),
            &list(segments),
            view.elem(),
        );
        (output.tensor(), lse.tensor())
    }

    fn causal_attention_backward(
        g: Tensor<2>,
        qkv: Tensor<2>,
        output: Tensor<2>,
        lse: Tensor<2>,
        heads: Heads,
        segments: &[Segment],
    ) -> Tensor<2> {
        let view = in_ours(&qkv).then(|| View::of(qkv.clone()));
        let Some(view) = view.filter(|view| shape(heads).fits(view.client())) else {
            return Portable::causal_attention_backward(g, qkv, output, lse, heads, segments);
        };
        let gradient = View::of(g.cast(qkv.dtype()));
        let (output, lse, dqkv) = (View::of(output), View::of(lse), view.like());
        let [qkv, output, lse] = [&view, &output, &lse].map(View::buffer);
        let saved = attention::Saved { qkv: &qkv, output: &output, lse: &lse };
        attention::backward(
            view.client(),
            &gradient.buffer(),
            saved,
            &dqkv.buffer(),
            &shape(heads),
            &list(segments),
            view.elem(),
        );
        dqkv.tensor()
    }

    fn cached_attention(
        qkv: Tensor<2>,
        cache: LayerCache,
        runs: &[CachedRun],
        heads: Heads,
    ) -> (Tensor<2>, LayerCache) {
        decode::cached_attention(qkv, cache, runs, heads)
    }

    fn copy_page(cache: LayerCache, from: u32, to: &[u32]) -> LayerCache {
        decode::copy_page(cache, from, to)
    }

    fn draw(logits: Tensor<2>, wanted: &[Wanted], forbidden: &[u32]) -> Option<Vec<Drawn>> {
        decode::draw(logits, wanted, forbidden)
    }

    fn swiglu(gate_up: Tensor<2>) -> Tensor<2> {
        if !in_ours(&gate_up) {
            return Portable::swiglu(gate_up);
        }
        let [tokens, width] = gate_up.dims();
        let x = View::of(gate_up);
        let output = x.room([tokens, width / 2], x.dtype());
        swiglu::forward(x.client(), &x.buffer(), &output.buffer(), width / 2, x.elem());
        output.tensor()
    }

    fn swiglu_backward(g: Tensor<2>, gate_up: Tensor<2>) -> Tensor<2> {
        if !in_ours(&gate_up) {
            return Portable::swiglu_backward(g, gate_up);
        }
        let width = gate_up.dims()[1] / 2;
        let (g, x) = (View::of(g.cast(gate_up.dtype())), View::of(gate_up));
        let dx = x.like();
        swiglu::backward(x.client(), [&g.buffer(), &x.buffer(), &dx.buffer()], width, x.elem());
        dx.tensor()
    }

    /// Logits, log-probabilities and entropies are in `f32`.
    fn token_logprobs(hidden: Tensor<2>, weight: Tensor<2>, targets: &[u32], temperature: f64) -> Saved {
        if !in_ours(&hidden) {
            return Portable::token_logprobs(hidden, weight, targets, temperature);
        }
        let place = View::of(weight.clone());
        let [output, lse] = [2, 1].map(|width| place.room([targets.len(), width], DType::F32));
        for rows in chunks(targets.len(), weight.dims()[0]) {
            let logits = View::of(logits(&hidden, &weight, &rows));
            let (buffer, vocab) = (logits.buffer(), weight.dims()[0]);
            let rows = of_batch(&logits, &buffer, vocab, rows.start, targets, temperature);
            token_logprobs::forward(logits.client(), rows, [&output.buffer(), &lse.buffer()]);
        }
        Saved { output: output.tensor(), lse: lse.tensor(), kept: None }
    }

    fn token_logprobs_backward(
        g: Tensor<2>,
        [hidden, weight]: [Tensor<2>; 2],
        targets: &[u32],
        temperature: f64,
        saved: Saved,
        weight_wanted: bool,
    ) -> (Tensor<2>, Option<Tensor<2>>) {
        if !in_ours(&hidden) {
            return Portable::token_logprobs_backward(
                g,
                [hidden, weight],
                targets,
                temperature,
                saved,
                weight_wanted,
            );
        }
        let (vocab, dtype) = (weight.dims()[0], hidden.dtype());
        let (g, output, lse) = (View::of(g.cast(DType::F32)), View::of(saved.output), View::of(saved.lse));
        let (mut dhidden, mut dweight) = (Vec::new(), None::<Tensor<2>>);
        for rows in chunks(targets.len(), vocab) {
            let logits = View::own(logits(&hidden, &weight, &rows));
            let buffer = logits.buffer();
            let about = of_batch(&logits, &buffer, vocab, rows.start, targets, temperature);
            token_logprobs::backward(logits.client(), about, &g.buffer(), [&output.buffer(), &lse.buffer()]);
            drop(buffer);
            let dlogits = logits.tensor::<2>().cast(dtype);
            dhidden.push(product(dlogits.clone(), weight.clone(), dtype));
            if weight_wanted {
                let share = product(dlogits.transpose(), hidden.clone().slice(rows), DType::F32);
                dweight = Some(match dweight {
                    Some(sum) => sum + share,
                    None => share,
                });
            }
        }
        if dhidden.is_empty() {
            return (hidden.zeros_like(), weight_wanted.then(|| weight.zeros_like().cast(DType::F32)));
        }
        let whole = if dhidden.len() == 1 { dhidden.remove(0) } else { Tensor::cat(dhidden, 0) };
        (whole, dweight)
    }

    fn adamw_step(
        weight: Tensor<1>,
        gradient: Tensor<1>,
        moments: Moments,
        constants: &StepConstants,
    ) -> (Tensor<1>, Moments) {
        if weight.dtype() != DType::F32 || !in_ours(&gradient) {
            return Portable::adamw_step(weight, gradient, moments, constants);
        }
        let [weight, first, second] = [weight, moments.first, moments.second].map(View::own);
        let gradient = View::of(gradient);
        let [master, mean, square] = [&weight, &first, &second].map(View::buffer);
        let state = adamw::State { master: &master, first: &mean, second: &square };
        let StepConstants { betas, epsilon, weight_decay, clip, learning_rate, bias_corrections } =
            *constants;
        let constants =
            adamw::Constants { betas, epsilon, weight_decay, clip, learning_rate, bias_corrections };
        adamw::step(weight.client(), state, (&gradient.buffer(), gradient.elem()), None, &constants);
        drop([master, mean, square]);
        (weight.tensor(), Moments { first: first.tensor(), second: second.tensor() })
    }

    fn add_rows_onto(sum: Tensor<2>, ids: &[u32], rows: Tensor<2>) -> Tensor<2> {
        if !in_ours(&sum) || !in_ours(&rows) {
            return Portable::add_rows_onto(sum, ids, rows);
        }
        let width = sum.dims()[1];
        let (table, rows) = (View::own(sum), View::of(rows));
        scatter::add_rows(
            table.client(),
            (&table.buffer(), table.elem()),
            (&rows.buffer(), rows.elem()),
            ids,
            width,
        );
        table.tensor()
    }
}

/// The sum over all elements of all tensors, of which one number is read; `None` where they do not lie on a GPU.
pub(crate) fn sum_of_squares(x: &[Tensor<1>]) -> Option<f64> {
    if x.is_empty() || !x.iter().all(in_ours) {
        return None;
    }
    let views = x.iter().map(|x| View::try_of(x.clone())).collect::<Option<Vec<View>>>()?;
    let list: Vec<_> = views.iter().map(|view| (view.buffer(), view.elem())).collect();
    Some(f64::from(adamw::sum_of_squares(views[0].client(), &list)))
}

pub(super) fn shape(heads: Heads) -> attention::Shape {
    let Heads { heads: count, kv_heads, head_dim, window, .. } = heads;
    attention::Shape { heads: count, kv_heads, head_dim, window, scale: heads.scale() }
}

fn list(segments: &[Segment]) -> Vec<attention::Segment> {
    let same =
        |segment: &Segment| attention::Segment { range: segment.range.clone(), prefix: segment.prefix };
    segments.iter().map(same).collect()
}

/// Ranges of rows whose logits exist at a time.
fn chunks(tokens: usize, vocab: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    let most = (MOST_LOGITS / vocab.max(1)).max(16);
    let step = tokens.div_ceil(tokens.div_ceil(most).max(1)).max(1);
    (0..tokens).step_by(step).map(move |first| first..tokens.min(first + step))
}

fn logits(hidden: &Tensor<2>, weight: &Tensor<2>, rows: &std::ops::Range<usize>) -> Tensor<2> {
    product(hidden.clone().slice(rows.clone()), weight.clone().transpose(), DType::F32)
}

fn of_batch<'a>(
    logits: &View,
    buffer: &'a r1_gpu::Buffer,
    vocab: usize,
    first: usize,
    targets: &'a [u32],
    temperature: f64,
) -> token_logprobs::Rows<'a> {
    let temperature = temperature as f32;
    token_logprobs::Rows { logits: buffer, vocab, dtype: logits.elem(), first, targets, temperature }
}
