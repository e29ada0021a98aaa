//! Numeric evaluation at a point, in machine precision or in many bits.

mod function;
mod price;

use dashu::rational::RBig;

use super::{
    arena::{Arena, Constant, Function, Id, Node},
    budget::Budget,
    complex::Complex,
    key,
    real::Real,
};

/// Integer powers up to this are multiplied out.
const MAX_MULTIPLIED_POWER: i64 = 4096;
/// Longer sums are not added up.
const MAX_TERMS: i64 = 2000;

/// How to evaluate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setting {
    /// Bits of precision; machine precision ignores it.
    pub(crate) bits: usize,
    /// Whatever leaves the real numbers is undefined.
    pub(crate) real_only: bool,
    /// `\log` without a base is the decimal one.
    pub(crate) decimal_log: bool,
    /// Which values the symbols take.
    pub(crate) point: u32,
    /// The bits of the largest literal and of all of them, which far points go beyond.
    pub(crate) literals: (usize, usize),
}

/// An evaluation of one or two expressions at one point.
pub(crate) struct Numeric<'a, R> {
    arena: &'a Arena,
    budget: &'a Budget,
    setting: Setting,
    memo: Vec<Option<Option<Complex<R>>>>,
    bindings: Vec<(u32, i64)>,
    /// The largest term of any sum, for the size of rounding errors.
    pub(crate) scale: f64,
    /// Whether terms cancelled, so that machine precision proves nothing.
    pub(crate) cancelled: bool,
    /// How far any part is from one, in bits, in many bits only.
    pub(crate) spread: f64,
    /// Whether a sum or a sine came to nothing in many bits, and was taken for nought.
    pub(crate) vanished: bool,
}

impl<'a, R: Real> Numeric<'a, R> {
    pub(crate) fn new(arena: &'a Arena, budget: &'a Budget, setting: Setting) -> Self {
        Self {
            arena,
            budget,
            setting,
            memo: vec![None; arena.len()],
            bindings: Vec::new(),
            scale: 0.0,
            cancelled: false,
            spread: 0.0,
            vanished: false,
        }
    }

    /// The value, unless it is undefined or not supported.
    pub(crate) fn value(&mut self, id: Id) -> Option<Complex<R>> {
        if self.bindings.is_empty()
            && let Some(known) = &self.memo[id as usize]
        {
            return known.clone();
        }
        self.budget.spend(self.cost(id))?;
        let mut value = self.compute(id).filter(Complex::is_sane);
        if let Some(found) = value.take() {
            let rounded =
                matches!(self.arena.node(id), Node::Function(function, _) if crosses_nought(*function));
            value = Some(if rounded { self.unless_nothing(found, 1.0) } else { found });
        }
        if R::COST > 1
            && let Some(value) = &value
            && !matches!(self.arena.node(id), Node::Number(_))
        {
            self.spread_to(value);
        }
        if self.bindings.is_empty() {
            self.memo[id as usize] = Some(value.clone());
        }
        value
    }

    /// A value, or nought where rounding may have left it of parts of this size.
    fn unless_nothing(&mut self, value: Complex<R>, size: f64) -> Complex<R> {
        self.cancelled |= value.size() < 1e-4 * size;
        let nothing = (-(self.setting.bits as f64) * 0.6).exp2();
        if R::COST == 1 || value.is_zero() || value.size() >= nothing * size {
            return value;
        }
        self.vanished = true;
        self.integer(0)
    }

    /// Notes how far a value is from one.
    fn spread_to(&mut self, value: &Complex<R>) {
        let size = value.re.log2().max(value.im.as_ref().map_or(f64::NEG_INFINITY, R::log2));
        if size.is_finite() {
            self.spread = self.spread.max(size.abs());
        }
    }

