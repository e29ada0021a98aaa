//! Text to tokens: LaTeX and plain text alike.

mod commas;
mod letters;
mod number;
mod words;

use super::{
    spelling,
    styling::{IGNORED, TEXTS},
    token::{Commas, Kind, Token},
};

/// More tokens than an honest answer has.
const MAX_TOKENS: usize = 2000;

/// Reads all of `text`; `None` where it is too long to be an answer.
///
/// `ambiguous` is set when [`Commas`] made a difference.
pub(crate) fn tokens(text: &str, commas: Commas, ambiguous: &mut bool) -> Option<Vec<Token>> {
    let text = spelling::spell(text);
    let commas = if commas::separated(&text) { Commas::Separating } else { commas };
    let mut lexer = Lexer {
        rest: &text,
        tokens: Vec::new(),
        space: false,
        wide: false,
        depth: 0,
        commas,
        ambiguous: false,
    };
    while lexer.step()? {}
    *ambiguous |= lexer.ambiguous;
    Some(lexer.tokens)
}

struct Lexer<'a> {
    rest: &'a str,
    tokens: Vec<Token>,
    space: bool,
    wide: bool,
    /// Open brackets, in which a comma separates.
    depth: i32,
    commas: Commas,
    ambiguous: bool,
}

impl<'a> Lexer<'a> {
    fn push(&mut self, kind: Kind) {
        self.tokens.push(Token { kind, space: self.space, wide: self.wide, bold: false });
        (self.space, self.wide) = (false, false);
    }

    fn step(&mut self) -> Option<bool> {
        if self.tokens.len() > MAX_TOKENS {
            return None;
        }
        let Some(c) = self.rest.chars().next() else { return Some(false) };
        let after = &self.rest[c.len_utf8()..];
        match c {
            ' ' | '~' => {
                self.space = true;
                self.rest = after;
            }
            '\n' => {
                (self.space, self.wide) = (true, true);
                self.rest = after;
            }
            // One that nothing closes is a currency.
            '$' if self.tokens.is_empty()
                && self.depth == 0
                && after.trim_start_matches(['-', '.']).starts_with(|c: char| c.is_ascii_digit())
                && !after.contains('$') =>
            {
                self.push(Kind::Command("dollar".into()));
                self.rest = after;
            }
            '$' => {
                self.wide = true;
                // A dollar sign is a currency when it has no partner; the reader decides by `\$`.
                self.space = true;
                self.rest = after;
            }
            '\\' => return self.command(after).map(|()| true),
            '.' if after.starts_with(|c: char| c.is_ascii_digit()) => self.number(),
            '0'..='9' => self.number(),
            'a'..='z' | 'A'..='Z' => self.letters(),
            '<' | '>' if after.starts_with('=') => {
                self.push(Kind::Command(if c == '<' { "le" } else { "ge" }.into()));
                self.rest = &after[1..];
            }
            '=' if after.starts_with('<') => {
                self.push(Kind::Command("le".into()));
                self.rest = &after[1..];
            }
            // `5!=120` is about a factorial, `x!=3` says that they differ.
            '!' if after.starts_with('=') && !self.counts() => {
                self.push(Kind::Command("ne".into()));
                self.rest = &after[1..];
            }
            '*' if after.starts_with('*') => {
                self.push(Kind::Symbol('^'));
                self.rest = &after[1..];
            }
            '.' if after.starts_with("..") => {
                self.push(Kind::Command("dots".into()));
                self.rest = after.trim_start_matches('.');
            }
            c if c.is_alphabetic() => {
                let end =
                    self.rest.find(|c: char| !c.is_alphabetic() || c.is_ascii()).unwrap_or(self.rest.len());
                self.push(Kind::Text(self.rest[..end].to_owned()));
                self.rest = &self.rest[end..];
            }
            c => {
                match c {
                    '(' | '[' => self.depth += 1,
                    ')' | ']' => self.depth -= 1,
                    _ => {}
                }
                self.push(Kind::Symbol(c));
                self.rest = after;
            }
        }
        Some(true)
    }

