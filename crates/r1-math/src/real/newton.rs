//! Logarithm and arc tangent as roots of the exponential and of the sine, by steps that triple the digits.
//!
//! The series of the library take up to forty times as long for some arguments as for others, and the
//! exponential and the sine do not.

use super::Big;

/// Good digits of a start in machine precision, and what a step may lose.
const START: usize = 140;
const LOSS: usize = 12;
/// Closer to where the value is zero the series are fast, and keep the relative precision.
const NEAR: f64 = 1e-3;

/// ln x for a positive x near `size`.
pub(super) fn ln(x: &Big, size: f64) -> Big {
    if (size - 1.0).abs() < NEAR {
        return x.ln();
    }
    refine(x, size.ln(), |x, y| {
        // Halley's step for e^y = x.
        let power = y.exp();
        ((x - &power) << 1) / (x + &power)
    })
}

/// The arc tangent of an x near `size`.
pub(super) fn atan(x: &Big, size: f64) -> Big {
    if size.abs() < NEAR {
        return x.atan();
    }
    refine(x, size.atan(), |x, y| {
        // The tangent of what is missing.
        let (sine, cosine) = y.sin_cos();
        (x * &cosine - &sine) / (&cosine + x * &sine)
    })
}

/// Adds `step` to the start until all bits of `x` are good.
fn refine(x: &Big, start: f64, step: impl Fn(&Big, &Big) -> Big) -> Big {
    let bits = x.precision().max(64);
    let mut ladder = vec![bits + LOSS];
    while let Some(last) = ladder.last().copied().filter(|last| *last > START) {
        ladder.push(last / 3 + LOSS);
    }
    let mut y = Big::try_from(start).unwrap_or(Big::ZERO);
    for bits in ladder.into_iter().rev() {
        let rounded = x.clone().with_precision(bits).value();
        y = y.with_precision(bits).value();
        y = &y + step(&rounded, &y);
    }
    y.with_precision(bits).value()
}

#[cfg(test)]
mod tests {
    use dashu::rational::RBig;

    use super::super::Real;
    use super::*;

    #[test]
    fn roots_agree_with_the_series_of_the_library() {
        for bits in [64usize, 192, 576, 1500] {
            for (above, below) in [
                (1u64, 1000u64),
                (3, 10),
                (1, 2),
                (9, 10),
                (1_000_001, 1_000_000),
                (3, 2),
                (7, 3),
                (17, 1),
                (130_099, 7),
            ] {
                let x = <Big as Real>::of(&(RBig::from(above) / RBig::from(below)), bits);
                let close = |a: Big, b: Big| {
                    let gap = <Big as Real>::sub(&a, &b);
                    Real::is_zero(&gap)
                        || dashu::base::BitTest::bit_len(gap.repr().significand()) as i64
                            + gap.repr().exponent() as i64
                            <= 10 - bits as i64
                };
                let size = Real::to_f64(&x);
                assert!(close(ln(&x, size), x.ln()), "ln {above}/{below} {bits}");
                assert!(close(atan(&x, size), x.atan()), "atan {above}/{below} {bits}");
                let minus = -x.clone();
                assert!(close(atan(&minus, -size), minus.atan()), "atan -{above}/{below} {bits}");
                if above < below {
                    assert!(close(Real::asin(&x).unwrap(), x.asin()), "asin {above}/{below} {bits}");
                }
                let (one, one_below) =
                    (<Big as Real>::of(&RBig::ONE, bits), <Big as Real>::of(&-RBig::ONE, bits));
                for (y, x) in
                    [(&x, &one), (&x, &one_below), (&minus, &one), (&minus, &one_below), (&one, &minus)]
                {
                    assert!(close(Real::atan2(y, x).unwrap(), y.atan2(x)), "atan2 {above}/{below} {bits}");
                }
            }
        }
    }
}