    /// What a node costs in steps: transcendental functions in many bits the most.
    fn cost(&self, id: Id) -> u32 {
        if R::COST == 1 {
            // Inside sums nothing is remembered.
            return if self.bindings.is_empty() { 2 } else { 12 };
        }
        let plain = R::COST * (self.setting.bits as u32 / 64) / 8;
        let priced = |operations| price::steps(operations, self.setting.bits as u32, !self.setting.real_only);
        match self.arena.node(id) {
            Node::Function(function, arguments) => {
                let arguments = arguments.len() as u32;
                priced(price::of(*function, self.setting.decimal_log)) + plain * (1 + arguments)
            }
            Node::Call(_, arguments) => plain * (4 + 2 * arguments.len() as u32),
            Node::Pow(base, exponent) => match self.arena.as_integer(*exponent) {
                Some(_) => plain * 8,
                None if *self.arena.node(*base) == Node::Constant(Constant::E) => priced(price::EXPONENTIAL),
                None => priced(price::POWER),
            },
            Node::Constant(Constant::E) => price::steps(price::EXPONENTIAL, self.setting.bits as u32, false),
            Node::Mul(ids) | Node::Add(ids) => plain * (1 + ids.len() as u32),
            _ => plain,
        }
    }

    fn rational(&self, value: &RBig) -> Complex<R> {
        Complex::real(R::of(value, self.setting.bits))
    }

    fn integer(&self, value: i64) -> Complex<R> {
        self.rational(&RBig::from(value))
    }

    fn pi(&self) -> R {
        R::pi(self.setting.bits)
    }

    fn compute(&mut self, id: Id) -> Option<Complex<R>> {
        let arena = self.arena;
        match arena.node(id) {
            Node::Number(value) => Some(self.rational(value)),
            Node::Constant(constant) => self.constant(*constant),
            Node::Symbol(name) => {
                if let Some((_, value)) = self.bindings.iter().rev().find(|(bound, _)| bound == name) {
                    return Some(self.integer(*value));
                }
                let (name, point) = (arena.name(*name), self.setting.point);
                let value = match key::FAR_POINTS.contains(&point) {
                    true => key::far(name, point, self.setting.literals),
                    false => key::coordinate(name, point),
                };
                Some(self.rational(&value))
            }
            Node::Add(terms) => {
                let mut sum = self.integer(0);
                let mut largest = 0f64;
                for term in terms {
                    let term = self.value(*term)?;
                    largest = largest.max(term.size());
                    sum = sum.add(&term);
                }
                self.scale = self.scale.max(largest);
                Some(self.unless_nothing(sum, largest))
            }
            Node::Mul(factors) => {
                let mut product = self.integer(1);
                for factor in factors {
                    product = product.mul(&self.value(*factor)?);
                }
                Some(product)
            }
            Node::Pow(base, exponent) => self.power(*base, *exponent),
            Node::Function(function, arguments) => self.function(*function, arguments),
            Node::Call(name, arguments) => {
                let mut sum = self.rational(&key::coefficient(arena.name(*name), 0));
                for (at, argument) in arguments.iter().enumerate() {
                    let weight = self.rational(&key::coefficient(arena.name(*name), at as u32 + 1));
                    sum = sum.add(&weight.mul(&self.value(*argument)?));
                }
                Some(sum.mul(&sum).add(&self.integer(1)))
            }
            Node::Fold { product, variable, from, to, body } => {
                let (from, to) = (self.whole(*from)?, self.whole(*to)?);
                if to - from > MAX_TERMS {
                    return None;
                }
                let mut total = self.integer(i64::from(*product));
                let mut largest = 0f64;
                for index in from..=to {
                    self.bindings.push((*variable, index));
                    let term = self.value(*body);
                    self.bindings.pop();
                    let term = term?;
                    largest = largest.max(term.size());
                    total = if *product { total.mul(&term) } else { total.add(&term) };
                }
                if *product {
                    return Some(total);
                }
                self.scale = self.scale.max(largest);
                Some(self.unless_nothing(total, largest))
            }
            Node::Matrix { .. } => None,
        }
    }

    fn constant(&self, constant: Constant) -> Option<Complex<R>> {
        Some(match constant {
            Constant::Pi => Complex::real(self.pi()),
            Constant::E => Complex::real(R::of(&RBig::ONE, self.setting.bits).exp()?),
            Constant::I if self.setting.real_only => return None,
            Constant::I => Complex {
                re: R::of(&RBig::ZERO, self.setting.bits),
                im: Some(R::of(&RBig::ONE, self.setting.bits)),
            },
            Constant::Degree => Complex::real(self.pi().div(&R::of(&RBig::from(180), self.setting.bits))?),
            Constant::Infinity | Constant::PlusMinus => return None,
        })
    }

