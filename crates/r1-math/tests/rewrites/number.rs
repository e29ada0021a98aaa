//! Whole numbers, decimals, fractions and percentages.

use super::{
    Rewrite,
    shape::{groups, whole},
};

/// Digits in groups of three.
fn grouped(digits: &str, by: &str) -> String {
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap()).collect();
    groups.join(by)
}

pub(super) fn of_whole_numbers(gold: &str, made: &mut Vec<Rewrite>) {
    let sign = if gold.starts_with('-') { "-" } else { "" };
    if let Some(digits) = whole(gold) {
        for (kind, text) in [
            ("a point and noughts", format!("{gold}.0")),
            ("a point and noughts", format!("{gold}.00")),
            ("a fraction by one", format!(r"\frac{{{gold}}}{{1}}")),
            ("a sign", format!("{}{digits}", if sign.is_empty() { "+" } else { "−" })),
            ("parentheses", format!("({gold})")),
            ("a name", format!("x={gold}")),
            ("words", format!(r"\text{{The answer is }}{gold}")),
            ("words", format!("The answer is {gold}.")),
            ("a set of one", format!(r"\{{{gold}\}}")),
            ("bold", format!(r"\mathbf{{{gold}}}")),
        ] {
            made.push((kind, text));
        }
        if digits.len() > 3 {
            for by in [",", "{,}", r"\,", ",\\!", " "] {
                made.push(("thousands", format!("{sign}{}", grouped(digits, by))));
            }
        }
    }
    let ungrouped = gold.replace("{,}", ",").replace(",\\!", ",");
    let parts: Vec<&str> = ungrouped.split(',').collect();
    let grouped = parts.len() > 1 && parts[0].len() < 4 && parts[1..].iter().all(|part| part.len() == 3);
    if grouped && whole(&parts.concat()).is_some() {
        made.push(("thousands", parts.concat()));
    }
}

pub(super) fn of_decimals(gold: &str, made: &mut Vec<Rewrite>) {
    let (sign, unsigned) = gold.strip_prefix('-').map_or(("", gold), |rest| ("-", rest));
    let Some((before, after)) = unsigned.split_once('.') else { return };
    let digits = after.bytes().all(|byte| byte.is_ascii_digit());
    if whole(before).is_none() || !digits || after.is_empty() || after.len() >= 12 {
        return;
    }
    let all = format!("{before}{after}");
    let all = all.trim_start_matches('0');
    if !all.is_empty() {
        let fraction = format!(r"{sign}\frac{{{all}}}{{1{}}}", "0".repeat(after.len()));
        made.push(("decimal as a fraction", fraction));
    }
    made.push(("noughts behind", format!("{gold}0")));
    if before == "0" {
        made.push(("no nought before", format!("{sign}.{after}")));
    }
}

pub(super) fn of_fractions(gold: &str, made: &mut Vec<Rewrite>) {
    let (sign, unsigned) = gold.strip_prefix('-').map_or(("", gold), |rest| ("-", rest));
    for command in [r"\frac", r"\dfrac", r"\tfrac"] {
        let Some((above, below)) = groups(unsigned, command) else { continue };
        let number = |part: &str| whole(part).filter(|digits| *digits == part)?.parse::<u32>().ok();
        let [Some(a), Some(b)] = [above, below].map(number) else { continue };
        if b == 0 {
            continue;
        }
        made.push(("a stroke", format!("{sign}{a}/{b}")));
        made.push(("a multiple", format!(r"{sign}\frac{{{}}}{{{}}}", 7 * u64::from(a), 7 * u64::from(b))));
        made.push(("a sign above", format!(r"\frac{{{sign}{a}}}{{{b}}}")));
        made.push(("a quotient", format!(r"{sign}{a}\div {b}")));
        made.push(("a fraction in words", format!(r"{sign}{{{a} \over {b}}}")));
        if a < 10 && b < 10 {
            made.push(("no braces", format!(r"{sign}\frac{a}{b}")));
        }
        if a > b && b > 1 && a % b != 0 && sign.is_empty() {
            made.push(("a mixed number", format!(r"{}\frac{{{}}}{{{b}}}", a / b, a % b)));
        }
        for (fraction, character) in
            [((1, 2), '½'), ((1, 3), '⅓'), ((1, 4), '¼'), ((3, 4), '¾'), ((2, 3), '⅔')]
        {
            if (a, b) == fraction {
                made.push(("unicode", format!("{sign}{character}")));
            }
        }
        if let Some(decimal) = finite(a, b) {
            made.push(("fraction as a decimal", format!("{sign}{decimal}")));
        }
    }
}

/// A fraction as a decimal, where it ends within 14 places.
fn finite(a: u32, b: u32) -> Option<String> {
    const PLACES: u32 = 14;
    let scale = 10i128.pow(PLACES);
    let scaled = i128::from(a) * scale;
    if scaled % i128::from(b) != 0 {
        return None;
    }
    let scaled = scaled / i128::from(b);
    let text = format!("{}.{:014}", scaled / scale, scaled % scale);
    Some(text.trim_end_matches('0').trim_end_matches('.').to_owned())
}

pub(super) fn of_percentages(gold: &str, made: &mut Vec<Rewrite>) {
    let Some(number) = gold.strip_suffix(r"\%").or_else(|| gold.strip_suffix('%')) else { return };
    let Some(digits) = whole(number.trim()) else { return };
    for sign in ["%", r"\%", r" \%", " percent"] {
        made.push(("percent signs", format!("{number}{sign}")));
    }
    if let (false, Ok(share)) = (number.starts_with('-'), digits.parse::<u32>()) {
        made.push(("a share", format!("{}.{:02}", share / 100, share % 100)));
    }
    made.push(("no percent sign", number.to_owned()));
}

pub(super) fn of_powers_of_ten(gold: &str, made: &mut Vec<Rewrite>) {
    let Some((number, power)) = gold.split_once(r"\times 10^").or_else(|| gold.split_once(r"\times10^"))
    else {
        return;
    };
    let power = power.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(power).trim();
    let decimal = |text: &str| {
        text.split_once('.')
            .is_none_or(|(a, b)| whole(a).is_some() && !b.is_empty() && b.bytes().all(|c| c.is_ascii_digit()))
    };
    let number = number.trim();
    if whole(power).is_some() && (whole(number).is_some() || number.contains('.') && decimal(number)) {
        made.push(("powers of ten", format!("{number}e{power}")));
        made.push(("powers of ten", format!("{number}*10^({power})")));
        made.push(("powers of ten", format!(r"{number}\cdot10^{{{power}}}")));
    }
}
