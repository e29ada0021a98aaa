//! The CPU kernel's backward pass: probabilities are computed again from the saved log-sum-exp.
//!
//! ```text
//! P = exp(s QKᵀ − lse)    D = Σ_j dO_j O_j    dS = s P (dO Vᵀ − D)
//! dQ = dS K               dK = dSᵀ Q          dV = Pᵀ dO
//! ```
//! (Dao et al., FlashAttention, arXiv:2205.14135v2, appendix B.4.)

use burn_flex::FlexTensor;
use rayon::prelude::*;

use super::{
    Heads,
    flex::{BLOCK, KeysValues, Shared, Transposed, tasks},
    softmax::{LANES, backward_row, leave_behind},
};
use crate::{
    kernels::{
        flex::{contiguous, dims2, slice, tensor},
        matmul_add::{View, matmul_add},
    },
    packed_batch::{Segment, prefix_ranges},
};

/// The gradient of one task for the keys and values of its prefixes.
struct PrefixShare {
    index: usize,
    kv_head: usize,
    /// `[before, head_dim]` each
    dk: Vec<f32>,
    dv: Vec<f32>,
}

pub(crate) fn backward(
    gradient: FlexTensor,
    qkv: FlexTensor,
    output: FlexTensor,
    lse: &[f32],
    heads: Heads,
    segments: &[Segment],
) -> FlexTensor {
    let (gradient, qkv, output) = (contiguous(gradient), contiguous(qkv), contiguous(output));
    let [tokens, width] = dims2(&qkv);
    let (gradient, qkv, output) = (slice(&gradient), slice(&qkv), slice(&output));
    let (d, query_width) = (heads.head_dim, heads.query_width());
    let mut dqkv: Vec<f32> = Vec::with_capacity(tokens * width);
    let shared = Shared::new(dqkv.as_mut_ptr());
    let shares: Vec<PrefixShare> = tasks(segments, heads)
        .into_par_iter()
        .map(|(index, kv_head)| {
            let segment = &segments[index];
            let kv = KeysValues::gather(qkv, heads, kv_head, index, segments);
            let (keys, values) = (Transposed::new(&kv.keys, d), Transposed::new(&kv.values, d));
            let (mut dk, mut dv) = (vec![0.0; kv.length * d], vec![0.0; kv.length * d]);
            let most = kv.length.next_multiple_of(LANES);
            let (mut probabilities, mut dscores) = (vec![0.0; BLOCK * most], vec![0.0; BLOCK * most]);
            let mut dq = vec![0.0; BLOCK * d];
            for head in kv_head * heads.group()..(kv_head + 1) * heads.group() {
                for first in (0..segment.range.len()).step_by(BLOCK) {
                    let rows = BLOCK.min(segment.range.len() - first);
                    let token = segment.range.start + first;
                    let length = kv.before + first + rows;
                    let stride = length.next_multiple_of(LANES);
                    let p = &mut probabilities[..rows * stride];
                    let ds = &mut dscores[..rows * stride];
                    let dq = &mut dq[..rows * d];
                    p.fill(0.0);
                    ds.fill(0.0);
                    dq.fill(0.0);
                    let queries = View { data: &qkv[token * width + head * d..], row: width, column: 1 };
                    let dout = View {
                        data: &gradient[token * query_width + head * d..],
                        row: query_width,
                        column: 1,
                    };
                    matmul_add(rows, stride, d, queries, keys.view(), p, stride);
                    matmul_add(rows, stride, d, dout, values.view(), ds, stride);
                    leave_behind(p, stride, kv.before + first + 1, 1, heads);
                    for row in 0..rows {
                        let place = (token + row) * query_width + head * d;
                        let (dout, out) = (&gradient[place..place + d], &output[place..place + d]);
                        let (p, ds) = (&mut p[row * stride..][..stride], &mut ds[row * stride..][..stride]);
                        let (visible, lse) =
                            (kv.before + first + row + 1, lse[(token + row) * heads.heads + head]);
                        backward_row(p, ds, visible, dout, out, lse, heads.scale());
                    }
                    let key_rows = View { data: &kv.keys, row: d, column: 1 };
                    matmul_add(rows, d, length, View { data: ds, row: stride, column: 1 }, key_rows, dq, d);
                    matmul_add(
                        length,
                        d,
                        rows,
                        View { data: ds, row: 1, column: stride },
                        queries,
                        &mut dk,
                        d,
                    );
                    matmul_add(length, d, rows, View { data: p, row: 1, column: stride }, dout, &mut dv, d);
                    // SAFETY: these rows belong to this segment, and these columns to this head.
                    unsafe { shared.copy_rows(token * width + head * d, width, dq, d) };
                }
            }
            let own = segment.range.start * width + query_width + kv_head * d;
            // SAFETY: these rows belong to this segment, and these columns to this key head.
            unsafe {
                shared.copy_rows(own, width, &dk[kv.before * d..], d);
                shared.copy_rows(own + heads.kv_width(), width, &dv[kv.before * d..], d);
            }
            dk.truncate(kv.before * d);
            dv.truncate(kv.before * d);
            PrefixShare { index, kv_head, dk, dv }
        })
        .collect();
    // SAFETY: the segments tile the tokens, and the heads' queries, keys and values the columns.
    unsafe { dqkv.set_len(tokens * width) };
    // In index order, so that the sum has the same bits for any number of threads.
    for share in shares {
        for (row, token) in prefix_ranges(segments, share.index).into_iter().flatten().enumerate() {
            let place = token * width + query_width + share.kv_head * d;
            for i in 0..d {
                dqkv[place + i] += share.dk[row * d + i];
                dqkv[place + heads.kv_width() + i] += share.dv[row * d + i];
            }
        }
    }
    tensor(dqkv, [tokens, width])
}
