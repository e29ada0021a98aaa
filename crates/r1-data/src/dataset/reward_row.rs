//! What a reward model learns from: pairs, labelled answers, or answers in labelled steps.

use std::path::Path;

use super::{
    fields::Fields,
    labelled::{self, LabelledRow},
    preference::{self, PreferenceRow},
    rows,
    stepwise::{self, StepwiseRow},
};
use crate::DataError;
use r1_core::Content;

/// A row that a reward model learns from.
#[derive(Debug, Clone, PartialEq)]
pub enum RewardRow {
    /// Two answers, of which one is preferred.
    Pair(PreferenceRow),
    /// One answer and how good it is.
    Labelled(LabelledRow),
    /// An answer in steps and how good each is, for a process reward model.
    Stepwise(StepwiseRow),
}

impl RewardRow {
    /// Its id.
    pub fn id(&self) -> &str {
        match self {
            Self::Pair(row) => &row.id,
            Self::Labelled(row) => &row.id,
            Self::Stepwise(row) => &row.id,
        }
    }

    /// What is answered.
    pub fn prompt(&self) -> &Content {
        match self {
            Self::Pair(row) => &row.prompt,
            Self::Labelled(row) => &row.prompt,
            Self::Stepwise(row) => &row.prompt,
        }
    }
}

/// Reads a file of pairs ([`preference`]), of labelled answers ([`labelled`]) or of answers in steps ([`stepwise`]), as
/// the columns of its first row say, and tells which.
///
/// # Errors
/// Those of [`preference::load_rows`], [`labelled::load`] and [`stepwise::load`].
pub fn load(path: impl AsRef<Path>) -> Result<(Vec<RewardRow>, &'static str), DataError> {
    let path = path.as_ref();
    let first = rows::read::<Fields>(path)?.next().ok_or(DataError::Empty)??;
    let has = |name: &str| first.value.0.contains_key(name);
    if has("completions") && has("labels") {
        let rows = stepwise::load(path)?;
        return Ok((rows.into_iter().map(RewardRow::Stepwise).collect(), "stepwise"));
    }
    if (has("label") || has("is_safe")) && !has("chosen") {
        let rows = labelled::load(path)?;
        return Ok((rows.into_iter().map(RewardRow::Labelled).collect(), "labelled"));
    }
    let rows = preference::load_rows(path)?;
    Ok((rows.into_iter().map(RewardRow::Pair).collect(), "preference"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::tests::file;

    #[test]
    fn the_columns_say_what_a_row_is() {
        let pairs = file(r#"{"prompt": "a", "chosen": "b", "rejected": "c", "label": 1}"#);
        let (rows, format) = load(pairs.path()).unwrap();
        assert_eq!((rows[0].id(), format), ("preference-1", "preference"));
        let labelled = file(r#"{"prompt": "a", "response": "b", "label": 1}"#);
        let (rows, format) = load(labelled.path()).unwrap();
        assert_eq!((rows[0].id(), format), ("labelled-1", "labelled"));
        let neither = file(r#"{"prompt": "a"}"#);
        let error = load(neither.path()).unwrap_err().to_string();
        assert!(error.ends_with("line 1: missing field `chosen`"), "{error}");
    }
}
