//! Against plain loops in double precision.

use super::{lists::DIRECT, *};
use crate::check::{Both, Device};

/// A cache on both sides.
struct Cache {
    keys: Both,
    values: Both,
}

fn pitch(shape: &Shape) -> usize {
    (shape.heads + 2 * shape.kv_heads) * shape.head_dim
}

impl Cache {
    /// With numbers in it that nobody is to see.
    fn new(device: &Device, shape: &Shape, pages: usize) -> Self {
        let size = pages * shape.kv_heads * shape.head_dim * PAGE;
        Self { keys: device.put(vec![1e9; size]), values: device.put(vec![1e9; size]) }
    }

    fn key(&self, shape: &Shape, page: u32, head: usize, place: usize, element: usize) -> usize {
        ((page as usize * shape.kv_heads + head) * shape.head_dim + element) * PAGE + place
    }

    fn value(&self, shape: &Shape, page: u32, head: usize, place: usize, element: usize) -> usize {
        ((page as usize * shape.kv_heads + head) * PAGE + place) * shape.head_dim + element
    }

    /// The host's side of a pass.
    fn expected(&mut self, qkv: &[f32], shape: &Shape, runs: &[Run<'_>]) -> Vec<f64> {
        let Shape { heads, kv_heads, head_dim, .. } = *shape;
        let mut row = 0;
        for run in runs {
            for position in run.position..run.position + run.tokens {
                let (page, place) = (run.pages[position / PAGE], position % PAGE);
                for (head, element) in (0..kv_heads * head_dim).map(|i| (i / head_dim, i % head_dim)) {
                    let column = row * pitch(shape) + (heads + head) * head_dim + element;
                    let (key, value) = (
                        self.key(shape, page, head, place, element),
                        self.value(shape, page, head, place, element),
                    );
                    self.keys.host[key] = qkv[column];
                    self.values.host[value] = qkv[column + kv_heads * head_dim];
                }
                row += 1;
            }
        }
        let (mut output, mut row) = (Vec::new(), 0);
        for run in runs {
            for position in run.position..run.position + run.tokens {
                for head in 0..heads {
                    let first = shape.window.map_or(0, |window| (position + 1).saturating_sub(window));
                    let kv = head / (heads / kv_heads);
                    let query = &qkv[row * pitch(shape) + head * head_dim..][..head_dim];
                    let at = |key: usize| (run.pages[key / PAGE], key % PAGE);
                    let score = |key: usize| {
                        let (page, place) = at(key);
                        let of = |(i, q): (usize, &f32)| {
                            *q as f64 * self.keys.host[self.key(shape, page, kv, place, i)] as f64
                        };
                        query.iter().enumerate().map(of).sum::<f64>() * shape.scale as f64
                    };
                    let scores: Vec<f64> = (first..=position).map(score).collect();
                    let most = scores.iter().fold(f64::MIN, |a, b| a.max(*b));
                    let weights: Vec<f64> = scores.iter().map(|score| (score - most).exp()).collect();
                    let total: f64 = weights.iter().sum();
                    output.extend((0..head_dim).map(|element| {
                        let of = |(i, weight): (usize, &f64)| {
                            let (page, place) = at(first + i);
                            weight * self.values.host[self.value(shape, page, kv, place, element)] as f64
                        };
                        weights.iter().enumerate().map(of).sum::<f64>() / total
                    }));
                }
                row += 1;
            }
        }
        output
    }
}

fn run(pages: &[u32], position: usize, tokens: usize) -> Run<'_> {
    Run { pages, position, tokens }
}

