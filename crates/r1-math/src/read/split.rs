//! Splitting tokens outside of brackets.

use crate::token::{Kind, Token};

/// How a token changes the depth of brackets.
pub(super) fn depth_change(token: &Token) -> i32 {
    match &token.kind {
        Kind::Symbol('(' | '[' | '{' | '\u{1}') | Kind::Begin(_) => 1,
        Kind::Symbol(')' | ']' | '}' | '\u{2}') | Kind::End(_) => -1,
        Kind::Command(name) => match name.as_str() {
            "langle" | "lfloor" | "lceil" | "lvert" | "lVert" => 1,
            "rangle" | "rfloor" | "rceil" | "rvert" | "rVert" => -1,
            _ => 0,
        },
        _ => 0,
    }
}

/// The parts between the tokens outside of brackets for which `separates` holds. One part when
/// there are none.
pub(super) fn top(tokens: &[Token], separates: impl Fn(&Token) -> bool) -> Vec<&[Token]> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0, 0);
    for (at, token) in tokens.iter().enumerate() {
        depth += depth_change(token);
        if depth == 0 && separates(token) {
            parts.push(&tokens[start..at]);
            start = at + 1;
        }
    }
    parts.push(&tokens[start..]);
    parts
}

/// Where the bracket closes that `tokens` open with.
pub(super) fn closing(tokens: &[Token]) -> Option<usize> {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate() {
        depth += depth_change(token);
        if depth <= 0 {
            return (at > 0 && depth == 0).then_some(at);
        }
    }
    None
}

/// The tokens without the braces that group all of them.
pub(super) fn without_group(mut tokens: &[Token]) -> &[Token] {
    for _ in 0..4 {
        match tokens {
            [open, inside @ .., close]
                if open.is('{') && close.is('}') && closing(tokens) == Some(tokens.len() - 1) =>
            {
                tokens = inside;
            }
            _ => break,
        }
    }
    tokens
}
