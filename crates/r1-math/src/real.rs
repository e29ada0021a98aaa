//! Real numbers in machine precision and in many bits, behind one trait.

mod newton;

use dashu::{
    float::{Context, FBig, round::mode::HalfEven},
    integer::IBig,
    rational::RBig,
};

/// Real arithmetic; `None` where a function is undefined or its result too large.
pub(crate) trait Real: Clone {
    /// What one node costs in steps.
    const COST: u32;

    fn of(value: &RBig, bits: usize) -> Self;
    fn pi(bits: usize) -> Self;
    fn to_f64(&self) -> f64;
    /// The binary logarithm of the size, to a bit; negative infinity for zero.
    fn log2(&self) -> f64;
    fn is_zero(&self) -> bool;
    fn neg(&self) -> Self;
    fn add(&self, other: &Self) -> Self;
    fn sub(&self, other: &Self) -> Self;
    fn mul(&self, other: &Self) -> Self;
    fn div(&self, other: &Self) -> Option<Self>;
    fn half(&self) -> Self;
    fn sqrt(&self) -> Option<Self>;
    /// The root of a positive number.
    fn root(&self, degree: u32, bits: usize) -> Option<Self>;
    fn exp(&self) -> Option<Self>;
    fn ln(&self) -> Option<Self>;
    fn sin_cos(&self) -> Option<(Self, Self)>;
    fn asin(&self) -> Option<Self>;
    fn atan(&self) -> Option<Self>;
    fn atan2(&self, x: &Self) -> Option<Self>;
}

impl Real for f64 {
    const COST: u32 = 1;

    fn of(value: &RBig, _: usize) -> Self {
        value.to_f64().value()
    }

    fn pi(_: usize) -> Self {
        std::f64::consts::PI
    }

    fn to_f64(&self) -> f64 {
        *self
    }

    fn log2(&self) -> f64 {
        self.abs().log2()
    }

    fn is_zero(&self) -> bool {
        *self == 0.0
    }

    fn neg(&self) -> Self {
        -self
    }

    fn add(&self, other: &Self) -> Self {
        self + other
    }

    fn sub(&self, other: &Self) -> Self {
        self - other
    }

    fn mul(&self, other: &Self) -> Self {
        self * other
    }

    fn div(&self, other: &Self) -> Option<Self> {
        (*other != 0.0).then(|| self / other)
    }

    fn half(&self) -> Self {
        self / 2.0
    }

    fn sqrt(&self) -> Option<Self> {
        (*self >= 0.0).then(|| f64::sqrt(*self))
    }

    fn root(&self, degree: u32, _: usize) -> Option<Self> {
        if *self < 0.0 {
            return None;
        }
        Some(match degree {
            2 => f64::sqrt(*self),
            3 => self.cbrt(),
            _ => self.powf(1.0 / f64::from(degree)),
        })
    }

    fn exp(&self) -> Option<Self> {
        (self.abs() < 500.0).then(|| f64::exp(*self))
    }

    fn ln(&self) -> Option<Self> {
        (*self > 0.0).then(|| f64::ln(*self))
    }

    fn sin_cos(&self) -> Option<(Self, Self)> {
        (self.abs() < 1e6).then(|| f64::sin_cos(*self))
    }

    fn asin(&self) -> Option<Self> {
        (self.abs() <= 1.0).then(|| f64::asin(*self))
    }

    fn atan(&self) -> Option<Self> {
        Some(f64::atan(*self))
    }

    fn atan2(&self, x: &Self) -> Option<Self> {
        Some(f64::atan2(*self, *x))
    }
}

/// A binary number of many bits.
pub(crate) type Big = FBig<HalfEven, 2>;

impl Real for Big {
    const COST: u32 = 40;

    fn of(value: &RBig, bits: usize) -> Self {
        let context = Context::<HalfEven>::new(bits);
        let part = |whole: IBig| context.convert_int::<2>(whole).value();
        let above = part(value.numerator().clone());
        if value.is_int() { above } else { above / part(value.denominator().clone().into()) }
    }

