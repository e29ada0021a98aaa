//! Numbers with percent signs, currencies, units and decimal points.

use dashu::rational::RBig;

use super::{Answer, Reader, split};
use crate::{
    arena::{Constant, Id},
    literal::Decimal,
    parse,
    substitute::is_constant,
    token::{Kind, Token},
    unit::{self, Unit},
};

impl Reader<'_> {
    pub(super) fn quantity(&mut self, tokens: &[Token]) -> Option<Answer> {
        if let Some(answer) = self.currency(tokens) {
            return Some(answer);
        }
        if let Some(answer) = self.temperature(tokens).or_else(|| self.unit_fraction(tokens)) {
            return Some(answer);
        }
        let start = self.unit_start(tokens)?;
        let numeric = |token: &Token| {
            matches!(token.kind, Kind::Number(_) | Kind::Command(_))
                || matches!(token.kind, Kind::Letter('x' | 'n'))
        };
        if !tokens[..start].iter().any(numeric) {
            return None;
        }
        let (value, words) = (&tokens[..start], &tokens[start..]);
        let text = rendered(words);
        let lower = text.trim().trim_matches('.').to_lowercase();
        if matches!(lower.as_str(), "%" | "percent" | "per cent" | "pct" | "percentage" | "percents") {
            let (id, decimal) = self.value(value)?;
            return Some(Answer::Percent { id, decimal });
        }
        // `3 or more` is a bound, not three of something.
        if lower
            .split(' ')
            .any(|word| matches!(word, "or" | "and" | "more" | "less" | "least" | "most" | "not"))
            && !lower.contains(|c: char| c.is_ascii_digit())
        {
            return None;
        }
        if value.last().is_some_and(|token| token.is('%')) {
            // A share of something counts nothing.
            return None;
        }
        let (mut id, mut decimal) = self.value(value)?;
        let mut rest = lower.as_str();
        if rest == "degrees" || rest == "degree" || rest == "deg" {
            let degree = self.arena.constant(Constant::Degree);
            return Some(Answer::expression(self.arena.mul(vec![id, degree])));
        }
        if rest == "radians" || rest == "radian" || rest == "rad" {
            // Named as such, it is no number of degrees.
            return Some(Answer::Quantity { id, decimal, unit: Unit::read("radian")? });
        }
        for (word, power) in
            [("hundred", 2), ("thousand", 3), ("million", 6), ("billion", 9), ("trillion", 12)]
        {
            if let Some(after) = rest.strip_prefix(word)
                && (after.is_empty() || after.starts_with(' '))
            {
                let scale = self.arena.number(RBig::from(dashu::integer::UBig::from(10u8).pow(power)));
                id = self.arena.mul(vec![scale, id]);
                decimal = decimal.map(|decimal| Decimal { places: decimal.places - power as i64, ..decimal });
                rest = after.trim_start();
            }
        }
        if rest.is_empty() {
            return Some(Answer::Expression { id, decimal });
        }
        if let Some(sum) = self.compound(id, words) {
            return Some(sum);
        }
        let unit = Unit::read(if rest.len() == lower.len() { text.trim() } else { rest })?;
        if !unit.words.is_empty() && !is_constant(self.arena, id) {
            // Nouns count numbers: `n is even` counts nothing.
            return None;
        }
        Some(Answer::Quantity { id, decimal, unit })
    }

    /// `3 hours 20 minutes`: a sum in the first unit.
    fn compound(&mut self, first: Id, words: &[Token]) -> Option<Answer> {
        let at = words.iter().position(|token| matches!(token.kind, Kind::Number(_)))?;
        let Kind::Number(literal) = &words[at].kind else { return None };
        let (before, after) = (&words[..at], &words[at + 1..]);
        if before.last()?.is('^') || before.last()?.is('/') {
            return None;
        }
        let before: Vec<Token> = before
            .iter()
            .filter(|token| {
                !token.is(',') && !matches!(&token.kind, Kind::Word(word) | Kind::Text(word) if word == "and")
            })
            .cloned()
            .collect();
        let (big, small) = (Unit::read(&rendered(&before))?, Unit::read(&rendered(after))?);
        if !small.is_part_of(&big) {
            return None;
        }
        let scaled = self.arena.number(&literal.value * &small.factor / &big.factor);
        let id = self.arena.add(vec![first, scaled]);
        Some(Answer::Quantity { id, decimal: None, unit: big })
    }

    /// `22.2^\\circ\\text{C}`.
    fn temperature(&mut self, tokens: &[Token]) -> Option<Answer> {
        let [before @ .., scale] = tokens else { return None };
        let unit = match &scale.kind {
            Kind::Text(name) | Kind::Word(name) => name.to_lowercase(),
            Kind::Letter(letter) | Kind::Blackboard(letter) => letter.to_lowercase().to_string(),
            _ => return None,
        };
        let unit = match unit.trim() {
            "c" | "celsius" => "celsius",
            "f" | "fahrenheit" => "fahrenheit",
            _ => return None,
        };
        let circle = |token: &Token| token.is_command("circ") || token.is_command("degree");
        let value = match before {
            [value @ .., caret, circ] if caret.is('^') && circle(circ) => value,
            [value @ .., caret, open, circ, close]
                if caret.is('^') && open.is('{') && circle(circ) && close.is('}') =>
            {
                value
            }
            [value @ .., circ] if circle(circ) => value,
            _ => return None,
        };
        let (id, decimal) = self.value(value)?;
        Some(Answer::Quantity { id, decimal, unit: Unit::read(unit)? })
    }

    /// `9.8 \\frac{\\text{m}}{\\text{s}^2}`.
    fn unit_fraction(&mut self, tokens: &[Token]) -> Option<Answer> {
        let at = tokens.iter().position(|token| token.is_command("frac")).filter(|at| *at > 0)?;
        let above = &tokens[at + 1..];
        let middle = split::closing(above)?;
        let below = &above[middle + 1..];
        if !self.letter_units || split::closing(below)? + 1 != below.len() {
            return None;
        }
        let text = format!("{} / {}", rendered(&above[..=middle]), rendered(below));
        let unit = Unit::read(text.trim()).filter(|unit| unit.words.is_empty() && !unit.is_noun())?;
        let (id, decimal) = self.value(&tokens[..at])?;
        Some(Answer::Quantity { id, decimal, unit })
    }

    /// A value before a unit: a number, or an expression without prose.
    fn value(&mut self, tokens: &[Token]) -> Option<(Id, Option<Decimal>)> {
        match self.decimal(tokens) {
            Some((id, decimal)) => Some((id, Some(decimal))),
            None => Some((parse::expression(self.arena, tokens)?, None)),
        }
    }

    /// A sign and a decimal, perhaps times a power of ten.
    pub(super) fn decimal(&mut self, tokens: &[Token]) -> Option<(Id, Decimal)> {
        let (negative, rest) = match tokens {
            [sign, rest @ ..] if sign.is('-') => (true, rest),
            [sign, rest @ ..] if sign.is('+') => (false, rest),
            other => (false, other),
        };
        let [Token { kind: Kind::Number(literal), .. }, power @ ..] = rest else { return None };
        let digits = literal.digits.trim_start_matches('0').len() as u32;
        let mut decimal = literal.decimal;
        if let [times, Token { kind: Kind::Number(ten), .. }, caret, ..] = power
            && (times.is('*') || times.is_command("times") || times.is_command("cdot"))
            && ten.value == RBig::from(10)
            && caret.is('^')
        {
            let exponent = parse::expression(self.arena, &power[1..])?;
            let value = self.arena.as_number(exponent)?;
            let size = (value.numerator().to_string().len() as i64 - 1)
                - (value.denominator().to_string().len() as i64 - 1);
            let base = decimal.unwrap_or(Decimal { places: 0, significant: digits });
            decimal = Some(Decimal { places: base.places - size, significant: base.significant });
        } else if !power.is_empty() {
            return None;
        }
        let decimal = decimal?;
        let id = parse::expression(self.arena, rest)?;
        Some((if negative { self.arena.neg(id) } else { id }, decimal))
    }

    fn currency(&mut self, tokens: &[Token]) -> Option<Answer> {
        let sign = |token: &Token| match &token.kind {
            Kind::Symbol('€') => Some("euro"),
            Kind::Symbol('£') => Some("pound"),
            Kind::Symbol('¥' | '￥') => Some("yuan"),
            Kind::Symbol('₹') => Some("rupee"),
            Kind::Word(name) if name == "Rs" => Some("rupee"),
            Kind::Command(name) => match name.as_str() {
                "dollar" => Some("dollar"),
                "euro" => Some("euro"),
                "pounds" => Some("pound"),
                _ => None,
            },
            _ => None,
        };
        let (name, rest): (&str, Vec<Token>) = match tokens {
            [first, dot, rest @ ..] if sign(first).is_some() && dot.is('.') => (sign(first)?, rest.to_vec()),
            [first, rest @ ..] if sign(first).is_some() => (sign(first)?, rest.to_vec()),
            [rest @ .., last] if sign(last).is_some() => (sign(last)?, rest.to_vec()),
            [minus, second, rest @ ..] if minus.is('-') && sign(second).is_some() => {
                (sign(second)?, [&tokens[..1], rest].concat())
            }
            _ => return None,
        };
        let money = Unit::read(name)?;
        Some(match self.structure(&rest)? {
            Answer::Expression { id, decimal } => Answer::Quantity { id, decimal, unit: money },
            // `$5 profit`, `$18 per day`
            Answer::Quantity { id, decimal, unit } => {
                Answer::Quantity { id, decimal, unit: money.beside(&unit)? }
            }
            _ => return None,
        })
    }

    /// Where the unit starts that ends the tokens.
    fn unit_start(&self, tokens: &[Token]) -> Option<usize> {
        let starts = |at: usize, token: &Token| match &token.kind {
            Kind::Text(_) => true,
            Kind::Word(word) => {
                let product = !token.space && !self.letter_units && unit::is_of_letters(word);
                let known = unit::is_known(word) && !product
                    || matches!(
                        word.as_str(),
                        "percent" | "pct" | "percentage" | "degrees" | "USD" | "EUR" | "GBP"
                    );
                known || (token.space && word.len() > 3 && !is_function(word))
            }
            Kind::Symbol('%') => at + 1 == tokens.len(),
            Kind::Command(name) => {
                self.letter_units
                    && matches!(name.as_str(), "Omega" | "AA" | "mu")
                    && at + 3 > tokens.len().saturating_sub(1)
                    && ends_value(&tokens[..at])
            }
            Kind::Letter('k' | 'M' | 'm' | 'G')
                if tokens.get(at + 1).is_some_and(|token| token.is_command("Omega")) =>
            {
                self.letter_units && at + 2 == tokens.len() && ends_value(&tokens[..at])
            }
            Kind::Letter(letter) => {
                self.letter_units && "mgsLhNJWVAKlCF".contains(*letter) && ends_value(&tokens[..at])
            }
            _ => false,
        };
        let at = tokens.iter().enumerate().position(|(at, token)| at > 0 && starts(at, token))?;
        // A unit contains no brackets but around its powers, and nothing else but words.
        let fits = |token: &Token| match &token.kind {
            Kind::Text(_) | Kind::Word(_) | Kind::Letter(_) | Kind::Number(_) => true,
            Kind::Symbol(c) => {
                matches!(c, '/' | '^' | '{' | '}' | '%' | '-' | '.' | ',' | '(' | ')' | '*' | '!')
            }
            Kind::Command(name) => {
                matches!(name.as_str(), "cdot" | "times" | "mu" | "circ" | "Omega" | "AA")
            }
            _ => false,
        };
        tokens[at..].iter().all(fits).then_some(())?;
        // `^\circ` before it belongs to the unit: `20^\circ \text{C}`.
        Some(at)
    }
}

