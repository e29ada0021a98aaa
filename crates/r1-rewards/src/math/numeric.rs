//! Numeric evaluation at a point, in machine precision or in many bits.

use dashu::rational::RBig;

use super::{
    arena::{Arena, Constant, Function, Id, Node},
    complex::Complex,
    exact,
    fuel::Fuel,
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
}

/// An evaluation of one or two expressions at one point.
pub(crate) struct Numeric<'a, R> {
    arena: &'a Arena,
    fuel: &'a Fuel,
    setting: Setting,
    memo: Vec<Option<Option<Complex<R>>>>,
    bindings: Vec<(u32, i64)>,
    /// The largest term of any sum, for the size of rounding errors.
    pub(crate) scale: f64,
    /// Whether terms cancelled, so that machine precision proves nothing.
    pub(crate) cancelled: bool,
}

impl<'a, R: Real> Numeric<'a, R> {
    pub(crate) fn new(arena: &'a Arena, fuel: &'a Fuel, setting: Setting) -> Self {
        Self {
            arena,
            fuel,
            setting,
            memo: vec![None; arena.len()],
            bindings: Vec::new(),
            scale: 0.0,
            cancelled: false,
        }
    }

    /// The value, unless it is undefined or not supported.
    pub(crate) fn value(&mut self, id: Id) -> Option<Complex<R>> {
        if self.bindings.is_empty()
            && let Some(known) = &self.memo[id as usize]
        {
            return known.clone();
        }
        self.fuel.spend(self.cost(id))?;
        let value = self.compute(id).filter(Complex::is_sane);
        if self.bindings.is_empty() {
            self.memo[id as usize] = Some(value.clone());
        }
        value
    }

