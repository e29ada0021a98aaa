//! Values for symbols: drawn by hash, so that a verdict never depends on chance.

use std::ops::Range;

use dashu::{integer::UBig, rational::RBig};

/// A hash of a name and two numbers.
pub(crate) fn hash(name: &str, a: u32, b: u32) -> u64 {
    let mut state = 0x9e37_79b9_7f4a_7c15u64 ^ (u64::from(a) << 32 | u64::from(b));
    for byte in name.bytes() {
        state = (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    mix(state)
}

fn mix(mut state: u64) -> u64 {
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

/// The value of a symbol at a point: points take turns between (0, 1), (1, 3), (3, 40), and the same
/// below zero.
pub(crate) fn coordinate(name: &str, point: u32) -> RBig {
    let turned = hash(name, 0, 4) >> (point % 32) & 1 == 1;
    if WHOLE_POINTS.contains(&point) {
        let value = RBig::from(1 + (hash(name, point, 5) % 9) as i64);
        return if turned { -value } else { value };
    }
    let drawn = (hash(name, point, 1) >> 44) as i64;
    let unit = RBig::from_parts((2 * drawn + 1).into(), (1u64 << 21).into());
    let value = match point % 3 {
        0 => unit,
        1 => RBig::ONE + unit * RBig::from(2),
        _ => RBig::from(3) + unit * RBig::from(37),
    };
    let negative = if MIXED_POINTS.contains(&point) { turned } else { is_negative(point) };
    if negative { -value } else { value }
}

/// Points at which some symbols are below zero and others are not: `|x + y|` is `|x| + |y|` elsewhere.
pub(crate) const MIXED_POINTS: Range<u32> = 16..22;

/// Points at which symbols are whole numbers of either sign, where functions jump.
pub(crate) const WHOLE_POINTS: Range<u32> = 24..30;

/// Points far out or close to nought, on both sides of it, where what is bent elsewhere shows: `|x+1000|` is `x+1000`
/// between.
pub(crate) const FAR_POINTS: Range<u32> = 32..47;

/// The binary logarithm of the size of a symbol at a far point, where `largest` and `all` are the bits of the largest
/// literal and of all of them.
fn reach(name: &str, point: u32, (largest, all): (usize, usize)) -> isize {
    let at = point - FAR_POINTS.start;
    let (largest, all) = (largest as isize + 4, all as isize + 8);
    let reach = [largest, largest / 2 + 2, all, 200, -largest][at as usize / 3];
    // At the third point of each kind some symbols stay where they are.
    if at % 3 == 2 && hash(name, point, 6) >> 20 & 1 == 1 { 0 } else { reach }
}

/// The value of a symbol at a far point.
pub(crate) fn far(name: &str, point: u32, literals: (usize, usize)) -> RBig {
    let drawn = (hash(name, point, 1) >> 44) as i64;
    let value = RBig::from_parts((2 * drawn + (1 << 21)).into(), (1u64 << 21).into());
    let reach = reach(name, point, literals);
    let scale = RBig::from(UBig::ONE << reach.unsigned_abs());
    let value = if reach < 0 { value / scale } else { value * scale };
    let negative = match point % 3 {
        0 => true,
        1 => hash(name, point, 4) & 1 == 1,
        _ => false,
    };
    if negative { -value } else { value }
}

/// Points at which every symbol is below zero, or some are.
pub(crate) fn is_negative(point: u32) -> bool {
    point >= MIXED_POINTS.start || point % 8 >= 5
}

/// A whole number for a symbol.
pub(crate) fn whole(name: &str, point: u32, small: bool) -> i64 {
    let drawn = hash(name, point, 2);
    if small { 5 + (drawn % 37) as i64 } else { 1000 + (drawn >> 33) as i64 }
}

/// A coefficient of an unknown function.
pub(crate) fn coefficient(name: &str, at: u32) -> RBig {
    RBig::from_parts(((hash(name, at, 3) >> 46) as i64 + 1).into(), (1u64 << 17).into())
}
