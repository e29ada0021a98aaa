//! Limits by expansion: truncated Laurent series with exact rational coefficients.
//!
//! A function that has a series `f(t) = sum c_k t^k` around `t = 0` tends to `c_0` when no `c_k` with a negative k
//! differs from zero. Every operation below is exact on the terms that it keeps and knows how many those are, so
//! that a limit which is found is proved.

use dashu::rational::RBig;

use crate::{
    arena::{Arena, Constant, Function, Id, Node, exact_root},
    substitute::mentions,
};

/// Terms that are kept; what cancels further is not decided.
const TERMS: usize = 14;
/// Larger powers are not multiplied out.
const MAX_POWER: u64 = 40;
/// Longer coefficients are not carried on.
const MAX_BITS: usize = 512;
/// What a product of two series costs in steps.
const PRODUCT: u32 = 40;

/// Where a variable goes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Point {
    /// To a number, from both sides (`None`), from above (`Some(true)`) or from below.
    At(RBig, Option<bool>),
    /// To ∞, or −∞ when `true`.
    Infinity(bool),
}

/// `sum_k terms[k] t^(from + k) + O(t^(from + terms.len()))`, where the first term is not zero.
#[derive(Debug, Clone)]
struct Series {
    from: i64,
    terms: Vec<RBig>,
}

/// The limit of `body` where `variable` goes to `point`; `None` where the expansion does not tell.
pub(crate) fn limit(arena: &mut Arena, body: Id, variable: Id, point: &Point) -> Option<Id> {
    if let Node::Pow(base, exponent) = *arena.node(body) {
        let x = arena.node(variable).clone();
        if mentions(arena, exponent, &|node| *node == x) {
            // f^g = e^(g ln f)
            let e = arena.constant(Constant::E);
            let power = if base == e {
                Expansion { arena, variable, point }.of(exponent)?.at_zero()?
            } else {
                let expansion = Expansion { arena, variable, point };
                let logarithm = expansion.function(Function::Ln, &[base])?;
                expansion.times(&expansion.of(exponent)?, &logarithm)?.at_zero()?
            };
            let power = arena.number(power);
            return Some(arena.pow(e, power));
        }
    }
    let value = Expansion { arena, variable, point }.of(body)?.at_zero()?;
    Some(arena.number(value))
}

impl Series {
    /// Without leading zeros.
    fn new(from: i64, terms: Vec<RBig>) -> Self {
        let zeros = terms.iter().take_while(|term| term.is_zero()).count();
        let terms: Vec<RBig> = terms.into_iter().skip(zeros).take(TERMS).collect();
        Self { from: from + zeros as i64, terms }
    }

    fn constant(value: RBig) -> Self {
        Self::monomial(value, 0)
    }

    fn monomial(value: RBig, power: i64) -> Self {
        let mut terms = vec![RBig::ZERO; TERMS];
        terms[0] = value;
        Self::new(power, terms)
    }

    /// The first power that is not known.
    fn end(&self) -> i64 {
        self.from + self.terms.len() as i64
    }

    fn term(&self, power: i64) -> RBig {
        let at = usize::try_from(power - self.from).ok();
        at.and_then(|at| self.terms.get(at)).cloned().unwrap_or(RBig::ZERO)
    }

    /// The limit at zero, where it is finite and known.
    fn at_zero(&self) -> Option<RBig> {
        (self.from >= 0 && self.end() > 0).then(|| self.term(0))
    }

    fn plus(&self, other: &Self) -> Self {
        let (from, end) = (self.from.min(other.from), self.end().min(other.end()));
        Self::new(from, (from..end).map(|power| self.term(power) + other.term(power)).collect())
    }

    fn scaled(&self, factor: &RBig) -> Self {
        Self::new(self.from, self.terms.iter().map(|term| term * factor).collect())
    }
}

struct Expansion<'a> {
    arena: &'a Arena,
    variable: Id,
    point: &'a Point,
}

