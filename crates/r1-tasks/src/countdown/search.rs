//! A search over chains: one number after the other, from left to right.

use std::collections::VecDeque;

use super::LARGEST;

/// An expression that took its numbers one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chain {
    /// The expression with the brackets it needs.
    pub(super) text: String,
    /// Its value.
    pub(super) value: i64,
    /// True when its last operation was + or -, so that * and / need brackets around it.
    sum: bool,
}

impl Chain {
    /// One number.
    pub(super) fn start(number: i64) -> Self {
        Self { text: number.to_string(), value: number, sum: false }
    }

    /// The chain with one more operation, when its result is whole and in `0..=LARGEST`.
    pub(super) fn apply(&self, sign: u8, number: i64) -> Option<Self> {
        let value = match sign {
            b'+' => self.value.checked_add(number)?,
            b'-' => self.value.checked_sub(number)?,
            b'*' => self.value.checked_mul(number)?,
            _ if number != 0 && self.value % number == 0 => self.value / number,
            _ => return None,
        };
        if !(0..=LARGEST).contains(&value) {
            return None;
        }
        let sum = matches!(sign, b'+' | b'-');
        let sign = char::from(sign);
        let text = if self.sum && !sum {
            format!("({}){sign}{number}", self.text)
        } else {
            format!("{}{sign}{number}", self.text)
        };
        Some(Self { text, value, sum })
    }
}

/// The first chain of all the numbers, in the order of the numbers and of + - * /, that comes to the
/// target, and up to `tries` complete chains that came before it.
pub(super) fn search(numbers: &[i64], target: i64, tries: usize) -> Option<(VecDeque<Chain>, Chain)> {
    let mut search = Search { target, limit: tries, tries: VecDeque::new() };
    for first in 0..numbers.len() {
        let mut rest = numbers.to_vec();
        let chain = Chain::start(rest.remove(first));
        if let Some(hit) = search.extend(&chain, &rest) {
            return Some((search.tries, hit));
        }
    }
    None
}

struct Search {
    target: i64,
    limit: usize,
    tries: VecDeque<Chain>,
}

impl Search {
    fn extend(&mut self, chain: &Chain, rest: &[i64]) -> Option<Chain> {
        if rest.is_empty() {
            if chain.value == self.target {
                return Some(chain.clone());
            }
            self.tries.push_back(chain.clone());
            if self.tries.len() > self.limit {
                self.tries.pop_front();
            }
            return None;
        }
        for next in 0..rest.len() {
            let mut others = rest.to_vec();
            let number = others.remove(next);
            for sign in *b"+-*/" {
                if let Some(longer) = chain.apply(sign, number)
                    && let Some(hit) = self.extend(&longer, &others)
                {
                    return Some(hit);
                }
            }
        }
        None
    }
}
