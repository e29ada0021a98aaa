//! Towers of whole numbers: exponents modulo λ(p − 1), theirs modulo λ(λ(p − 1)), and so on.

use dashu::rational::RBig;

use super::{
    MAX_TERMS, Modular, POINTS,
    field::{raise, remainder, times},
};
use crate::{
    arena::{Function, Id, Node},
    key,
    substitute::is_constant,
};

impl Modular<'_> {
    /// The value of a whole-number expression modulo a member of the chain.
    pub(super) fn residue(&mut self, id: Id, level: usize) -> Option<u64> {
        let modulus = *self.field.chain.get(level)?;
        if modulus == 1 {
            return self.is_whole(id).then_some(0);
        }
        self.budget.spend(2)?;
        self.depth += 1;
        let result = (self.depth < 200).then(|| self.residue_of(id, level, modulus)).flatten();
        self.depth -= 1;
        result
    }

    fn residue_of(&mut self, id: Id, level: usize, modulus: u64) -> Option<u64> {
        if let Some(small) = self.small(id) {
            return Some(i128::from(small).rem_euclid(i128::from(modulus)) as u64);
        }
        match self.arena.node(id) {
            Node::Number(value) => value.is_int().then(|| remainder(value.numerator(), modulus)),
            Node::Add(terms) => terms.iter().try_fold(0, |sum, term| {
                Some(
                    ((u128::from(sum) + u128::from(self.residue(*term, level)?)) % u128::from(modulus))
                        as u64,
                )
            }),
            Node::Mul(factors) => factors.iter().try_fold(1 % modulus, |product, factor| {
                Some(times(product, self.residue(*factor, level)?, modulus))
            }),
            Node::Pow(base, exponent) => {
                let value = self.residue(*base, level)?;
                match self.small(*exponent) {
                    Some(small) => Some(raise(value, u64::try_from(small).ok()?, modulus)),
                    None => {
                        // Generalised Euler: true for every base once the exponent is at least log2(m).
                        if !self.is_huge(*exponent) {
                            return None;
                        }
                        let next = *self.field.chain.get(level + 1)?;
                        let reduced = self.residue(*exponent, level + 1)?;
                        let least = 64u64.div_ceil(next) * next;
                        Some(raise(value, reduced + least, modulus))
                    }
                }
            }
            Node::Function(function, _) if self.is_periodic(*function, id) => None,
            Node::Function(function, arguments) => self.counted(*function, arguments, modulus),
            _ => None,
        }
    }

    /// Whether an expression is surely a whole number.
    pub(super) fn is_whole(&mut self, id: Id) -> bool {
        match self.arena.node(id) {
            Node::Number(value) => value.is_int(),
            Node::Symbol(_) => true,
            Node::Add(parts) | Node::Mul(parts) => parts.iter().all(|part| self.is_whole(*part)),
            Node::Pow(base, exponent) => {
                self.is_whole(*base)
                    && (self.is_huge(*exponent) || self.small(*exponent).is_some_and(|small| small >= 0))
            }
            Node::Function(Function::Factorial, arguments) => self.is_whole(arguments[0]),
            _ => false,
        }
    }

    /// Whether an expression is surely above 2^62.
    fn is_huge(&mut self, id: Id) -> bool {
        if self.budget.spend(1).is_none() {
            return false;
        }
        match self.arena.node(id) {
            Node::Number(value) => value.is_int() && *value > RBig::from(1u64 << 62),
            Node::Add(terms) => {
                let mut huge = false;
                terms.iter().all(|term| match self.small(*term) {
                    Some(small) => small.abs() < 1 << 60,
                    None => {
                        huge = self.is_huge(*term);
                        huge
                    }
                }) && huge
            }
            Node::Mul(factors) => {
                let mut huge = false;
                factors.iter().all(|factor| match self.small(*factor) {
                    Some(small) => small >= 1,
                    None => {
                        huge = self.is_huge(*factor);
                        huge
                    }
                }) && huge
            }
            Node::Pow(base, exponent) => {
                let base = self.small(*base).map_or_else(
                    || if self.is_huge(*base) { 62.0 } else { 0.0 },
                    |small| (small.max(1) as f64).log2(),
                );
                base >= 1.0
                    && match self.small(*exponent) {
                        Some(small) => small as f64 * base > 62.0,
                        None => self.is_huge(*exponent),
                    }
            }
            Node::Function(Function::Factorial, arguments) => match self.small(arguments[0]) {
                Some(small) => small > 21,
                None => self.is_huge(arguments[0]),
            },
            _ => false,
        }
    }

    /// The exact value where it is a whole number below 2^62 in size.
    pub(super) fn small(&mut self, id: Id) -> Option<i64> {
        self.budget.spend(1)?;
        let arena = self.arena;
        let value = match arena.node(id) {
            Node::Number(value) => value.is_int().then(|| i64::try_from(value.numerator()).ok())??,
            Node::Symbol(name) => match self.bindings.iter().rev().find(|(bound, _)| bound == name) {
                Some((_, value)) => *value,
                None => {
                    let name = arena.name(*name);
                    // Beyond what is counted: all symbols, then some of them.
                    let far = (POINTS..2 * POINTS).contains(&self.point)
                        || (self.point >= 2 * POINTS && key::hash(name, self.point, 6) >> 20 & 1 == 1);
                    let base = self.small.filter(|_| far).unwrap_or(0);
                    key::whole(name, self.point, self.small.is_some()) + base
                }
            },
            Node::Add(terms) => {
                terms.iter().try_fold(0i64, |sum, term| sum.checked_add(self.small(*term)?))?
            }
            Node::Mul(factors) => {
                factors.iter().try_fold(1i64, |all, factor| all.checked_mul(self.small(*factor)?))?
            }
            Node::Pow(base, exponent) => {
                let exponent = u32::try_from(self.small(*exponent)?).ok()?;
                self.small(*base)?.checked_pow(exponent)?
            }
            Node::Function(Function::Factorial, arguments) => {
                let n = self.small(arguments[0])?;
                if !(0..=20).contains(&n) {
                    return None;
                }
                (1..=n).product()
            }
            Node::Function(function, _) if self.is_periodic(*function, id) => return None,
            Node::Function(function, arguments) => {
                let arguments: Option<Vec<i64>> = arguments.iter().map(|id| self.small(*id)).collect();
                let value = crate::exact::count(*function, &arguments?, self.budget)?;
                i64::try_from(value.numerator()).ok()?
            }
            _ => return None,
        };
        (value.unsigned_abs() < 1 << 62).then_some(value)
    }

    /// Whether a node is a remainder or a common divisor of what is not known.
    pub(super) fn is_periodic(&self, function: Function, id: Id) -> bool {
        matches!(function, Function::Gcd | Function::Lcm | Function::Mod) && !is_constant(self.arena, id)
    }

    /// A counting function of small whole numbers.
    pub(super) fn counted(&mut self, function: Function, arguments: &[Id], modulus: u64) -> Option<u64> {
        let whole: Option<Vec<i64>> = arguments.iter().map(|id| self.small(*id)).collect();
        let whole = whole?;
        if let (Function::Factorial, [n]) = (function, &whole[..])
            && (0..=MAX_TERMS).contains(n)
        {
            self.budget.spend(*n as u32 / 4 + 1)?;
            return Some(
                (1..=*n as u64).fold(1 % modulus, |all, factor| times(all, factor % modulus, modulus)),
            );
        }
        if matches!(
            function,
            Function::Factorial
                | Function::DoubleFactorial
                | Function::Binomial
                | Function::Permutations
                | Function::Gcd
                | Function::Lcm
                | Function::Mod
        ) {
            let value = crate::exact::count(function, &whole, self.budget)?;
            return Some(remainder(value.numerator(), modulus));
        }
        None
    }
}
