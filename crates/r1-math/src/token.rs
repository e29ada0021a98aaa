//! What a text consists of.

use super::literal::Literal;

/// How a comma between digits is to be read where both readings are possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Commas {
    /// `1,234` is a number outside brackets and two numbers inside; `1,22` is two.
    Likely,
    /// Every comma between digits separates.
    Separating,
    /// The other way about: `1,234` is two numbers outside brackets, and `1,22` is a decimal.
    Unlikely,
}

/// A token.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Number(Literal),
    /// One letter.
    Letter(char),
    /// Two letters or more.
    Word(String),
    /// A LaTeX command without its backslash.
    Command(String),
    /// The content of `\text{..}`, or letters of another script.
    Text(String),
    /// `\mathbb{R}`, `\mathbf{R}` for sets of numbers.
    Blackboard(char),
    Begin(String),
    End(String),
    /// `\\`, or a line break of the text.
    Row,
    Symbol(char),
}

/// A token and the white space before it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) space: bool,
    /// A gap that parts formulas: `\quad`, a line break, the end of a formula.
    pub(crate) wide: bool,
    /// A bold letter, which may be a vector.
    pub(crate) bold: bool,
}

impl Token {
    /// A token without white space before it.
    pub(crate) fn close(kind: Kind) -> Self {
        Self { kind, space: false, wide: false, bold: false }
    }

    pub(crate) fn is(&self, symbol: char) -> bool {
        self.kind == Kind::Symbol(symbol)
    }

    pub(crate) fn command(&self) -> Option<&str> {
        match &self.kind {
            Kind::Command(name) => Some(name),
            _ => None,
        }
    }

    pub(crate) fn is_command(&self, name: &str) -> bool {
        self.command() == Some(name)
    }
}
