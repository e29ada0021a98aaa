//! Whole numbers in other bases than ten.

use dashu::{integer::IBig, rational::RBig};

use super::Parser;
use crate::{literal::Literal, token::Kind};

impl Parser<'_> {
    /// Digits and capital letters before a base that has such digits, as `2A_{16}`; nothing is consumed
    /// where there are none.
    pub(super) fn beyond_nine(&mut self, literal: &Literal) -> Option<RBig> {
        let start = self.at;
        let mut digits = literal.digits.clone();
        while let Some(token) = self.peek()
            && !token.space
        {
            match &token.kind {
                Kind::Letter(letter) if letter.is_ascii_uppercase() => digits.push(*letter),
                Kind::Word(word) if word.bytes().all(|byte| byte.is_ascii_uppercase()) => {
                    digits.push_str(word)
                }
                Kind::Number(more) if self.at > start => digits.push_str(&more.digits),
                _ => break,
            }
            self.at += 1;
        }
        let lettered = self.at > start && digits.len() <= 64;
        let base = (lettered && self.eat('_')).then(|| self.subscript_number()).flatten();
        let value = base.filter(|base| *base > 10).and_then(|base| in_base(&digits, base));
        if value.is_none() {
            self.at = start;
        }
        value
    }

    /// The base after `_`: digits, in braces or not.
    pub(super) fn subscript_number(&mut self) -> Option<u32> {
        let braces = self.eat('{');
        let base = match &self.next()?.kind {
            Kind::Number(literal) if literal.decimal.is_none() => literal.digits.parse().ok()?,
            Kind::Text(word) | Kind::Word(word) => match word.to_lowercase().as_str() {
                "two" => 2,
                "three" => 3,
                "four" => 4,
                "five" => 5,
                "six" => 6,
                "seven" => 7,
                "eight" => 8,
                "nine" => 9,
                "ten" => 10,
                "sixteen" => 16,
                _ => return None,
            },
            _ => return None,
        };
        (!braces || self.eat('}')).then_some(base)
    }
}

/// Digits in a base from 2 to 36, with a point perhaps.
pub(super) fn in_base(digits: &str, base: u32) -> Option<RBig> {
    if !(2..=36).contains(&base) {
        return None;
    }
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let value = IBig::from_str_radix(&format!("{whole}{fraction}"), base).ok()?;
    let below = dashu::integer::UBig::from(base).pow(fraction.len());
    Some(RBig::from_parts(value, below))
}
