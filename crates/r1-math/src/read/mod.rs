//! Text to a typed answer.

mod bracket;
mod cases;
mod family;
mod label;
mod list;
mod name;
mod phrase;
mod quantity;
mod relation;
mod signs;
mod split;
mod union;

use std::borrow::Cow;

use super::{
    answer::{Answer, Interval},
    arena::{Arena, Constant, Id, Node},
    lexer, moment, parse,
    substitute::substitute,
    text,
    token::{Commas, Kind, Token},
};
use crate::markup;

/// Longer answers are compared as texts only.
pub(crate) const MAX_BYTES: usize = 4096;
/// Deeper structures are not read.
const MAX_DEPTH: usize = 12;

/// Which of several readings of an ambiguous text to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) commas: Commas,
    /// `5 m` is five metres, not five times m.
    pub(crate) letter_units: bool,
}

impl Reading {
    pub(crate) const LIKELY: Self = Self { commas: Commas::Likely, letter_units: false };
}

/// An answer, and whether another reading of the commas exists.
pub(crate) fn read(arena: &mut Arena, text: &str, reading: Reading) -> (Answer, bool) {
    let text = &*single_escapes(markup::unwrap(text));
    let text = markup::unwrap(text);
    if text.len() > MAX_BYTES {
        return (Answer::Text(String::new()), false);
    }
    let mut ambiguous = false;
    let structured = lexer::tokens(text, reading.commas, &mut ambiguous).and_then(|tokens| {
        let mut reader = Reader { arena, depth: 0, letter_units: reading.letter_units };
        reader.structure(trim(&tokens))
    });
    (structured.unwrap_or_else(|| text::read(text)), ambiguous)
}

/// The text with `\\\\frac` written `\\frac`, where no matrix needs its line breaks: a text that was
/// escaped twice.
pub(crate) fn single_escapes(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let twice = bytes.windows(3).any(|window| window[..2] == *b"\\\\" && window[2].is_ascii_alphabetic());
    if twice && !text.contains("\\begin") {
        Cow::Owned(text.replace("\\\\", "\\"))
    } else {
        Cow::Borrowed(text)
    }
}

/// Whether all of a text reads as mathematics.
pub fn is_mathematical(text: &str) -> bool {
    let mut arena = Arena::default();
    !matches!(read(&mut arena, text, Reading::LIKELY).0, Answer::Text(_)) || moment::is_moment(text)
}

/// The tokens without punctuation around them.
fn trim(mut tokens: &[Token]) -> &[Token] {
    let loose = |token: &Token| matches!(token.kind, Kind::Symbol('.' | ',' | ';' | ':' | '"') | Kind::Row);
    while let [first, rest @ ..] = tokens
        && loose(first)
    {
        tokens = rest;
    }
    while let [rest @ .., last] = tokens
        && loose(last)
    {
        tokens = rest;
    }
    tokens
}

struct Reader<'a> {
    arena: &'a mut Arena,
    depth: usize,
    letter_units: bool,
}

