//! The two prime fields, and arithmetic in them.

use dashu::integer::IBig;

/// A prime, a square root of −1 modulo it, and p − 1, λ(p − 1), λ(λ(p − 1)), .., 1.
pub(super) struct Field {
    pub(super) prime: u64,
    pub(super) imaginary: u64,
    pub(super) chain: &'static [u64],
}

pub(super) const FIELDS: [Field; 2] = [
    Field {
        prime: 1_447_265_074_056_460_397,
        imaginary: 1_369_786_797_566_466_516,
        chain: &[
            1_447_265_074_056_460_396,
            361_816_268_514_115_098,
            60_302_711_419_019_182,
            30_151_355_709_509_590,
            502_414_269_528_240,
            9_032_796_036,
            2_329_920,
            4848,
            100,
            20,
            4,
            2,
            1,
        ],
    },
    Field {
        prime: 1_410_158_845_631_142_557,
        imaginary: 529_048_371_315_417_210,
        chain: &[
            1_410_158_845_631_142_556,
            352_539_711_407_785_638,
            5_499_120_988_320,
            233_881_752,
            180_936,
            1074,
            178,
            88,
            10,
            4,
            2,
            1,
        ],
    },
];
pub(super) fn times(a: u64, b: u64, modulus: u64) -> u64 {
    ((u128::from(a) * u128::from(b)) % u128::from(modulus)) as u64
}

pub(super) fn raise(base: u64, mut exponent: u64, modulus: u64) -> u64 {
    let (mut result, mut square) = (1 % modulus, base % modulus);
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = times(result, square, modulus);
        }
        square = times(square, square, modulus);
        exponent >>= 1;
    }
    result
}

/// The inverse modulo a prime; `None` for zero.
pub(super) fn inverse(value: u64, prime: u64) -> Option<u64> {
    (!value.is_multiple_of(prime)).then(|| raise(value, prime - 2, prime))
}

pub(super) fn remainder(value: &IBig, modulus: u64) -> u64 {
    if let Ok(small) = i64::try_from(value) {
        return i128::from(small).rem_euclid(i128::from(modulus)) as u64;
    }
    let rest = value % IBig::from(modulus);
    let rest = if rest < IBig::ZERO { rest + IBig::from(modulus) } else { rest };
    u64::try_from(rest).unwrap_or(0)
}
