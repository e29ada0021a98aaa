//! One parameter's step of AdamW, and the squares that a gradient's norm is made of.

use cubecl::{client::Client, ir::ElemType, prelude::*};

use crate::{
    Buffer,
    cube::{cube_sum, elementwise},
};

/// The constants of a step; see [`step`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Constants {
    /// Decay of the first and of the second moment.
    pub betas: [f64; 2],
    /// Added to the root of the second moment.
    pub epsilon: f64,
    /// Decoupled decay.
    pub weight_decay: f64,
    /// What the gradient is multiplied with.
    pub clip: f64,
    /// The rate.
    pub learning_rate: f64,
    /// `1 − β₁ᵗ` and `1 − β₂ᵗ`.
    pub bias_corrections: [f64; 2],
}

#[derive(CubeType, CubeLaunch, Clone, Copy)]
struct Factors {
    clip: f32,
    beta1: f32,
    rest1: f32,
    beta2: f32,
    rest2: f32,
    correction2: f32,
    epsilon: f32,
    rate: f32,
    keep: f32,
}

#[cube(launch_unchecked)]
fn step_kernel<G: Float, F: Float>(
    master: &mut [f32],
    first: &mut [f32],
    second: &mut [f32],
    gradient: &[G],
    weight: &mut [F],
    factors: Factors,
    #[comptime] copied: bool,
    #[define(G)] _gradient_type: ElemType,
    #[define(F)] _weight_type: ElemType,
) {
    let place = ABSOLUTE_POS;
    if place < master.len() {
        let g = f32::cast_from(gradient[place]) * factors.clip;
        let m = first[place] * factors.beta1 + g * factors.rest1;
        let v = second[place] * factors.beta2 + g * g * factors.rest2;
        first[place] = m;
        second[place] = v;
        let denominator = (v / factors.correction2).sqrt() + factors.epsilon;
        let moved = master[place] * factors.keep - m * factors.rate / denominator;
        master[place] = moved;
        if copied {
            weight[place] = F::cast_from(moved);
        }
    }
}

/// A parameter with its moments, all in `f32` and moved in their place.
#[derive(Debug, Clone, Copy)]
pub struct State<'a> {
    /// The weights.
    pub master: &'a Buffer,
    /// Mean of the gradients.
    pub first: &'a Buffer,
    /// Mean of their squares.
    pub second: &'a Buffer,
}

/// Moves a parameter against its gradient, and its moments towards it; `copy`, if there is one, becomes the weights in
/// another type.
///
/// ```text
/// g ← c g
/// m ← β₁ m + (1 − β₁) g        v ← β₂ v + (1 − β₂) g²
/// w ← w − η (λ w + (m / (1 − β₁ᵗ)) / (sqrt(v / (1 − β₂ᵗ)) + ε))
/// ```
pub fn step(
    client: &Client,
    state: State<'_>,
    (gradient, dtype): (&Buffer, ElemType),
    copy: Option<(&Buffer, ElemType)>,
    constants: &Constants,
) {
    if gradient.len == 0 {
        return;
    }
    let Constants { betas, epsilon, weight_decay, clip, learning_rate, bias_corrections } = *constants;
    let (count, dim) = elementwise(gradient.len);
    let factors = FactorsLaunch::new(
        clip as f32,
        betas[0] as f32,
        (1.0 - betas[0]) as f32,
        betas[1] as f32,
        (1.0 - betas[1]) as f32,
        bias_corrections[1] as f32,
        epsilon as f32,
        (learning_rate / bias_corrections[0]) as f32,
        (1.0 - learning_rate * weight_decay) as f32,
    );
    // Without a copy the argument is never written to.
    let (weight, weight_dtype) = copy.unwrap_or((gradient, dtype));
    // SAFETY: a unit reads and writes elements of its own.
    unsafe {
        step_kernel::launch_unchecked(
            client,
            count,
            dim,
            state.master.arg(),
            state.first.arg(),
            state.second.arg(),
            gradient.arg(),
            weight.arg(),
            factors,
            copy.is_some(),
            dtype,
            weight_dtype,
        );
    }
}

/// Units that add up squares.
const UNITS: usize = 256;
/// Elements whose squares a cube adds up.
const CHUNK: usize = 1 << 14;

#[cube(launch_unchecked)]
fn squares_kernel<F: Float>(
    x: &[F],
    parts: &mut [f32],
    first: usize,
    #[comptime] chunk: usize,
    #[comptime] units: usize,
    #[define(F)] _dtype: ElemType,
) {
    let mut scratch = Shared::<[f32]>::new_slice(units);
    let start = CUBE_POS * chunk;
    let end = (start + chunk).min(x.len());
    let mut place = start + UNIT_POS as usize;
    let mut sum = f32::new(0.0);
    while place < end {
        let value = f32::cast_from(x[place]);
        sum += value * value;
        place += units;
    }
    let sum = cube_sum(sum, &mut scratch, units);
    if UNIT_POS == 0 {
        parts[first + CUBE_POS] = sum;
    }
}

