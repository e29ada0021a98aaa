//! Evaluation modulo a prime: exact identity testing, and integer towers by generalised Euler.
//!
//! A polynomial identity that fails holds at a random point modulo a 60-bit prime with probability
//! about degree / 2^60. Exponents are reduced modulo p − 1, theirs modulo λ(p − 1), and so on down a
//! chain that is known for the two primes, so `5^{5^{5^{5^5}}}` costs a few multiplications.

mod field;
mod reach;
mod tower;

use dashu::{integer::IBig, rational::RBig};

use self::field::{FIELDS, Field, inverse, raise, remainder, times};
use super::{
    arena::{Arena, Constant, Function, Id, Node},
    budget::Budget,
    key,
};
/// Points per prime for expressions with symbols.
const POINTS: u32 = 3;
/// Points per prime for what counts: some below what is counted, as many above, and some where symbols differ in it.
const COUNTED_POINTS: u32 = 9;
/// An exponent beyond the prime that leaves less is made for the prime.
const CHOSEN: u64 = 1 << 20;
/// Longer sums and factorials are not multiplied out.
const MAX_TERMS: i64 = 5000;

/// Whether two expressions are equal as rational functions; `None` where they are none.
pub(crate) fn equal(arena: &Arena, budget: &Budget, a: Id, b: Id) -> Option<bool> {
    let constant = |id| crate::substitute::symbols(arena, id).is_empty();
    let counts = |node: &Node| {
        matches!(node, Node::Fold { .. })
            || matches!(
                node,
                Node::Function(Function::Factorial | Function::Binomial | Function::Permutations, _)
            )
    };
    let counted = [a, b].iter().any(|id| crate::substitute::mentions(arena, *id, &counts));
    let (points, small) = match (constant(a) && constant(b), counted) {
        (true, counted) => (1, counted.then_some(0)),
        (false, true) => (COUNTED_POINTS, Some(reach::beyond(arena, budget, [a, b])?)),
        (false, false) => (POINTS, None),
    };
    let mut evaluated = 0;
    for field in &FIELDS {
        for point in 0..points {
            let mut modular = Modular {
                arena,
                budget,
                field,
                point,
                small,
                bindings: Vec::new(),
                memo: vec![None; arena.len()],
                depth: 0,
            };
            match (modular.value(a), modular.value(b)) {
                (Ok(a), Ok(b)) if a != b => return Some(false),
                (Ok(_), Ok(_)) => evaluated += 1,
                (Err(Trouble::Unsupported), _) | (_, Err(Trouble::Unsupported)) => return None,
                // Undefined here: another point may do.
                (Err(Trouble::Undefined), Err(Trouble::Undefined)) => {}
                (Err(Trouble::Undefined), Ok(_)) | (Ok(_), Err(Trouble::Undefined)) if counted => {}
                _ => return None,
            }
        }
    }
    let needed = if counted && points > 1 { 2 * POINTS as usize } else { FIELDS.len() };
    (evaluated >= needed).then_some(true)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    Unsupported,
    Undefined,
}

struct Modular<'a> {
    arena: &'a Arena,
    budget: &'a Budget,
    field: &'a Field,
    point: u32,
    /// Symbols take small values, for factorials and sums; at later points larger ones than this.
    small: Option<i64>,
    bindings: Vec<(u32, i64)>,
    memo: Vec<Option<u64>>,
    depth: u32,
}

use Trouble::{Undefined, Unsupported};

/// Steps of sixty squarings.
const RAISING: u32 = 100;

