//! Countdown-Tasks-3to4 of TinyZero: reach a target with three or four numbers.
//!
//! ```json
//! {"target": 98, "nums": [44, 19, 35]}
//! ```

use std::path::Path;

use serde::Deserialize;

use super::rows;
use crate::DataError;
use r1_core::{Problem, Reference};

#[derive(Deserialize)]
struct Row {
    target: i64,
    nums: Vec<i64>,
}

/// Reads a file of tasks. The ids are `countdown-1`, `countdown-2`, ... in the file's order, and the question
/// is TinyZero's.
///
/// # Errors
/// As [`rows::read`]; [`DataError::Line`] or [`DataError::Row`] when there are no numbers.
pub fn load(path: impl AsRef<Path>) -> Result<Vec<Problem>, DataError> {
    rows::problems(path.as_ref(), |number, Row { target, nums }| {
        if nums.is_empty() {
            return Err("`nums` is empty".into());
        }
        let question = format!(
            "Using the numbers {nums:?}, create an equation that equals {target}. You can use basic arithmetic \
             operations (+, -, *, /) and each number can only be used once."
        );
        Ok(Problem::new(
            format!("countdown-{number}"),
            question,
            Reference::Countdown { numbers: nums, target },
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::tests::{error, file};

    #[test]
    fn tasks_are_asked_as_tinyzero_does() {
        let file = file(r#"{"target": 98, "nums": [44, 19, 35]}"#);
        let question = "Using the numbers [44, 19, 35], create an equation that equals 98. You can use basic arithmetic operations (+, -, *, /) and each number can only be used once.";
        let reference = Reference::Countdown { numbers: vec![44, 19, 35], target: 98 };
        assert_eq!(load(file.path()).unwrap(), [Problem::new("countdown-1", question, reference)]);
    }

    #[test]
    fn rows_that_do_not_fit_are_named() {
        assert!(error(load, r#"{"target": 1, "nums": []}"#).ends_with("line 1: `nums` is empty"));
        assert!(
            error(load, r#"{"target": 1.5, "nums": [1]}"#).contains("line 1: invalid type: floating point")
        );
    }
}
