//! What a comparison finds.

/// Which rung of the ladder decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Rung {
    /// The same characters, or one side empty.
    Bytes,
    /// Exact rational numbers.
    Numbers,
    /// One canonical form.
    Canonical,
    /// Rounding or truncation of a decimal, or a relative tolerance.
    Decimal,
    /// Values modulo two primes.
    Modular,
    /// Complex values to 192 bits or more.
    Numeric,
    /// The parts of sets, tuples, relations, quantities and the like.
    Structure,
    /// Words.
    Text,
    /// No rung could tell, so the answer does not count.
    Undecided,
}

/// Whether two answers are equal, and the rung that decided. What no rung decides is no finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) equal: bool,
    pub(crate) rung: Rung,
}

impl Finding {
    /// A finding, for those who pass on what they are not sure of.
    pub(crate) fn at(rung: Rung, equal: bool) -> Option<Self> {
        Some(Self { equal, rung })
    }

    /// Two answers of different kinds, or with different parts.
    pub(crate) fn apart() -> Option<Self> {
        Self::at(Rung::Structure, false)
    }
}

/// Whether something was found, and found equal.
pub(crate) fn holds(finding: Option<Finding>) -> bool {
    finding.is_some_and(|finding| finding.equal)
}

/// What a comparison found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// `None` when the reference is empty.
    pub equal: Option<bool>,
    /// The last rung that decided anything.
    pub rung: Rung,
    /// The reference as it was read.
    pub reference: String,
    /// The answer as it was read.
    pub answer: String,
    /// What one side of an equal pair says and the other leaves out, each in a few words: "the unit `cm`".
    pub dropped: Vec<String>,
    /// What reading and comparing cost, of which [`Policy::steps`](crate::Policy::steps) bounds the comparing.
    /// The same pair costs the same everywhere.
    pub steps: u32,
}

impl Judgement {
    /// One clause for people: why the verdict is what it is.
    pub fn reason(&self) -> &'static str {
        match (self.equal, self.rung) {
            (None, _) => "the reference is empty",
            (Some(true), Rung::Bytes) => "the same text",
            (Some(true), Rung::Numbers) => "equal numbers",
            (Some(true), Rung::Canonical) => "the same expression",
            (Some(true), Rung::Decimal) => "the decimal is a rounding",
            (Some(true), Rung::Modular | Rung::Numeric) => "equal values",
            (Some(true), Rung::Text) => "equal texts",
            (Some(true), _) => "equal in every part",
            (Some(false), Rung::Numbers) => "other numbers",
            (Some(false), Rung::Modular | Rung::Numeric | Rung::Canonical | Rung::Decimal) => "other values",
            (Some(false), Rung::Structure) => "another kind of answer, or other parts",
            (Some(false), Rung::Text) => "the texts differ",
            (Some(false), Rung::Bytes) => "an empty answer",
            (Some(false), Rung::Undecided) => "could not be shown to be equal",
        }
    }
}