impl Modular<'_> {
    fn value(&mut self, id: Id) -> Result<u64, Trouble> {
        if self.bindings.is_empty()
            && let Some(known) = self.memo[id as usize]
        {
            return Ok(known);
        }
        // Inside sums nothing is remembered.
        self.budget.spend(if self.bindings.is_empty() { 2 } else { 4 }).ok_or(Unsupported)?;
        let value = self.compute(id)?;
        if self.bindings.is_empty() {
            self.memo[id as usize] = Some(value);
        }
        Ok(value)
    }

    fn compute(&mut self, id: Id) -> Result<u64, Trouble> {
        let prime = self.field.prime;
        let arena = self.arena;
        match arena.node(id) {
            Node::Number(value) => self.rational(value),
            Node::Constant(constant) => match constant {
                Constant::I => Ok(self.field.imaginary),
                // π and e are no roots of polynomials: they may be any numbers.
                Constant::Pi => Ok(key::hash("\u{1}pi", 0, 7) % prime),
                Constant::E => Ok(key::hash("\u{1}e", 0, 7) % prime),
                Constant::Degree => {
                    let pi = key::hash("\u{1}pi", 0, 7) % prime;
                    Ok(times(pi, inverse(180, prime).ok_or(Undefined)?, prime))
                }
                Constant::Infinity | Constant::PlusMinus => Err(Unsupported),
            },
            Node::Symbol(_) => {
                Ok((i128::from(self.small(id).ok_or(Unsupported)?).rem_euclid(i128::from(prime))) as u64)
            }
            Node::Add(terms) => terms.iter().try_fold(0, |sum, term| {
                Ok(((u128::from(sum) + u128::from(self.value(*term)?)) % u128::from(prime)) as u64)
            }),
            Node::Mul(factors) => {
                factors.iter().try_fold(1, |product, factor| Ok(times(product, self.value(*factor)?, prime)))
            }
            Node::Pow(base, exponent) => self.power(*base, *exponent),
            // What a remainder or a divisor is takes more values than a few points show.
            Node::Function(function, arguments) if self.is_periodic(*function, id) => {
                self.opaque(&format!("{function:?}"), arguments)
            }
            Node::Function(function, arguments) => {
                let counts =
                    matches!(function, Function::Factorial | Function::Binomial | Function::Permutations);
                let negative = counts && arguments.iter().any(|id| self.small(*id).is_some_and(|n| n < 0));
                if negative {
                    Err(Undefined)
                } else {
                    self.counted(*function, arguments, prime).ok_or(Unsupported)
                }
            }
            Node::Call(name, arguments) => self.opaque(arena.name(*name), arguments),
            Node::Fold { product, variable, from, to, body } => {
                let (from, to) = (self.small(*from).ok_or(Unsupported)?, self.small(*to).ok_or(Unsupported)?);
                if to.saturating_sub(from) > MAX_TERMS {
                    return Err(Unsupported);
                }
                let mut total = u64::from(*product);
                for index in from..=to {
                    self.bindings.push((*variable, index));
                    let term = self.value(*body);
                    self.bindings.pop();
                    total = if *product {
                        times(total, term?, prime)
                    } else {
                        ((u128::from(total) + u128::from(term?)) % u128::from(prime)) as u64
                    };
                }
                Ok(total)
            }
            Node::Matrix { .. } => Err(Unsupported),
        }
    }

    /// A value that is drawn for the values of the arguments.
    fn opaque(&mut self, name: &str, arguments: &[Id]) -> Result<u64, Trouble> {
        let mut state = key::hash(name, 0, 5);
        for argument in arguments {
            let value = self.value(*argument)?;
            state = key::hash(name, (value >> 32) as u32 ^ state as u32, value as u32 ^ (state >> 32) as u32);
        }
        Ok(state % self.field.prime)
    }

    fn rational(&self, value: &RBig) -> Result<u64, Trouble> {
        let prime = self.field.prime;
        let limbs = dashu::base::BitTest::bit_len(value.numerator()) / 64;
        self.budget.spend(limbs as u32 / 8).ok_or(Unsupported)?;
        let above = remainder(value.numerator(), prime);
        if value.is_int() {
            return Ok(above);
        }
        self.budget.spend(RAISING).ok_or(Unsupported)?;
        let below = remainder(&IBig::from(value.denominator().clone()), prime);
        Ok(times(above, inverse(below, prime).ok_or(Undefined)?, prime))
    }

    fn power(&mut self, base: Id, exponent: Id) -> Result<u64, Trouble> {
        let prime = self.field.prime;
        if let Some(value) = self.arena.as_number(exponent)
            && !value.is_int()
        {
            return Err(Unsupported);
        }
        let value = self.value(base)?;
        if value == 0 {
            return match self.small(exponent) {
                Some(small) if small > 0 => Ok(0),
                Some(0) => Err(Unsupported),
                _ => Err(Undefined),
            };
        }
        let reduced = match self.small(exponent) {
            Some(small) => (i128::from(small).rem_euclid(i128::from(prime - 1))) as u64,
            None => self.residue(exponent, 0).filter(|residue| *residue >= CHOSEN).ok_or(Unsupported)?,
        };
        self.budget.spend(RAISING).ok_or(Unsupported)?;
        Ok(raise(value, reduced, prime))
    }
}