    fn command(&mut self, after: &'a str) -> Option<()> {
        let end = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (name, rest) = after.split_at(end);
        if name.is_empty() {
            return self.escaped(after);
        }
        self.rest = rest;
        match name {
            "begin" | "end" => {
                let (inside, rest) = braced(rest)?;
                let inside = inside.trim_end_matches('*').to_owned();
                self.rest = rest;
                if name == "begin" {
                    self.depth += 1;
                    if inside == "array"
                        && let Some((_, rest)) = braced(rest)
                    {
                        self.rest = rest;
                    }
                    self.push(Kind::Begin(inside));
                } else {
                    self.depth -= 1;
                    self.push(Kind::End(inside));
                }
            }
            "boxed" | "fbox" | "framebox" | "mathstrut" | "Large" | "large" => self.space = true,
            "checkmark" | "blacksquare" | "qed" => self.space = true,
            // What follows the colour is as it would be without.
            "color" | "textcolor" | "colorbox" => {
                self.rest = braced(rest)?.1;
                self.space = true;
            }
            "dbinom" | "tbinom" => self.push(Kind::Command("binom".to_owned())),
            "sfrac" | "nicefrac" | "flatfrac" | "dfrac" | "tfrac" | "cfrac" => {
                self.push(Kind::Command("frac".to_owned()));
            }
            // What is not seen is not said; its braces would be read as an answer.
            "hspace" | "vspace" | "vphantom" | "hphantom" | "phantom" => {
                if rest.trim_start().starts_with('{') && braced(rest).is_none() {
                    return None;
                }
                self.rest = braced(rest).map_or(rest, |(_, rest)| rest);
                self.space = true;
            }
            "mathbb" | "Bbb" => {
                let (inside, rest) = braced(rest).or_else(|| first(rest))?;
                self.rest = rest;
                let inside = inside.trim();
                let letter = inside.chars().next().unwrap_or('?');
                self.push(Kind::Blackboard(letter));
                // `\\mathbb{Z^+}`.
                let marks = inside.get(letter.len_utf8()..).unwrap_or("");
                let mut inner = Lexer { rest: marks, ..*self.head() };
                while inner.step()? {}
                self.tokens.append(&mut inner.tokens);
            }
            _ if IGNORED.contains(&name) => {
                self.space |= name.ends_with("quad");
                self.wide |= name.ends_with("quad");
                if matches!(name, "left" | "right" | "middle") {
                    // `\left.` opens nothing.
                    self.rest = rest.trim_start();
                    self.rest = self.rest.strip_prefix('.').unwrap_or(self.rest);
                }
            }
            _ if TEXTS.contains(&name) => {
                if rest.trim_start().starts_with('{') && braced(rest).is_none() {
                    // Never closed: no answer, and not worth a look at every brace.
                    return None;
                }
                let Some((inside, rest)) = braced(rest.trim_start()).or_else(|| first(rest)) else {
                    return Some(());
                };
                self.rest = rest;
                return self.text(name, inside);
            }
            "lbrace" => self.brace('\u{1}'),
            "rbrace" => self.brace('\u{2}'),
            _ => self.push(Kind::Command(name.to_owned())),
        }
        Some(())
    }

    fn brace(&mut self, symbol: char) {
        self.depth += if symbol == '\u{1}' { 1 } else { -1 };
        self.push(Kind::Symbol(symbol));
    }

    /// A backslash and something that is no letter.
    fn escaped(&mut self, after: &'a str) -> Option<()> {
        let Some(c) = after.chars().next() else {
            self.rest = after;
            return Some(());
        };
        self.rest = &after[c.len_utf8()..];
        match c {
            '\\' => {
                // `\\[4pt]` spaces the rows.
                if let Some((inside, rest)) =
                    self.rest.strip_prefix('[').and_then(|rest| rest.split_once(']'))
                    && is_height(inside)
                {
                    self.rest = rest;
                }
                self.push(Kind::Row);
            }
            // \u{1} and \u{2} are the braces of a set.
            '{' => self.brace('\u{1}'),
            '}' => self.brace('\u{2}'),
            '|' => self.push(Kind::Symbol('|')),
            '$' => self.push(Kind::Command("dollar".into())),
            '%' => self.push(Kind::Symbol('%')),
            // How many a set has.
            '#' if !self.rest.trim_start().starts_with(|c: char| c.is_ascii_digit()) => return None,
            '#' | '&' | '_' => {}
            '!' => {}
            ',' | ';' | ':' | ' ' | '/' | '-' | '>' | '\n' | '"' | '(' | ')' | '[' | ']' => self.space = true,
            other => self.push(Kind::Symbol(other)),
        }
        Some(())
    }

    /// Whether a number ends right here.
    fn counts(&self) -> bool {
        !self.space && matches!(self.tokens.last().map(|token| &token.kind), Some(Kind::Number(_)))
    }

    /// Whether what was read so far may be what a unit counts.
    fn after_value(&self) -> bool {
        matches!(
            self.tokens.last().map(|token| &token.kind),
            Some(Kind::Number(_) | Kind::Symbol(')' | '}' | '/'))
        )
    }

    fn head(&self) -> Box<Lexer<'static>> {
        Box::new(Lexer {
            rest: "",
            tokens: Vec::new(),
            space: false,
            wide: false,
            depth: self.depth,
            commas: self.commas,
            ambiguous: false,
        })
    }
}

/// Tokens one by one: words as letters, and without braces around a single token.
pub(crate) fn spelt(tokens: &[Token]) -> Vec<Kind> {
    let mut kinds: Vec<Kind> = Vec::with_capacity(tokens.len());
    for token in tokens {
        match &token.kind {
            Kind::Word(word) if !super::parse::is_name(word) => kinds.extend(word.chars().map(Kind::Letter)),
            Kind::Symbol('}') if kinds.len() >= 2 && kinds[kinds.len() - 2] == Kind::Symbol('{') => {
                kinds.remove(kinds.len() - 2);
            }
            Kind::Command(name) => kinds.push(Kind::Command(
                match name.as_str() {
                    "leq" | "leqslant" => "le",
                    "geq" | "geqslant" => "ge",
                    "neq" => "ne",
                    "varnothing" => "emptyset",
                    other => other,
                }
                .to_owned(),
            )),
            other => kinds.push(other.clone()),
        }
    }
    kinds
}

/// The content of the braces that `text` starts with, and what follows.
pub(crate) fn braced(text: &str) -> Option<(&str, &str)> {
    let inside = text.trim_start().strip_prefix('{')?;
    let end = crate::markup::closing_brace(inside)?;
    Some((&inside[..end], &inside[end + 1..]))
}

/// `4pt`, `-0.5em`.
fn is_height(text: &str) -> bool {
    let digits = text.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | ' '));
    digits.len() < text.len() && matches!(digits, "pt" | "em" | "ex" | "mm" | "cm" | "in" | "mu")
}

fn first(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let c = text.chars().next().filter(|c| c.is_alphanumeric())?;
    Some(text.split_at(c.len_utf8()))
}
