//! Metadata with typed access.

use std::collections::HashMap;

use crate::{Array, GgufError, Value};

/// Keys and values of a file, in their order.
///
/// [`Metadata::get`] reads a value as `u64`, `f64`, `bool`, `&str`, `&[String]`, `Vec<i64>` or `Vec<f64>`: integers of
/// any width are `u64` where they are not negative, numbers of either width `f64`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Metadata {
    entries: Vec<(String, Value)>,
    places: HashMap<String, usize>,
}

impl Metadata {
    /// Sets a key.
    pub fn set(&mut self, key: impl Into<String>, value: Value) {
        let key = key.into();
        match self.places.get(&key) {
            Some(place) => self.entries[*place].1 = value,
            None => {
                self.places.insert(key.clone(), self.entries.len());
                self.entries.push((key, value));
            }
        }
    }

    /// Value as it is stored.
    pub fn value(&self, key: &str) -> Option<&Value> {
        self.places.get(key).map(|place| &self.entries[*place].1)
    }

    /// Value of a key, or none if the file has no such key.
    ///
    /// # Errors
    /// [`GgufError::Value`] if the value is of another type or negative.
    pub fn get<'a, T: FromValue<'a>>(&'a self, key: &str) -> Result<Option<T>, GgufError> {
        let Some(value) = self.value(key) else { return Ok(None) };
        T::from_value(value).map(Some).ok_or_else(|| GgufError::Value {
            key: key.into(),
            found: value.to_string(),
            expected: T::EXPECTED.into(),
        })
    }

    /// Value of a key that must be there.
    ///
    /// # Errors
    /// [`GgufError::MissingKey`] without the key, and those of [`Metadata::get`].
    pub fn need<'a, T: FromValue<'a>>(&'a self, key: &str, needed_by: &'static str) -> Result<T, GgufError> {
        self.get(key)?.ok_or_else(|| GgufError::MissingKey { key: key.into(), needed_by })
    }

    /// Keys and values in their order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.entries.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// Number of keys.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// A type that implements `FromValue` is what a metadata value can be read as.
pub trait FromValue<'a>: Sized {
    /// The type's name in an error.
    const EXPECTED: &'static str;
    /// The value, or none if it is of another type.
    fn from_value(value: &'a Value) -> Option<Self>;
}

impl FromValue<'_> for u64 {
    const EXPECTED: &'static str = "a number from 0 on";
    fn from_value(value: &Value) -> Option<u64> {
        match *value {
            Value::U8(number) => Some(number.into()),
            Value::U16(number) => Some(number.into()),
            Value::U32(number) => Some(number.into()),
            Value::U64(number) => Some(number),
            Value::I8(number) => number.try_into().ok(),
            Value::I16(number) => number.try_into().ok(),
            Value::I32(number) => number.try_into().ok(),
            Value::I64(number) => number.try_into().ok(),
            _ => None,
        }
    }
}

impl FromValue<'_> for f64 {
    const EXPECTED: &'static str = "a finite number";
    fn from_value(value: &Value) -> Option<f64> {
        let number = match *value {
            // The shortest decimal that names the f32: 1e-6 was written, not 9.99999997e-7.
            Value::F32(number) => number.to_string().parse().ok()?,
            Value::F64(number) => number,
            _ => return None,
        };
        number.is_finite().then_some(number)
    }
}

impl FromValue<'_> for bool {
    const EXPECTED: &'static str = "true or false";
    fn from_value(value: &Value) -> Option<bool> {
        if let Value::Bool(flag) = value { Some(*flag) } else { None }
    }
}

impl<'a> FromValue<'a> for &'a str {
    const EXPECTED: &'static str = "a text";
    fn from_value(value: &'a Value) -> Option<&'a str> {
        if let Value::String(text) = value { Some(text) } else { None }
    }
}

impl<'a> FromValue<'a> for &'a [String] {
    const EXPECTED: &'static str = "an array of texts";
    fn from_value(value: &'a Value) -> Option<&'a [String]> {
        if let Value::Array(Array::String(texts)) = value { Some(texts) } else { None }
    }
}

impl FromValue<'_> for Vec<i64> {
    const EXPECTED: &'static str = "an array of whole numbers";
    fn from_value(value: &Value) -> Option<Vec<i64>> {
        let Value::Array(array) = value else { return None };
        match array {
            Array::U8(numbers) => Some(numbers.iter().map(|n| (*n).into()).collect()),
            Array::I8(numbers) => Some(numbers.iter().map(|n| (*n).into()).collect()),
            Array::U16(numbers) => Some(numbers.iter().map(|n| (*n).into()).collect()),
            Array::I16(numbers) => Some(numbers.iter().map(|n| (*n).into()).collect()),
            Array::U32(numbers) => Some(numbers.iter().map(|n| (*n).into()).collect()),
            Array::I32(numbers) => Some(numbers.iter().map(|n| (*n).into()).collect()),
            Array::I64(numbers) => Some(numbers.clone()),
            Array::U64(numbers) => numbers.iter().map(|n| (*n).try_into().ok()).collect(),
            _ => None,
        }
    }
}

impl FromValue<'_> for Vec<f64> {
    const EXPECTED: &'static str = "an array of numbers";
    fn from_value(value: &Value) -> Option<Vec<f64>> {
        match value {
            Value::Array(Array::F32(numbers)) => Some(numbers.iter().map(|n| (*n).into()).collect()),
            Value::Array(Array::F64(numbers)) => Some(numbers.clone()),
            _ => None,
        }
    }
}
