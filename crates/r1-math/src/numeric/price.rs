//! What elementary functions in many bits cost in steps.

use crate::arena::Function;

/// How often a node asks for a logarithm, an exponential, a sine and an arc tangent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Operations {
    logarithms: u32,
    exponentials: u32,
    sines: u32,
    angles: u32,
}

const NONE: Operations = Operations { logarithms: 0, exponentials: 0, sines: 0, angles: 0 };
const LOGARITHM: Operations = Operations { logarithms: 1, ..NONE };
const SINE: Operations = Operations { sines: 1, ..NONE };
const ANGLE: Operations = Operations { angles: 1, ..NONE };
pub(super) const EXPONENTIAL: Operations = Operations { exponentials: 1, ..NONE };
/// A power, and a root.
pub(super) const POWER: Operations = Operations { logarithms: 1, exponentials: 1, ..NONE };

/// What a function asks for.
pub(super) fn of(function: Function, decimal_log: bool) -> Operations {
    use Function as F;
    match function {
        F::Sin | F::Cos | F::Csc | F::Sec => SINE,
        F::Tan | F::Cot => Operations { sines: 2, ..NONE },
        F::Asin | F::Acos | F::Atan | F::Acot => ANGLE,
        F::Sinh | F::Cosh | F::Tanh => Operations { exponentials: 2, ..NONE },
        F::LogBase => Operations { logarithms: 2, ..NONE },
        F::Log if decimal_log => Operations { logarithms: 2, ..NONE },
        F::Ln | F::Log | F::Asinh | F::Acosh | F::Atanh => LOGARITHM,
        F::Root => POWER,
        _ => NONE,
    }
}

/// The steps of operations to so many bits: quadratics fitted to microseconds measured from 192 to 4,384
/// bits, at 40 steps each. A complex logarithm has an angle, a complex exponential a sine.
pub(super) fn steps(operations: Operations, bits: u32, complex: bool) -> u32 {
    let Operations { logarithms, exponentials, mut sines, mut angles } = operations;
    let mut exponents = exponentials;
    if complex {
        angles += logarithms;
        exponents += 2 * sines;
        sines += exponentials;
    }
    let time = |fixed: u32, linear: u32, square: u32| fixed + bits * linear / 100 + bits * bits / square;
    40 * (logarithms * time(35, 13, 90_000)
        + exponents * time(15, 5, 55_000)
        + sines * time(25, 10, 11_000)
        + angles * time(50, 20, 9000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_bits_and_complex_values_cost_more() {
        for function in
            [Function::Sin, Function::Tan, Function::Asin, Function::Ln, Function::LogBase, Function::Root]
        {
            let price = |bits, complex| steps(of(function, false), bits, complex);
            assert!(price(192, false) >= 1000, "{function:?}");
            assert!(price(384, false) > price(192, false), "{function:?}");
            assert!(price(192, true) >= price(192, false), "{function:?}");
            // One of them at the highest precision fits into the budget of a pair.
            assert!(price(4384, false) < 200_000, "{function:?}");
        }
        assert_eq!(steps(of(Function::Abs, false), 4384, true), 0);
    }
}
