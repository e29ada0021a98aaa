//! What one side says and the other leaves out.
//!
//! This list is all that may be left out of an equal pair. What is not on it makes two answers different.

use std::fmt;

use super::Comparison;
use crate::answer::Answer;

/// Something that stands on one side only, of a pair that may be equal all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Dropped {
    /// What the value is of: `x = 5` and 5.
    Name(String),
    /// `5 cm` and 5.
    Unit(String),
    /// `12%` and 12.
    PercentSign,
    /// `90°` and 90.
    DegreeSign,
    /// `3 (mod 7)` and 3.
    Modulus,
    /// `x + 1, x ≠ 2` and `x + 1`.
    LeftOut,
    /// The numbers that a function or a parameter is defined on.
    Domain,
    /// `(1, 2)` and `1, 2`.
    Parentheses,
    /// `{5}` and 5.
    Braces,
    /// `(D) 12` and 12.
    OptionLetter(char),
    /// `(D) 12` and D.
    OptionText(String),
    /// Words that say nothing of the value, as reading found them: "about", "where C is a constant".
    Words(String),
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(f, "the name `{name}`"),
            Self::Unit(unit) => write!(f, "the unit `{unit}`"),
            Self::PercentSign => f.write_str("the percent sign"),
            Self::DegreeSign => f.write_str("the degree sign"),
            Self::Modulus => f.write_str("the modulus"),
            Self::LeftOut => f.write_str("the values that are left out"),
            Self::Domain => f.write_str("the domain"),
            Self::Parentheses => f.write_str("the parentheses"),
            Self::Braces => f.write_str("the braces"),
            Self::OptionLetter(letter) => write!(f, "the letter of option {letter}"),
            Self::OptionText(text) => write!(f, "the text of the option, `{text}`"),
            Self::Words(words) => write!(f, "the words `{words}`"),
        }
    }
}

impl Comparison<'_> {
    /// Notes what is left out on one side; what comes to nothing is forgotten by [`Comparison::answers`].
    pub(super) fn leave_out(&mut self, dropped: Dropped) {
        if self.explain && !self.dropped.contains(&dropped) {
            self.dropped.push(dropped);
        }
    }

    /// What two kinds of sequence leave out beside each other.
    pub(super) fn leave_out_brackets(&mut self, gold: &Answer, answer: &Answer) {
        let tuple = |side: &Answer| matches!(side, Answer::Tuple(_));
        if tuple(gold) != tuple(answer) {
            self.leave_out(Dropped::Parentheses);
        }
    }
}
