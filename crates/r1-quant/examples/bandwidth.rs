//! Speed of products by format and number of rows, beside the memory's bandwidth.
//!
//! `cargo run --release -p r1-quant --example bandwidth`

use std::time::Instant;

use r1_quant::{BlockType, Matrix};
use rayon::prelude::*;

/// The shape of a large layer: with several of it no cache holds the weights.
const SHAPE: [usize; 2] = [4864, 2048];
const LAYERS: usize = 12;

fn main() -> Result<(), r1_quant::QuantError> {
    println!("memory: {:.1} GB/s", memory());
    println!("{:>5} {:>9} {:>9} {:>9} {:>9}", "", "1 row", "8 rows", "32 rows", "512 rows");
    println!("{:>5} {:>9} {:>9} {:>9} {:>9}", "", "GB/s", "GMAC/s", "GMAC/s", "GMAC/s");
    let weights: Vec<f32> =
        (0..SHAPE[0] * SHAPE[1]).map(|i| ((i * 7919) % 1009) as f32 / 1009.0 - 0.5).collect();
    for block_type in BlockType::ALL {
        let Ok(matrix) = Matrix::encode(block_type, &weights, SHAPE) else { continue };
        let own = |_| Matrix::new(block_type, std::sync::Arc::new(matrix.blocks().to_vec()), 0, SHAPE);
        let layers: Vec<Matrix> = (0..LAYERS).map(own).collect::<Result<_, _>>()?;
        let bytes = (LAYERS * matrix.blocks().len()) as f64;
        let work = (LAYERS * SHAPE[0] * SHAPE[1]) as f64;
        let gbs = bytes / seconds(&layers, 1) / 1e9;
        let [a, b, c] = [8, 32, 512].map(|rows| rows as f64 * work / seconds(&layers, rows) / 1e9);
        println!("{:>5} {gbs:>9.1} {a:>9.1} {b:>9.1} {c:>9.1}", block_type.to_string());
    }
    Ok(())
}

/// Median seconds of one pass over all layers.
fn seconds(layers: &[Matrix], rows: usize) -> f64 {
    let x: Vec<f32> = (0..rows * SHAPE[1]).map(|i| (i as f32 * 0.37).sin()).collect();
    let mut y = vec![0.0; rows * SHAPE[0]];
    let runs = if rows > 100 { 3 } else { 7 };
    let mut times: Vec<f64> = (0..runs)
        .map(|_| {
            let start = Instant::now();
            layers.iter().for_each(|layer| layer.product(&x, &mut y, SHAPE[0]));
            start.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Best rate of reading 400 MB by all threads.
fn memory() -> f64 {
    let data = vec![1u64; 50_000_000];
    let one = || {
        let start = Instant::now();
        let sum: u64 =
            data.par_chunks(1 << 16).map(|part| part.iter().fold(0u64, |a, b| a.wrapping_add(*b))).sum();
        assert_eq!(sum, 50_000_000);
        0.4 / start.elapsed().as_secs_f64()
    };
    (0..7).map(|_| one()).fold(0.0, f64::max)
}
