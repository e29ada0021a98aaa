//! Evaluation modulo a prime: exact identity testing, and integer towers by generalised Euler.
//!
//! A polynomial identity that fails holds at a random point modulo a 60-bit prime with probability
//! about degree / 2^60. Exponents are reduced modulo p − 1, theirs modulo λ(p − 1), and so on down a
//! chain that is known for the two primes, so `5^{5^{5^{5^5}}}` costs a few multiplications.

use dashu::{integer::IBig, rational::RBig};

use super::{
    arena::{Arena, Constant, Function, Id, Node},
    fuel::Fuel,
    key,
};

/// A prime, a square root of −1 modulo it, and p − 1, λ(p − 1), λ(λ(p − 1)), .., 1.
struct Field {
    prime: u64,
    imaginary: u64,
    chain: &'static [u64],
}

const FIELDS: [Field; 2] = [
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

/// Points per prime for expressions with symbols.
const POINTS: u32 = 3;
/// Longer sums and factorials are not multiplied out.
const MAX_TERMS: i64 = 5000;

/// Whether two expressions are equal as rational functions; `None` where they are none.
pub(crate) fn equal(arena: &Arena, fuel: &Fuel, a: Id, b: Id) -> Option<bool> {
    let constant = |id| super::substitute::symbols(arena, id).is_empty();
    let counts = |node: &Node| {
        matches!(node, Node::Fold { .. })
            || matches!(
                node,
                Node::Function(Function::Factorial | Function::Binomial | Function::Permutations, _)
            )
    };
    let small = [a, b].iter().any(|id| super::substitute::mentions(arena, *id, &counts));
    let points = if constant(a) && constant(b) { 1 } else { POINTS };
    let mut evaluated = 0;
    for field in &FIELDS {
        for point in 0..points {
            let mut modular = Modular {
                arena,
                fuel,
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
                _ => return None,
            }
        }
    }
    (evaluated >= FIELDS.len()).then_some(true)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    Unsupported,
    Undefined,
}

struct Modular<'a> {
    arena: &'a Arena,
    fuel: &'a Fuel,
    field: &'a Field,
    point: u32,
    /// Symbols take small values, for factorials and sums.
    small: bool,
    bindings: Vec<(u32, i64)>,
    memo: Vec<Option<u64>>,
    depth: u32,
}

use Trouble::{Undefined, Unsupported};

impl Modular<'_> {
    fn value(&mut self, id: Id) -> Result<u64, Trouble> {
        if self.bindings.is_empty()
            && let Some(known) = self.memo[id as usize]
        {
            return Ok(known);
        }
        self.fuel.spend(2).ok_or(Unsupported)?;
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
            Node::Function(function, arguments) => {
                self.counted(*function, arguments, prime).ok_or(Unsupported)
            }
            Node::Call(name, arguments) => {
                let mut state = key::hash(arena.name(*name), 0, 5);
                for argument in arguments {
                    let value = self.value(*argument)?;
                    state = key::hash(
                        arena.name(*name),
                        (value >> 32) as u32 ^ state as u32,
                        value as u32 ^ (state >> 32) as u32,
                    );
                }
                Ok(state % prime)
            }
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

    fn rational(&self, value: &RBig) -> Result<u64, Trouble> {
        let prime = self.field.prime;
        let above = remainder(value.numerator(), prime);
        if value.is_int() {
            return Ok(above);
        }
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
            None => self.residue(exponent, 0).ok_or(Unsupported)?,
        };
        Ok(raise(value, reduced, prime))
    }

    /// The value of a whole-number expression modulo a member of the chain.
    fn residue(&mut self, id: Id, level: usize) -> Option<u64> {
        let modulus = *self.field.chain.get(level)?;
        if modulus == 1 {
            return self.is_whole(id).then_some(0);
        }
        self.fuel.spend(2)?;
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
            Node::Function(function, arguments) => self.counted(*function, arguments, modulus),
            _ => None,
        }
    }

    /// Whether an expression is surely a whole number.
    fn is_whole(&mut self, id: Id) -> bool {
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
        if self.fuel.spend(1).is_none() {
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
    fn small(&mut self, id: Id) -> Option<i64> {
        self.fuel.spend(1)?;
        let arena = self.arena;
        let value = match arena.node(id) {
            Node::Number(value) => value.is_int().then(|| i64::try_from(value.numerator()).ok())??,
            Node::Symbol(name) => match self.bindings.iter().rev().find(|(bound, _)| bound == name) {
                Some((_, value)) => *value,
                None => key::whole(arena.name(*name), self.point, self.small),
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
            Node::Function(function, arguments) => {
                let arguments: Option<Vec<i64>> = arguments.iter().map(|id| self.small(*id)).collect();
                let value = super::exact::count(*function, &arguments?, self.fuel)?;
                i64::try_from(value.numerator()).ok()?
            }
            _ => return None,
        };
        (value.unsigned_abs() < 1 << 62).then_some(value)
    }

    /// A counting function of small whole numbers.
    fn counted(&mut self, function: Function, arguments: &[Id], modulus: u64) -> Option<u64> {
        let whole: Option<Vec<i64>> = arguments.iter().map(|id| self.small(*id)).collect();
        let whole = whole?;
        if let (Function::Factorial, [n]) = (function, &whole[..])
            && (0..=MAX_TERMS).contains(n)
        {
            self.fuel.spend(*n as u32 / 4 + 1)?;
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
            let value = super::exact::count(function, &whole, self.fuel)?;
            return Some(remainder(value.numerator(), modulus));
        }
        None
    }
}

fn times(a: u64, b: u64, modulus: u64) -> u64 {
    ((u128::from(a) * u128::from(b)) % u128::from(modulus)) as u64
}

fn raise(base: u64, mut exponent: u64, modulus: u64) -> u64 {
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
fn inverse(value: u64, prime: u64) -> Option<u64> {
    (!value.is_multiple_of(prime)).then(|| raise(value, prime - 2, prime))
}

fn remainder(value: &IBig, modulus: u64) -> u64 {
    if let Ok(small) = i64::try_from(value) {
        return i128::from(small).rem_euclid(i128::from(modulus)) as u64;
    }
    let rest = value % IBig::from(modulus);
    let rest = if rest < IBig::ZERO { rest + IBig::from(modulus) } else { rest };
    u64::try_from(rest).unwrap_or(0)
}
