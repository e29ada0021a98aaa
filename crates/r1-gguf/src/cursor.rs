//! Reading of the header: every length is checked against what is left before anything is allocated.

use crate::GgufError;
use crate::error::shown;

/// Place in the bytes of a header.
#[derive(Debug)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    offset: usize,
    /// What is being read, for errors.
    field: String,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Cursor<'a> {
        Cursor { bytes, offset: 0, field: "header".into() }
    }

    pub(crate) fn offset(&self) -> usize {
        self.offset
    }

    pub(crate) fn reading(&mut self, field: impl Into<String>) {
        self.field = field.into();
    }

    pub(crate) fn damaged(&self, what: impl Into<String>) -> GgufError {
        GgufError::Damaged { field: self.field.clone(), offset: self.offset as u64, what: what.into() }
    }

    pub(crate) fn take(&mut self, len: usize) -> Result<&'a [u8], GgufError> {
        let left = self.bytes.len() - self.offset;
        if len > left {
            return Err(self.damaged(format!("{len} bytes are needed and {left} are left")));
        }
        let taken = &self.bytes[self.offset..self.offset + len];
        self.offset += len;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], GgufError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, GgufError> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, GgufError> {
        self.array().map(u64::from_le_bytes)
    }

    /// A number of things that take at least `least_bytes` each, so no more than fit into what is left.
    pub(crate) fn count(&mut self, least_bytes: usize) -> Result<usize, GgufError> {
        let count = self.u64()?;
        let left = (self.bytes.len() - self.offset) / least_bytes;
        if count > left as u64 {
            return Err(self.damaged(format!(
                "{count} entries are announced, and at most {left} fit into what is left"
            )));
        }
        Ok(count as usize)
    }

    pub(crate) fn text(&mut self) -> Result<String, GgufError> {
        let len = self.count(1)?;
        let bytes = self.take(len)?;
        std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| self.damaged("the text is no UTF-8"))
    }

    /// A text of at most `most` bytes that can stand in a message: a key or a tensor's name.
    pub(crate) fn name(&mut self, most: usize) -> Result<String, GgufError> {
        let name = self.text()?;
        if name.len() > most || name.chars().any(char::is_control) {
            let what =
                format!("{:?} is no name: up to {most} bytes without control characters", shown(&name));
            return Err(self.damaged(what));
        }
        Ok(name)
    }
}
