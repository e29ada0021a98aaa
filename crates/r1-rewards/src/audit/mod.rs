//! Attacks on rewards: what pays more than it should, and what is right and not paid.
//!
//! The audit knows nothing of a reward but what it gives. Each [`Case`] has an honest completion, a plainly bad one, and the bad one with a
//! trick (or the honest one in other words). A trick that raises the bad completion by more than half of what the reward spans is a
//! false positive; a rewording that lowers the honest one by so much is a false negative. So a format reward may pay for a
//! wrong answer, but not for tags without content, and an accuracy reward the other way round.
//!
//! ```
//! use r1_rewards::{AccuracyReward, audit::{Audit, Kind}, reward_fn};
//!
//! let last_number = reward_fn("last_number", |problem, completion| {
//!     let mut numbers = completion.text.split(|c: char| !c.is_ascii_digit()).filter(|number| !number.is_empty());
//!     let gold = problem.reference.to_string();
//!     (numbers.next_back() == Some(gold.as_str())) as u8 as f32
//! });
//! let report = Audit::new().run(&last_number);
//! assert!(report.findings.iter().any(|finding| finding.attack == "trailing_number" && finding.kind == Kind::FalsePositive));
//! assert_eq!(Audit::new().run(&AccuracyReward::new()).findings, []);
//! ```

mod case;
mod answer;
mod form;
mod program;
mod tokens;
mod search;
mod report;
mod run;

pub use case::{Aim, Case};
pub use report::{AttackTally, AuditReport, Finding, Kind};
pub use run::Audit;
