//! The parts of Python's Jinja that chat templates rely on.

use std::{
    io,
    time::{SystemTime, UNIX_EPOCH},
};

use minijinja::{
    Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value, escape_formatter,
    syntax::SyntaxConfig,
    value::{Kwargs, Serde, ValueKind},
};
use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter};

/// An environment set up as that of `transformers`.
pub(super) fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax.expect("Jinja's own delimiters differ from each other"));
    environment.set_undefined_behavior(UndefinedBehavior::Lenient);
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment.set_unknown_method_callback(super::methods::call);
    environment.set_formatter(format);
    environment.add_filter("format_percent", percent);
    environment.add_test("sequence", |value: &Value| {
        matches!(value.kind(), ValueKind::String | ValueKind::Seq | ValueKind::Map)
    });
    environment.add_filter("tojson", to_json);
    environment.add_function("raise_exception", |text: String| -> Result<String, Error> {
        Err(Error::new(ErrorKind::InvalidOperation, text))
    });
    set_clock(&mut environment, SystemTime::now);
    environment
}

/// Floats as Python's `repr` writes them: `1e+16`, `1e-07`.
fn format(out: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    match f64::try_from(value.clone()) {
        Ok(float) if value.kind() == ValueKind::Number && !value.is_integer() => {
            out.write_str(&float_text(float)).map_err(Error::from)
        }
        _ => escape_formatter(out, state, value),
    }
}

fn float_text(value: f64) -> String {
    let magnitude = value.abs();
    if value == 0.0 || !value.is_finite() || (1e-4..1e16).contains(&magnitude) {
        return Value::from(value).to_string();
    }
    let text = format!("{value:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |exponent| ('-', exponent));
    format!("{digits}e{sign}{exponent:0>2}")
}

/// `text % operand`: of a tuple each member is an argument.
fn percent(state: &mut State, text: Value, operand: Value) -> Result<Value, Error> {
    let mut args = vec![text];
    if operand.is_tuple() {
        args.extend(operand.try_iter()?);
    } else {
        args.push(operand);
    }
    state.apply_filter("format", &args)
}

/// Sets the clock of `strftime_now`.
pub(super) fn set_clock(environment: &mut Environment, now: impl Fn() -> SystemTime + Send + Sync + 'static) {
    environment.add_function("strftime_now", move |format: String| strftime(&format, now()));
}

/// Python's `json.dumps(value, ensure_ascii=False, indent=..)`: a space after `:` and after `,`.
fn to_json(value: Serde<serde_json::Value>, options: Kwargs) -> Result<String, Error> {
    let indent: Option<usize> = options.get("indent")?;
    for name in ["ensure_ascii", "sort_keys"] {
        if options.get::<Option<bool>>(name)? == Some(true) {
            let text = format!("tojson can only be used with {name}=false");
            return Err(Error::new(ErrorKind::InvalidOperation, text));
        }
    }
    options.assert_all_used()?;
    let mut bytes = Vec::new();
    let written = match indent {
        Some(width) => {
            let indent = " ".repeat(width);
            write(&value.0, &mut bytes, PrettyFormatter::with_indent(indent.as_bytes()))
        }
        None => write(&value.0, &mut bytes, Spaced),
    };
    let invalid = |error: String| Error::new(ErrorKind::BadSerialization, error);
    written.map_err(|error| invalid(error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| invalid(error.to_string()))
}

fn write(
    value: &serde_json::Value,
    bytes: &mut Vec<u8>,
    formatter: impl Formatter,
) -> serde_json::Result<()> {
    value.serialize(&mut serde_json::Serializer::with_formatter(bytes, formatter))
}

/// One line, with Python's spaces.
struct Spaced;

impl Formatter for Spaced {
    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// Python's `strftime` for the directives that chat templates use, in UTC.
fn strftime(format: &str, now: SystemTime) -> Result<String, Error> {
    let seconds = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    let month_name = MONTHS[month as usize - 1];
    // The first of January 1970 was a Thursday.
    let weekday = WEEKDAYS[(days as usize + 3) % 7];
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let mut text = String::new();
    let mut characters = format.chars();
    while let Some(character) = characters.next() {
        if character != '%' {
            text.push(character);
            continue;
        }
        text += &match characters.next() {
            Some('Y') => year.to_string(),
            Some('y') => format!("{:02}", year % 100),
            Some('m') => format!("{month:02}"),
            Some('d') => format!("{day:02}"),
            Some('B') => month_name.to_owned(),
            Some('b') => month_name[..3].to_owned(),
            Some('A') => weekday.to_owned(),
            Some('a') => weekday[..3].to_owned(),
            Some('H') => format!("{hour:02}"),
            Some('I') => format!("{:02}", (hour + 11) % 12 + 1),
            Some('M') => format!("{minute:02}"),
            Some('S') => format!("{second:02}"),
            Some('p') => if hour < 12 { "AM" } else { "PM" }.to_owned(),
            Some('F') => format!("{year}-{month:02}-{day:02}"),
            Some('T') => format!("{hour:02}:{minute:02}:{second:02}"),
            Some('%') => "%".to_owned(),
            other => {
                let directive: String = other.into_iter().collect();
                let text = format!("strftime_now does not know `%{directive}`");
                return Err(Error::new(ErrorKind::InvalidOperation, text));
            }
        };
    }
    Ok(text)
}

/// Year, month and day of a day counted from the first of January 1970, in the Gregorian calendar.
fn civil(days: u64) -> (u64, u64, u64) {
    // Years that begin in March have their leap day at the end; eras of 400 of them are all alike.
    let day = days + 719_468;
    let (era, day) = (day / 146_097, day % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(format: &str, seconds: u64) -> String {
        strftime(format, UNIX_EPOCH + Duration::from_secs(seconds)).unwrap()
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(at("%A %d %B %Y, %H:%M:%S", 0), "Thursday 01 January 1970, 00:00:00");
        assert_eq!(at("%a %d %b %y %I %p", 951_782_400), "Tue 29 Feb 00 12 AM");
        assert_eq!(at("%F %T 100%%", 1_735_689_599), "2024-12-31 23:59:59 100%");
        assert_eq!(at("%Y-%m-%d", 4_107_542_400), "2100-03-01");
        assert!(strftime("%Q", UNIX_EPOCH).is_err());
    }
}
