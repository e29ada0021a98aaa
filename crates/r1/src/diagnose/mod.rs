//! Why a run does not learn: known faults, each looked for in what the run wrote.
//!
//! A diagnosis is a function of a [`RunRecord`] that says nothing of a healthy run. It names its figures and the knobs
//! that change them. [`diagnose`] asks all of them; `docs/diagnose.md` has a planted fault for each.

mod record;
mod finding;
mod no_end;
mod truncation;
mod template;
mod ungradable;
mod constant_reward;
mod no_signal;
mod format_only;
mod learning_rate;
mod entropy;
mod length;
mod off_policy;

pub use finding::Finding;
pub use record::{RunRecord, Sample, Trend};

/// A diagnosis: what it looks for, if it is there.
type Diagnosis = fn(&RunRecord) -> Option<Finding>;

/// All of them. What explains others stands before them.
const DIAGNOSES: [Diagnosis; 14] = [
    ungradable::found,
    no_end::found,
    template::found,
    truncation::found,
    constant_reward::found,
    no_signal::too_hard,
    no_signal::too_easy,
    format_only::found,
    learning_rate::too_high,
    learning_rate::too_low,
    entropy::found,
    length::found,
    off_policy::drifting,
    off_policy::mismatched,
];

/// Everything that is wrong with a run, what explains most first; empty for a healthy one.
///
/// ```
/// use r1::diagnose::{RunRecord, diagnose};
///
/// let metrics = (1..=12).map(|step| serde_json::json!({"step": step, "reward": 0.0, "frac_reward_zero_std": 1.0}));
/// let metrics = metrics.filter_map(|line| line.as_object().cloned()).collect();
/// let findings = diagnose(&RunRecord { metrics, ..RunRecord::default() });
/// assert_eq!(findings[0].name, "constant reward");
/// println!("{}", findings[0]);
/// ```
pub fn diagnose(run: &RunRecord) -> Vec<Finding> {
    DIAGNOSES.iter().filter_map(|diagnosis| diagnosis(run)).collect()
}
