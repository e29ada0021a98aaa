//! Methods of Python's texts and lists that the template engine lacks.

use minijinja::{
    Error, ErrorKind, State, Value,
    value::{Tuple, ValueKind, from_args},
};
use minijinja_contrib::pycompat;

/// The most characters that a text is padded to: a template must not fill the memory.
const MAX_WIDTH: usize = 1 << 16;

/// Ours first, then those of the engine's own collection.
pub(super) fn call(state: &mut State, value: &Value, name: &str, args: &[Value]) -> Result<Value, Error> {
    let own = match value.as_str() {
        Some(text) => text_method(text, name, args)?,
        None if value.kind() == ValueKind::Seq && name == "index" => Some(index_of(value, args)?),
        None => None,
    };
    own.map_or_else(|| pycompat::unknown_method_callback(state, value, name, args), Ok)
}

fn text_method(text: &str, name: &str, args: &[Value]) -> Result<Option<Value>, Error> {
    Ok(Some(match name {
        "removeprefix" => {
            let (prefix,): (&str,) = from_args(args)?;
            text.strip_prefix(prefix).unwrap_or(text).into()
        }
        "removesuffix" => {
            let (suffix,): (&str,) = from_args(args)?;
            text.strip_suffix(suffix).unwrap_or(text).into()
        }
        "partition" => {
            let (separator,): (&str,) = from_args(args)?;
            let (before, after) =
                text.split_once(not_empty(separator)?).map_or((text, None), |(a, b)| (a, Some(b)));
            triple([before, after.map_or("", |_| separator), after.unwrap_or("")])
        }
        "rpartition" => {
            let (separator,): (&str,) = from_args(args)?;
            let (before, after) =
                text.rsplit_once(not_empty(separator)?).map_or((None, text), |(a, b)| (Some(a), b));
            triple([before.unwrap_or(""), before.map_or("", |_| separator), after])
        }
        "rsplit" => {
            let (separator, most): (Option<&str>, Option<i64>) = from_args(args)?;
            let most = most
                .and_then(|most| usize::try_from(most).ok())
                .map_or(usize::MAX, |most| most.saturating_add(1));
            let mut parts: Vec<&str> = match separator {
                Some(separator) => text.rsplitn(most, not_empty(separator)?).collect(),
                None => words_from_end(text, most),
            };
            parts.reverse();
            parts.into_iter().map(Value::from).collect::<Vec<_>>().into()
        }
        "swapcase" => text
            .chars()
            .flat_map(|letter| match letter.is_uppercase() {
                true => letter.to_lowercase().collect::<Vec<_>>(),
                false => letter.to_uppercase().collect(),
            })
            .collect::<String>()
            .into(),
        "casefold" => text.replace('ß', "ss").to_lowercase().into(),
        "ljust" | "rjust" | "center" => {
            let (width, fill): (usize, Option<&str>) = from_args(args)?;
            pad(text, width, fill.unwrap_or(" "), name)?
        }
        "zfill" => {
            let (width,): (usize,) = from_args(args)?;
            let (sign, digits) = text.split_at(usize::from(text.starts_with(['-', '+'])));
            let zeros = padding(width, text.chars().count())?;
            format!("{sign}{}{digits}", "0".repeat(zeros)).into()
        }
        "index" | "rindex" => {
            let (part,): (&str,) = from_args(args)?;
            let place = if name == "index" { text.find(part) } else { text.rfind(part) };
            let place = place.ok_or_else(|| wrong("substring not found"))?;
            text[..place].chars().count().into()
        }
        _ => return Ok(None),
    }))
}

/// At most `most` parts between white space from the end, the last of them the rest.
fn words_from_end(text: &str, most: usize) -> Vec<&str> {
    let (mut rest, mut parts) = (text.trim(), Vec::new());
    while !rest.is_empty() && parts.len() + 1 < most {
        match rest.rfind(char::is_whitespace) {
            Some(place) => {
                let start = place + rest[place..].chars().next().map_or(1, char::len_utf8);
                parts.push(&rest[start..]);
                rest = rest[..place].trim_end();
            }
            None => break,
        }
    }
    if !rest.is_empty() {
        parts.push(rest);
    }
    parts
}

fn pad(text: &str, width: usize, fill: &str, name: &str) -> Result<Value, Error> {
    if fill.chars().count() != 1 {
        return Err(wrong("the fill character must be exactly one character long"));
    }
    let (length, missing) = (text.chars().count(), padding(width, text.chars().count())?);
    let left = match name {
        "ljust" => 0,
        "rjust" => missing,
        // As Python: of an odd number the odd one goes left when the width is odd.
        _ => missing / 2 + (missing & (length + missing) & 1),
    };
    Ok(format!("{}{text}{}", fill.repeat(left), fill.repeat(missing - left)).into())
}

fn padding(width: usize, length: usize) -> Result<usize, Error> {
    if width > MAX_WIDTH {
        return Err(wrong(format!("a width of {width} is more than {MAX_WIDTH}")));
    }
    Ok(width.saturating_sub(length))
}

fn index_of(list: &Value, args: &[Value]) -> Result<Value, Error> {
    let (wanted,): (Value,) = from_args(args)?;
    let place = list.try_iter()?.position(|item| item == wanted);
    place.map(Value::from).ok_or_else(|| wrong("the list has no such item"))
}

fn triple(parts: [&str; 3]) -> Value {
    Value::from_object(Tuple::from(parts.map(Value::from)))
}

fn not_empty(separator: &str) -> Result<&str, Error> {
    if separator.is_empty() { Err(wrong("empty separator")) } else { Ok(separator) }
}

fn wrong(reason: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, reason.into())
}
