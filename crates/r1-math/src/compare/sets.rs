//! Statements that are compared as they are written, from either side: `M \\subset N` and `N \\supset M`,
//! `A \\cup B` and `B \\cup A`, `2 + 2 = 4` and `4 = 2 + 2`.

use crate::{
    lexer,
    token::{Commas, Kind},
};

/// Relations that read the other way from the right, with their names from there.
const RELATIONS: [(&str, &str); 9] = [
    ("supset", "subset"),
    ("supseteq", "subseteq"),
    ("supsetneq", "subsetneq"),
    ("ni", "in"),
    ("in", "ni"),
    ("subset", "supset"),
    ("subseteq", "supseteq"),
    ("subsetneq", "supsetneq"),
    ("perp", "perp"),
];

/// Whether two texts have the same tokens once each is in order.
pub(super) fn same(a: &str, b: &str) -> bool {
    let read = |text: &str| {
        let tokens = lexer::tokens(text, Commas::Likely, &mut false)?;
        ordered(lexer::spelt(&tokens))
    };
    read(a).is_some_and(|a| read(b) == Some(a))
}

/// A union, an intersection or one relation of such, each with its parts in order; none where nothing has two sides.
fn ordered(kinds: Vec<Kind>) -> Option<Vec<Vec<Kind>>> {
    let joint = |kind: &Kind| match kind {
        Kind::Symbol('=') => Some(("=", "=")),
        Kind::Command(name) => RELATIONS.iter().find(|(known, _)| known == name).copied(),
        _ => None,
    };
    let at: Vec<usize> = (0..kinds.len()).filter(|at| joint(&kinds[*at]).is_some()).collect();
    match at[..] {
        [] => {
            let (parts, operator) = operands(&kinds);
            operator.map(|operator| [parts, vec![vec![operator]]].concat())
        }
        [at] => {
            let (name, flipped) = joint(&kinds[at])?;
            let side = |kinds: &[Kind]| {
                let (parts, operator) = operands(kinds);
                let operator = operator.unwrap_or(Kind::Symbol(' '));
                parts.join(&operator)
            };
            let (left, right) = (side(&kinds[..at]), side(&kinds[at + 1..]));
            if left.is_empty() || right.is_empty() {
                return None;
            }
            let sign = |name: &str| vec![Kind::Command(name.to_owned())];
            let turn = if name == flipped { written(&left) > written(&right) } else { name > flipped };
            Some(if turn { vec![right, sign(flipped), left] } else { vec![left, sign(name), right] })
        }
        _ => None,
    }
}

/// The parts between signs of union, or of intersection, outside of brackets, in order, and the sign. One part as
/// it is where both stand there, or anything else that joins.
fn operands(kinds: &[Kind]) -> (Vec<Vec<Kind>>, Option<Kind>) {
    let sign = |kind: &Kind| matches!(kind, Kind::Command(name) if matches!(name.as_str(), "cup" | "cap"));
    let others = |kind: &Kind| {
        matches!(kind, Kind::Command(name) if matches!(name.as_str(), "setminus" | "backslash" | "times" | "to"))
            || matches!(kind, Kind::Symbol('-' | ',' | '+'))
    };
    let mut signs: Vec<&Kind> = kinds.iter().filter(|kind| sign(kind)).collect();
    signs.dedup();
    let [operator] = signs[..] else { return (vec![kinds.to_vec()], None) };
    let grouped = kinds.iter().any(|kind| matches!(kind, Kind::Symbol('(' | '[' | '\u{1}')));
    if grouped || kinds.iter().any(others) {
        return (vec![kinds.to_vec()], None);
    }
    let mut parts: Vec<Vec<Kind>> = kinds.split(|kind| kind == operator).map(<[Kind]>::to_vec).collect();
    parts.sort_by_key(|part| written(part));
    (parts, Some(operator.clone()))
}

/// Tokens as a text to sort by.
fn written(kinds: &[Kind]) -> String {
    format!("{kinds:?}")
}
