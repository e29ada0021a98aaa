//! Functions by cases, and systems of equations, between `\begin` and `\end`.

use super::{Answer, Reader, split};
use crate::token::{Kind, Token};

/// Functions of more cases are not compared.
const MAX_CASES: usize = 12;

impl Reader<'_> {
    /// `\begin{cases} .. \end{cases}`, or an array after a brace that never closes.
    pub(super) fn cases(&mut self, tokens: &[Token]) -> Option<Option<Answer>> {
        let (braced, tokens) = match tokens {
            [brace, rest @ ..] if brace.is('\u{1}') => (true, rest),
            other => (false, other),
        };
        let [Token { kind: Kind::Begin(name), .. }, inside @ .., Token { kind: Kind::End(end), .. }] = tokens
        else {
            return None;
        };
        let fits = match name.as_str() {
            "cases" | "dcases" | "rcases" | "aligned" | "align" | "gathered" | "split" => true,
            "array" | "matrix" => braced,
            _ => false,
        };
        if !fits || end != name || split::closing(tokens) != Some(tokens.len() - 1) {
            return None;
        }
        let rows: Vec<&[Token]> = split::top(inside, |token| token.kind == Kind::Row)
            .into_iter()
            .filter(|row| !super::trim(row).is_empty())
            .collect();
        let aligned = !name.ends_with("cases") && name != "array" && name != "matrix";
        Some(self.rows(&rows, aligned))
    }

    fn rows(&mut self, rows: &[&[Token]], aligned: bool) -> Option<Answer> {
        if aligned || rows.iter().all(|row| parts(row).1.is_none()) {
            let mut items = Vec::new();
            for row in rows {
                let row: Vec<Token> = row.iter().filter(|token| !token.is('&')).cloned().collect();
                match self.structure(&row)? {
                    Answer::List(inner) | Answer::Either(inner) => items.extend(inner),
                    item => items.push(item),
                }
            }
            return if items.len() == 1 { items.pop() } else { Some(Answer::List(items)) };
        }
        if rows.len() > MAX_CASES {
            return None;
        }
        let mut cases = Vec::new();
        for row in rows {
            let (value, condition) = parts(row);
            let condition = match condition {
                None => None,
                Some([Token { kind: Kind::Text(word) | Kind::Word(word), .. }])
                    if matches!(word.trim_matches([' ', ',', '.']), "otherwise" | "else" | "elsewhere") =>
                {
                    None
                }
                Some(condition) => Some(self.structure(condition)?),
            };
            cases.push((self.structure(value)?, condition));
        }
        Some(Answer::Cases(cases))
    }
}

/// The value of a row, and its condition after `&`, "if" or a comma.
fn parts(row: &[Token]) -> (&[Token], Option<&[Token]>) {
    let is_if = |token: &Token| match &token.kind {
        Kind::Text(word) | Kind::Word(word) => {
            matches!(word.trim_matches([' ', ',']), "if" | "for" | "when" | "If" | "where" | "若" | "当")
        }
        _ => false,
    };
    let separators: [&dyn Fn(&Token) -> bool; 3] = [&|token| token.is('&'), &is_if, &|token| token.is(',')];
    for separates in separators {
        let cells: Vec<&[Token]> =
            split::top(row, separates).into_iter().filter(|cell| !super::trim(cell).is_empty()).collect();
        if let [value, condition] = cells[..] {
            let mut condition = super::trim(condition);
            while let [first, rest @ ..] = condition
                && is_if(first)
            {
                condition = rest;
            }
            return (super::trim(value), Some(condition));
        }
    }
    (super::trim(row), None)
}