    fn pi(bits: usize) -> Self {
        Big::pi(bits)
    }

    fn to_f64(&self) -> f64 {
        Big::to_f64(self).value()
    }

    fn log2(&self) -> f64 {
        if Real::is_zero(self) {
            return f64::NEG_INFINITY;
        }
        let repr = self.repr();
        dashu::base::BitTest::bit_len(repr.significand()) as f64 + repr.exponent() as f64
    }

    fn is_zero(&self) -> bool {
        self.repr().significand().is_zero()
    }

    fn neg(&self) -> Self {
        -self.clone()
    }

    fn add(&self, other: &Self) -> Self {
        self + other
    }

    fn sub(&self, other: &Self) -> Self {
        self - other
    }

    fn mul(&self, other: &Self) -> Self {
        self * other
    }

    fn div(&self, other: &Self) -> Option<Self> {
        (!Real::is_zero(other)).then(|| self / other)
    }

    fn half(&self) -> Self {
        self.clone() >> 1
    }

    fn sqrt(&self) -> Option<Self> {
        (Real::to_f64(self) >= 0.0).then(|| if Real::is_zero(self) { self.clone() } else { Big::sqrt(self) })
    }

    fn root(&self, degree: u32, bits: usize) -> Option<Self> {
        if Real::is_zero(self) || degree == 1 {
            return Some(self.clone());
        }
        if Real::to_f64(self) <= 0.0 {
            return None;
        }
        if degree == 2 {
            return Some(Big::sqrt(self));
        }
        let share = <Self as Real>::of(&(RBig::ONE / RBig::from(degree)), bits);
        Real::exp(&Real::mul(&Real::ln(self)?, &share))
    }

    fn exp(&self) -> Option<Self> {
        (Real::to_f64(self).abs() < 500.0)
            .then(|| if Real::is_zero(self) { one(self) } else { Big::exp(self) })
    }

    fn ln(&self) -> Option<Self> {
        let size = Real::to_f64(self);
        (size > 0.0 && size.is_finite()).then(|| newton::ln(self, size))
    }

    fn sin_cos(&self) -> Option<(Self, Self)> {
        if Real::is_zero(self) {
            return Some((self.clone(), one(self)));
        }
        (Real::to_f64(self).abs() < 1e6).then(|| Big::sin_cos(self))
    }

    fn asin(&self) -> Option<Self> {
        let size = Real::to_f64(self).abs();
        if Real::is_zero(self) {
            return Some(self.clone());
        }
        let beyond = size > 1.0
            || Real::sub(self, &one(self)).repr().sign() == dashu::base::Sign::Positive
                && !Real::is_zero(&Real::sub(self, &one(self)));
        if beyond {
            return None;
        }
        let one = one(self);
        let cosine = Big::sqrt(&((&one - self) * (&one + self)));
        Real::atan2(self, &cosine)
    }

    fn atan(&self) -> Option<Self> {
        let size = Real::to_f64(self);
        if Real::is_zero(self) {
            return Some(self.clone());
        }
        size.is_finite().then(|| newton::atan(self, size))
    }

    fn atan2(&self, x: &Self) -> Option<Self> {
        let sign = |value: &Self| if Real::to_f64(value) < 0.0 { -1 } else { 1 };
        let bits = self.precision().max(x.precision()).max(64);
        let pi = || if sign(self) < 0 { -Big::pi(bits) } else { Big::pi(bits) };
        if Real::is_zero(x) {
            return (!Real::is_zero(self)).then(|| Real::half(&pi()));
        }
        let angle = Real::atan(&Real::div(self, x)?)?;
        Some(if sign(x) < 0 { angle + pi() } else { angle })
    }
}

fn one(like: &Big) -> Big {
    <Big as Real>::of(&RBig::ONE, like.precision().max(64))
}
