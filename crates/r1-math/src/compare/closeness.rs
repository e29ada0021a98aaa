//! How close two expressions are at one point.

use super::Comparison;
use crate::{
    arena::{Function, Id, Node},
    key,
    numeric::{Numeric, Setting},
    real::{Big, Real},
    substitute::children,
};

/// Bits of the first precise comparison.
const BITS: usize = 192;
/// Bits of a comparison at far points.
const FAR_BITS: usize = 640;
/// Nothing is evaluated in more bits.
const MAX_BITS: usize = 4384;
/// Far points go no further out than to so many bits.
const MAX_REACH: usize = 400;
/// Precise comparisons of one pair at one point.
const ROUNDS: usize = 4;

/// The first evaluation: real numbers in machine precision.
pub(super) const SETTING: Setting =
    Setting { bits: 53, real_only: true, decimal_log: false, point: 0, literals: (0, 0) };

/// What one point says of two expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Equal,
    Different,
    OneUndefined,
    Undefined,
}

/// Two values in many bits.
struct Closeness {
    /// The binary logarithm of the difference over the largest term.
    gap: f64,
    /// Bits that tell the values apart for certain, as far as the sizes of all parts show.
    needed: usize,
    /// Whether a sum was taken for nought.
    vanished: bool,
}

impl Comparison<'_> {
    pub(super) fn at_point(&self, a: Id, b: Id, setting: Setting, precise: bool) -> Outcome {
        let mut quick = Numeric::<f64>::new(&self.arena, self.budget, setting);
        let (x, y) = match (quick.value(a), quick.value(b)) {
            (Some(x), Some(y)) => (x, y),
            (None, None) => return Outcome::Undefined,
            _ => return Outcome::OneUndefined,
        };
        let size = x.size().max(y.size());
        let difference = x.sub(&y).size();
        if difference > 1e-9 * quick.scale.max(size) && !quick.cancelled {
            return Outcome::Different;
        }
        if !precise && !quick.cancelled && difference <= 1e-9 * size {
            return Outcome::Equal;
        }
        let (literal, _) = self.literals();
        let bits = if literal > 60 { 2 * (BITS + literal) } else { BITS };
        self.closely(a, b, Setting { bits, ..setting }, true)
    }

    /// Compares in as many bits as the sizes of the parts ask for: `e^{-200}` beside 42 shows late. Where only
    /// a difference counts, the first bits that agree are enough.
    fn closely(&self, a: Id, b: Id, setting: Setting, thorough: bool) -> Outcome {
        let mut bits = setting.bits;
        for _ in 0..ROUNDS {
            let Some(found) = self.precisely(a, b, Setting { bits, ..setting }) else {
                return Outcome::Undefined;
            };
            let hasty = found.vanished && found.needed > bits;
            if found.gap > -(bits as f64) * 0.35 && !hasty {
                return Outcome::Different;
            }
            let close = found.gap <= -(bits as f64) * 0.6;
            if close && (found.needed <= bits || !thorough) {
                return Outcome::Equal;
            }
            // Between the two many digits cancelled.
            let more = if close || hasty { found.needed } else { found.needed.max(bits + 2 * BITS) };
            if more > MAX_BITS {
                break;
            }
            bits = more;
        }
        Outcome::Undefined
    }

    fn precisely(&self, a: Id, b: Id, setting: Setting) -> Option<Closeness> {
        let mut big = Numeric::<Big>::new(&self.arena, self.budget, setting);
        let (x, y) = (big.value(a)?, big.value(b)?);
        let scale = big.scale.max(x.size()).max(y.size());
        let gap = x.sub(&y);
        let size =
            <Big as Real>::log2(&gap.re).max(gap.im.as_ref().map_or(f64::NEG_INFINITY, <Big as Real>::log2));
        let hidden = if big.vanished { 2 * BITS } else { 0 };
        let needed = BITS / 2 + hidden + (4.0 * big.spread) as usize;
        let gap = if gap.is_zero() { f64::NEG_INFINITY } else { size - scale.log2() };
        Some(Closeness { gap, needed, vanished: big.vanished })
    }

    /// Whether two expressions of which one is bent somewhere differ far out or close to nought.
    pub(super) fn differs_far_out(&self, a: Id, b: Id, setting: Setting) -> bool {
        if !self.bends(a) && !self.bends(b) {
            return false;
        }
        let literals = self.literals();
        let mut points = key::FAR_POINTS;
        points.any(|point| {
            let setting = Setting { point, literals, ..setting };
            let mut quick = Numeric::<f64>::new(&self.arena, self.budget, setting);
            if let (Some(x), Some(y)) = (quick.value(a), quick.value(b))
                && let difference = x.sub(&y).size()
                && (difference == 0.0 || !quick.cancelled && difference <= 1e-9 * x.size().max(y.size()))
            {
                return false;
            }
            // Machine precision is not enough for the sine of a large number.
            let bits = FAR_BITS + 2 * literals.0;
            self.closely(a, b, Setting { bits, ..setting }, false) == Outcome::Different
        })
    }

    /// Whether a function of a symbol is bent somewhere in an expression.
    fn bends(&self, id: Id) -> bool {
        // What a node is made of stands before it.
        let mut seen: Vec<(bool, bool)> = Vec::with_capacity(id as usize + 1);
        for at in 0..=id {
            let node = self.arena.node(at);
            let inside = children(node).into_iter().map(|id| seen[id as usize]);
            let (varies, bent) = inside.fold((false, false), |a, b| (a.0 || b.0, a.1 || b.1));
            let varies = varies || matches!(node, Node::Symbol(_) | Node::Call(..));
            let bends = matches!(node, Node::Function(function, _) if is_bent(*function));
            seen.push((varies, bent || bends && varies));
        }
        seen[id as usize].1
    }

    /// The bits of the largest literal, and of all of them.
    fn literals(&self) -> (usize, usize) {
        let bits = |id: usize| match self.arena.node(id as Id) {
            Node::Number(value) => dashu::base::BitTest::bit_len(value.numerator())
                .max(dashu::base::BitTest::bit_len(value.denominator())),
            _ => 0,
        };
        let bits = (0..self.arena.len()).map(bits);
        let (largest, all) = bits.fold((0, 0), |(most, all), bits| (most.max(bits), all + bits));
        (largest.min(2000), all.min(MAX_REACH))
    }
}

/// Whether a function is put together of pieces, or takes one of several values, so that another may agree with it
/// for a while.
fn is_bent(function: Function) -> bool {
    use Function as F;
    matches!(
        function,
        F::Abs
            | F::Floor
            | F::Ceil
            | F::Sign
            | F::Mod
            | F::Max
            | F::Min
            | F::Root
            | F::Asin
            | F::Acos
            | F::Atan
            | F::Acot
    )
}
