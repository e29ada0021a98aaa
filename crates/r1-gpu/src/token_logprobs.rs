//! Log-probabilities of given tokens, and the entropy, from rows of logits; and the gradient, in the logits' place.

use cubecl::{client::Client, ir::ElemType, prelude::*};

use crate::{
    Buffer,
    cube::{cube_max, cube_sum, elementwise},
};

/// Units that work on a row.
const UNITS: usize = 256;

#[cube(launch_unchecked)]
fn forward_kernel<F: Float>(
    logits: &[F],
    targets: &[u32],
    output: &mut [f32],
    lse: &mut [f32],
    inverse: f32,
    first_row: usize,
    vocab: usize,
    #[comptime] units: usize,
    #[define(F)] _dtype: ElemType,
) {
    let unit = UNIT_POS as usize;
    let row = CUBE_POS;
    let first = row * vocab;
    let mut scratch = Shared::<[f32]>::new_slice(units);
    let mut most = f32::new(-3e38);
    let mut column = unit;
    while column < vocab {
        most = max(most, f32::cast_from(logits[first + column]) * inverse);
        column += units;
    }
    let most = cube_max(most, &mut scratch, units);
    let mut sum = f32::new(0.0);
    let mut along = f32::new(0.0);
    let mut column = unit;
    while column < vocab {
        let below = f32::cast_from(logits[first + column]) * inverse - most;
        let share = below.exp();
        sum += share;
        along += share * below;
        column += units;
    }
    let sum = cube_sum(sum, &mut scratch, units);
    let along = cube_sum(along, &mut scratch, units);
    if unit == 0 {
        let log_sum = sum.ln();
        let to = first_row + row;
        let chosen = f32::cast_from(logits[first + targets[to] as usize]) * inverse;
        output[to * 2] = chosen - most - log_sum;
        output[to * 2 + 1] = log_sum - along / sum;
        lse[to] = most + log_sum;
    }
}

#[cube(launch_unchecked)]
fn backward_kernel<F: Float>(
    logits: &mut [F],
    targets: &[u32],
    gradient: &[f32],
    output: &[f32],
    lse: &[f32],
    inverse: f32,
    first_row: usize,
    vocab: usize,
    #[define(F)] _dtype: ElemType,
) {
    let place = ABSOLUTE_POS;
    if place < logits.len() {
        let row = first_row + place / vocab;
        let column = place % vocab;
        let logprob = f32::cast_from(logits[place]) * inverse - lse[row];
        let g = gradient[row * 2];
        let slope = gradient[row * 2 + 1] * (logprob + output[row * 2 + 1]) + g;
        let own = select(column == targets[row] as usize, g, f32::new(0.0));
        logits[place] = F::cast_from((own - logprob.exp() * slope) * inverse);
    }
}

/// The rows of a batch whose logits exist.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// `[rows, vocab]`
    pub logits: &'a Buffer,
    /// Elements of a row.
    pub vocab: usize,
    /// The type of the logits; all else is in `f32`.
    pub dtype: ElemType,
    /// Which row of the batch is the first of them.
    pub first: usize,
    /// The target of every row of the batch.
    pub targets: &'a [u32],
    /// What divides the logits.
    pub temperature: f32,
}

/// Writes log-probability and entropy of these rows to `output`, `[batch, 2]`, and the log-sum-exp to `lse`, `[batch]`.
///
/// ```text
/// z = logits / T     logprob = z_target − lse     entropy = lse − Σ_j p_j z_j     p = exp(z − lse)
/// ```
pub fn forward(client: &Client, rows: Rows<'_>, [output, lse]: [&Buffer; 2]) {
    let count = rows.logits.len / rows.vocab;
    if count == 0 {
        return;
    }
    // SAFETY: a cube reads its own row and writes its own numbers.
    unsafe {
        forward_kernel::launch_unchecked(
            client,
            CubeCount::Static(count as u32, 1, 1),
            CubeDim::new_1d(UNITS as u32),
            rows.logits.arg(),
            Buffer::upload(client, rows.targets).arg(),
            output.arg(),
            lse.arg(),
            1.0 / rows.temperature,
            rows.first,
            rows.vocab,
            UNITS,
            rows.dtype,
        );
    }
}

/// Puts the gradient of the logits in their place, given that of [`forward`]'s output, `[batch, 2]`:
/// `dz_j = (g (1[j = target] − p_j) − e p_j (log p_j + entropy)) / T`.
pub fn backward(client: &Client, rows: Rows<'_>, gradient: &Buffer, [output, lse]: [&Buffer; 2]) {
    if rows.logits.len == 0 {
        return;
    }
    let (count, dim) = elementwise(rows.logits.len);
    // SAFETY: a unit reads and writes an element of its own.
    unsafe {
        backward_kernel::launch_unchecked(
            client,
            count,
            dim,
            rows.logits.arg(),
            Buffer::upload(client, rows.targets).arg(),
            gradient.arg(),
            output.arg(),
            lse.arg(),
            1.0 / rows.temperature,
            rows.first,
            rows.vocab,
            rows.dtype,
        );
    }
}

#[cfg(all(test, any(feature = "wgpu", feature = "vulkan", feature = "cuda")))]
mod tests {
    use super::*;
    use crate::check::Device;

    #[test]
    fn both_passes_equal_their_definition() {
        let device = Device::new();
        for (batch, vocab, temperature) in [(1, 2, 1.0f32), (5, 33, 0.7), (9, 1000, 1.3)] {
            let first = batch / 3;
            let count = batch - first;
            let scaled: Vec<f32> = device.random(count * vocab, 1).host.iter().map(|x| 8.0 * x).collect();
            let (logits, gradient) = (device.put(scaled), device.random(batch * 2, 2));
            let targets: Vec<u32> = (0..batch).map(|row| (row * 13 % vocab) as u32).collect();
            let (output, lse) = (device.put(vec![0.0; batch * 2]).on, device.put(vec![0.0; batch]).on);
            let rows = Rows {
                logits: &logits.on,
                vocab,
                dtype: device.f32(),
                first,
                targets: &targets,
                temperature,
            };
            forward(&device.client, rows, [&output, &lse]);
            backward(&device.client, rows, &gradient.on, [&output, &lse]);
            let (mut outputs, mut slopes) = (vec![0.0; first * 2], Vec::new());
            for (row, logits) in logits.host.chunks(vocab).enumerate() {
                let z: Vec<f64> = logits.iter().map(|x| *x as f64 / temperature as f64).collect();
                let lse = z.iter().map(|z| z.exp()).sum::<f64>().ln();
                let entropy: f64 = z.iter().map(|z| -(z - lse).exp() * (z - lse)).sum();
                let target = targets[first + row] as usize;
                outputs.extend([z[target] - lse, entropy]);
                let [g, e] = [0, 1].map(|i| gradient.host[(first + row) * 2 + i] as f64);
                slopes.extend(z.iter().enumerate().map(|(j, z)| {
                    let (p, own) = ((z - lse).exp(), if j == target { 1.0 } else { 0.0 });
                    (g * (own - p) - e * p * (z - lse + entropy)) / temperature as f64
                }));
            }
            device.close(&output, &outputs, 2e-5);
            device.close(&logits.on, &slopes, 2e-5);
        }
    }
}
