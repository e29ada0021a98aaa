//! Times of day and dates.

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// Longer texts are neither.
const MAX_BYTES: usize = 64;

/// A time of day or a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// Seconds since midnight, when the half of the day is known.
    Time(u32),
    /// A clock's reading without a half of the day.
    Clock(u32),
    Date {
        year: Option<u32>,
        month: usize,
        day: u32,
    },
}

/// Whether two texts name one time of day or one date. The half of the day may be missing on one side,
/// as units may; a year that the reference does not have says more than was asked.
pub(crate) fn same(reference: &str, answer: &str) -> bool {
    const NOON: u32 = 12 * 3600;
    match (read(reference), read(answer)) {
        (Some(Moment::Time(a)), Some(Moment::Time(b))) => a == b,
        (Some(Moment::Time(time)), Some(Moment::Clock(clock)))
        | (Some(Moment::Clock(clock)), Some(Moment::Time(time))) => {
            clock == time || ((3600..NOON + 3600).contains(&clock) && clock % NOON == time % NOON)
        }
        (
            Some(Moment::Date { year, month, day }),
            Some(Moment::Date { year: other, month: other_month, day: other_day }),
        ) => (month, day) == (other_month, other_day) && (year.is_none() || year == other),
        _ => false,
    }
}

/// Whether a text names a date, or a time of day with its half.
pub(crate) fn is_moment(text: &str) -> bool {
    matches!(read(text), Some(Moment::Time(_) | Moment::Date { .. }))
}

fn read(text: &str) -> Option<Moment> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let plain = plain(text)?;
    time(&plain).or_else(|| date(&plain))
}

/// Lower case, without the mark-up of texts; `None` where other commands stand.
fn plain(text: &str) -> Option<String> {
    let mut plain = text.to_ascii_lowercase();
    for (mark, instead) in [
        ("^{\\text{", ""),
        ("^\\text{", ""),
        ("^{\\mathrm{", ""),
        ("\\textbf{", " "),
        ("\\text{", " "),
        ("\\mathrm{", " "),
        ("\\mbox{", " "),
        ("\\ ", " "),
        ("\\,", " "),
        ("\\:", ":"),
    ] {
        if plain.contains('\\') {
            plain = plain.replace(mark, instead);
        }
    }
    let plain = plain.replace("^{", "").replace('^', "").replace(['{', '}', '$', '~'], " ");
    (!plain.contains('\\')).then(|| plain.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// `3 pm`, `3:00 p.m.`, `15:00`, `noon`.
fn time(text: &str) -> Option<Moment> {
    let text = text.strip_prefix("at ").unwrap_or(text);
    match text.trim_end_matches('.') {
        "noon" | "12 noon" | "12:00 noon" => return Some(Moment::Time(12 * 3600)),
        "midnight" | "12 midnight" | "12:00 midnight" => return Some(Moment::Time(0)),
        _ => {}
    }
    let (hours, mut rest) = digits(text, 1..=2)?;
    let mut seconds = hours * 3600;
    let mut parts = 0;
    while parts < 2
        && let Some(after) = rest.strip_prefix(':')
    {
        let (part, after) = digits(after.trim_start(), 2..=2)?;
        if part > 59 {
            return None;
        }
        parts += 1;
        seconds += part * if parts == 1 { 60 } else { 1 };
        rest = after;
    }
    let half: String = rest.chars().filter(|c| !matches!(c, '.' | ' ')).collect();
    match half.as_str() {
        "am" if (1..=12).contains(&hours) => Some(Moment::Time(seconds % (12 * 3600))),
        "pm" if (1..=12).contains(&hours) => Some(Moment::Time(seconds % (12 * 3600) + 12 * 3600)),
        "" if parts > 0 && hours < 24 => Some(Moment::Clock(seconds)),
        _ => None,
    }
}

/// A number of so many digits, and what follows.
fn digits(text: &str, count: std::ops::RangeInclusive<usize>) -> Option<(u32, &str)> {
    let end = text.bytes().take_while(u8::is_ascii_digit).count();
    if !count.contains(&end) {
        return None;
    }
    Some((text[..end].parse().ok()?, &text[end..]))
}

/// `March 3, 2021`, `3rd of March`, `2021-03-03`.
fn date(text: &str) -> Option<Moment> {
    let named = text.replace([',', '.'], " ");
    let mut words: Vec<&str> = named.split(' ').filter(|word| !word.is_empty()).collect();
    words.retain(|word| !matches!(*word, "of" | "the" | "on") && !WEEKDAYS.contains(word));
    let (year, month, day) = match words[..] {
        [one] => return iso(one),
        [first, second] => {
            (None, month(first).or_else(|| month(second))?, day(first).or_else(|| day(second))?)
        }
        [first, second, last] => {
            let (year, rest) = digits(last, 4..=4)?;
            let (month, day) = (month(first).or_else(|| month(second))?, day(first).or_else(|| day(second))?);
            (rest.is_empty().then_some(Some(year))?, month, day)
        }
        _ => return None,
    };
    Some(Moment::Date { year, month, day })
}

fn iso(text: &str) -> Option<Moment> {
    let (year, rest) = digits(text, 4..=4)?;
    let (month, rest) = digits(rest.strip_prefix('-')?, 2..=2)?;
    let (day, rest) = digits(rest.strip_prefix('-')?, 2..=2)?;
    let valid = rest.is_empty() && (1..=12).contains(&month) && (1..=31).contains(&day);
    valid.then_some(Moment::Date { year: Some(year), month: month as usize - 1, day })
}

fn month(word: &str) -> Option<usize> {
    let short = word == "sept" || word.len() == 3;
    MONTHS.iter().position(|name| *name == word || (short && name.starts_with(word)))
}

fn day(word: &str) -> Option<u32> {
    let (day, rest) = digits(word, 1..=2)?;
    (matches!(rest, "" | "st" | "nd" | "rd" | "th") && (1..=31).contains(&day)).then_some(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_moment_in_several_spellings_is_the_same() {
        for (a, b) in [
            ("3:00 p.m.", "3 PM"),
            ("15:00", "3:00 pm"),
            ("\\text{9:30 a.m.}", "9:30"),
            ("12:00\\text{ a.m.}", "midnight"),
            ("12 p.m.", "12:00 noon"),
            ("12:30 AM", "0:30"),
            ("July 4", "4th of July"),
            ("March 3, 2021", "Wednesday, 3 Mar. 2021"),
            ("March 3, 2021", "2021-03-03"),
            ("March 3", "March 3, 2021"),
            ("Sept. 1st", "September 1"),
            ("July $4^{\\text{th}}$", "July 4"),
        ] {
            assert!(same(a, b), "{a} | {b}");
        }
    }

    #[test]
    fn other_moments_and_what_is_none_are_not_the_same() {
        for (a, b) in [
            ("3:00 p.m.", "3:00 a.m."),
            ("15:00", "5:00 pm"),
            ("15:00", "15:00 pm"),
            ("9:30 am", "9:03 am"),
            ("9:30", "9:30"),
            ("15:30 ", "3:00 pm"),
            ("13:00 am", "1 am"),
            ("9:75 am", "10:15 am"),
            ("July 4", "July 14"),
            ("July 4", "4"),
            ("March 3, 2021", "March 3"),
            ("March 3, 2021", "March 3, 2020"),
            ("March 32", "March 32"),
            ("ma 3", "ma 3"),
            ("", ""),
            ("\\frac{3}{4} pm", "\\frac{3}{4} pm"),
        ] {
            assert!(!same(a, b), "{a} | {b}");
        }
    }
}
