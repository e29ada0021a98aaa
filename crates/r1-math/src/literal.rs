//! Numbers as they are written, read exactly.

use dashu::{
    integer::{IBig, UBig},
    rational::RBig,
};

/// More digits in one literal are not read.
const MAX_DIGITS: usize = 2000;
/// Larger powers of ten, up or down, are not read.
const MAX_EXPONENT: i64 = 2000;

/// A literal and how exactly it was written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Literal {
    pub(crate) value: RBig,
    /// `None` for whole numbers and repeating decimals, which are exact.
    pub(crate) decimal: Option<Decimal>,
    /// The digits, for other bases than ten; only of whole numbers and plain decimals.
    pub(crate) digits: String,
}

/// How many digits a decimal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decimal {
    /// Digits after the point; negative after a multiplication by a power of ten.
    pub(crate) places: i64,
    /// Digits from the first that is not zero.
    pub(crate) significant: u32,
}

impl Literal {
    /// Reads the number that `text` starts with. Gives the rest, and whether a comma could have been
    /// read in another way.
    ///
    /// `thousands` joins `1,234`; `decimal_comma` reads `1,5` as a decimal.
    pub(crate) fn read(text: &str, thousands: bool, decimal_comma: bool) -> (Option<Self>, &str, bool) {
        let mut ambiguous = false;
        let whole_end = digits_end(text);
        let mut whole = text[..whole_end].to_owned();
        let mut rest = &text[whole_end..];
        if matches!(whole.len(), 1..=3) && !whole.starts_with('0') {
            let mut sure = false;
            let mut grouped = whole.clone();
            let mut ahead = rest;
            while let Some((group, after, certain)) = group_of_three(ahead) {
                // No list has an element as `000`.
                sure |= certain || group.starts_with('0');
                grouped.push_str(group);
                ahead = after;
            }
            let any = grouped.len() > whole.len();
            ambiguous |= any && !sure;
            if any && (sure || thousands) {
                (whole, rest) = (grouped, ahead);
            }
        }
        let mut fraction = "";
        let point = rest.strip_prefix('.').or_else(|| rest.strip_prefix("{.}"));
        let comma = rest.strip_prefix(',').or_else(|| rest.strip_prefix("{,}"));
        if let Some(after) = point {
            let end = digits_end(after);
            if end > 0 || !whole.is_empty() {
                let ends_sentence = end == 0 && !after.starts_with(['\\', '(']);
                if !ends_sentence {
                    (fraction, rest) = after.split_at(end);
                }
            }
        } else if let Some(after) = comma {
            let end = digits_end(after);
            let sure = rest.starts_with('{');
            let grouped = end == 3 && matches!(whole.len(), 1..=3) && whole != "0";
            if end > 0 && !grouped && !after[end..].starts_with(',') {
                ambiguous |= !sure;
                if sure || decimal_comma {
                    (fraction, rest) = after.split_at(end);
                }
            }
        }
        if whole.len() + fraction.len() > MAX_DIGITS {
            return (None, rest, ambiguous);
        }
        let pointed = point.is_some() && !rest.is_empty();
        // Only after the point: `2(3)` is a product.
        let (repeating, rest) = if pointed { repeating(rest) } else { ("", rest) };
        let (exponent, rest) = if repeating.is_empty() { exponent(rest) } else { (0, rest) };
        if exponent.abs() > MAX_EXPONENT {
            return (None, rest, ambiguous);
        }
        (Self::of(&whole, fraction, repeating, exponent), rest, ambiguous)
    }

