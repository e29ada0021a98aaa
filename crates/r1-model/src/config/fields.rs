//! The fields of a `config.json`, one at a time.

use serde_json::{Map, Value};

use crate::ModelError;

/// The fields of a config, remembering which were looked at.
pub(super) struct Fields<'a> {
    pub(super) raw: &'a Map<String, Value>,
    pub(super) used: Vec<&'a str>,
    pub(super) fail: &'a dyn Fn(String) -> ModelError,
}

impl<'a> Fields<'a> {
    pub(super) fn take(&mut self, name: &'a str) -> Option<&'a Value> {
        self.used.push(name);
        self.raw.get(name).filter(|value| !value.is_null())
    }

    fn need<T>(
        &mut self,
        name: &'a str,
        what: &str,
        read: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<T, ModelError> {
        let value = self.take(name).ok_or_else(|| (self.fail)(format!("field `{name}` is missing")))?;
        read(value).ok_or_else(|| (self.fail)(format!("field `{name}` is {value}; expected {what}")))
    }

    pub(super) fn text(&mut self, name: &'a str) -> Result<String, ModelError> {
        self.need(name, "a text", |value| value.as_str().map(str::to_owned))
    }

    pub(super) fn number(&mut self, name: &'a str) -> Result<f64, ModelError> {
        self.need(name, "a number", Value::as_f64)
    }

    pub(super) fn count(&mut self, name: &'a str) -> Result<usize, ModelError> {
        let read = |value: &Value| value.as_u64().filter(|n| (1..1 << 32).contains(n)).map(|n| n as usize);
        self.need(name, "a whole number of at least 1", read)
    }

    pub(super) fn optional_count(&mut self, name: &'a str) -> Result<Option<usize>, ModelError> {
        if self.take(name).is_none() { Ok(None) } else { self.count(name).map(Some) }
    }

    pub(super) fn flag(&mut self, name: &'a str) -> Result<bool, ModelError> {
        if self.take(name).is_none() { Ok(false) } else { self.need(name, "true or false", Value::as_bool) }
    }

    pub(super) fn must_be(&mut self, name: &'a str, supported: impl Into<Value>) -> Result<(), ModelError> {
        let supported = supported.into();
        match self.take(name) {
            Some(value) if *value != supported => {
                Err((self.fail)(format!("field `{name}` is {value}; r1 supports only {supported}")))
            }
            _ => Ok(()),
        }
    }

    /// Sliding windows may be described, but not used.
    pub(super) fn full_attention(&mut self) -> Result<(), ModelError> {
        self.must_be("use_sliding_window", false)?;
        self.used.extend(["sliding_window", "max_window_layers"]);
        let Some(layers) = self.take("layer_types") else { return Ok(()) };
        let full =
            layers.as_array().is_some_and(|layers| layers.iter().all(|layer| layer == "full_attention"));
        if full {
            Ok(())
        } else {
            Err((self.fail)(format!("layer_types is {layers}; r1 supports only full_attention")))
        }
    }
}
