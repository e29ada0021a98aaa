//! A run as one self-contained page: no script, no font, nothing from the network.
//!
//! [`Report`] puts the figures before and after training, the curves of `metrics.jsonl` and a few
//! completions on a page that can be sent to somebody and opened without a server. Everything a
//! model wrote is escaped, and the page's own security policy forbids scripts and requests.

mod page;
mod comparison;
mod chart;
mod plot;
mod series;
mod axis;
mod sample;
mod html;

pub use chart::{Chart, Line};
pub use comparison::{Row, Unit};
pub use page::Report;
pub use sample::SamplePair;