fn ends_value(tokens: &[Token]) -> bool {
    tokens.len() <= 6 && matches!(tokens.last().map(|token| &token.kind), Some(Kind::Number(_)))
}

fn is_function(word: &str) -> bool {
    matches!(
        word,
        "sqrt"
            | "cbrt"
            | "sinh"
            | "cosh"
            | "tanh"
            | "infinity"
            | "theta"
            | "alpha"
            | "beta"
            | "choose"
            | "floor"
            | "ceil"
    ) || word.starts_with("arc")
}

/// Whether a token is a word that no prefix of a unit is.
fn is_word(token: &Token) -> bool {
    matches!(&token.kind, Kind::Text(word) | Kind::Word(word) if word.trim().len() > 1)
}

/// The tokens as the text of a unit.
fn rendered(tokens: &[Token]) -> String {
    let mut text = String::new();
    let mut after_word = false;
    for token in tokens {
        let apart = token.space || std::mem::replace(&mut after_word, is_word(token));
        match &token.kind {
            Kind::Letter(c) => {
                if apart {
                    text.push(' ');
                }
                text.push(*c);
            }
            Kind::Symbol('{' | '}') => {}
            Kind::Symbol('-') => text.push('-'),
            Kind::Symbol('^') => text.push('^'),
            Kind::Symbol(c) => {
                text.push(' ');
                text.push(*c);
            }
            Kind::Number(literal) => text.push_str(&literal.digits),
            Kind::Word(word) | Kind::Text(word) => {
                text.push(' ');
                text.push_str(word);
            }
            Kind::Command(name) if name == "mu" => text.push_str(" μ"),
            Kind::Command(name) if name == "Omega" => text.push('Ω'),
            Kind::Command(name) if name == "AA" => text.push('Å'),
            _ => text.push(' '),
        }
    }
    text
}