    /// A whole number that an expression is.
    fn whole(&mut self, id: Id) -> Option<i64> {
        let value = self.value(id)?.only_real()?.to_f64();
        let rounded = value.round();
        ((value - rounded).abs() < 1e-9 && rounded.abs() < 1e15).then_some(rounded as i64)
    }

    fn power(&mut self, base: Id, exponent: Id) -> Option<Complex<R>> {
        let arena = self.arena;
        if let Some(power) = arena.as_number(exponent) {
            let value = self.value(base)?;
            if power.is_int() {
                let power = i64::try_from(power.numerator()).ok()?;
                if power.abs() <= MAX_MULTIPLIED_POWER {
                    let squarings = power.unsigned_abs().checked_ilog2().unwrap_or(0);
                    self.budget.spend(8 + squarings * R::COST * (self.setting.bits as u32 / 64) / 8)?;
                    let one = self.integer(1);
                    let raised = value.power(power.unsigned_abs(), one.clone());
                    return if power < 0 { one.div(&raised) } else { Some(raised) };
                }
            } else if let Some(degree) = i64::try_from(power.denominator()).ok()
                && let Some(count) = i64::try_from(power.numerator()).ok()
                && degree <= 64
                && count.abs() <= 64
            {
                // x^{p/q} is the p-th power of the real root where there is one.
                let root = self.root(&value, degree)?;
                let one = self.integer(1);
                let raised = root.power(count.unsigned_abs(), one.clone());
                return if count < 0 { one.div(&raised) } else { Some(raised) };
            }
        }
        let exponent_value = self.value(exponent)?;
        if *arena.node(base) == Node::Constant(Constant::E) {
            return exponent_value.exp();
        }
        let value = self.value(base)?;
        if value.is_zero() {
            return (exponent_value.im.is_none() && exponent_value.re.to_f64() > 0.0).then_some(value);
        }
        // A whole exponent keeps a negative base real.
        if let (Some(power), None) = (exponent_value.only_real().map(Real::to_f64), &value.im)
            && value.re.to_f64() < 0.0
        {
            if power.fract() == 0.0 && power.abs() <= MAX_MULTIPLIED_POWER as f64 {
                let one = self.integer(1);
                let raised = value.power(power.abs() as u64, one.clone());
                return if power < 0.0 { one.div(&raised) } else { Some(raised) };
            }
            if self.setting.real_only {
                return None;
            }
        }
        value.ln(&self.pi())?.mul(&exponent_value).exp()
    }

    fn root(&mut self, value: &Complex<R>, degree: i64) -> Option<Complex<R>> {
        if value.is_zero() {
            return Some(value.clone());
        }
        if let Some(real) = value.only_real() {
            let negative = real.to_f64() < 0.0;
            if !negative || degree % 2 == 1 {
                let size = if negative { real.neg() } else { real.clone() };
                let root = size.root(degree as u32, self.setting.bits)?;
                return Some(Complex::real(if negative { root.neg() } else { root }));
            }
            if self.setting.real_only {
                return None;
            }
            if degree == 2 {
                return Some(Complex {
                    re: R::of(&RBig::ZERO, self.setting.bits),
                    im: Some(real.neg().root(2, self.setting.bits)?),
                });
            }
        }
        let share = self.rational(&(RBig::ONE / RBig::from(degree)));
        value.ln(&self.pi())?.mul(&share).exp()
    }
}

/// Whether a function is nought at numbers that are rounded, as a sine is at multiples of π.
fn crosses_nought(function: Function) -> bool {
    use Function as F;
    matches!(function, F::Sin | F::Cos | F::Tan | F::Cot | F::Ln | F::Log | F::LogBase)
}

/// The value of a real constant in machine precision.
pub(crate) fn approximate(arena: &Arena, id: Id) -> Option<f64> {
    if let Some(value) = arena.as_number(id) {
        return Some(value.to_f64().value()).filter(|value| value.is_finite());
    }
    if !crate::substitute::is_constant(arena, id) {
        return None;
    }
    arena.estimated(id, |budget| {
        let setting = Setting { bits: 53, real_only: true, decimal_log: false, point: 0, literals: (0, 0) };
        let value = Numeric::<f64>::new(arena, budget, setting).value(id)?;
        Some(value.only_real()?.to_f64())
    })
}
