//! Functions and determinants.

use dashu::rational::RBig;

use super::Numeric;
use crate::{
    arena::{Function, Id, Node},
    complex::Complex,
    exact,
    real::Real,
};

impl<R: Real> Numeric<'_, R> {
    pub(super) fn function(&mut self, function: Function, arguments: &[Id]) -> Option<Complex<R>> {
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
                let value = exact::count(function, &whole?, self.budget)?;
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
                if R::COST > 1 {
                    self.spread_to(&up);
                }
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

    pub(super) fn ln(&self, x: &Complex<R>) -> Option<Complex<R>> {
        if self.setting.real_only && x.only_real()?.to_f64() <= 0.0 {
            return None;
        }
        x.ln(&self.pi())
    }

    pub(super) fn determinant(&mut self, id: Id) -> Option<Complex<R>> {
        let Node::Matrix { rows, columns, entries } = self.arena.node(id) else { return None };
        let size = usize::from(*rows);
        if rows != columns || size > 5 {
            return None;
        }
        let products = [1, 1, 4, 15, 64, 325][size];
        self.budget
            .spend(products * if R::COST == 1 { 1 } else { R::COST * (self.setting.bits as u32 / 64) / 8 })?;
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
