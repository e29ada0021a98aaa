//! Rollouts that wait for their updates, on the disk.
//!
//! JSON is for people; a decimal number need not come back with the same bits, so the numbers stand a second time in a
//! file of bits.

use std::path::Path;

use r1_core::Outcome;
use r1_run::{RunError, checkpoint::damaged};

use crate::{Rollout, rollout::PendingRollouts};

const JSON: &str = "pending.json";
const BITS: &str = "pending.bits";

pub(crate) fn write_pending(dir: &Path, pending: &PendingRollouts) -> Result<(), RunError> {
    let text = serde_json::to_vec(pending).expect("rollouts are finite numbers and texts");
    write(&dir.join(JSON), &text)?;
    let mut bits = Vec::new();
    for rollout in pending.groups.iter().flat_map(|group| &group.rollouts) {
        numbers(&mut rollout.clone(), &mut |value| bits.extend(value.to_le_bytes()));
    }
    write(&dir.join(BITS), &bits)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), RunError> {
    std::fs::write(path, bytes).map_err(|source| RunError::Write { path: path.to_owned(), source })
}

pub(crate) fn read_pending(dir: &Path) -> Result<PendingRollouts, RunError> {
    let read = |name: &str| {
        let path = dir.join(name);
        std::fs::read(&path).map_err(|source| RunError::Read { path, source })
    };
    let mut pending: PendingRollouts = serde_json::from_slice(&read(JSON)?)
        .map_err(|error| damaged(&dir.join(JSON), format!("is not readable ({error})")))?;
    let bytes = read(BITS)?;
    let mut bits = bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
    let mut missing = false;
    for rollout in pending.groups.iter_mut().flat_map(|group| &mut group.rollouts) {
        numbers(rollout, &mut |value| match bits.next() {
            Some(exact) => *value = exact,
            None => missing = true,
        });
    }
    if missing || bits.next().is_some() {
        return Err(damaged(&dir.join(BITS), format!("does not belong to the rollouts in {JSON}")));
    }
    Ok(pending)
}

/// Visits every number of a rollout, always in the same order.
fn numbers(rollout: &mut Rollout, visit: &mut impl FnMut(&mut f32)) {
    let Rollout { completion, reward, parts, advantage, steps, token_advantages, old, reference_logprobs } =
        rollout;
    completion.logprobs.iter_mut().for_each(&mut *visit);
    completion.sampled_logprobs.iter_mut().flatten().for_each(&mut *visit);
    reward.iter_mut().for_each(&mut *visit);
    for part in parts {
        if let Outcome::Score(value) = &mut part.outcome {
            visit(value);
        }
    }
    visit(advantage);
    steps.iter_mut().for_each(|step| visit(&mut step.reward));
    token_advantages.iter_mut().for_each(&mut *visit);
    if let Some(old) = old {
        old.logprobs.iter_mut().for_each(&mut *visit);
        old.entropies.iter_mut().for_each(&mut *visit);
    }
    reference_logprobs.iter_mut().flatten().for_each(&mut *visit);
}