impl Reader<'_> {
    fn structure(&mut self, tokens: &[Token]) -> Option<Answer> {
        if self.depth == MAX_DEPTH {
            return None;
        }
        self.arena.spend(4 + tokens.len() as u32 / 8)?;
        self.depth += 1;
        let words = self.arena.words().len();
        let answer = self.form(trim(tokens));
        if answer.is_none() {
            self.arena.words().truncate(words);
        }
        self.depth -= 1;
        answer
    }

    /// The first form that the tokens have.
    fn form(&mut self, tokens: &[Token]) -> Option<Answer> {
        let tokens = split::without_group(tokens);
        match tokens {
            [] => return None,
            [Token { kind: Kind::Number(literal), .. }] => {
                let id = self.arena.number(literal.value.clone());
                return Some(Answer::Expression { id, decimal: literal.decimal });
            }
            _ => {}
        }
        if tokens.iter().any(|token| token.is_command("mp")) {
            return self.by_signs(tokens);
        }
        if let Some(cases) = self.cases(tokens) {
            return cases;
        }
        if let Some(special) = self.special(tokens) {
            return Some(special);
        }
        if let Some(division) = phrase::division(tokens) {
            return Some(division);
        }
        if let Some(answer) = self.phrase(tokens) {
            return answer;
        }
        if let Some(congruence) = self.congruence(tokens) {
            return Some(congruence);
        }
        if let Some(family) = self.aside(tokens) {
            return family;
        }
        if let Some(list) = self.list(tokens) {
            return list;
        }
        if let Some(mapping) = self.mapping(tokens) {
            return mapping;
        }
        if let Some(named) = self.named(tokens) {
            return named;
        }
        if let Some(relation) = self.relation(tokens) {
            return relation;
        }
        if let Some(region) = self.region(tokens) {
            return Some(region);
        }
        if let Some(bracket) = self.bracket(tokens) {
            return bracket;
        }
        if let Some(ratio) = self.ratio(tokens) {
            return Some(ratio);
        }
        if let Some(quantity) = self.quantity(tokens) {
            return Some(quantity);
        }
        self.expression(tokens)
    }

    /// An expression; with `±` in it, both of its values.
    fn expression(&mut self, tokens: &[Token]) -> Option<Answer> {
        if tokens.iter().filter(|token| token.is_command("pm")).count() > 1 {
            return self.by_signs(tokens);
        }
        if signs::is_date(tokens) {
            return None;
        }
        let (id, decimal) = match self.decimal(tokens) {
            Some((id, decimal)) => (id, Some(decimal)),
            None => (parse::expression(self.arena, tokens)?, None),
        };
        if !self.mentions(id, &Node::Constant(Constant::PlusMinus)) {
            return Some(Answer::Expression { id, decimal });
        }
        let both = self.arena.constant(Constant::PlusMinus);
        let values = [1, -1].map(|sign| {
            let sign = self.arena.integer(sign);
            Answer::expression(substitute(self.arena, id, both, sign))
        });
        Some(Answer::Either(values.to_vec()))
    }

    fn mentions(&self, id: Id, wanted: &Node) -> bool {
        super::substitute::mentions(self.arena, id, &|node| node == wanted)
    }

    /// "no solution", `\emptyset` and the like.
    fn special(&mut self, tokens: &[Token]) -> Option<Answer> {
        match tokens {
            [token] => match &token.kind {
                Kind::Command(name)
                    if matches!(name.as_str(), "emptyset" | "varnothing" | "oslash" | "O") =>
                {
                    Some(Answer::Empty)
                }
                Kind::Text(content) => text::special(content),
                Kind::Word(content) => text::special(content),
                Kind::Blackboard('R') => Some(Answer::Region(vec![super::region::EVERYTHING])),
                Kind::Blackboard(letter) => Some(Answer::Text(letter.to_string())),
                _ => None,
            },
            [open, close] if open.is('\u{1}') && close.is('\u{2}') => Some(Answer::Empty),
            // Positive and negative numbers.
            [Token { kind: Kind::Blackboard('R'), .. }, mark, sign @ ..] if mark.is('^') || mark.is('_') => {
                let [sign] = split::without_group(sign) else { return None };
                let zero = Some(self.arena.integer(0));
                let everything = super::region::EVERYTHING;
                match sign.kind {
                    Kind::Symbol('+') => Some(Answer::Region(vec![Interval { low: zero, ..everything }])),
                    Kind::Symbol('-') => Some(Answer::Region(vec![Interval { high: zero, ..everything }])),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// `3 \pmod 7`, `x \equiv 3 \pmod{7}`, `3 (mod 7)`.
    fn congruence(&mut self, tokens: &[Token]) -> Option<Answer> {
        let is_mod = |token: &Token| match &token.kind {
            Kind::Command(name) => matches!(name.as_str(), "pmod" | "mod" | "bmod"),
            Kind::Word(word) => word == "mod",
            _ => false,
        };
        let at = tokens.iter().position(is_mod)?;
        let (before, after) = (&tokens[..at], &tokens[at + 1..]);
        let parenthesised = before.last().is_some_and(|token| token.is('('));
        let before = if parenthesised { &before[..at - 1] } else { before };
        let after = match after {
            [inside @ .., close] if parenthesised && close.is(')') => inside,
            other => split::without_group(other),
        };
        let start = before.iter().rposition(|token| token.is_command("equiv") || token.is('='));
        if start.is_none() && !parenthesised && !tokens[at].is_command("pmod") {
            return None;
        }
        let residue = parse::expression(self.arena, &before[start.map_or(0, |at| at + 1)..])?;
        let modulus = parse::expression(self.arena, after)?;
        let congruence = Answer::Congruence { residue, modulus };
        let Some(start) = start else { return Some(congruence) };
        let (label, name) = self.label(&before[..start])?;
        let value = Box::new(congruence);
        Some(Answer::Assignment { name, label, value, between: Vec::new(), rounded: false })
    }

    /// `3:4`, `12:00`.
    fn ratio(&mut self, tokens: &[Token]) -> Option<Answer> {
        let parts = split::top(tokens, |token| token.is(':') || token.is_command("colon"));
        let half = |token: &Token| matches!(&token.kind, Kind::Word(word) if matches!(word.as_str(), "AM" | "PM" | "am" | "pm"));
        // `1:05` is a time, and not `1:5`.
        let minutes = |token: &Token| matches!(&token.kind, Kind::Number(literal) if literal.digits.len() > 1 && literal.digits.starts_with('0') && !literal.digits.contains('.'));
        if parts.len() < 2 || tokens.iter().any(|token| half(token) || minutes(token)) {
            return None;
        }
        let parts: Option<Vec<Id>> =
            parts.into_iter().map(|part| parse::expression(self.arena, part)).collect();
        parts.map(Answer::Ratio)
    }
}
