//! What a run recorded of its updates.

use std::{collections::BTreeMap, fs, io, ops::RangeInclusive, path::Path};

use r1_grpo::UpdateDigests;
use r1_run::RunError;
use serde::{Deserialize, de::DeserializeOwned};

use crate::pipeline::DIGESTS;

pub(super) const METRICS: &str = "metrics.jsonl";
pub(super) const SAMPLES: &str = "samples.jsonl";

/// The lines of a run's files by update. Metrics and samples stay as they were written, for a number in decimals need
/// not come back with its bits.
pub(super) struct Recorded {
    digests: BTreeMap<u64, UpdateDigests>,
    metrics: BTreeMap<u64, String>,
    samples: BTreeMap<u64, Vec<String>>,
}

impl Recorded {
    pub(super) fn read(dir: &Path) -> Result<Self, RunError> {
        let mut recorded =
            Self { digests: BTreeMap::new(), metrics: BTreeMap::new(), samples: BTreeMap::new() };
        each_line(&dir.join(DIGESTS), |_, digests: UpdateDigests| {
            recorded.digests.insert(digests.step, digests);
        })?;
        each_line(&dir.join(METRICS), |line, Step { step }| {
            recorded.metrics.insert(step, line.to_owned());
        })?;
        each_line(&dir.join(SAMPLES), |line, Step { step }| {
            recorded.samples.entry(step).or_default().push(line.to_owned());
        })?;
        Ok(recorded)
    }

    /// The last update that was recorded.
    pub(super) fn updates(&self) -> u64 {
        self.metrics.keys().chain(self.digests.keys()).copied().max().unwrap_or_default()
    }

    pub(super) fn digests(&self, step: u64) -> Option<&UpdateDigests> {
        self.digests.get(&step)
    }

    pub(super) fn metrics(&self, step: u64) -> Option<&str> {
        self.metrics.get(&step).map(String::as_str)
    }

    pub(super) fn samples(&self, step: u64) -> &[String] {
        self.samples.get(&step).map_or(&[], Vec::as_slice)
    }

    /// What cannot be compared of these updates.
    pub(super) fn lacks(&self, steps: RangeInclusive<u64>) -> Vec<&'static str> {
        let lacking = [
            (DIGESTS, steps.clone().all(|step| self.digests.contains_key(&step))),
            (METRICS, steps.clone().all(|step| self.metrics.contains_key(&step))),
            (SAMPLES, steps.clone().all(|step| self.samples.contains_key(&step))),
        ];
        lacking.into_iter().filter(|(_, is_there)| !is_there).map(|(name, _)| name).collect()
    }
}

#[derive(Deserialize)]
struct Step {
    step: u64,
}

/// Visits the lines of a file that need not be there; a last one that was not finished is left out.
fn each_line<T: DeserializeOwned>(path: &Path, mut visit: impl FnMut(&str, T)) -> Result<(), RunError> {
    let text = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        text => text.map_err(|source| RunError::Read { path: path.to_owned(), source })?,
    };
    let lines = text.split_inclusive(|&byte| byte == b'\n').enumerate();
    for (index, line) in lines.filter(|(_, line)| line.ends_with(b"\n") && !line.trim_ascii().is_empty()) {
        let wrong = |source| RunError::Line { path: path.to_owned(), line: index + 1, source };
        let value = serde_json::from_slice(line).map_err(wrong)?;
        // JSON that was read is Unicode.
        visit(String::from_utf8_lossy(line).trim_end_matches('\n'), value);
    }
    Ok(())
}