    /// What a node costs in steps: transcendental functions in many bits the most.
    fn cost(&self, id: Id) -> u32 {
        if R::COST == 1 {
            // Inside sums nothing is remembered.
            return if self.bindings.is_empty() { 2 } else { 12 };
        }
        let words = (self.setting.bits / 64) as u32;
        match self.arena.node(id) {
            Node::Function(..) | Node::Call(..) => R::COST * words * words / 4,
            Node::Pow(_, exponent) if self.arena.as_integer(*exponent).is_none() => {
                R::COST * words * words / 4
            }
            Node::Mul(ids) | Node::Add(ids) => R::COST * words / 8 * (1 + ids.len() as u32),
            _ => R::COST * words / 8,
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
                let value = key::coordinate(arena.name(*name), self.setting.point);
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
                self.cancelled |= sum.size() < 1e-4 * largest;
                Some(sum)
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
                for index in from..=to {
                    self.bindings.push((*variable, index));
                    let term = self.value(*body);
                    self.bindings.pop();
                    total = if *product { total.mul(&term?) } else { total.add(&term?) };
                }
                Some(total)
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
                    self.fuel.spend(8)?;
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

    fn function(&mut self, function: Function, arguments: &[Id]) -> Option<Complex<R>> {
        use Function as F;
        let first = *arguments.first()?;
        match function {
            F::Root => {
                let degree = self.whole(arguments[1])?;
                let value = self.value(first)?;
                return (1..=1000).contains(&degree).then(|| self.root(&value, degree))?;
            }
            F::LogBase => {
                let (x, base) = (self.value(first)?, self.value(arguments[1])?);
                return self.ln(&x)?.div(&self.ln(&base)?);
            }
            F::Gcd | F::Lcm | F::Mod | F::Factorial | F::DoubleFactorial | F::Binomial | F::Permutations => {
                let whole: Option<Vec<i64>> = arguments.iter().map(|id| self.whole(*id)).collect();
                let value = exact::count(function, &whole?, self.fuel)?;
                return Some(self.rational(&value));
            }
            F::Max | F::Min => {
                let mut best = self.value(first)?;
                for other in &arguments[1..] {
                    let other = self.value(*other)?;
                    let greater = other.only_real()?.to_f64() > best.only_real()?.to_f64();
                    if greater == (function == F::Max) {
                        best = other;
                    }
                }
                best.only_real()?;
                return Some(best);
            }
            F::Floor | F::Ceil => {
                if let Some(value) = self.arena.as_number(first) {
                    let rounded = if function == F::Floor { value.floor() } else { value.ceil() };
                    return Some(self.rational(&RBig::from(rounded)));
                }
                let value = self.value(first)?.only_real()?.to_f64();
                let whole = (value - value.round()).abs() < 1e-9;
                let rounded = if whole {
                    value.round()
                } else if function == F::Floor {
                    value.floor()
                } else {
                    value.ceil()
                };
                return (rounded.abs() < 1e15).then(|| self.integer(rounded as i64));
            }
            F::Determinant => return self.determinant(first),
            _ => {}
        }
        let x = self.value(first)?;
        let one = self.integer(1);
        let half_pi = |this: &Self| this.pi().div(&R::of(&RBig::from(2), this.setting.bits));
        match function {
            F::Sin => x.sin(),
            F::Cos => x.cos(),
            F::Tan => x.sin()?.div(&x.cos()?),
            F::Cot => x.cos()?.div(&x.sin()?),
            F::Sec => one.div(&x.cos()?),
            F::Csc => one.div(&x.sin()?),
            F::Asin => Some(Complex::real(x.only_real()?.asin()?)),
            F::Acos => Some(Complex::real(half_pi(self)?.sub(&x.only_real()?.asin()?))),
            F::Atan => Some(Complex::real(x.only_real()?.atan()?)),
            F::Acot => Some(Complex::real(half_pi(self)?.sub(&x.only_real()?.atan()?))),
            F::Sinh | F::Cosh | F::Tanh => {
                let (up, down) = (x.exp()?, x.neg().exp()?);
                let two = self.integer(2);
                match function {
                    F::Sinh => up.sub(&down).div(&two),
                    F::Cosh => up.add(&down).div(&two),
                    _ => up.sub(&down).div(&up.add(&down)),
                }
            }
            F::Asinh | F::Acosh => {
                let square = x.mul(&x);
                let under = if function == F::Asinh { square.add(&one) } else { square.sub(&one) };
                let root = self.root(&under, 2)?;
                self.ln(&x.add(&root))
            }
            F::Atanh => {
                let ratio = one.add(&x).div(&one.sub(&x))?;
                self.ln(&ratio)?.div(&self.integer(2))
            }
            F::Ln => self.ln(&x),
            F::Log if self.setting.decimal_log => {
                let ten = self.integer(10);
                self.ln(&x)?.div(&self.ln(&ten)?)
            }
            F::Log => self.ln(&x),
            F::Abs => x.abs(),
            F::Sign => {
                let value = x.only_real()?.to_f64();
                Some(self.integer(if value > 0.0 { 1 } else { -i64::from(value < 0.0) }))
            }
            F::Conjugate => Some(Complex { re: x.re.clone(), im: x.im.as_ref().map(Real::neg) }),
            F::Real => Some(Complex::real(x.re)),
            F::Imaginary => Some(x.im.map_or_else(|| self.integer(0), Complex::real)),
            _ => None,
        }
    }

    fn ln(&self, x: &Complex<R>) -> Option<Complex<R>> {
        if self.setting.real_only && x.only_real()?.to_f64() <= 0.0 {
            return None;
        }
        x.ln(&self.pi())
    }

    fn determinant(&mut self, id: Id) -> Option<Complex<R>> {
        let Node::Matrix { rows, columns, entries } = self.arena.node(id) else { return None };
        let size = usize::from(*rows);
        if rows != columns || size > 5 {
            return None;
        }
        let values: Option<Vec<_>> = entries.iter().map(|id| self.value(*id)).collect();
        Some(minor(&values?, size, 0, &(0..size).collect::<Vec<_>>(), &self.integer(0)))
    }
}

/// Laplace's expansion of the rows from `row` on, over the columns left.
fn minor<R: Real>(
    values: &[Complex<R>],
    size: usize,
    row: usize,
    left: &[usize],
    zero: &Complex<R>,
) -> Complex<R> {
    if let [only] = left {
        return values[row * size + only].clone();
    }
    let mut total = zero.clone();
    for (at, column) in left.iter().enumerate() {
        let rest: Vec<usize> = left.iter().copied().filter(|other| other != column).collect();
        let term = values[row * size + column].mul(&minor(values, size, row + 1, &rest, zero));
        total = if at % 2 == 0 { total.add(&term) } else { total.sub(&term) };
    }
    total
}

/// The value of a real constant in machine precision.
pub(crate) fn approximate(arena: &Arena, id: Id) -> Option<f64> {
    if let Some(value) = arena.as_number(id) {
        return Some(value.to_f64().value()).filter(|value| value.is_finite());
    }
    if !super::substitute::symbols(arena, id).is_empty() {
        return None;
    }
    let fuel = Fuel::new(5000);
    let setting = Setting { bits: 53, real_only: true, decimal_log: false, point: 0 };
    let value = Numeric::<f64>::new(arena, &fuel, setting).value(id)?;
    Some(value.only_real()?.to_f64())
}
