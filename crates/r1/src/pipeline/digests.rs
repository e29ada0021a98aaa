//! The digests of every update, in the folder of the stage.

use std::{fs, io, path::Path};

use r1_grpo::{GrpoError, StepReport};
use r1_run::{Lines, RunError};
use r1_train::{Control, Hook, Update};
use serde::Deserialize;

use super::Reinforcement;

/// The file, one line an update.
pub(crate) const FILE: &str = "digests.jsonl";

/// Appends [`UpdateDigests`](r1_grpo::UpdateDigests) after each update.
pub(super) struct DigestLines(Lines);

impl DigestLines {
    /// Goes on behind so many updates; what later ones had left is cut away.
    pub(super) fn open(dir: &Path, updates: u64) -> Result<Self, RunError> {
        let path = dir.join(FILE);
        let kept = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            text => {
                length_up_to(&text.map_err(|source| RunError::Read { path: path.clone(), source })?, updates)
            }
        };
        let mut lines = Lines::open(path)?;
        lines.cut(kept)?;
        Ok(Self(lines))
    }
}

/// Where the last whole line of the first so many updates ends.
fn length_up_to(text: &[u8], updates: u64) -> u64 {
    #[derive(Deserialize)]
    struct Step {
        step: u64,
    }
    let (mut end, mut kept) = (0, 0);
    for line in text.split_inclusive(|&byte| byte == b'\n').filter(|line| line.ends_with(b"\n")) {
        end += line.len() as u64;
        if serde_json::from_slice::<Step>(line).is_ok_and(|line| line.step <= updates) {
            kept = end;
        }
    }
    kept
}

impl<'b> Hook<Reinforcement<'b>> for DigestLines {
    fn after_update(
        &mut self,
        training: &mut Reinforcement<'b>,
        _: &Update<'_, StepReport>,
    ) -> Result<Control, GrpoError> {
        if let Some(digests) = training.trainer.last_digests() {
            self.0.append(digests)?;
        }
        Ok(Control::Continue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_later_updates_are_cut_away() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE);
        let left = |updates: u64| {
            fs::write(&path, "{\"step\":1}\n{\"step\":2,\"x\":0}\n{\"step\":3}\n{\"st").unwrap();
            drop(DigestLines::open(dir.path(), updates).unwrap());
            fs::read_to_string(&path).unwrap()
        };
        assert_eq!(left(0), "");
        assert_eq!(left(2), "{\"step\":1}\n{\"step\":2,\"x\":0}\n");
        assert_eq!(left(9), "{\"step\":1}\n{\"step\":2,\"x\":0}\n{\"step\":3}\n");
    }
}
