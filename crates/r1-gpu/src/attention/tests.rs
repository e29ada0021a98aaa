//! Against plain loops in double precision.

use std::cell::Cell;

use super::*;
use crate::check::Device;

thread_local! {
    /// Rows of a unit that a test wants, whatever the device is.
    pub(super) static ROWS_PER_UNIT: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Every number of both passes by the definition.
struct Expected {
    output: Vec<f64>,
    lse: Vec<f64>,
    dqkv: Vec<f64>,
}

/// The rows that each row sees, with their distance.
fn seen(segments: &[Segment], window: Option<usize>) -> Vec<Vec<usize>> {
    let mut all = Vec::new();
    for segment in segments {
        let (mut before, mut prefix) = (Vec::new(), segment.prefix);
        while let Some(index) = prefix {
            let mut rows: Vec<usize> = segments[index].range.clone().collect();
            rows.extend(before);
            (before, prefix) = (rows, segments[index].prefix);
        }
        for row in segment.range.clone() {
            let mut rows = before.clone();
            rows.extend(segment.range.start..=row);
            let first = window.map_or(0, |window| rows.len().saturating_sub(window));
            all.push(rows[first..].to_vec());
        }
    }
    all
}

fn expected(qkv: &[f32], gradient: &[f32], shape: &Shape, segments: &[Segment]) -> Expected {
    let Shape { heads, kv_heads, head_dim, scale, .. } = *shape;
    let (width, pitch) = (heads * head_dim, (heads + 2 * kv_heads) * head_dim);
    let at = |row: usize, column: usize| qkv[row * pitch + column] as f64;
    let rows = qkv.len() / pitch;
    let mut found = Expected {
        output: vec![0.0; rows * width],
        lse: vec![0.0; rows * heads],
        dqkv: vec![0.0; rows * pitch],
    };
    for (row, seen) in seen(segments, shape.window).iter().enumerate() {
        for head in 0..heads {
            let (q, k) = (head * head_dim, (heads + head / shape.group()) * head_dim);
            let v = k + kv_heads * head_dim;
            let dot = |a: &dyn Fn(usize) -> f64, b: &dyn Fn(usize) -> f64| {
                (0..head_dim).map(|d| a(d) * b(d)).sum::<f64>()
            };
            let scores: Vec<f64> = seen
                .iter()
                .map(|key| dot(&|d| at(row, q + d), &|d| at(*key, k + d)) * scale as f64)
                .collect();
            let most = scores.iter().fold(f64::MIN, |a, b| a.max(*b));
            let sum: f64 = scores.iter().map(|score| (score - most).exp()).sum();
            let lse = most + sum.ln();
            found.lse[row * heads + head] = lse;
            let shares: Vec<f64> = scores.iter().map(|score| (score - lse).exp()).collect();
            let g = |d: usize| gradient[row * width + q + d] as f64;
            for d in 0..head_dim {
                found.output[row * width + q + d] =
                    seen.iter().zip(&shares).map(|(key, share)| share * at(*key, v + d)).sum();
            }
            let delta = dot(&g, &|d| found.output[row * width + q + d]);
            for (key, share) in seen.iter().zip(&shares) {
                let slope = share * (dot(&g, &|d| at(*key, v + d)) - delta) * scale as f64;
                for d in 0..head_dim {
                    found.dqkv[row * pitch + q + d] += slope * at(*key, k + d);
                    found.dqkv[key * pitch + k + d] += slope * at(row, q + d);
                    found.dqkv[key * pitch + v + d] += share * g(d);
                }
            }
        }
    }
    found
}

fn segments(list: &[(usize, Option<usize>)]) -> Vec<Segment> {
    let mut end = 0;
    list.iter()
        .map(|(rows, prefix)| {
            let start = end;
            end += rows;
            Segment { range: start..end, prefix: *prefix }
        })
        .collect()
}

#[test]
fn both_passes_equal_their_definition() {
    let device = Device::new();
    let trees = [
        segments(&[(1, None)]),
        segments(&[(70, None), (0, None), (3, None), (33, None)]),
        // A prompt of two completions, one of which goes on, and an empty turn between.
        segments(&[(37, None), (5, Some(0)), (40, Some(0)), (0, Some(2)), (9, Some(3)), (2, None)]),
    ];
    for (heads, kv_heads, head_dim, window, rows) in [
        (6, 2, 10, None, None),
        (3, 3, 64, Some(5), None),
        (2, 1, 128, None, None),
        (4, 2, 32, Some(40), Some(2)),
        (1, 1, 256, None, None),
    ] {
        ROWS_PER_UNIT.set(rows);
        let shape = Shape { heads, kv_heads, head_dim, window, scale: 0.3 };
        for (seed, segments) in trees.iter().enumerate() {
            let rows = segments.last().unwrap().range.end;
            let (width, pitch) = (heads * head_dim, (heads + 2 * kv_heads) * head_dim);
            let qkv = device.random(rows * pitch, seed as u64);
            let gradient = device.random(rows * width, 7);
            let (output, lse, dqkv) =
                (device.empty(rows * width), device.empty(rows * heads), device.empty(rows * pitch));
            forward(&device.client, &qkv.on, [&output, &lse], &shape, segments, device.f32());
            let expected = expected(&qkv.host, &gradient.host, &shape, segments);
            device.close(&output, &expected.output, 2e-5);
            device.close(&lse, &expected.lse, 2e-5);
            if !shape.fits(&device.client) {
                continue;
            }
            let saved = Saved { qkv: &qkv.on, output: &output, lse: &lse };
            backward(&device.client, &gradient.on, saved, &dqkv, &shape, segments, device.f32());
            device.close(&dqkv, &expected.dqkv, 1e-4);
        }
    }
}
