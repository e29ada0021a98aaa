//! Complex numbers over any [`Real`].

use super::real::Real;

/// A complex number; without an imaginary part it is known to be real.
#[derive(Debug, Clone)]
pub(crate) struct Complex<R> {
    pub(crate) re: R,
    pub(crate) im: Option<R>,
}

impl<R: Real> Complex<R> {
    pub(crate) fn real(re: R) -> Self {
        Self { re, im: None }
    }

    pub(crate) fn only_real(&self) -> Option<&R> {
        if self.im.as_ref().is_none_or(Real::is_zero) { Some(&self.re) } else { None }
    }

    pub(crate) fn is_zero(&self) -> bool {
        self.re.is_zero() && self.im.as_ref().is_none_or(Real::is_zero)
    }

    /// Neither infinite nor so large or small that a later step could fail.
    pub(crate) fn is_sane(&self) -> bool {
        let sane = |part: &R| part.is_zero() || (1e-250..1e250).contains(&part.to_f64().abs());
        sane(&self.re) && self.im.as_ref().is_none_or(sane)
    }

    /// The larger of the parts.
    pub(crate) fn size(&self) -> f64 {
        self.re.to_f64().abs().max(self.im.as_ref().map_or(0.0, |im| im.to_f64().abs()))
    }

    pub(crate) fn neg(&self) -> Self {
        Self { re: self.re.neg(), im: self.im.as_ref().map(Real::neg) }
    }

    pub(crate) fn add(&self, other: &Self) -> Self {
        let im = match (&self.im, &other.im) {
            (Some(a), Some(b)) => Some(a.add(b)),
            (Some(a), None) | (None, Some(a)) => Some(a.clone()),
            (None, None) => None,
        };
        Self { re: self.re.add(&other.re), im }
    }

    pub(crate) fn sub(&self, other: &Self) -> Self {
        self.add(&other.neg())
    }

    pub(crate) fn mul(&self, other: &Self) -> Self {
        match (&self.im, &other.im) {
            (None, None) => Self::real(self.re.mul(&other.re)),
            (Some(im), None) => Self { re: self.re.mul(&other.re), im: Some(im.mul(&other.re)) },
            (None, Some(im)) => Self { re: self.re.mul(&other.re), im: Some(im.mul(&self.re)) },
            (Some(a), Some(b)) => Self {
                re: self.re.mul(&other.re).sub(&a.mul(b)),
                im: Some(self.re.mul(b).add(&a.mul(&other.re))),
            },
        }
    }

    pub(crate) fn div(&self, other: &Self) -> Option<Self> {
        let Some(im) = &other.im else {
            let part = |part: &R| part.div(&other.re);
            let im = match &self.im {
                Some(im) => Some(part(im)?),
                None => None,
            };
            return Some(Self { re: part(&self.re)?, im });
        };
        let norm = other.re.mul(&other.re).add(&im.mul(im));
        let conjugate = Self { re: other.re.clone(), im: Some(im.neg()) };
        let above = self.mul(&conjugate);
        let im = match above.im {
            Some(im) => Some(im.div(&norm)?),
            None => None,
        };
        Some(Self { re: above.re.div(&norm)?, im })
    }

    pub(crate) fn power(&self, mut power: u64, one: Self) -> Self {
        let (mut result, mut square) = (one, self.clone());
        while power > 0 {
            if power & 1 == 1 {
                result = result.mul(&square);
            }
            power >>= 1;
            if power > 0 {
                square = square.mul(&square);
            }
        }
        result
    }

    pub(crate) fn abs(&self) -> Option<Self> {
        let Some(im) = self.im.as_ref().filter(|im| !im.is_zero()) else {
            return Some(Self::real(if self.re.to_f64() < 0.0 { self.re.neg() } else { self.re.clone() }));
        };
        let norm = self.re.mul(&self.re).add(&im.mul(im));
        Some(Self::real(norm.sqrt()?))
    }

    pub(crate) fn exp(&self) -> Option<Self> {
        let size = self.re.exp()?;
        match &self.im {
            None => Some(Self::real(size)),
            Some(im) => {
                let (sin, cos) = im.sin_cos()?;
                Some(Self { re: size.mul(&cos), im: Some(size.mul(&sin)) })
            }
        }
    }

    /// The principal logarithm.
    pub(crate) fn ln(&self, pi: &R) -> Option<Self> {
        if self.is_zero() {
            return None;
        }
        if let Some(real) = self.only_real() {
            let negative = real.to_f64() < 0.0;
            let size = if negative { real.neg() } else { real.clone() };
            return Some(Self { re: size.ln()?, im: negative.then(|| pi.clone()) });
        }
        let im = self.im.as_ref()?;
        let size = self.abs()?.re.ln()?;
        Some(Self { re: size, im: Some(im.atan2(&self.re)?) })
    }

    pub(crate) fn sin(&self) -> Option<Self> {
        let (sin, cos) = self.re.sin_cos()?;
        let Some(im) = &self.im else { return Some(Self::real(sin)) };
        let (sinh, cosh) = hyperbolic(im)?;
        Some(Self { re: sin.mul(&cosh), im: Some(cos.mul(&sinh)) })
    }

    pub(crate) fn cos(&self) -> Option<Self> {
        let (sin, cos) = self.re.sin_cos()?;
        let Some(im) = &self.im else { return Some(Self::real(cos)) };
        let (sinh, cosh) = hyperbolic(im)?;
        Some(Self { re: cos.mul(&cosh), im: Some(sin.mul(&sinh).neg()) })
    }
}

fn hyperbolic<R: Real>(x: &R) -> Option<(R, R)> {
    let (up, down) = (x.exp()?, x.neg().exp()?);
    Some((up.sub(&down).half(), up.add(&down).half()))
}
