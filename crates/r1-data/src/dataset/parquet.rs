//! Parquet files, row by row.

use std::{
    fs::File,
    panic::{AssertUnwindSafe, catch_unwind},
};

use parquet::{
    file::{reader::FileReader, serialized_reader::SerializedFileReader},
    record::{Field, Row, reader::RowIter},
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{place::Place, rows::Record};
use crate::DataError;

/// The rows of a Parquet file as a `T` each.
pub(super) struct ParquetRows<T> {
    place: Place,
    rows: Option<RowIter<'static>>,
    row: usize,
    held: std::marker::PhantomData<fn() -> T>,
}

impl<T> ParquetRows<T> {
    pub(super) fn open(place: Place) -> Result<Self, DataError> {
        let file = File::open(&place.path).map_err(|source| place.cannot_read(source))?;
        let rows = guarded(|| {
            let reader = SerializedFileReader::new(file)?;
            reader.metadata();
            Ok(RowIter::from_file_into(Box::new(reader)))
        });
        let rows = rows.map_err(|reason| damaged(&place, &reason))?;
        Ok(Self { place, rows: Some(rows), row: 0, held: std::marker::PhantomData })
    }
}

impl<T: DeserializeOwned> Iterator for ParquetRows<T> {
    type Item = Result<Record<T>, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        let rows = self.rows.as_mut()?;
        self.row += 1;
        let row = match guarded(|| rows.next().transpose()) {
            Ok(row) => row?,
            Err(reason) => {
                // Behind a damaged page nothing can be read.
                self.rows = None;
                let damaged = format!("cannot be decoded: {}; get the file again", short(&reason));
                return Some(Err(self.place.error(self.row, damaged)));
            }
        };
        let value = object(&row).and_then(|value| T::deserialize(value).map_err(|error| error.to_string()));
        let record = value.map(|value| Record { row: self.row, value });
        Some(record.map_err(|reason| self.place.error(self.row, reason)))
    }
}

/// The library panics at some of what a damaged file can contain, and at types that it does not know.
fn guarded<R>(read: impl FnOnce() -> parquet::errors::Result<R>) -> Result<R, String> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(error.to_string()),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            Err(text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("the decoder failed").to_owned())
        }
    }
}

fn damaged(place: &Place, reason: &str) -> DataError {
    place.whole(format!("is damaged or not all there: {}; get it again", short(reason)))
}

/// The library prints whole values into its messages.
fn short(reason: &str) -> String {
    match reason.char_indices().nth(160) {
        Some((end, _)) => format!("{} ...", &reason[..end]),
        None => reason.to_owned(),
    }
}

/// The row as the JSON object that it would be in a file of lines.
fn object(row: &Row) -> Result<Value, String> {
    let entry = |(name, field): (&String, &Field)| {
        json(field).map(|value| (name.clone(), value)).map_err(|reason| format!("`{name}`: {reason}"))
    };
    row.get_column_iter().map(entry).collect::<Result<Map<_, _>, _>>().map(Value::Object)
}

fn json(field: &Field) -> Result<Value, String> {
    Ok(match field {
        Field::Null => Value::Null,
        Field::Bool(value) => (*value).into(),
        Field::Byte(value) => (*value).into(),
        Field::Short(value) => (*value).into(),
        Field::Int(value) => (*value).into(),
        Field::Long(value) => (*value).into(),
        Field::UByte(value) => (*value).into(),
        Field::UShort(value) => (*value).into(),
        Field::UInt(value) => (*value).into(),
        Field::ULong(value) => (*value).into(),
        // By its digits, so that 0.1 stays 0.1; what is no number in JSON becomes null.
        Field::Float(value) => value.to_string().parse::<f64>().unwrap_or(f64::NAN).into(),
        Field::Float16(value) => f64::from(*value).into(),
        Field::Double(value) => (*value).into(),
        Field::Str(text) => text.as_str().into(),
        Field::Bytes(bytes) => match std::str::from_utf8(bytes.data()) {
            Ok(text) => text.into(),
            Err(error) => return Err(format!("not UTF-8 from byte {}", error.valid_up_to() + 1)),
        },
        Field::Group(row) => object(row)?,
        Field::ListInternal(list) => {
            list.elements().iter().map(json).collect::<Result<Vec<_>, _>>().map(Value::Array)?
        }
        Field::MapInternal(map) => {
            let entry = |(key, value): &(Field, Field)| match json(key)? {
                Value::String(key) => Ok((key, json(value)?)),
                key => Ok((key.to_string(), json(value)?)),
            };
            map.entries().iter().map(entry).collect::<Result<Map<_, _>, String>>().map(Value::Object)?
        }
        Field::Decimal(_)
        | Field::Date(_)
        | Field::TimeMillis(_)
        | Field::TimeMicros(_)
        | Field::TimestampMillis(_)
        | Field::TimestampMicros(_) => field.to_string().into(),
    })
}
