//! Counting functions of whole numbers.

use dashu::{integer::UBig, rational::RBig};

use super::{arena::Function, budget::Budget};

/// Factorials of larger numbers are not multiplied out.
const MAX_FACTORIAL: i64 = 200;

/// The value of a counting function.
pub(crate) fn count(function: Function, arguments: &[i64], budget: &Budget) -> Option<RBig> {
    let falling = |n: i64, k: i64, step: i64| {
        let mut product = UBig::ONE;
        for at in 0..k {
            budget.spend(2)?;
            let factor = n - at * step;
            if factor <= 0 {
                return Some(if step == 1 { UBig::ZERO } else { product });
            }
            product *= UBig::from(factor as u64);
        }
        Some(product)
    };
    let value = match (function, arguments) {
        (Function::Factorial, [n]) if (0..=MAX_FACTORIAL).contains(n) => falling(*n, *n, 1)?,
        (Function::DoubleFactorial, [n]) if (0..=MAX_FACTORIAL).contains(n) => falling(*n, (n + 1) / 2, 2)?,
        (Function::Binomial, [n, k]) if *n >= 0 && *k >= 0 => {
            if k > n {
                return Some(RBig::ZERO);
            }
            let k = *k.min(&(n - k));
            if k > MAX_FACTORIAL {
                return None;
            }
            falling(*n, k, 1)? / falling(k, k, 1)?
        }
        (Function::Permutations, [n, k]) if *n >= 0 && (0..=MAX_FACTORIAL).contains(k) => falling(*n, *k, 1)?,
        (Function::Gcd, all) => UBig::from(all.iter().fold(0, |a, b| gcd(a, b.unsigned_abs()))),
        (Function::Lcm, all) => {
            let mut result = 1u64;
            for value in all {
                let value = value.unsigned_abs();
                result = result.checked_mul(value / gcd(result, value).max(1))?;
            }
            UBig::from(result)
        }
        (Function::Mod, [a, m]) if *m != 0 => UBig::from(a.checked_rem_euclid(*m)?.unsigned_abs()),
        _ => return None,
    };
    Some(RBig::from(value))
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}
