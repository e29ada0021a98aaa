//! Activations as integers of 8 bits.

/// Rows of activations in blocks of 32: `x ≈ scale · integer`.
#[derive(Debug, Clone, Default)]
pub(super) struct Activations {
    pub(super) width: usize,
    /// `[rows, width]`, from -127 to 127.
    pub(super) integers: Vec<i8>,
    /// `[rows, width / 32]`
    pub(super) scales: Vec<f32>,
    /// Sums of the rounded activations of a block, `[rows, width / 32]`: what a minimum of the weights is multiplied with.
    pub(super) sums: Vec<f32>,
}

/// Activations of a block.
pub(super) const BLOCK: usize = 32;

/// Blocks that a thread rounds at a time.
const PART: usize = 128;

impl Activations {
    /// Rounds rows of `width`, a multiple of 32.
    pub(super) fn round(x: &[f32], width: usize) -> Self {
        let mut rounded = Self {
            width,
            integers: vec![0; x.len()],
            scales: vec![0.0; x.len() / BLOCK],
            sums: vec![0.0; x.len() / BLOCK],
        };
        if x.len() < 1 << 15 {
            round_blocks(x, &mut rounded.integers, &mut rounded.scales, &mut rounded.sums);
            return rounded;
        }
        let (integers, scales, sums) = (&mut rounded.integers, &mut rounded.scales, &mut rounded.sums);
        let mut parts: Vec<_> = x
            .chunks(PART * BLOCK)
            .zip(integers.chunks_mut(PART * BLOCK))
            .zip(scales.chunks_mut(PART))
            .zip(sums.chunks_mut(PART))
            .collect();
        r1_parallel::for_each_mut(&mut parts, |_, (((x, integers), scales), sums)| {
            round_blocks(x, integers, scales, sums);
        });
        rounded
    }

    /// Integers, scales and sums of a row.
    pub(super) fn row(&self, row: usize) -> (&[i8], &[f32], &[f32]) {
        let blocks = self.width / BLOCK;
        let own = row * blocks..(row + 1) * blocks;
        let integers = &self.integers[row * self.width..(row + 1) * self.width];
        (integers, &self.scales[own.clone()], &self.sums[own])
    }

    /// Where the integers, scales and sums of a row and of those behind it stand.
    pub(super) fn places(&self, row: usize) -> Places {
        let (integers, blocks) = (row * self.width, row * self.width / BLOCK);
        Places {
            integers: self.integers[integers..].as_ptr(),
            scales: self.scales[blocks..].as_ptr(),
            sums: self.sums[blocks..].as_ptr(),
        }
    }

    pub(super) fn row_bytes(&self) -> usize {
        self.width + self.width / BLOCK * 8
    }
}

/// Places of a row of [`Activations`].
pub(super) struct Places {
    pub(super) integers: *const i8,
    pub(super) scales: *const f32,
    pub(super) sums: *const f32,
}

fn round_blocks(x: &[f32], integers: &mut [i8], scales: &mut [f32], sums: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2,fma")]
        fn wide(x: &[f32], integers: &mut [i8], scales: &mut [f32], sums: &mut [f32]) {
            blocks(x, integers, scales, sums);
        }
        if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
            // SAFETY: the CPU was found to have these instructions.
            return unsafe { wide(x, integers, scales, sums) };
        }
    }
    blocks(x, integers, scales, sums);
}

#[inline(always)]
fn blocks(x: &[f32], integers: &mut [i8], scales: &mut [f32], sums: &mut [f32]) {
    let (x, integers) = (x.as_chunks::<BLOCK>().0, integers.as_chunks_mut::<BLOCK>().0);
    for (((x, integers), scale), sum) in x.iter().zip(integers).zip(scales).zip(sums) {
        let mut lanes = [0.0f32; 8];
        for part in x.as_chunks::<8>().0 {
            for i in 0..8 {
                lanes[i] = if part[i].abs() > lanes[i] { part[i].abs() } else { lanes[i] };
            }
        }
        let largest = lanes.into_iter().fold(0.0, f32::max);
        *scale = largest / 127.0;
        // A block of subnormal numbers has no inverse; it counts as zeros.
        let inverse = if *scale > 0.0 && (1.0 / *scale).is_finite() { 1.0 / *scale } else { 0.0 };
        let mut rounded = [0i32; BLOCK];
        for i in 0..BLOCK {
            // Adding and taking away 1.5 · 2^23 rounds to the nearest integer, ties to even.
            let magic = 12_582_912.0f32;
            rounded[i] = (x[i].mul_add(inverse, magic).to_bits() as i32) - (magic.to_bits() as i32);
        }
        for i in 0..BLOCK {
            integers[i] = rounded[i].clamp(-127, 127) as i8;
        }
        let total: i32 = integers.iter().map(|integer| i32::from(*integer)).sum();
        *sum = *scale * total as f32;
    }
}
