//! How exactly a GPU multiplies.

use std::{
    fmt,
    str::FromStr,
    sync::atomic::{AtomicU8, Ordering},
};

use serde::{Deserialize, Serialize};

/// How exactly a GPU multiplies, and in what it keeps what it computes. The CPU always works in `f32`.
///
/// Errors of log-probabilities against `f64`, of SmolLM2-135M's shape: about 1e-6 in `Full`, 1e-3 in `Tf32`, 1e-2 in
/// `Bf16`; those of transformers at the same precision are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// `f32` throughout; products add up in `f32` and never in TF32.
    #[default]
    Full,
    /// `f32` throughout, but products may round their factors to TF32, where the device has it.
    Tf32,
    /// Weights, activations and products in bf16; master weights, moments, sums, logits and log-probabilities in `f32`.
    Bf16,
}

const ALL: [Precision; 3] = [Precision::Full, Precision::Tf32, Precision::Bf16];

/// One more than the place of the chosen precision; 0 before any was.
static CHOSEN: AtomicU8 = AtomicU8::new(0);

impl Precision {
    /// Makes this the precision of what the process computes on a GPU. Choose before models are loaded: a model has its
    /// weights in the precision of that time.
    pub fn choose(self) {
        CHOSEN.store(1 + self as u8, Ordering::Relaxed);
    }

    /// The precision that was [chosen](Self::choose), if one was.
    pub fn chosen() -> Option<Self> {
        let place = usize::from(CHOSEN.load(Ordering::Relaxed));
        place.checked_sub(1).map(|place| ALL[place])
    }

    /// The precision of what the process computes on a GPU: the one that was chosen, else [`Full`](Self::Full).
    pub fn current() -> Self {
        Self::chosen().unwrap_or_default()
    }

    fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Tf32 => "tf32",
            Self::Bf16 => "bf16",
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Precision {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = ALL.into_iter().find(|precision| precision.name() == text);
        found.ok_or_else(|| "a precision is full, tf32 or bf16".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for precision in ALL {
            assert_eq!(precision.to_string().parse(), Ok(precision));
            assert_eq!(serde_json::to_value(precision).unwrap(), precision.name());
        }
        assert!("fp16".parse::<Precision>().is_err());
    }
}
