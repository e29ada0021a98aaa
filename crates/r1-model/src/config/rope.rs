//! Rotary frequencies: how a config asks for them, and what they are.

use serde_json::{Map, Value};

use super::{ModelConfig, fields::Fields};
use crate::ModelError;

/// How rotary frequencies are changed for long contexts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RopeScaling {
    /// Not at all.
    None,
    /// Llama 3: long wavelengths are stretched, short ones kept, those between blended.
    Llama3 {
        /// By how much long wavelengths are stretched.
        factor: f64,
        /// Wavelengths above `original_context / low_frequency` are stretched.
        low_frequency: f64,
        /// Wavelengths below `original_context / high_frequency` are kept.
        high_frequency: f64,
        /// Context of the unscaled model.
        original_context: f64,
    },
}

impl ModelConfig {
    /// Angular frequency of each rotary pair, in radians per token.
    ///
    /// # Source
    /// RoFormer (arXiv:2104.09864v5), section 3.2.2; the Llama 3 scaling as transformers computes it.
    pub fn rotary_frequencies(&self) -> Vec<f64> {
        let pairs = self.heads.head_dim / 2;
        let plain = (0..pairs).map(|i| self.rope_theta.powf(-(i as f64) / pairs as f64));
        match self.rope_scaling {
            RopeScaling::None => plain.collect(),
            RopeScaling::Llama3 { factor, low_frequency, high_frequency, original_context } => plain
                .map(|f| {
                    let wavelength = 2.0 * std::f64::consts::PI / f;
                    if wavelength < original_context / high_frequency {
                        f
                    } else if wavelength > original_context / low_frequency {
                        f / factor
                    } else {
                        let smooth = (original_context / wavelength - low_frequency)
                            / (high_frequency - low_frequency);
                        (1.0 - smooth) * f / factor + smooth * f
                    }
                })
                .collect(),
        }
    }
}

/// Both spellings: `rope_parameters`, and `rope_theta` with `rope_scaling`.
pub(super) fn read(fields: &mut Fields) -> Result<(f64, RopeScaling), ModelError> {
    let parameters = fields.take("rope_parameters").or(fields.take("rope_scaling"));
    let theta = fields.take("rope_theta");
    let empty = Map::new();
    let inner = match parameters {
        None => &empty,
        Some(Value::Object(map)) => map,
        Some(other) => {
            return Err((fields.fail)(format!("rope parameters are {other}; expected an object")));
        }
    };
    let number = |name: &str| {
        inner.get(name).and_then(Value::as_f64).filter(|n| *n > 0.0).ok_or_else(|| {
            (fields.fail)(format!("rope parameter `{name}` is missing or not a positive number"))
        })
    };
    let theta = match theta.or(inner.get("rope_theta")) {
        Some(value) => value.as_f64().filter(|theta| *theta > 0.0).ok_or_else(|| {
            (fields.fail)(format!("field `rope_theta` is {value}; expected a positive number"))
        })?,
        None => 10_000.0,
    };
    let kind = inner.get("rope_type").or(inner.get("type")).and_then(Value::as_str).unwrap_or("default");
    match kind {
        "default" => Ok((theta, RopeScaling::None)),
        "llama3" => Ok((
            theta,
            RopeScaling::Llama3 {
                factor: number("factor")?,
                low_frequency: number("low_freq_factor")?,
                high_frequency: number("high_freq_factor")?,
                original_context: number("original_max_position_embeddings")?,
            },
        )),
        other => {
            Err((fields.fail)(format!("rope type `{other}` is not supported; r1 knows default and llama3")))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::config::tests::parse;

    #[test]
    fn both_spellings_of_rope_are_read_alike() {
        let scaling = json!({"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                             "original_max_position_embeddings": 32});
        let old = parse(|raw| {
            raw.insert("rope_theta".into(), json!(5e5));
            raw.insert("rope_scaling".into(), scaling.clone());
        });
        let new = parse(|raw| {
            let mut scaling = scaling.clone();
            scaling["rope_theta"] = json!(5e5);
            raw.insert("rope_parameters".into(), scaling);
        });
        let (old, new) = (old.unwrap(), new.unwrap());
        assert_eq!((old.rope_theta, old.rope_scaling), (new.rope_theta, new.rope_scaling));
        assert_eq!(old.rotary_frequencies(), new.rotary_frequencies());
    }
}
