//! The options that say how tokens are drawn.

use std::num::NonZeroUsize;

use clap::Args;
use r1_core::Sampling;

use crate::command::failure::{Failure, sentence};

/// How completions are drawn.
#[derive(Debug, Args)]
pub(crate) struct SamplingArguments {
    /// Divides the logits; 0 takes the most probable token [default: 1, for eval 0.6]
    #[arg(long, value_name = "T", allow_negative_numbers = true)]
    temperature: Option<f32>,
    /// Keep the fewest most probable tokens with this mass [default: 1, for eval 0.95]
    #[arg(long, value_name = "P", allow_negative_numbers = true)]
    top_p: Option<f32>,
    /// Keep this many most probable tokens [default: all]
    #[arg(long, value_name = "K", allow_negative_numbers = true)]
    top_k: Option<usize>,
    /// Most tokens of a completion [default: 256 for generate, 1024 for eval and reject, or the benchmark's]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    max_tokens: Option<usize>,
    /// Completions for each prompt [default: 1, for reject 4, or the benchmark's]
    #[arg(long, value_name = "K", allow_negative_numbers = true, value_parser = samples)]
    pub(crate) samples: Option<NonZeroUsize>,
    /// Names the random numbers: the same seed and prompt give the same completions
    #[arg(long, value_name = "S", default_value_t = 0, allow_negative_numbers = true)]
    pub(crate) seed: u64,
}

/// A number of samples of which there can be as many completions in memory.
fn samples(text: &str) -> Result<NonZeroUsize, String> {
    const MOST: usize = 1_000_000;
    let count: NonZeroUsize = text.parse().map_err(|error: std::num::ParseIntError| error.to_string())?;
    if count.get() > MOST { Err(format!("at most {MOST} can be drawn of a prompt")) } else { Ok(count) }
}

impl SamplingArguments {
    /// `base` with what was given on the command line.
    pub(crate) fn over(&self, base: Sampling) -> Result<Sampling, Failure> {
        let sampling = Sampling {
            temperature: self.temperature.unwrap_or(base.temperature),
            top_p: self.top_p.unwrap_or(base.top_p),
            top_k: self.top_k.or(base.top_k),
            max_tokens: self.max_tokens.unwrap_or(base.max_tokens),
            ..base
        };
        check(&sampling).map_err(Failure::Usage)?;
        Ok(sampling)
    }
}

/// Names the first setting that is out of range.
pub(crate) fn check(sampling: &Sampling) -> Result<(), String> {
    sampling.validate().map_err(|error| sentence(&error))
}