fn rows(runs: &[Run<'_>]) -> usize {
    runs.iter().map(|run| run.tokens).sum()
}

const SHAPES: [(usize, usize, usize, Option<usize>); 4] =
    [(6, 2, 10, None), (3, 3, 64, Some(5)), (7, 1, 32, Some(300)), (18, 2, 24, None)];

#[test]
fn attention_equals_its_definition() {
    let device = Device::new();
    // Nine pages of one sequence and as many of others, in disorder.
    let long: Vec<u32> = (0..9).map(|page| (page * 5 + 3) % 9).collect();
    let fork: Vec<u32> = long[..8].iter().copied().chain([9]).collect();
    let steps: [Vec<Run<'_>>; 4] = [
        vec![run(&long, 0, 230), run(&[10], 0, 1), run(&[11, 12], 0, 0)],
        vec![run(&long, 230, 282), run(&[11, 12], 0, 70), run(&[10], 1, 1)],
        // A second sequence reads the pages of the first and writes to one of its own.
        vec![run(&long, 512, 1), run(&fork, 512, 4), run(&[10], 2, 1), run(&[11, 12], 70, 1)],
        vec![run(&fork, 516, 1), run(&long, 513, 2)],
    ];
    for (heads, kv_heads, head_dim, window) in SHAPES {
        let shape = Shape { heads, kv_heads, head_dim, window, scale: 0.7 };
        let mut cache = Cache::new(&device, &shape, 13);
        for (seed, runs) in steps.iter().enumerate() {
            let qkv = device.random(rows(runs) * pitch(&shape), seed as u64);
            let output = device.empty(rows(runs) * heads * head_dim);
            let pages = [&cache.keys.on, &cache.values.on];
            forward(&device.client, &qkv.on, pages, &output, &shape, runs, device.f32());
            let expected = cache.expected(&qkv.host, &shape, runs);
            device.close(&output, &expected, 2e-5);
            assert_eq!(device.read(&cache.keys.on), cache.keys.host);
            assert_eq!(device.read(&cache.values.on), cache.values.host);
        }
    }
}

#[test]
fn a_token_has_the_same_bits_alone_in_a_batch_and_in_a_long_run() {
    let device = Device::new();
    let (ours, others): (Vec<u32>, Vec<u32>) = ((0..9).rev().collect(), (9..12).collect());
    for (heads, kv_heads, head_dim, window) in SHAPES {
        let shape = Shape { heads, kv_heads, head_dim, window, scale: 0.7 };
        let (length, width) = (520, heads * head_dim);
        let qkv = device.random(length * pitch(&shape), 3);
        let in_parts = |parts: &[usize], other: bool| {
            let cache = Cache::new(&device, &shape, 12);
            let (mut found, mut position) = (Vec::new(), 0);
            for tokens in parts {
                let mut host = qkv.host[position * pitch(&shape)..][..tokens * pitch(&shape)].to_vec();
                let mut runs = vec![run(&ours, position, *tokens)];
                if other {
                    host.extend(&qkv.host[..3 * pitch(&shape)]);
                    runs.push(run(&others, 100, 1));
                    runs.push(run(&others[2..], 0, 2));
                }
                let (part, output) = (device.put(host), device.empty(rows(&runs) * width));
                let pages = [&cache.keys.on, &cache.values.on];
                forward(&device.client, &part.on, pages, &output, &shape, &runs, device.f32());
                found.extend_from_slice(&device.read(&output)[..tokens * width]);
                position += tokens;
            }
            found
        };
        let whole = in_parts(&[length], false);
        assert_eq!(in_parts(&[255, 1, 1, 2, 17, 236, 1, 1, 1, 1, 4], false), whole);
        assert_eq!(in_parts(&[100, 156, 1, 254, 1, 1, 1, 1, 5], true), whole);
    }
}

#[test]
fn a_long_pass_is_done_piece_by_piece() {
    let (pages, other): (Vec<u32>, [u32; 1]) = ((0..9).collect(), [9]);
    let runs = [run(&pages, 250, 300), run(&other, 3, 1)];
    let whole = Work::new(&runs, Kind::Tiles(4), None, usize::MAX);
    let pieces = Work::new(&runs, Kind::Tiles(4), None, 64);
    assert!(whole.len() == 1 && pieces.len() > 5 && pieces.iter().all(|work| work.parts <= 64));
    assert_eq!(whole[0].tasks, pieces.iter().map(|work| work.tasks).sum::<usize>());
    assert_eq!(whole[0].merges.len(), pieces.iter().map(|work| work.merges.len()).sum::<usize>());
    assert_eq!(Work::new(&runs, Kind::Lone, None, 1)[0].numbers, [300, 1, 3, 0, 6, 7, 9, DIRECT]);
}
