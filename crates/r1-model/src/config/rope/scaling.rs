//! How rotary frequencies are changed for contexts longer than those of pretraining.

use std::f64::consts::PI;

use serde_json::{Map, Value};

/// How rotary frequencies are changed for long contexts.
#[derive(Debug, Clone, PartialEq)]
pub enum RopeScaling {
    /// Not at all. This is also what `dynamic` does up to `max_position_embeddings`, which is where our context ends.
    None,
    /// All frequencies are divided.
    Linear {
        /// By how much.
        factor: f64,
    },
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
    /// YaRN (arXiv:2309.00071v2, section 3.2): pairs that turn seldom within the original context are stretched, those
    /// that turn often kept, and scores grow with the factor.
    Yarn {
        /// By how much the slow pairs are stretched.
        factor: f64,
        /// What cosines and sines are multiplied with.
        attention_factor: f64,
        /// Pairs that turn more often than this are kept.
        beta_fast: f64,
        /// Pairs that turn less often than this are stretched.
        beta_slow: f64,
        /// Context of the unscaled model.
        original_context: f64,
        /// Whether the range of blended pairs is rounded outwards.
        truncate: bool,
    },
    /// LongRoPE (arXiv:2402.13753v1) within the original context: each pair has a divisor of its own.
    LongRope {
        /// The divisors for sequences within the original context.
        short: Vec<f64>,
        /// What cosines and sines are multiplied with.
        attention_factor: f64,
        /// Context of the unscaled model, beyond which other divisors would hold for the whole sequence.
        original_context: f64,
    },
}

impl RopeScaling {
    /// What cosines and sines are multiplied with.
    pub fn attention_factor(&self) -> f64 {
        match self {
            Self::Yarn { attention_factor, .. } | Self::LongRope { attention_factor, .. } => {
                *attention_factor
            }
            _ => 1.0,
        }
    }

    /// The longest sequence for which the frequencies are right, where that is less than the config's context.
    pub(crate) fn limit(&self) -> Option<usize> {
        match self {
            Self::LongRope { original_context, .. } => Some(*original_context as usize),
            _ => None,
        }
    }

    /// The frequencies that come of plain ones.
    pub(super) fn apply(&self, plain: Vec<f64>, theta: f64) -> Vec<f64> {
        let pairs = plain.len();
        match self {
            Self::None => plain,
            Self::Linear { factor } => plain.into_iter().map(|f| f / factor).collect(),
            Self::Llama3 { factor, low_frequency, high_frequency, original_context } => plain
                .into_iter()
                .map(|f| {
                    let wavelength = 2.0 * PI / f;
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
            Self::Yarn { factor, beta_fast, beta_slow, original_context, truncate, .. } => {
                let dims = 2.0 * pairs as f64;
                let dimension =
                    |turns: f64| dims * (original_context / (turns * 2.0 * PI)).ln() / (2.0 * theta.ln());
                let (mut low, mut high) = (dimension(*beta_fast), dimension(*beta_slow));
                if *truncate {
                    (low, high) = (low.floor(), high.ceil());
                }
                (low, high) = (low.max(0.0), high.min(dims - 1.0));
                if low == high {
                    high += 0.001;
                }
                let stretched = |i: usize| ((i as f64 - low) / (high - low)).clamp(0.0, 1.0);
                plain
                    .into_iter()
                    .enumerate()
                    .map(|(i, f)| f / factor * stretched(i) + f * (1.0 - stretched(i)))
                    .collect()
            }
            Self::LongRope { short, .. } => plain.iter().zip(short).map(|(f, divisor)| f / divisor).collect(),
        }
    }
}

/// What a set of rope parameters asks for. `context` is the config's and `original` that of pretraining.
pub(super) fn read(
    inner: &Map<String, Value>,
    context: usize,
    original_context: f64,
) -> Result<RopeScaling, String> {
    let given = |name: &str| inner.get(name).filter(|value| !value.is_null());
    let number = |name: &str| {
        given(name)
            .and_then(Value::as_f64)
            .filter(|n| *n > 0.0 && n.is_finite())
            .ok_or_else(|| format!("rope parameter `{name}` is missing or not a positive number"))
    };
    let optional = |name: &str| given(name).map_or(Ok(None), |_| number(name).map(Some));
    let or = |name: &str, default: f64| Ok::<f64, String>(optional(name)?.unwrap_or(default));
    let kind = given("rope_type").or(given("type"));
    let kind = match kind {
        None => "default",
        Some(kind) => kind.as_str().ok_or_else(|| format!("rope type {kind} is not a text"))?,
    };
    let ratio = context as f64 / original_context;
    match kind {
        "default" => Ok(RopeScaling::None),
        "dynamic" => number("factor").map(|_| RopeScaling::None),
        "linear" => Ok(RopeScaling::Linear { factor: number("factor")? }),
        "llama3" => Ok(RopeScaling::Llama3 {
            factor: number("factor")?,
            low_frequency: number("low_freq_factor")?,
            high_frequency: number("high_freq_factor")?,
            original_context,
        }),
        "yarn" => {
            let factor = or("factor", ratio)?;
            let growth = |m: f64| if factor <= 1.0 { 1.0 } else { 0.1 * m * factor.ln() + 1.0 };
            // A share of zero stands for none.
            let share = |name: &str| given(name).and_then(Value::as_f64).filter(|m| *m != 0.0);
            let inferred = match (share("mscale"), share("mscale_all_dim")) {
                (Some(one), Some(all)) => growth(one) / growth(all),
                _ => growth(1.0),
            };
            Ok(RopeScaling::Yarn {
                factor,
                attention_factor: or("attention_factor", inferred)?,
                beta_fast: or("beta_fast", 32.0)?,
                beta_slow: or("beta_slow", 1.0)?,
                original_context,
                truncate: given("truncate").and_then(Value::as_bool).unwrap_or(true),
            })
        }
        "longrope" | "su" => {
            let factor = or("factor", ratio)?;
            let inferred =
                if factor <= 1.0 { 1.0 } else { (1.0 + factor.ln() / original_context.ln()).sqrt() };
            let divisors = given("short_factor").and_then(Value::as_array);
            let short: Option<Vec<f64>> =
                divisors.and_then(|list| list.iter().map(|n| n.as_f64().filter(|n| *n > 0.0)).collect());
            let short =
                short.ok_or("rope parameter `short_factor` is missing or not a list of positive numbers")?;
            let attention_factor = or("attention_factor", inferred)?;
            Ok(RopeScaling::LongRope { short, attention_factor, original_context })
        }
        other => Err(format!(
            "rope type `{other}` is not supported; r1 knows default, linear, dynamic, llama3, yarn and longrope"
        )),
    }
}