impl Expansion<'_> {
    fn of(&self, id: Id) -> Option<Series> {
        self.arena.spend(8)?;
        if id == self.variable {
            let one = |negative: bool| if negative { -RBig::ONE } else { RBig::ONE };
            return Some(match self.point {
                Point::Infinity(negative) => Series::monomial(one(*negative), -1),
                Point::At(value, side) => {
                    let mut terms = vec![RBig::ZERO; TERMS];
                    (terms[0], terms[1]) = (value.clone(), one(*side == Some(false)));
                    Series::new(0, terms)
                }
            });
        }
        match self.arena.node(id) {
            Node::Number(value) => Some(Series::constant(value.clone())),
            Node::Add(terms) => {
                let mut sum = self.of(*terms.first()?)?;
                for term in &terms[1..] {
                    sum = sum.plus(&self.of(*term)?);
                }
                Some(sum)
            }
            Node::Mul(factors) => {
                let mut product = self.of(*factors.first()?)?;
                for factor in &factors[1..] {
                    product = self.times(&product, &self.of(*factor)?)?;
                }
                Some(product)
            }
            Node::Pow(base, exponent) => self.power(*base, *exponent),
            Node::Function(function, arguments) => self.function(*function, arguments),
            _ => None,
        }
    }

    fn times(&self, a: &Series, b: &Series) -> Option<Series> {
        let length = a.terms.len().min(b.terms.len());
        self.arena.spend(PRODUCT)?;
        let small = |term: &RBig| dashu::base::BitTest::bit_len(term.numerator()) < MAX_BITS;
        let terms: Vec<RBig> = (0..length)
            .map(|k| (0..=k).fold(RBig::ZERO, |sum, i| sum + &a.terms[i] * &b.terms[k - i]))
            .collect();
        terms.iter().all(small).then(|| Series::new(a.from + b.from, terms))
    }

    fn inverse(&self, a: &Series) -> Option<Series> {
        let first = a.terms.first()?;
        self.arena.spend(PRODUCT)?;
        let mut terms = vec![RBig::ONE / first];
        for k in 1..a.terms.len() {
            let sum = (1..=k).fold(RBig::ZERO, |sum, i| sum + &a.terms[i] * &terms[k - i]);
            terms.push(-sum / first);
        }
        Some(Series::new(-a.from, terms))
    }

    fn power(&self, base: Id, exponent: Id) -> Option<Series> {
        if *self.arena.node(base) == Node::Constant(Constant::E) {
            return self.composed(&self.of(exponent)?, |k, last| last / RBig::from(k), RBig::ONE);
        }
        let power = self.arena.as_number(exponent)?.clone();
        let base = self.of(base)?;
        if !power.is_int() {
            return self.root(&base, &power);
        }
        let size = u64::try_from(power.numerator().clone().max(-power.numerator().clone())).ok()?;
        if size > MAX_POWER {
            return None;
        }
        let mut product = Series::constant(RBig::ONE);
        for _ in 0..size {
            product = self.times(&product, &base)?;
        }
        if power < RBig::ZERO { self.inverse(&product) } else { Some(product) }
    }

    /// The binomial series of `(c t^m (1 + u))^p`, where `c^p` is rational and `t^(m p)` is a power.
    fn root(&self, base: &Series, power: &RBig) -> Option<Series> {
        let first = base.terms.first()?.clone();
        let degree = i64::try_from(power.denominator().clone()).ok().filter(|degree| *degree <= 12)?;
        // The sign of t is known, and an even root of t^2 is t, where it goes to zero from one side.
        let one_sided = !matches!(self.point, Point::At(_, None));
        if first <= RBig::ZERO || base.from % degree != 0 || (base.from != 0 && !one_sided) {
            return None;
        }
        let root = exact_root(&first, &degree.into())?;
        let count = i64::try_from(power.numerator().clone()).ok().filter(|count| count.abs() <= 12)?;
        let unit = Series::new(0, base.terms.iter().map(|term| term / &first).collect());
        let u = unit.plus(&Series::constant(-RBig::ONE));
        let next = |k: u64, last: RBig| last * (power - RBig::from(k - 1)) / RBig::from(k);
        let series = self.composed(&u, next, RBig::ONE)?;
        let raised = root.pow(count.unsigned_abs() as isize);
        let scaled = series.scaled(&if count < 0 { RBig::ONE / raised } else { raised });
        Some(Series { from: scaled.from + base.from / degree * count, ..scaled })
    }

    /// `sum_k c_k u^k` with `c_0 = first` and `c_k = next(k, c_(k-1))`, where u goes to zero.
    fn composed(&self, u: &Series, next: impl Fn(u64, RBig) -> RBig, first: RBig) -> Option<Series> {
        if u.from <= 0 {
            return None;
        }
        let mut sum = Series::constant(first.clone());
        let (mut coefficient, mut power) = (first, Series::constant(RBig::ONE));
        for k in 1..=TERMS as u64 {
            power = self.times(&power, u)?;
            coefficient = next(k, coefficient);
            sum = sum.plus(&power.scaled(&coefficient));
            if power.from > sum.end() {
                break;
            }
        }
        // What follows the last power that was added is not known.
        let end = sum.end().min(u.from * (TERMS as i64 + 1));
        Some(Series::new(sum.from, (sum.from..end).map(|power| sum.term(power)).collect()))
    }

    fn function(&self, function: Function, arguments: &[Id]) -> Option<Series> {
        use Function as F;
        let x = self.of(*arguments.first()?)?;
        // Coefficients by their index, where they do not follow from the one before.
        let table = |u: &Series, of: &dyn Fn(u64) -> RBig| self.composed(u, |k, _| of(k), of(0));
        let factorial = |k: u64| (1..=k).fold(RBig::ONE, |product, i| product * RBig::from(i));
        let sign = |k: u64| if (k / 2).is_multiple_of(2) { RBig::ONE } else { -RBig::ONE };
        let parity = |k: u64, odd: bool, value: RBig| if (k % 2 == 1) == odd { value } else { RBig::ZERO };
        match function {
            F::Sin => table(&x, &|k| parity(k, true, sign(k) / factorial(k))),
            F::Cos => table(&x, &|k| parity(k, false, sign(k) / factorial(k))),
            F::Sinh => table(&x, &|k| parity(k, true, RBig::ONE / factorial(k))),
            F::Cosh => table(&x, &|k| parity(k, false, RBig::ONE / factorial(k))),
            F::Atan => table(&x, &|k| parity(k, true, sign(k) / RBig::from(k.max(1)))),
            F::Tan => {
                let cosine = self.function(F::Cos, arguments)?;
                self.times(&self.function(F::Sin, arguments)?, &self.inverse(&cosine)?)
            }
            F::Cot => {
                let sine = self.function(F::Sin, arguments)?;
                self.times(&self.function(F::Cos, arguments)?, &self.inverse(&sine)?)
            }
            F::Sec => self.inverse(&self.function(F::Cos, arguments)?),
            F::Csc => self.inverse(&self.function(F::Sin, arguments)?),
            F::Ln => {
                let u = x.plus(&Series::constant(-RBig::ONE));
                table(&u, &|k| {
                    if k == 0 {
                        RBig::ZERO
                    } else {
                        -parity(k, false, RBig::ONE) * RBig::from(2) / RBig::from(k)
                            + RBig::ONE / RBig::from(k)
                    }
                })
            }
            F::Root => {
                let degree = self.arena.as_integer(*arguments.get(1)?)?;
                let degree = i64::try_from(degree).ok().filter(|degree| (2..=12).contains(degree))?;
                self.root(&x, &(RBig::ONE / RBig::from(degree)))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(point: &Point, build: impl Fn(&mut Arena, Id) -> Id) -> Option<RBig> {
        let mut arena = Arena::default();
        let x = arena.symbol("x");
        let body = build(&mut arena, x);
        let limit = limit(&mut arena, body, x, point)?;
        arena.as_number(limit).cloned()
    }

    #[test]
    fn an_expansion_gives_the_limit_or_nothing() {
        let zero = Point::At(RBig::ZERO, None);
        let sine = |arena: &mut Arena, x: Id| {
            let sine = arena.function(Function::Sin, vec![x]);
            arena.div(sine, x)
        };
        assert_eq!(found(&zero, sine), Some(RBig::ONE));
        // 1/x has none at zero, and 1/x goes to zero far away.
        let inverse = |arena: &mut Arena, x: Id| {
            let one = arena.integer(1);
            arena.div(one, x)
        };
        assert_eq!(found(&zero, inverse), None);
        assert_eq!(found(&Point::Infinity(true), inverse), Some(RBig::ZERO));
        // The square root of x^2 has a corner.
        let corner = |arena: &mut Arena, x: Id| {
            let two = arena.integer(2);
            let square = arena.pow(x, two);
            let root = arena.root(square, two);
            arena.div(root, x)
        };
        assert_eq!(found(&zero, corner), None);
        assert_eq!(found(&Point::At(RBig::ZERO, Some(true)), corner), Some(RBig::ONE));
        assert_eq!(found(&Point::At(RBig::ZERO, Some(false)), corner), Some(-RBig::ONE));
        assert_eq!(found(&Point::Infinity(true), corner), Some(-RBig::ONE));
    }
}
