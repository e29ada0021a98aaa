//! Values that functions take and give, with the distinctions that Python makes.

use serde_json::{Number, Value as Json, json};

use super::checker::close;

/// A value from a program. Only plain data can be told: an object with methods of its own cannot.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    None,
    Bool(bool),
    /// A whole number in hexadecimal, with a sign.
    Int(String),
    Float(f64),
    /// A fraction in lowest terms: two whole numbers, the second above 0.
    Ratio(String, String),
    Text(String),
    /// A list or a tuple, as JSON cannot tell them apart.
    List(Vec<Value>),
    Set(Vec<Value>),
    Dict(Vec<(Value, Value)>),
    /// Bytes, complex numbers and all that no expected value can be.
    Foreign,
}

/// Writes JSON arguments in the drivers' notation: `["kind", content]` for all that is not plain.
pub(crate) fn encode(json: &Json) -> Json {
    match json {
        Json::Array(items) => json!(["l", items.iter().map(encode).collect::<Vec<_>>()]),
        Json::Object(entries) => {
            json!(["d", entries.iter().map(|(key, value)| json!([key, encode(value)])).collect::<Vec<_>>()])
        }
        Json::Number(number) => match hex(number) {
            Some(digits) => json!(["i", digits]),
            None => json!(["f", number.to_string()]),
        },
        plain => plain.clone(),
    }
}

/// Whether a number in it is beyond 64 bits: JSON's reader has rounded it, so that it stands for many
/// whole numbers.
pub(crate) fn is_rounded(json: &Json) -> bool {
    const FIRST: f64 = 9_223_372_036_854_775_808.0;
    match json {
        Json::Array(items) => items.iter().any(is_rounded),
        Json::Object(entries) => entries.values().any(is_rounded),
        Json::Number(number) => {
            hex(number).is_none() && number.as_f64().is_none_or(|value| value.abs() >= FIRST)
        }
        _ => false,
    }
}

/// A whole number as `[-]0x..`; `None` for a fraction.
fn hex(number: &Number) -> Option<String> {
    match (number.as_u64(), number.as_i64()) {
        (Some(value), _) => Some(format!("0x{value:x}")),
        (_, Some(value)) => Some(format!("-0x{:x}", value.unsigned_abs())),
        _ => None,
    }
}

/// Reads what a driver wrote; `None` when it is no value.
pub(crate) fn decode(json: &Json) -> Option<Value> {
    Some(match json {
        Json::Null => Value::None,
        Json::Bool(value) => Value::Bool(*value),
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(pair) => {
            let [Json::String(kind), content] = &pair[..] else { return None };
            let items = || content.as_array()?.iter().map(decode).collect::<Option<Vec<_>>>();
            match kind.as_str() {
                "i" => Value::Int(content.as_str()?.to_owned()),
                "f" => Value::Float(float(content.as_str()?)?),
                "l" | "t" => Value::List(items()?),
                "s" | "z" => Value::Set(items()?),
                "r" => match &content.as_array()?[..] {
                    [above, below] => Value::Ratio(above.as_str()?.to_owned(), below.as_str()?.to_owned()),
                    _ => return None,
                },
                "d" | "C" | "O" => {
                    let entry = |entry: &Json| match &entry.as_array()?[..] {
                        [key, value] => Some((decode(key)?, decode(value)?)),
                        _ => None,
                    };
                    Value::Dict(content.as_array()?.iter().map(entry).collect::<Option<Vec<_>>>()?)
                }
                _ => Value::Foreign,
            }
        }
        Json::Number(_) | Json::Object(_) => return None,
    })
}

/// Python and JavaScript spell the values that are not finite differently.
fn float(text: &str) -> Option<f64> {
    match text {
        "NaN" | "nan" => Some(f64::NAN),
        "Infinity" | "inf" => Some(f64::INFINITY),
        "-Infinity" | "-inf" => Some(f64::NEG_INFINITY),
        digits => digits.parse().ok(),
    }
}

/// How values are compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Equality {
    /// Tolerances for floating-point numbers, absolute and relative.
    pub(crate) tolerance: Option<(f64, f64)>,
    /// Whether the order of the outermost list is free.
    pub(crate) unordered: bool,
}

impl Equality {
    /// Whether `value` is what JSON says, as Python's `==` sees it: `1 == 1.0`, and a tuple counts as a
    /// list. Keys of JSON objects are texts, and match whole numbers that are spelled so.
    pub(crate) fn holds(self, value: &Value, expected: &Json) -> bool {
        match (value, expected) {
            (Value::List(items), Json::Array(expected))
                if self.unordered && items.len() == expected.len() =>
            {
                let inner = Self { unordered: false, ..self };
                let mut free: Vec<&Json> = expected.iter().collect();
                items.iter().all(|item| {
                    let found = free.iter().position(|candidate| inner.holds(item, candidate));
                    found.map(|index| free.swap_remove(index)).is_some()
                })
            }
            (Value::List(items), Json::Array(expected)) => {
                items.len() == expected.len()
                    && items.iter().zip(expected).all(|(item, expected)| self.holds(item, expected))
            }
            (Value::Dict(entries), Json::Object(expected)) => {
                entries.len() == expected.len()
                    && entries.iter().all(|(key, value)| {
                        spelled(key).and_then(|key| expected.get(&key)).is_some_and(|e| self.holds(value, e))
                    })
            }
            (Value::None, Json::Null) => true,
            (Value::Text(text), Json::String(expected)) => text == expected,
            (Value::Bool(value), Json::Bool(expected)) => value == expected,
            (Value::Bool(value), Json::Number(number)) => number.as_f64() == Some(f64::from(*value)),
            (Value::Int(digits), Json::Number(number)) => match (hex(number), self.tolerance) {
                (Some(expected), _) => *digits == expected,
                (None, _) => self.close(to_float(digits), number),
            },
            (Value::Int(digits), Json::Bool(expected)) => digits == if *expected { "0x1" } else { "0x0" },
            (Value::Float(value), Json::Number(number)) => self.close(*value, number),
            (Value::Float(value), Json::Bool(expected)) => *value == f64::from(u8::from(*expected)),
            // As a floating-point number where it is exactly one, or where there is a tolerance.
            (Value::Ratio(above, below), Json::Number(number)) => {
                let (above, below) = (to_float(above), to_float(below));
                let exact = above.abs() < 9e15 && below < 9e15 && (below as u64).is_power_of_two();
                (exact || self.tolerance.is_some()) && self.close(above / below, number)
            }
            _ => false,
        }
    }

