//! Copies of pages of a cache.

use cubecl::{client::Client, ir::ElemType, prelude::*};

use crate::Buffer;

/// Units of a cube.
const UNITS: usize = 256;

/// Elements that a unit copies.
const EACH: usize = 8;

#[cube(launch_unchecked)]
fn copy_kernel<F: Float>(
    keys: &mut [F],
    values: &mut [F],
    pairs: &[u32],
    #[comptime] size: usize,
    #[define(F)] _dtype: ElemType,
) {
    let pair = CUBE_POS_Y as usize * 2;
    let from = pairs[pair] as usize * size;
    let to = pairs[pair + 1] as usize * size;
    let mut place = CUBE_POS_X as usize * comptime!(UNITS * EACH) + UNIT_POS as usize;
    let end = (place + comptime!(UNITS * EACH)).min(size);
    while place < end {
        keys[to + place] = keys[from + place];
        values[to + place] = values[from + place];
        place += UNITS;
    }
}

/// Copies one page of a layer's keys and values to others, in one launch.
///
/// # Shapes
/// - `keys`, `values`: `[pages, page_size]`
///
/// # Panics
/// When a page is copied to itself.
pub fn copy(
    client: &Client,
    [keys, values]: [&Buffer; 2],
    page_size: usize,
    from: u32,
    to: &[u32],
    dtype: ElemType,
) {
    assert!(!to.contains(&from), "page {from} is copied to itself");
    // A grid has a most in each direction.
    for to in to.chunks(1 << 15) {
        let pairs: Vec<u32> = to.iter().flat_map(|to| [from, *to]).collect();
        let pairs = Buffer::upload(client, &pairs);
        // SAFETY: a cube reads a page that nobody writes to and writes its part of one that is nobody else's.
        unsafe {
            copy_kernel::launch_unchecked(
                client,
                CubeCount::Static(page_size.div_ceil(UNITS * EACH) as u32, to.len() as u32, 1),
                CubeDim::new_1d(UNITS as u32),
                keys.arg(),
                values.arg(),
                pairs.arg(),
                page_size,
                dtype,
            );
        }
    }
}

#[cfg(all(test, any(feature = "wgpu", feature = "vulkan", feature = "cuda")))]
mod tests {
    use super::*;
    use crate::check::Device;

    #[test]
    fn a_page_is_copied_and_the_others_stay() {
        let device = Device::new();
        for size in [3, 640, 5000] {
            let (keys, values) = (device.random(6 * size, 1), device.random(6 * size, 2));
            copy(&device.client, [&keys.on, &values.on], size, 4, &[1, 5, 0], device.f32());
            for both in [keys, values] {
                let source: Vec<Vec<f32>> = both.host.chunks(size).map(<[f32]>::to_vec).collect();
                let expected = [4, 4, 2, 3, 4, 4].map(|page: usize| source[page].clone()).concat();
                assert_eq!(device.read(&both.on), expected);
            }
        }
    }
}
