//! Keys with the architecture's name before them.

use crate::{FromValue, Gguf, GgufError, Metadata, Value};

pub(crate) struct Fields<'a> {
    metadata: &'a Metadata,
    prefix: &'a str,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(gguf: &'a Gguf) -> Result<Fields<'a>, GgufError> {
        let prefix = gguf.metadata().need("general.architecture", "every model")?;
        Ok(Fields { metadata: gguf.metadata(), prefix })
    }

    pub(super) fn key(&self, name: &str) -> String {
        format!("{}.{name}", self.prefix)
    }

    pub(crate) fn get<T: FromValue<'a>>(&self, name: &str) -> Result<Option<T>, GgufError> {
        self.metadata.get(&self.key(name))
    }

    pub(super) fn value(&self, name: &str) -> Option<&'a Value> {
        self.metadata.value(&self.key(name))
    }

    /// A size: from 1 to what 32 bits hold, so that no product of two of them overflows.
    pub(crate) fn need(&self, name: &str) -> Result<u64, GgufError> {
        self.size(name, self.metadata.need(&self.key(name), "config.json")?)
    }

    /// A size that may be missing.
    pub(crate) fn size_of(&self, name: &str) -> Result<Option<u64>, GgufError> {
        self.get(name)?.map(|size| self.size(name, size)).transpose()
    }

    fn size(&self, name: &str, size: u64) -> Result<u64, GgufError> {
        if (1..=u64::from(u32::MAX)).contains(&size) {
            Ok(size)
        } else {
            Err(self.wrong(name, size, "a number from 1 to 4294967295"))
        }
    }

    pub(super) fn need_float(&self, name: &str) -> Result<f64, GgufError> {
        self.metadata.need(&self.key(name), "config.json")
    }

    /// A number that some files store once for each layer: the same for all, or an error.
    pub(crate) fn one_of(&self, name: &str) -> Result<u64, GgufError> {
        let key = self.key(name);
        match self.metadata.get::<Vec<i64>>(&key) {
            Ok(Some(layers)) => match (layers.first(), layers.iter().all(|number| *number == layers[0])) {
                (Some(number), true) if *number >= 0 => self.size(name, *number as u64),
                _ => Err(self.wrong(name, "a list of several numbers", "one number for all layers")),
            },
            _ => self.need(name),
        }
    }

    pub(crate) fn one_of_or(&self, name: &str, default: u64) -> Result<u64, GgufError> {
        if self.metadata.value(&self.key(name)).is_some() { self.one_of(name) } else { Ok(default) }
    }

    pub(super) fn wrong(&self, name: &str, found: impl ToString, expected: &str) -> GgufError {
        GgufError::Value { key: self.key(name), found: found.to_string(), expected: expected.into() }
    }
}