    fn close(self, value: f64, expected: &Number) -> bool {
        let Some(expected) = expected.as_f64() else { return false };
        let (absolute, relative) = self.tolerance.unwrap_or((0.0, 0.0));
        close(value, expected, absolute, relative)
    }
}

fn spelled(key: &Value) -> Option<String> {
    match key {
        Value::Text(text) => Some(text.clone()),
        Value::Int(digits) => {
            let (sign, digits) = digits.strip_prefix('-').map_or(("", digits.as_str()), |rest| ("-", rest));
            let value = u64::from_str_radix(digits.strip_prefix("0x")?, 16).ok()?;
            Some(format!("{sign}{value}"))
        }
        // As writers of JSON spell them.
        Value::Float(value) => Some(format!("{value:?}")),
        Value::Bool(value) => Some(value.to_string()),
        Value::None => Some("null".to_owned()),
        _ => None,
    }
}

fn to_float(digits: &str) -> f64 {
    let (sign, digits) = digits.strip_prefix('-').map_or((1.0, digits), |rest| (-1.0, rest));
    let digits = digits.strip_prefix("0x").unwrap_or(digits);
    digits
        .chars()
        .filter_map(|digit| digit.to_digit(16))
        .fold(0.0, |sum, digit| sum * 16.0 + f64::from(digit))
        * sign
}

#[cfg(test)]
mod tests {
    use super::*;

    fn equal(value: Json, expected: Json) -> bool {
        let plain = Equality { tolerance: None, unordered: false };
        plain.holds(&decode(&value).unwrap(), &expected)
    }

    #[test]
    fn values_are_equal_as_in_python() {
        assert!(equal(json!(["i", "0x1"]), json!(1)));
        assert!(equal(json!(["i", "0x1"]), json!(1.0)));
        assert!(equal(json!(["f", "1.0"]), json!(1)));
        assert!(equal(json!(true), json!(1)) && equal(json!(["i", "0x0"]), json!(false)));
        assert!(equal(json!(["t", [["i", "-0x2"], "a"]]), json!([-2, "a"])));
        assert!(equal(json!(["d", [[["i", "0x7"], null]]]), json!({"7": null})));
        assert!(equal(json!(["C", [["a", ["i", "0x2"]]]]), json!({"a": 2})));
        assert!(equal(json!(["r", ["0x1", "0x2"]]), json!(0.5)));
        assert!(!equal(json!(["r", ["0x1", "0x3"]]), json!(0.3333333333333333)));
        assert!(equal(json!(["f", "1.0"]), json!(true)) && !equal(json!(["f", "2.0"]), json!(true)));
        let keys = json!(["d", [[["f", "1.5"], "a"], [true, "b"], [null, "c"]]]);
        assert!(equal(keys, json!({"1.5": "a", "true": "b", "null": "c"})));
        assert!(!equal(json!(["f", "nan"]), json!(0)));
        assert!(!equal(json!("1"), json!(1)) && !equal(json!(["s", []]), json!([])));
        assert!(!equal(json!(["?", "AlwaysEqual"]), json!(1)));
        assert!(!equal(json!(["l", []]), json!(null)));
    }

    #[test]
    fn arguments_come_back_as_they_were() {
        let json = json!([1, -5, 2.5, "x", [true, null], {"k": [u64::MAX]}]);
        assert!(equal(encode(&json), json));
    }

    #[test]
    fn a_whole_number_beyond_64_bits_is_noticed() {
        let parse = |text: &str| serde_json::from_str::<Json>(text).unwrap();
        for text in ["100000000000000000001", "[[1], {\"a\": -9223372036854775809}]", "1e300"] {
            assert!(is_rounded(&parse(text)), "{text}");
        }
        for text in ["18446744073709551615", "-9223372036854775808", "[1.5, 1e18, \"1e300\"]", "null"] {
            assert!(!is_rounded(&parse(text)), "{text}");
        }
    }

    #[test]
    fn what_is_no_value_is_refused() {
        for bad in [json!(1), json!({}), json!([]), json!(["i", 1]), json!(["l", 1]), json!(["f", "x"])] {
            assert_eq!(decode(&bad), None, "{bad}");
        }
    }

    #[test]
    fn order_and_tolerance_are_optional() {
        let value = decode(&json!(["l", [["f", "0.1000000001"], ["i", "0x2"]]])).unwrap();
        let loose = Equality { tolerance: Some((1e-6, 1e-6)), unordered: true };
        assert!(loose.holds(&value, &json!([2, 0.1])));
        assert!(!Equality { unordered: false, ..loose }.holds(&value, &json!([2, 0.1])));
        assert!(!Equality { tolerance: None, ..loose }.holds(&value, &json!([2, 0.1])));
    }
}
