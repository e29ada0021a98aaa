//! Curation: decontamination, near-duplicates, pass rates.
//!
//! ```
//! use r1_core::{Problem, Reference};
//! use r1_data::{curate::{Contaminants, ContaminationRule}};
//!
//! let test = Problem::new("t", "A tank holds 90 litres and loses 7 litres an hour. When is it empty?", Reference::number("13"));
//! let mut contaminants = Contaminants::new(ContaminationRule::new())?;
//! contaminants.add("tanks", &[test]);
//!
//! let copied = Problem::new("a", "Maths! a tank holds $90$ litres, and loses 7 litres an hour.", Reference::number("1"));
//! let clean = Problem::new("b", "A train has 9 coaches. How many wheels has it?", Reference::number("72"));
//! let (kept, report) = contaminants.remove_from(vec![copied, clean]);
//! assert_eq!(kept[0].id, "b");
//! assert_eq!(report.removed[0].matched, "a tank holds $90$ litres, and loses 7 litres an hour");
//! # Ok::<(), r1_data::DataError>(())
//! ```

mod words;
mod latex;
mod document;
mod contaminants;
mod contamination;
#[cfg(feature = "recipe")]
mod minhash;
#[cfg(feature = "recipe")]
mod near_duplicates;
#[cfg(feature = "recipe")]
mod pass_rate;

pub use contaminants::Contaminants;
pub use contamination::{Contamination, ContaminationReport, ContaminationRule, EvaluationSet};
pub use document::Document;
#[cfg(feature = "recipe")]
pub use near_duplicates::{NearDuplicate, NearDuplicateReport};
#[cfg(feature = "recipe")]
pub(crate) use near_duplicates::{NearDuplicates, verified_then_shorter};
#[cfg(feature = "recipe")]
pub use pass_rate::PassRateReport;
#[cfg(feature = "recipe")]
pub(crate) use pass_rate::{PassRate, PassRateFilter};
pub(crate) use words::{Word, words};

#[cfg(test)]
mod contaminants_tests;
