//! Powers, roots and zeros of functions that are carried out when an expression is built.

use dashu::{base::UnsignedAbs as _, integer::IBig, rational::RBig};

use super::{Arena, Constant, Function, Id, Node};

/// Literal powers are folded up to this size.
const MAX_FOLDED_BITS: usize = 4096;

pub(super) fn folded_power(value: &RBig, power: i64) -> Option<RBig> {
    let bits = value.numerator().bit_len() + value.denominator().bit_len();
    let size = usize::try_from(power.unsigned_abs()).ok()?;
    if (value.is_zero() && power <= 0) || bits.checked_mul(size)? > MAX_FOLDED_BITS {
        return None;
    }
    let raised = value.pow(size as isize);
    Some(if power < 0 { RBig::ONE / raised } else { raised })
}

/// Whether a number may still be folded with others.
pub(super) fn is_small(value: &RBig) -> bool {
    value.numerator().bit_len() + value.denominator().bit_len() <= 2 * MAX_FOLDED_BITS
}

trait Bits {
    fn bit_len(&self) -> usize;
}

impl Bits for IBig {
    fn bit_len(&self) -> usize {
        dashu::base::BitTest::bit_len(self)
    }
}

impl Bits for dashu::integer::UBig {
    fn bit_len(&self) -> usize {
        dashu::base::BitTest::bit_len(self)
    }
}

/// The root of a number, where it is one.
pub(crate) fn exact_root(value: &RBig, degree: &IBig) -> Option<RBig> {
    let degree = usize::try_from(degree).ok().filter(|degree| (2..=64).contains(degree))?;
    let negative = *value < RBig::ZERO;
    if negative && degree % 2 == 0 {
        return None;
    }
    let above = value.numerator().clone().unsigned_abs();
    let below = value.denominator().clone();
    let (root_above, root_below) = (above.nth_root(degree), below.nth_root(degree));
    let exact = root_above.pow(degree) == above && root_below.pow(degree) == below;
    let root = exact.then(|| RBig::from_parts(root_above.into(), root_below))?;
    Some(if negative { -root } else { root })
}

impl Arena {
    /// Whether a trigonometric function is exactly zero at an angle; no number of digits could tell it from a
    /// value that is nearly so.
    pub(super) fn vanishes(&self, function: Function, angle: Id) -> bool {
        let Some(turns) = self.half_turns(angle) else { return false };
        match function {
            Function::Sin | Function::Tan => turns.is_int(),
            Function::Cos => !turns.is_int() && (turns * RBig::from(2)).is_int(),
            _ => false,
        }
    }

    /// Whether a trigonometric function has no value at an angle.
    pub(super) fn has_pole(&self, function: Function, angle: Id) -> bool {
        match function {
            Function::Tan | Function::Sec => self.vanishes(Function::Cos, angle),
            Function::Cot | Function::Csc => {
                self.vanishes(Function::Sin, angle) || self.as_number(angle).is_some_and(RBig::is_zero)
            }
            _ => false,
        }
    }

    /// An angle that is a rational number times π or a degree, over π.
    fn half_turns(&self, angle: Id) -> Option<RBig> {
        let unit = |id: Id| match self.node(id) {
            Node::Constant(Constant::Pi) => Some(RBig::ONE),
            Node::Constant(Constant::Degree) => Some(RBig::from_parts(1.into(), 180u8.into())),
            _ => None,
        };
        match self.node(angle) {
            Node::Mul(factors) => {
                let [a, b] = factors[..] else { return None };
                let number = |id: Id| self.as_number(id).cloned();
                Some(number(a).or_else(|| number(b))? * unit(a).or_else(|| unit(b))?)
            }
            _ => unit(angle),
        }
    }

    /// `10^{k\log_{10}5+c}` as `5^k 10^c`, for positive numbers.
    pub(super) fn power_of_logarithm(&mut self, base: Id, exponent: Id) -> Option<Id> {
        let parts = |arena: &Self, id: Id, sum: bool| match arena.node(id) {
            Node::Add(terms) if sum => terms.to_vec(),
            Node::Mul(factors) if !sum => factors.to_vec(),
            _ => vec![id],
        };
        let positive = |arena: &Self, id: Id| arena.as_number(id).is_some_and(|value| *value > RBig::ZERO);
        let inverted = |arena: &Self, id: Id| match arena.node(id) {
            Node::Function(Function::LogBase, pair) if pair[1] == base && positive(arena, base) => {
                Some(pair[0]).filter(|of| positive(arena, *of))
            }
            Node::Function(Function::Ln, of) if *arena.node(base) == Node::Constant(Constant::E) => {
                Some(of[0]).filter(|of| positive(arena, *of))
            }
            _ => None,
        };
        let mut terms = parts(self, exponent, true);
        for at in 0..terms.len() {
            let mut factors = parts(self, terms[at], false);
            let found = factors.iter().enumerate().find_map(|(at, id)| Some((at, inverted(self, *id)?)));
            let Some((place, of)) = found else { continue };
            factors.remove(place);
            terms.remove(at);
            let (power, rest) = (self.mul(factors), self.add(terms));
            let (left, right) = (self.pow(of, power), self.pow(base, rest));
            return Some(self.mul(vec![left, right]));
        }
        None
    }
}
