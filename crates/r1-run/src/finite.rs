//! Finds numbers that JSON cannot hold.
//!
//! `serde_json` writes NaN and the infinities as `null`, which looks like a value that was not
//! measured. [`check`] walks a value before it is written and names the field that is wrong.

use std::fmt::{self, Display};

use serde::ser::{self, Serialize, Serializer};

/// What stops the walk.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The field at this path is not finite.
    NonFinite { field: String, value: f64 },
    /// The value's own `Serialize` failed; serialising it for good will tell why.
    Custom(String),
}

/// Walks `value` and stops at the first number that is NaN or infinite.
pub(crate) fn check<T: Serialize + ?Sized>(value: &T) -> Result<(), Trouble> {
    value.serialize(&mut Walk { path: Vec::new() })
}

impl Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NonFinite { field, value } => write!(f, "`{field}` is {value}"),
            Self::Custom(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for Trouble {}

impl ser::Error for Trouble {
    fn custom<T: Display>(message: T) -> Self {
        Self::Custom(message.to_string())
    }
}

/// The place the walk is at.
struct Walk {
    path: Vec<String>,
}

impl Walk {
    fn enter<T: Serialize + ?Sized>(&mut self, name: String, value: &T) -> Result<(), Trouble> {
        self.path.push(name);
        value.serialize(&mut *self)?;
        self.path.pop();
        Ok(())
    }

    fn number(&mut self, value: f64) -> Result<(), Trouble> {
        if value.is_finite() {
            return Ok(());
        }
        Err(Trouble::NonFinite { field: self.path.join("."), value })
    }

    fn list(&mut self) -> List<'_> {
        List { walk: self, index: 0, key: String::new() }
    }
}

/// The inside of a sequence, map or struct; `key` is the map key whose value comes next.
struct List<'a> {
    walk: &'a mut Walk,
    index: usize,
    key: String,
}

impl List<'_> {
    fn next<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Trouble> {
        let name = self.index.to_string();
        self.index += 1;
        self.walk.enter(name, value)
    }
}

macro_rules! nothing_to_check {
    ($($method:ident($($argument:ty),*)),* $(,)?) => {
        $(fn $method(self, $(_: $argument),*) -> Result<(), Trouble> {
            Ok(())
        })*
    };
}

impl<'a> Serializer for &'a mut Walk {
    type Ok = ();
    type Error = Trouble;
    type SerializeSeq = List<'a>;
    type SerializeTuple = List<'a>;
    type SerializeTupleStruct = List<'a>;
    type SerializeTupleVariant = List<'a>;
    type SerializeMap = List<'a>;
    type SerializeStruct = List<'a>;
    type SerializeStructVariant = List<'a>;

    fn serialize_f32(self, value: f32) -> Result<(), Trouble> {
        self.number(value.into())
    }

    fn serialize_f64(self, value: f64) -> Result<(), Trouble> {
        self.number(value)
    }

    nothing_to_check! {
        serialize_bool(bool), serialize_char(char), serialize_str(&str), serialize_bytes(&[u8]),
        serialize_i8(i8), serialize_i16(i16), serialize_i32(i32), serialize_i64(i64),
        serialize_u8(u8), serialize_u16(u16), serialize_u32(u32), serialize_u64(u64),
        serialize_none(), serialize_unit(), serialize_unit_struct(&'static str),
        serialize_unit_variant(&'static str, u32, &'static str),
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Trouble> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Trouble> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Trouble> {
        self.enter(variant.to_owned(), value)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<List<'a>, Trouble> {
        Ok(self.list())
    }

    fn serialize_tuple(self, _: usize) -> Result<List<'a>, Trouble> {
        Ok(self.list())
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<List<'a>, Trouble> {
        Ok(self.list())
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<List<'a>, Trouble> {
        Ok(self.list())
    }

    fn serialize_map(self, _: Option<usize>) -> Result<List<'a>, Trouble> {
        Ok(self.list())
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<List<'a>, Trouble> {
        Ok(self.list())
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<List<'a>, Trouble> {
        Ok(self.list())
    }
}

macro_rules! by_index {
    ($($compound:ident :: $method:ident),* $(,)?) => {
        $(impl ser::$compound for List<'_> {
            type Ok = ();
            type Error = Trouble;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Trouble> {
                self.next(value)
            }

            fn end(self) -> Result<(), Trouble> {
                Ok(())
            }
        })*
    };
}

by_index! {
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field,
}

macro_rules! by_name {
    ($($compound:ident),* $(,)?) => {
        $(impl ser::$compound for List<'_> {
            type Ok = ();
            type Error = Trouble;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), Trouble> {
                self.walk.enter(name.to_owned(), value)
            }

            fn end(self) -> Result<(), Trouble> {
                Ok(())
            }
        })*
    };
}

by_name!(SerializeStruct, SerializeStructVariant);

impl ser::SerializeMap for List<'_> {
    type Ok = ();
    type Error = Trouble;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Trouble> {
        let key = serde_json::to_value(key).map_err(ser::Error::custom)?;
        self.key = key.as_str().map_or_else(|| key.to_string(), str::to_owned);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Trouble> {
        let key = std::mem::take(&mut self.key);
        self.walk.enter(key, value)
    }

    fn end(self) -> Result<(), Trouble> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Serialize;

    use super::*;

    #[derive(Serialize, Default)]
    struct Nested {
        step: u64,
        rewards: BTreeMap<String, Mean>,
        lengths: Vec<f32>,
        extra: Option<(u8, f64)>,
        kind: Option<Kind>,
        #[serde(flatten)]
        more: BTreeMap<String, f64>,
    }

    #[derive(Serialize, Default)]
    struct Mean {
        mean: f32,
    }

    #[derive(Serialize)]
    enum Kind {
        Bound { low: f64 },
        Plain(f64),
    }

    fn check_field(value: &Nested, expected: Option<&str>) {
        let found = match check(value) {
            Ok(()) => None,
            Err(Trouble::NonFinite { field, .. }) => Some(field),
            Err(Trouble::Custom(message)) => panic!("{message}"),
        };
        assert_eq!(found.as_deref(), expected);
    }

    #[test]
    fn the_field_that_is_not_finite_is_named() {
        let rewards = |mean| BTreeMap::from([("accuracy".to_owned(), Mean { mean })]);
        check_field(&Nested { rewards: rewards(1.0), ..Nested::default() }, None);
        check_field(
            &Nested { rewards: rewards(f32::NAN), ..Nested::default() },
            Some("rewards.accuracy.mean"),
        );
        check_field(&Nested { lengths: vec![1.0, f32::INFINITY], ..Nested::default() }, Some("lengths.1"));
        check_field(&Nested { extra: Some((1, f64::NEG_INFINITY)), ..Nested::default() }, Some("extra.1"));
        check_field(
            &Nested { kind: Some(Kind::Bound { low: f64::NAN }), ..Nested::default() },
            Some("kind.low"),
        );
        check_field(&Nested { kind: Some(Kind::Plain(f64::NAN)), ..Nested::default() }, Some("kind.Plain"));
        let more = BTreeMap::from([("completions/mean_length".to_owned(), f64::NAN)]);
        check_field(&Nested { more, ..Nested::default() }, Some("completions/mean_length"));
    }

    #[test]
    fn a_missing_value_is_not_a_bad_one() {
        assert!(check(&serde_json::json!({"kl": null, "step": 1})).is_ok());
    }
}
