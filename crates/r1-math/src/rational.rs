//! Exact rational numbers as people and models write them.

use std::fmt;

use dashu::{
    integer::{IBig, UBig},
    rational::RBig,
};

use crate::{markup, scan::Scan};

/// Longer texts are not read as numbers.
const MAX_BYTES: usize = 4096;
/// More digits in one literal are not read.
const MAX_DIGITS: usize = 1000;
/// Larger powers of ten, up or down, are not read.
const MAX_EXPONENT: i32 = 1000;

const CURRENCIES: [&str; 6] = ["$", "€", "£", "¥", "₹", "￥"];

/// A number read exactly: no rounding, no floating point.
///
/// Whole numbers, decimals, thousands separators (`1,234`, `1{,}234`, `1\,234`), signs (`−` too),
/// fractions (`3/4`, `\frac{3}{4}`), mixed numbers (`2 1/2`), scientific notation (`1.5e3`,
/// `1.5 \times 10^3`), percentages, and a currency sign before or after. `$..$`, `\boxed{..}` and
/// the like around it come off. Digits and exponents are bounded, so hostile texts cost nothing.
///
/// # Examples
/// ```
/// use r1_math::Number;
///
/// let half = Number::parse("0.5").unwrap();
/// assert!(half.accepts(&Number::parse("\\frac{17}{34}").unwrap()));
/// assert!(half.accepts(&Number::parse("50%").unwrap()));
/// assert_eq!(Number::parse("3 or 4"), None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    /// As written: 12 for `12%`.
    written: RBig,
    percent: bool,
}

impl Number {
    /// Reads a text that is one number and nothing else.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_BYTES {
            return None;
        }
        let text = spell(markup::unwrap(text));
        let mut scan = Scan::new(&text);
        let number = number(&mut scan)?;
        scan.at_end().then_some(number)
    }

    /// True when `answer` says the same as this reference.
    ///
    /// A percentage may be answered with or without its sign, or as a share: the reference `12%`
    /// accepts `12%`, `12` and `0.12`, never `1200`. A plain reference accepts a percentage as the
    /// share (`0.12` accepts `12%`), and one of at least 1 also as written (`12` accepts `12%`), for
    /// questions that ask how many per cent.
    pub fn accepts(&self, answer: &Self) -> bool {
        let as_written = self.written == answer.written;
        let same_share = self.percent != answer.percent && self.share() == answer.share();
        let dropped_sign = self.percent || !answer.percent || self.written >= RBig::ONE;
        same_share || (as_written && dropped_sign)
    }

    fn share(&self) -> RBig {
        if self.percent { &self.written / RBig::from(100u8) } else { self.written.clone() }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.written, if self.percent { "%" } else { "" })
    }
}

/// One spelling for what can be spelled in several ways.
pub(crate) fn spell(text: &str) -> String {
    let plain: String = text.chars().map(plain_char).collect();
    const SPELLINGS: [(&str, &str); 16] = [
        ("{,}", ","),
        ("\\!", ""),
        ("\\,", " "),
        ("\\;", " "),
        ("\\:", " "),
        ("\\ ", " "),
        ("~", " "),
        ("\\$", "$"),
        ("\\%", "%"),
        ("\\dfrac", "\\frac"),
        ("\\tfrac", "\\frac"),
        ("\\cfrac", "\\frac"),
        ("\\cdot", "\\times"),
        ("×", "\\times"),
        ("^{\\circ}", "°"),
        ("^\\circ", "°"),
    ];
    SPELLINGS
        .iter()
        .fold(plain, |text, (from, to)| if text.contains(from) { text.replace(from, to) } else { text })
}

fn plain_char(c: char) -> char {
    match c {
        '−' | '–' | '‐' | '‑' | '﹣' => '-',
        '\u{a0}' | '\u{2007}' | '\u{2009}' | '\u{202f}' => ' ',
        // Full-width forms of ASCII.
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        other => other,
    }
}

fn number(scan: &mut Scan<'_>) -> Option<Number> {
    scan.spaces();
    let mut negative = sign(scan);
    scan.spaces();
    let currency = scan.eat_any(&CURRENCIES);
    scan.spaces();
    if currency && negative.is_none() {
        negative = sign(scan);
    }
    let mut written = magnitude(scan)?;
    if negative == Some(true) {
        written = -written;
    }
    scan.spaces();
    let percent = scan.eat_any(&["%", "percent", "per cent", "pct"]);
    let _ = percent || scan.eat("°") || scan.eat_any(&CURRENCIES);
    scan.spaces();
    let _ = scan.eat(".");
    scan.spaces();
    Some(Number { written, percent })
}