#[cube(launch_unchecked)]
fn total_kernel(parts: &[f32], total: &mut [f32], #[comptime] units: usize) {
    let mut scratch = Shared::<[f32]>::new_slice(units);
    let mut place = UNIT_POS as usize;
    let mut sum = f32::new(0.0);
    while place < parts.len() {
        sum += parts[place];
        place += units;
    }
    let sum = cube_sum(sum, &mut scratch, units);
    if UNIT_POS == 0 {
        total[0] = sum;
    }
}

/// `Σ x²` over all elements of all buffers, of which one number is read back.
pub fn sum_of_squares(client: &Client, buffers: &[(Buffer, ElemType)]) -> f32 {
    let cubes = |buffer: &Buffer| buffer.len.div_ceil(CHUNK);
    let count: usize = buffers.iter().map(|(buffer, _)| cubes(buffer)).sum();
    if count == 0 {
        return 0.0;
    }
    let (parts, total) = (Buffer::empty::<f32>(client, count), Buffer::empty::<f32>(client, 1));
    let units = CubeDim::new_1d(UNITS as u32);
    let mut first = 0;
    for (buffer, dtype) in buffers.iter().filter(|(buffer, _)| buffer.len > 0) {
        let grid = CubeCount::Static(cubes(buffer) as u32, 1, 1);
        // SAFETY: a cube writes a part of its own.
        unsafe {
            let (x, parts) = (buffer.arg(), parts.arg());
            squares_kernel::launch_unchecked(client, grid, units, x, parts, first, CHUNK, UNITS, *dtype);
        }
        first += cubes(buffer);
    }
    // SAFETY: one cube writes one number.
    unsafe {
        let one = CubeCount::Static(1, 1, 1);
        total_kernel::launch_unchecked(client, one, units, parts.arg(), total.arg(), UNITS);
    }
    let bytes = client.read_one_unchecked(total.handle);
    f32::from_bytes(&bytes)[0]
}

#[cfg(all(test, any(feature = "wgpu", feature = "vulkan", feature = "cuda")))]
mod tests {
    use super::*;
    use crate::check::Device;

    #[test]
    fn a_step_equals_its_formula() {
        let device = Device::new();
        let constants = Constants {
            betas: [0.9, 0.999],
            epsilon: 1e-8,
            weight_decay: 0.1,
            clip: 0.5,
            learning_rate: 1e-2,
            bias_corrections: [0.19, 0.002],
        };
        for count in [0, 1, 1000] {
            let [w, m, g] = [1, 2, 3].map(|seed| device.random(count, seed));
            let v = device.put(device.random(count, 4).host.iter().map(|x| x.abs()).collect());
            let copy = device.empty(count);
            let state = State { master: &w.on, first: &m.on, second: &v.on };
            step(&device.client, state, (&g.on, device.f32()), Some((&copy, device.f32())), &constants);
            let moved: Vec<[f64; 3]> = (0..count)
                .map(|i| {
                    let g = 0.5 * g.host[i] as f64;
                    let first = 0.9 * m.host[i] as f64 + 0.1 * g;
                    let second = 0.999 * v.host[i] as f64 + 0.001 * g * g;
                    let step = 0.1 * w.host[i] as f64 + first / 0.19 / ((second / 0.002).sqrt() + 1e-8);
                    [w.host[i] as f64 - 1e-2 * step, first, second]
                })
                .collect();
            for (place, found) in [&w.on, &m.on, &v.on].into_iter().enumerate() {
                device.close(found, &moved.iter().map(|all| all[place]).collect::<Vec<_>>(), 1e-6);
            }
            device.close(&copy, &moved.iter().map(|all| all[0]).collect::<Vec<_>>(), 1e-6);
        }
    }

    #[test]
    fn squares_of_all_buffers_are_added_up() {
        let device = Device::new();
        let buffers = [0, 1, 17, CHUNK, CHUNK + 1, 50_001].map(|count| device.random(count, count as u64));
        let exact: f64 = buffers.iter().flat_map(|both| &both.host).map(|x| *x as f64 * *x as f64).sum();
        let list = buffers.map(|both| (both.on, device.f32()));
        let found = sum_of_squares(&device.client, &list);
        assert!((found as f64 - exact).abs() < 1e-6 * exact, "{found} is not {exact}");
        assert_eq!(sum_of_squares(&device.client, &list[..1]), 0.0);
    }
}