    /// The literal, and what follows; repeating where dots follow digits that repeat, as `0.1666...`;
    /// none where dots follow others.
    pub(crate) fn going_on(self, rest: &str) -> (Option<Self>, &str) {
        let dots = ["...", "\\ldots", "\\dots", "\\cdots"].iter().find_map(|dots| rest.strip_prefix(dots));
        let (Some(after), Some((whole, fraction))) = (dots, self.digits.split_once('.')) else {
            return (Some(self), rest);
        };
        let after = after.trim_start_matches('.');
        let bytes = fraction.as_bytes();
        let period = (1..=bytes.len() / 2).find(|period| {
            let seen = if *period == 1 { 3 } else { 2 * period };
            let run =
                bytes.iter().rev().zip(bytes.iter().rev().skip(*period)).take_while(|(a, b)| a == b).count();
            run + period >= seen
        });
        let Some(period) = period else { return (None, after) };
        let (fixed, repeating) = fraction.split_at(fraction.len() - period);
        (Self::of(whole, fixed, repeating, 0), after)
    }

    fn of(whole: &str, fraction: &str, repeating: &str, exponent: i64) -> Option<Self> {
        let digits = format!("{whole}{fraction}");
        let places = fraction.len();
        let ten = UBig::from(10u8);
        let mantissa = if digits.is_empty() { IBig::ZERO } else { integer(&digits)? };
        let mut value = RBig::from_parts(mantissa, ten.pow(places));
        if !repeating.is_empty() {
            let below = (ten.pow(repeating.len()) - UBig::ONE) * ten.pow(places);
            value += RBig::from_parts(integer(repeating)?, below);
        }
        if exponent != 0 {
            let power = RBig::from(ten.pow(exponent.unsigned_abs() as usize));
            value = if exponent > 0 { value * power } else { value / power };
        }
        let is_decimal = repeating.is_empty() && (places > 0 || exponent != 0);
        let significant = digits.trim_start_matches('0').len() as u32;
        let decimal = is_decimal.then_some(Decimal { places: places as i64 - exponent, significant });
        let digits = if places == 0 { digits } else { format!("{whole}.{fraction}") };
        Some(Self { value, decimal, digits })
    }
}

fn integer(digits: &str) -> Option<IBig> {
    if digits.len() <= 18 {
        return digits.parse::<i64>().ok().map(IBig::from);
    }
    IBig::from_str_radix(digits, 10).ok()
}

fn digits_end(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// A separator and exactly three digits; whether it can only separate thousands.
fn group_of_three(text: &str) -> Option<(&str, &str, bool)> {
    const SEPARATORS: [(&str, bool); 11] = [
        (",\\!", true),
        ("{,}", true),
        ("{, }", true),
        (" {,}", true),
        (" {, }", true),
        ("\\,", true),
        (",\\,", false),
        (",\\ ", false),
        (",", false),
        (" ", true),
        ("\\ ", true),
    ];
    let (after, sure) = SEPARATORS
        .iter()
        .find_map(|(separator, sure)| text.strip_prefix(separator).map(|after| (after, *sure)))?;
    let after = if sure { after.trim_start_matches(' ') } else { after };
    let end = digits_end(after);
    (end == 3).then(|| (&after[..3], &after[3..], sure))
}

/// The repeating digits of a decimal: `\overline{3}`, `\dot{3}`, `(3)`.
fn repeating(text: &str) -> (&str, &str) {
    let found = (|| {
        let inside = ["\\overline{", "\\bar{", "\\dot{", "\\overline ", "("]
            .iter()
            .find_map(|open| text.strip_prefix(open))?;
        let end = digits_end(inside);
        let rest = inside[end..].strip_prefix(['}', ')'])?;
        (1..=40).contains(&end).then(|| (&inside[..end], rest))
    })();
    found.unwrap_or(("", text))
}

fn exponent(text: &str) -> (i64, &str) {
    let found = (|| {
        let after = text.strip_prefix(['e', 'E'])?;
        let (negative, after) = match after.strip_prefix('-') {
            Some(after) => (true, after),
            None => (false, after.strip_prefix('+').unwrap_or(after)),
        };
        let end = digits_end(after);
        let size = after[..end].parse::<i64>().unwrap_or(i64::from(u32::MAX));
        (end > 0).then(|| (if negative { -size } else { size }, &after[end..]))
    })();
    found.unwrap_or((0, text))
}
