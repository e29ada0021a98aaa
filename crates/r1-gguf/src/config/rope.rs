//! Scaling of rotary positions.

use std::f64::consts::PI;

use serde_json::{Map, Value, json};

use super::fields::Fields;
use crate::error::shown;
use crate::{Gguf, GgufError, Tensor};

pub(super) fn scaling(
    gguf: &Gguf,
    fields: &Fields,
    config: &mut Map<String, Value>,
) -> Result<(), GgufError> {
    let kind = fields.get::<&str>("rope.scaling.type")?;
    let factor = fields.get::<f64>("rope.scaling.factor")?.or(fields.get("rope.scale_linear")?);
    let original = fields.get::<u64>("rope.scaling.original_context_length")?;
    let scaling = match kind {
        Some("yarn") => {
            let factor =
                factor.ok_or_else(|| fields.wrong("rope.scaling.factor", "missing", "yarn's factor"))?;
            let mut scaling = json!({"rope_type": "yarn", "factor": factor});
            if let Some(original) = original {
                scaling["original_max_position_embeddings"] = json!(original);
            }
            for (key, name) in [("yarn_beta_fast", "beta_fast"), ("yarn_beta_slow", "beta_slow")] {
                if let Some(beta) = fields.get::<f64>(&format!("rope.scaling.{key}"))? {
                    scaling[name] = json!(beta);
                }
            }
            growth(fields, &mut scaling)?;
            Some(scaling)
        }
        Some("linear") => factor.map(|factor| json!({"rope_type": "linear", "factor": factor})),
        Some("none") => None,
        None if factor.is_some_and(|factor| factor != 1.0) => {
            Some(json!({"rope_type": "linear", "factor": factor}))
        }
        None => None,
        Some(other) => return Err(fields.wrong("rope.scaling.type", shown(other), "none, linear or yarn")),
    };
    let scaling = match gguf.tensor("rope_freqs.weight") {
        Some(tensor) => Some(from_factors(&tensor, fields, config.get("head_dim"))?),
        None => scaling,
    };
    if let Some(scaling) = scaling {
        config.insert("rope_scaling".into(), scaling);
    }
    Ok(())
}

/// Llama 3's scaling, of which a file holds the divisor of each frequency.
fn from_factors(tensor: &Tensor, fields: &Fields, head_dim: Option<&Value>) -> Result<Value, GgufError> {
    let pairs = tensor.columns();
    let mut factors = Vec::new();
    if head_dim.and_then(Value::as_u64) == Some(2 * pairs as u64) && tensor.rows() == 1 {
        tensor.to_f32(&mut factors);
    }
    let base = fields.get::<f64>("rope.freq_base")?.unwrap_or(10000.0);
    llama3(&factors, base).ok_or_else(|| GgufError::Tensor {
        tensor: tensor.name().into(),
        what: format!(
            "its {pairs} factors are not those of Llama 3's scaling, and no other scaling is stored so"
        ),
    })
}

/// Growth of the scores with the stretched context, `(0.1 mscale ln factor + 1) / (0.1 mscale_all_dim ln factor + 1)`.
fn growth(fields: &Fields, scaling: &mut Value) -> Result<(), GgufError> {
    for name in ["rope.scaling.attn_factor", "rope.scaling.yarn_attn_factor"] {
        if let Some(share) = fields.get::<f64>(name)?.filter(|share| *share != 1.0) {
            // Some converters write the whole growth, others what llama.cpp multiplies it by.
            return Err(fields.wrong(name, share, "1, as it has several meanings"));
        }
    }
    let Some(multiplier) = fields.get::<f64>("rope.scaling.yarn_log_multiplier")?.filter(|m| *m != 0.0)
    else {
        return Ok(());
    };
    // Of DeepSeek a tenth of `mscale_all_dim` is stored, which `mscale` equals in every published model.
    let tenth = fields.key("") == "deepseek2.";
    let all = if tenth { (multiplier * 10.0 * 1e6).round() / 1e6 } else { multiplier };
    scaling["mscale"] = json!(if tenth { all } else { 1.0 });
    scaling["mscale_all_dim"] = json!(all);
    Ok(())
}

/// Divisor of each frequency under Llama 3's scaling.
///
/// ```text
/// s = (original / wavelength - low) / (high - low), divisor = 1 / ((1 - s) / factor + s)
/// ```
///
/// with `s` kept within 0 and 1.
pub(crate) fn llama3_factors(base: f64, pairs: usize, scaling: &Llama3) -> Vec<f32> {
    let Llama3 { factor, low, high, original } = *scaling;
    let divisor = |pair: usize| {
        let wavelength = 2.0 * PI * base.powf(pair as f64 / pairs as f64);
        let smooth = ((original / wavelength - low) / (high - low)).clamp(0.0, 1.0);
        (1.0 / ((1.0 - smooth) / factor + smooth)) as f32
    };
    (0..pairs).map(divisor).collect()
}

/// Parameters of Llama 3's scaling.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Llama3 {
    pub(crate) factor: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) original: f64,
}

/// The scaling that gives these factors, with the constants that Meta's models have.
fn llama3(factors: &[f32], base: f64) -> Option<Value> {
    if factors.is_empty() {
        return None;
    }
    let factor = f64::from(factors.iter().fold(0.0, |largest: f32, factor| largest.max(*factor)));
    [8192u64, 4096, 16384, 32768, 65536, 131_072].into_iter().find_map(|original| {
        let scaling = Llama3 { factor, low: 1.0, high: 4.0, original: original as f64 };
        let close = |(a, b): (&f32, &f32)| (a - b).abs() <= 1e-4 * b.abs();
        llama3_factors(base, factors.len(), &scaling).iter().zip(factors).all(close).then(|| {
            json!({"rope_type": "llama3", "factor": factor, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                   "original_max_position_embeddings": original})
        })
    })
}
