//! The fields of a `config.json`, one at a time.

use serde_json::{Map, Value};

use crate::ModelError;

/// The fields of a config, remembering which were looked at.
pub(crate) struct Fields<'a> {
    pub(crate) raw: &'a Map<String, Value>,
    pub(crate) used: Vec<&'a str>,
    pub(crate) fail: &'a dyn Fn(String) -> ModelError,
}

impl<'a> Fields<'a> {
    pub(crate) fn take(&mut self, name: &'a str) -> Option<&'a Value> {
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

    pub(crate) fn text(&mut self, name: &'a str) -> Result<String, ModelError> {
        self.need(name, "a text", |value| value.as_str().map(str::to_owned))
    }

    pub(crate) fn number(&mut self, name: &'a str) -> Result<f64, ModelError> {
        self.need(name, "a number", Value::as_f64)
    }

    pub(crate) fn count(&mut self, name: &'a str) -> Result<usize, ModelError> {
        let read = |value: &Value| value.as_u64().filter(|n| (1..1 << 32).contains(n)).map(|n| n as usize);
        self.need(name, "a whole number of at least 1", read)
    }

    pub(crate) fn optional_count(&mut self, name: &'a str) -> Result<Option<usize>, ModelError> {
        if self.take(name).is_none() { Ok(None) } else { self.count(name).map(Some) }
    }

    pub(crate) fn flag(&mut self, name: &'a str) -> Result<bool, ModelError> {
        if self.take(name).is_none() { Ok(false) } else { self.need(name, "true or false", Value::as_bool) }
    }

    pub(crate) fn must_be(&mut self, name: &'a str, supported: impl Into<Value>) -> Result<(), ModelError> {
        let supported = supported.into();
        match self.take(name) {
            Some(value) if *value != supported => {
                Err((self.fail)(format!("field `{name}` is {value}; r1 supports only {supported}")))
            }
            _ => Ok(()),
        }
    }

    /// A truth value with another default than false.
    pub(crate) fn flag_or(&mut self, name: &'a str, default: bool) -> Result<bool, ModelError> {
        if self.take(name).is_none() { Ok(default) } else { self.flag(name) }
    }

    /// A number with a default.
    pub(crate) fn number_or(&mut self, name: &'a str, default: f64) -> Result<f64, ModelError> {
        if self.take(name).is_none() { Ok(default) } else { self.number(name) }
    }

    /// Refuses another activation than SiLU, under either of its names.
    pub(crate) fn silu(&mut self) -> Result<(), ModelError> {
        match self.take("hidden_act") {
            Some(value) if *value != "silu" && *value != "swish" => {
                Err((self.fail)(format!("field `hidden_act` is {value}; r1 supports only silu here")))
            }
            _ => Ok(()),
        }
    }

    /// The tokens that a layer with a window sees; `default` where the field is missing, none where it is null.
    pub(crate) fn window_or(&mut self, default: Option<usize>) -> Result<Option<usize>, ModelError> {
        match self.raw.contains_key("sliding_window") {
            true => self.optional_count("sliding_window"),
            false => Ok(default),
        }
    }

    /// The window of each layer: of those that `layer_types` calls `sliding_attention`, or where it is missing, of those
    /// for which `slides` holds.
    pub(crate) fn layer_windows(
        &mut self,
        layers: usize,
        window: Option<usize>,
        slides: impl Fn(usize) -> bool,
    ) -> Result<Vec<Option<usize>>, ModelError> {
        let fail = self.fail;
        let of = |slides: bool| match (slides, window) {
            (false, _) => Ok(None),
            (true, Some(window)) => Ok(Some(window)),
            (true, None) => {
                Err(fail("layer_types has sliding_attention, but there is no sliding_window".into()))
            }
        };
        let Some(types) = self.take("layer_types") else {
            return (0..layers).map(|i| of(slides(i))).collect();
        };
        let wrong = || {
            fail(format!(
                "layer_types is {types}; r1 supports full_attention and sliding_attention, one a layer"
            ))
        };
        let types = types.as_array().filter(|types| types.len() == layers).ok_or_else(wrong)?;
        let one = |kind: &Value| match kind.as_str() {
            Some("full_attention") => of(false),
            Some("sliding_attention") => of(true),
            _ => Err(wrong()),
        };
        types.iter().map(one).collect()
    }
}