/// `Some(true)` after a minus, `Some(false)` after a plus.
fn sign(scan: &mut Scan<'_>) -> Option<bool> {
    if scan.eat("-") { Some(true) } else { scan.eat("+").then_some(false) }
}

/// A fraction, or a decimal and what may follow it.
fn magnitude(scan: &mut Scan<'_>) -> Option<RBig> {
    if scan.eat("\\frac") {
        return latex_fraction(scan);
    }
    let value = decimal(scan)?;
    if let Some(exponent) = exponent(scan)? {
        return Some(value * power_of_ten(exponent));
    }
    let mut ahead = *scan;
    ahead.spaces();
    if ahead.eat("/") {
        ahead.spaces();
        let below = decimal(&mut ahead)?;
        *scan = ahead;
        return quotient(value, below);
    }
    // A mixed number: a whole number and a proper fraction.
    if !value.is_int()
        || !(ahead.rest.starts_with("\\frac") || ahead.rest.starts_with(|c: char| c.is_ascii_digit()))
    {
        return Some(value);
    }
    let fraction = if ahead.eat("\\frac") {
        latex_fraction(&mut ahead)?
    } else {
        let above = decimal(&mut ahead)?;
        ahead.eat("/").then_some(())?;
        quotient(above, decimal(&mut ahead)?)?
    };
    *scan = ahead;
    (fraction > RBig::ZERO && fraction < RBig::ONE).then(|| value + fraction)
}

/// What stands after `\frac`: two groups in braces, or two digits.
fn latex_fraction(scan: &mut Scan<'_>) -> Option<RBig> {
    let mut group = || {
        scan.spaces();
        if !scan.eat("{") {
            let digit = scan.rest.chars().next()?.to_digit(10)?;
            scan.rest = &scan.rest[1..];
            return Some(RBig::from(digit));
        }
        scan.spaces();
        let negative = sign(scan) == Some(true);
        let value = decimal(scan)?;
        scan.spaces();
        scan.eat("}").then(|| if negative { -value } else { value })
    };
    let (above, below) = (group()?, group()?);
    quotient(above, below)
}

fn quotient(above: RBig, below: RBig) -> Option<RBig> {
    (!below.is_zero()).then(|| above / below)
}

/// Digits, perhaps in groups of three, perhaps with a decimal point.
fn decimal(scan: &mut Scan<'_>) -> Option<RBig> {
    let mut digits = scan.digits().to_owned();
    if matches!(digits.len(), 1..=3) && digits != "0" {
        for separator in [",", " "] {
            let mut groups = 0;
            while let Some(group) = group_of_three(scan, separator) {
                digits.push_str(group);
                groups += 1;
            }
            if groups > 0 {
                break;
            }
        }
    }
    let mut places = 0;
    let mut ahead = *scan;
    if ahead.eat(".") {
        let fraction = ahead.digits();
        if !fraction.is_empty() {
            digits.push_str(fraction);
            places = fraction.len();
            *scan = ahead;
        }
    }
    if digits.is_empty() || digits.len() > MAX_DIGITS {
        return None;
    }
    let numerator = IBig::from_str_radix(&digits, 10).ok()?;
    Some(RBig::from_parts(numerator, UBig::from(10u8).pow(places)))
}

/// The separator and exactly three digits.
fn group_of_three<'a>(scan: &mut Scan<'a>, separator: &str) -> Option<&'a str> {
    let mut ahead = *scan;
    ahead.eat(separator).then_some(())?;
    let group = ahead.digits();
    (group.len() == 3).then(|| {
        *scan = ahead;
        group
    })
}

/// `e3` or `\times 10^{3}` after a decimal: `Some(None)` without one, `None` for one out of bounds.
fn exponent(scan: &mut Scan<'_>) -> Option<Option<i32>> {
    let mut ahead = *scan;
    let mut braced = false;
    if !ahead.eat_any(&["e", "E"]) {
        ahead.spaces();
        let times = ahead.eat_any(&["\\times", "*", "x"]);
        ahead.spaces();
        if !(times && ahead.eat("10^")) {
            return Some(None);
        }
        braced = ahead.eat("{");
    }
    let negative = sign(&mut ahead) == Some(true);
    let digits = ahead.digits();
    if digits.is_empty() || (braced && !ahead.eat("}")) {
        return None;
    }
    *scan = ahead;
    let size: i32 = digits.parse().ok().filter(|size| *size <= MAX_EXPONENT)?;
    Some(Some(if negative { -size } else { size }))
}

fn power_of_ten(exponent: i32) -> RBig {
    let power = UBig::from(10u8).pow(exponent.unsigned_abs() as usize);
    if exponent < 0 { RBig::from_parts(IBig::ONE, power) } else { RBig::from(power) }
}

#[cfg(test)]
mod tests;
