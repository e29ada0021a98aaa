//! Loops over `f32` slices, compiled for the widest vectors of the machine at run time.
//!
//! Every reduction uses sixteen fixed lanes that are added in one fixed tree, and every multiply-add
//! is fused, so the result has the same bits on AVX-512, on AVX2 and without either.

mod exp;

pub(crate) use exp::exp;

const LANES: usize = 16;

/// Defines functions whose bodies are compiled three times, for AVX-512, for AVX2 and for neither, and
/// chosen at run time. The loops inside are vectorised when the functions they call are
/// `#[inline(always)]`. (A closure cannot be forced inline, so a function it must be.)
macro_rules! vectorized {
    ($($(#[$attribute:meta])* $visibility:vis fn $name:ident($($argument:ident: $type:ty),* $(,)?) $(-> $result:ty)? $body:block)+) => {$(
        $(#[$attribute])*
        #[allow(clippy::too_many_arguments)]
        $visibility fn $name($($argument: $type),*) $(-> $result)? {
            #[inline(always)]
            #[allow(clippy::too_many_arguments)]
            fn body($($argument: $type),*) $(-> $result)? $body

            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,fma")]
                #[allow(clippy::too_many_arguments)]
                fn v4($($argument: $type),*) $(-> $result)? {
                    body($($argument),*)
                }
                #[target_feature(enable = "avx2,fma")]
                #[allow(clippy::too_many_arguments)]
                fn v3($($argument: $type),*) $(-> $result)? {
                    body($($argument),*)
                }
                match $crate::kernels::simd::level() {
                    // SAFETY: the CPU was found to have these instructions.
                    $crate::kernels::simd::Level::V4 => return unsafe { v4($($argument),*) },
                    // SAFETY: the CPU was found to have these instructions.
                    $crate::kernels::simd::Level::V3 => return unsafe { v3($($argument),*) },
                    $crate::kernels::simd::Level::Baseline => (),
                }
            }
            body($($argument),*)
        }
    )+};
}
pub(crate) use vectorized;

/// What the CPU can do.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(crate) enum Level {
    V4,
    V3,
    Baseline,
}

/// What this CPU can do; the detection is cached by the standard library.
#[cfg(target_arch = "x86_64")]
pub(crate) fn level() -> Level {
    use std::arch::is_x86_feature_detected as has;
    if has!("avx512f") && has!("avx512vl") && has!("avx512bw") && has!("avx512dq") && has!("fma") {
        Level::V4
    } else if has!("avx2") && has!("fma") {
        Level::V3
    } else {
        Level::Baseline
    }
}

#[inline(always)]
fn fold(lanes: [f32; LANES]) -> f32 {
    let mut lanes = lanes;
    let mut width = LANES / 2;
    while width > 0 {
        for i in 0..width {
            lanes[i] += lanes[i + width];
        }
        width /= 2;
    }
    lanes[0]
}

/// `Σ x_i`.
#[inline(always)]
pub(crate) fn sum(xs: &[f32]) -> f32 {
    let mut lanes = [0.0; LANES];
    let chunks = xs.chunks_exact(LANES);
    for (lane, x) in lanes.iter_mut().zip(chunks.remainder()) {
        *lane += x;
    }
    for chunk in chunks {
        for i in 0..LANES {
            lanes[i] += chunk[i];
        }
    }
    fold(lanes)
}

/// Replaces each of whole vectors of numbers by `f` of it, and returns `Σ f(x_i)`.
#[inline(always)]
pub(crate) fn sum_of(xs: &mut [f32], f: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [0.0; LANES];
    for chunk in xs.chunks_exact_mut(LANES) {
        for i in 0..LANES {
            chunk[i] = f(chunk[i]);
            lanes[i] += chunk[i];
        }
    }
    fold(lanes)
}

/// `Σ a_i b_i`.
#[inline(always)]
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0f32; LANES];
    let (left, right) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    for (lane, (x, y)) in lanes.iter_mut().zip(left.remainder().iter().zip(right.remainder())) {
        *lane = x.mul_add(*y, *lane);
    }
    for (x, y) in left.zip(right) {
        for i in 0..LANES {
            lanes[i] = x[i].mul_add(y[i], lanes[i]);
        }
    }
    fold(lanes)
}

/// The largest element; minus infinity for none.
#[inline(always)]
pub(crate) fn max(xs: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; LANES];
    let chunks = xs.chunks_exact(LANES);
    for (lane, &x) in lanes.iter_mut().zip(chunks.remainder()) {
        *lane = if x > *lane { x } else { *lane };
    }
    for chunk in chunks {
        for i in 0..LANES {
            lanes[i] = if chunk[i] > lanes[i] { chunk[i] } else { lanes[i] };
        }
    }
    lanes.into_iter().fold(f32::NEG_INFINITY, f32::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use r1_core::Key;

    fn random(count: usize, seed: u64) -> Vec<f32> {
        let mut stream = Key::new(seed).stream();
        (0..count).map(|_| stream.uniform() as f32 * 2.0 - 1.0).collect()
    }

    #[test]
    fn reductions_match_sums_in_double_precision() {
        for count in [0, 1, 15, 16, 17, 100, 1000] {
            let (a, b) = (random(count, 1), random(count, 2));
            let exact: f64 = a.iter().zip(&b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum();
            assert!((f64::from(dot(&a, &b)) - exact).abs() < 1e-4);
            let exact: f64 = a.iter().map(|x| f64::from(*x)).sum();
            assert!((f64::from(sum(&a)) - exact).abs() < 1e-4);
            assert_eq!(max(&a), a.iter().copied().fold(f32::NEG_INFINITY, f32::max));
        }
    }
}
