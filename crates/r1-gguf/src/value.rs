//! Values of metadata.

use crate::cursor::Cursor;
use crate::{FromValue, GgufError};

/// Value of a metadata key, in the type that the file stores.
#[allow(missing_docs)]
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    U8(u8),
    I8(i8),
    U16(u16),
    I16(i16),
    U32(u32),
    I32(i32),
    F32(f32),
    Bool(bool),
    String(String),
    Array(Array),
    U64(u64),
    I64(i64),
    F64(f64),
}

/// Values of one type.
#[allow(missing_docs)]
#[derive(Debug, Clone, PartialEq)]
pub enum Array {
    U8(Vec<u8>),
    I8(Vec<i8>),
    U16(Vec<u16>),
    I16(Vec<i16>),
    U32(Vec<u32>),
    I32(Vec<i32>),
    F32(Vec<f32>),
    Bool(Vec<bool>),
    String(Vec<String>),
    Array(Vec<Array>),
    U64(Vec<u64>),
    I64(Vec<i64>),
    F64(Vec<f64>),
}

/// Arrays in arrays are read to this depth; no known key goes beyond 2.
const DEPTH: usize = 4;

macro_rules! numbers {
    ($($id:literal $name:ident $number:ty),*) => {
        pub(crate) fn read_value(cursor: &mut Cursor) -> Result<Value, GgufError> {
            Ok(match cursor.u32()? {
                $($id => Value::$name(<$number>::from_le_bytes(cursor.array()?)),)*
                7 => Value::Bool(cursor.array::<1>()?[0] != 0),
                8 => Value::String(cursor.text()?),
                9 => Value::Array(read_array(cursor, DEPTH)?),
                other => return Err(cursor.damaged(format!("type {other} is none; types go from 0 to 12"))),
            })
        }

        fn read_array(cursor: &mut Cursor, depth: usize) -> Result<Array, GgufError> {
            if depth == 0 {
                return Err(cursor.damaged(format!("arrays are nested deeper than {DEPTH}")));
            }
            Ok(match cursor.u32()? {
                $($id => {
                    const SIZE: usize = size_of::<$number>();
                    let len = cursor.count(SIZE)?;
                    let (numbers, _) = cursor.take(len * SIZE)?.as_chunks();
                    Array::$name(numbers.iter().map(|bytes| <$number>::from_le_bytes(*bytes)).collect())
                })*
                7 => {
                    let len = cursor.count(1)?;
                    Array::Bool(cursor.take(len)?.iter().map(|byte| *byte != 0).collect())
                }
                8 => {
                    let len = cursor.count(8)?;
                    Array::String((0..len).map(|_| cursor.text()).collect::<Result<_, _>>()?)
                }
                9 => {
                    let len = cursor.count(12)?;
                    Array::Array((0..len).map(|_| read_array(cursor, depth - 1)).collect::<Result<_, _>>()?)
                }
                other => return Err(cursor.damaged(format!("array type {other} is none; types go from 0 to 12"))),
            })
        }

        impl Value {
            /// Number of the type in a file, then the value's bytes.
            pub(crate) fn write(&self, out: &mut Vec<u8>) {
                match self {
                    $(Value::$name(number) => {
                        out.extend(u32::to_le_bytes($id));
                        out.extend(number.to_le_bytes());
                    })*
                    Value::Bool(flag) => {
                        out.extend(7u32.to_le_bytes());
                        out.push(*flag as u8);
                    }
                    Value::String(text) => {
                        out.extend(8u32.to_le_bytes());
                        write_text(text, out);
                    }
                    Value::Array(array) => {
                        out.extend(9u32.to_le_bytes());
                        array.write(out);
                    }
                }
            }
        }

        impl Array {
            fn write(&self, out: &mut Vec<u8>) {
                fn head(id: u32, len: usize, out: &mut Vec<u8>) {
                    out.extend(id.to_le_bytes());
                    out.extend((len as u64).to_le_bytes());
                }
                match self {
                    $(Array::$name(numbers) => {
                        head($id, numbers.len(), out);
                        numbers.iter().for_each(|number| out.extend(number.to_le_bytes()));
                    })*
                    Array::Bool(flags) => {
                        head(7, flags.len(), out);
                        out.extend(flags.iter().map(|flag| *flag as u8));
                    }
                    Array::String(texts) => {
                        head(8, texts.len(), out);
                        texts.iter().for_each(|text| write_text(text, out));
                    }
                    Array::Array(arrays) => {
                        head(9, arrays.len(), out);
                        arrays.iter().for_each(|array| array.write(out));
                    }
                }
            }

            /// Number of values.
            pub fn len(&self) -> usize {
                match self {
                    $(Array::$name(values) => values.len(),)*
                    Array::Bool(values) => values.len(),
                    Array::String(values) => values.len(),
                    Array::Array(values) => values.len(),
                }
            }
        }
    };
}

numbers!(0 U8 u8, 1 I8 i8, 2 U16 u16, 3 I16 i16, 4 U32 u32, 5 I32 i32, 6 F32 f32, 10 U64 u64, 11 I64 i64, 12 F64 f64);

impl Array {
    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Value {
    /// Whether it is the number 0.
    pub(crate) fn is_zero(&self) -> bool {
        u64::from_value(self) == Some(0) || f64::from_value(self) == Some(0.0)
    }
}

pub(crate) fn write_text(text: &str, out: &mut Vec<u8>) {
    out.extend((text.len() as u64).to_le_bytes());
    out.extend(text.as_bytes());
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Value::String(text) if text.len() > 60 => write!(f, "a text of {} bytes", text.len()),
            Value::String(text) => write!(f, "{text:?}"),
            Value::Array(array) => write!(f, "an array of {}", array.len()),
            Value::U8(number) => write!(f, "{number}"),
            Value::I8(number) => write!(f, "{number}"),
            Value::U16(number) => write!(f, "{number}"),
            Value::I16(number) => write!(f, "{number}"),
            Value::U32(number) => write!(f, "{number}"),
            Value::I32(number) => write!(f, "{number}"),
            Value::F32(number) => write!(f, "{number}"),
            Value::U64(number) => write!(f, "{number}"),
            Value::I64(number) => write!(f, "{number}"),
            Value::F64(number) => write!(f, "{number}"),
            Value::Bool(flag) => write!(f, "{flag}"),
        }
    }
}
