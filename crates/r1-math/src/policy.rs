//! What counts as the same answer where people disagree.

/// The contested decisions, each with its default.
///
/// The defaults are those for exact short answers (MATH, AIME, OlympiadBench). There is no absolute
/// tolerance: 1e-7 is never 2e-7.
///
/// # Examples
/// ```
/// use r1_math::{Policy, compare};
///
/// assert_eq!(compare("12\\%", "0.12", &Policy::default()).equal, Some(true));
/// let strict = Policy { percent_as_share: false, ..Policy::default() };
/// assert_eq!(compare("12\\%", "0.12", &strict).equal, Some(false));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Policy {
    /// `x > 2` and `(2, ∞)` say the same, in both directions. Default: true.
    pub interval_as_inequality: bool,
    /// A column or row vector and a tuple say the same. Default: true.
    pub vector_as_tuple: bool,
    /// `\log` without a base may be the natural or the decimal one, whichever makes the two sides
    /// agree. Default: true.
    pub log_of_either_base: bool,
    /// `1 km` and `1000 m` say the same. Default: true.
    pub unit_conversion: bool,
    /// A unit may be missing on one side; contradictory units are always refused. Default: true.
    pub unit_optional: bool,
    /// `12%` may be answered `12`. Default: true.
    pub percent_sign_optional: bool,
    /// `12%` may be answered `0.12`, and the other way. Default: true.
    pub percent_as_share: bool,
    /// `90°` may be answered `90`. Default: true.
    pub degree_sign_optional: bool,
    /// `X` and `x` are one symbol. Default: false.
    pub ignore_symbol_case: bool,
    /// In a chain `a = b = c` all members without symbols must be equal, so that `7 = 8 = 7` is no
    /// seven. Default: true.
    pub chains_must_hold: bool,
    /// A decimal with at least so many significant digits stands for the exact number whose correct
    /// rounding or truncation it is. Default: 6.
    pub significant_digits: u32,
    /// Where the reference is a decimal, an answer that rounds to it is right, however few its digits.
    /// For data sets whose references are rounded. Default: false.
    pub round_to_reference: bool,
    /// The relative error that two real numbers may have. For measured quantities (Minerva: 1e-2).
    /// Default: none.
    pub relative_tolerance: Option<f64>,
    /// The step budget of one pair. Default: 200,000, which is below ten milliseconds.
    pub steps: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            interval_as_inequality: true,
            vector_as_tuple: true,
            log_of_either_base: true,
            unit_conversion: true,
            unit_optional: true,
            percent_sign_optional: true,
            percent_as_share: true,
            degree_sign_optional: true,
            ignore_symbol_case: false,
            chains_must_hold: true,
            significant_digits: 6,
            round_to_reference: false,
            relative_tolerance: None,
            steps: 200_000,
        }
    }
}

impl Policy {
    /// For data sets whose references are decimals rounded by hand.
    pub fn rounded() -> Self {
        Self { round_to_reference: true, ..Self::default() }
    }

    /// For measured quantities: real numbers agree within a relative error.
    pub fn relative(tolerance: f64) -> Self {
        Self { relative_tolerance: Some(tolerance), ..Self::default() }
    }
}
