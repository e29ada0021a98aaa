//! Rotary position embedding, rotate-half form.

use cubecl::{client::Client, ir::ElemType, prelude::*};

use crate::{Buffer, cube::elementwise};

#[cube(launch_unchecked)]
fn kernel<F: Float>(
    x: &[F],
    cos: &[f32],
    sin: &[f32],
    positions: &[u32],
    output: &mut [F],
    width: usize,
    rotated: usize,
    direction: f32,
    #[comptime] head_dim: usize,
    #[define(F)] _dtype: ElemType,
) {
    let place = ABSOLUTE_POS;
    if place < output.len() {
        let row = place / width;
        let column = place % width;
        if column < rotated {
            let half = comptime!(head_dim / 2);
            let within = column % head_dim;
            let angle = positions[row] as usize * half + within % half;
            let c = cos[angle];
            let s = sin[angle] * direction;
            let value = f32::cast_from(x[place]);
            let turned = if within < half {
                value * c - f32::cast_from(x[place + half]) * s
            } else {
                value * c + f32::cast_from(x[place - half]) * s
            };
            output[place] = F::cast_from(turned);
        } else {
            output[place] = x[place];
        }
    }
}

/// What a rotation is made of.
#[derive(Debug, Clone, Copy)]
pub struct Rotation<'a> {
    /// `cos` of each position and frequency, `[positions, head_dim / 2]` in `f32`.
    pub cos: &'a Buffer,
    /// `sin`, likewise.
    pub sin: &'a Buffer,
    /// The position of each row.
    pub positions: &'a [u32],
    /// Dimensions of a head.
    pub head_dim: usize,
    /// How many heads of each row are rotated; the other columns pass through.
    pub heads: usize,
    /// Whether to turn the other way, which is the backward pass.
    pub inverse: bool,
}

/// Rotates pairs `(i, i + head_dim / 2)` of each head by the row's position.
///
/// # Shapes
/// - `x`, `output`: `[rows, width]`
pub fn rotate(client: &Client, [x, output]: [&Buffer; 2], rotation: Rotation<'_>, dtype: ElemType) {
    let Rotation { cos, sin, positions, head_dim, heads, inverse } = rotation;
    if positions.is_empty() {
        return;
    }
    let (count, dim) = elementwise(x.len);
    let direction = if inverse { -1.0 } else { 1.0 };
    // SAFETY: a unit writes an element of its own.
    unsafe {
        kernel::launch_unchecked(
            client,
            count,
            dim,
            x.arg(),
            cos.arg(),
            sin.arg(),
            Buffer::upload(client, positions).arg(),
            output.arg(),
            x.len / positions.len(),
            heads * head_dim,
            direction,
            head_dim,
            dtype,
        );
    }
}

#[cfg(all(test, any(feature = "wgpu", feature = "vulkan", feature = "cuda")))]
mod tests {
    use super::*;
    use crate::check::Device;

    #[test]
    fn pairs_turn_by_their_angle_and_back() {
        let device = Device::new();
        let (heads, head_dim, width, positions) = (3, 6, 23, [4u32, 0, 9, 9]);
        let angle = |position: usize, i: usize| position as f64 * 0.3f64.powi(i as i32);
        let table = |f: fn(f64) -> f64| {
            device.put((0..10).flat_map(|p| (0..3).map(move |i| f(angle(p, i)) as f32)).collect())
        };
        let (cos, sin) = (table(f64::cos), table(f64::sin));
        let x = device.random(positions.len() * width, 1);
        let (turned, back) = (device.empty(x.host.len()), device.empty(x.host.len()));
        let rotation =
            Rotation { cos: &cos.on, sin: &sin.on, positions: &positions, head_dim, heads, inverse: false };
        rotate(&device.client, [&x.on, &turned], rotation, device.f32());
        rotate(&device.client, [&turned, &back], Rotation { inverse: true, ..rotation }, device.f32());
        let mut expected: Vec<f64> = x.host.iter().map(|x| *x as f64).collect();
        for (row, position) in expected.chunks_mut(width).zip(positions) {
            for head in row[..heads * head_dim].chunks_mut(head_dim) {
                for i in 0..3 {
                    let (c, s) = (angle(position as usize, i).cos(), angle(position as usize, i).sin());
                    (head[i], head[i + 3]) = (head[i] * c - head[i + 3] * s, head[i + 3] * c + head[i] * s);
                }
            }
        }
        device.close(&turned, &expected, 1e-5);
        let start: Vec<f64> = x.host.iter().map(|x| *x as f64).collect();
        device.close(&back, &start, 1e-5);
    }
}
