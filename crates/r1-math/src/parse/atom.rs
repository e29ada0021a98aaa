//! Numbers, letters, words and brackets.

use super::{Parser, base::in_base, function};
use crate::{
    arena::{Constant, Function, Id},
    literal::Literal,
    token::{Kind, Token},
};

/// Words of prose that no product of letters spells.
const PROSE: [&str; 63] = [
    "we", "get", "has", "was", "So", "We", "It", "Is", "In", "On", "At", "By", "If", "Or", "To", "Of", "As",
    "or", "and", "is", "no", "yes", "the", "of", "to", "for", "all", "any", "in", "if", "at", "by", "on",
    "not", "odd", "are", "it", "so", "set", "one", "two", "ten", "six", "day", "new", "DNE", "red", "MOD",
    "DIV", "AND", "OR", "NOT", "XOR", "men", "boy", "cat", "dog", "car", "pen", "egg", "hat", "cup", "bag",
];

/// Whether a word is of prose, or an operator of programs.
pub(super) fn is_prose(word: &str) -> bool {
    PROSE.contains(&word)
}

impl Parser<'_> {
    pub(super) fn atom(&mut self) -> Option<Id> {
        let token = self.peek()?;
        match &token.kind {
            Kind::Number(literal) => {
                self.at += 1;
                self.number(literal)
            }
            Kind::Letter(letter) => {
                self.at += 1;
                self.letter(*letter)
            }
            Kind::Word(word) => {
                self.at += 1;
                self.word(word)
            }
            Kind::Command(name) => {
                self.at += 1;
                self.command(name)
            }
            Kind::Begin(name) => {
                self.at += 1;
                self.matrix(name)
            }
            Kind::Symbol('(') => self.bracketed(')'),
            Kind::Symbol('[') => self.bracketed(']'),
            Kind::Symbol('{') => self.braces(),
            Kind::Symbol('|') => {
                self.at += 1;
                // `\|v\|` writes two bars.
                let double = self.eat('|');
                self.bars += 1;
                let inside = self.sum()?;
                self.bars -= 1;
                let closed = self.eat('|') && (!double || self.eat('|'));
                closed.then(|| self.arena.function(Function::Abs, vec![inside]))
            }
            _ => None,
        }
    }

    fn number(&mut self, literal: &Literal) -> Option<Id> {
        if literal.digits == "0" && self.is_of_a_program() {
            return None;
        }
        if let Some(value) = self.beyond_nine(literal) {
            return Some(self.arena.number(value));
        }
        if self.eat('_') {
            let base = self.subscript_number()?;
            return in_base(&literal.digits, base).map(|value| self.arena.number(value));
        }
        Some(self.arena.number(literal.value.clone()))
    }

    /// Whether `xFF`, `b101` or `o17` follows a zero: `0xFF` is a number of a program, and no product with zero.
    fn is_of_a_program(&self) -> bool {
        let tight = |ahead: usize| self.peek_at(ahead).filter(|token| !token.space).map(|token| &token.kind);
        match tight(0) {
            Some(Kind::Letter('x' | 'b' | 'o')) => matches!(tight(1), Some(Kind::Number(_))),
            Some(Kind::Word(word)) => {
                word.starts_with('x') && word[1..].bytes().all(|byte| byte.is_ascii_hexdigit())
            }
            _ => false,
        }
    }

    fn bracketed(&mut self, close: char) -> Option<Id> {
        self.at += 1;
        let bars = std::mem::take(&mut self.bars);
        let inside = self.sum()?;
        self.bars = bars;
        self.eat(close).then_some(inside)
    }

    /// A group, `{n \choose k}`, or `{}_nC_k`.
    fn braces(&mut self) -> Option<Id> {
        if self.peek_at(1)?.is('}') {
            self.at += 2;
            if !self.eat('_') {
                return self.power();
            }
            let n = self.argument()?;
            let Kind::Letter(letter) = self.next()?.kind else { return None };
            if !self.eat('_') {
                return None;
            }
            let k = self.argument()?;
            let function = match letter {
                'C' => Function::Binomial,
                'P' => Function::Permutations,
                _ => return None,
            };
            return Some(self.arena.function(function, vec![n, k]));
        }
        self.at += 1;
        let bars = std::mem::take(&mut self.bars);
        let n = self.sum()?;
        self.bars = bars;
        if self.eat('}') {
            return Some(n);
        }
        if self.eat_command(&["choose"]) {
            let k = self.sum()?;
            return self.eat('}').then(|| self.arena.function(Function::Binomial, vec![n, k]));
        }
        if self.eat_command(&["over"]) {
            let k = self.sum()?;
            return self.eat('}').then(|| self.arena.div(n, k));
        }
        None
    }

    pub(super) fn letter(&mut self, letter: char) -> Option<Id> {
        if matches!(letter, 'C' | 'P' | 'A')
            && let Some(id) = self.counting(letter)
        {
            return Some(id);
        }
        if (matches!(letter, 'f' | 'g' | 'h' | 'F' | 'G' | 'H')
            || self.at_zero()
            || self.of_a_variate(letter))
            && let Some(call) = self.call(&letter.to_string())
        {
            return Some(call);
        }
        let subscripted = self.peek().is_some_and(|token| token.is('_') || token.is('\''));
        match letter {
            'e' if !subscripted => Some(self.arena.constant(Constant::E)),
            'i' if !subscripted => Some(self.arena.constant(Constant::I)),
            _ => self.symbol(&letter.to_string()),
        }
    }

    /// `C(n, k)`, `C_n^k`, `P(n, k)`.
    fn counting(&mut self, letter: char) -> Option<Id> {
        let function = if letter == 'C' { Function::Binomial } else { Function::Permutations };
        let start = self.at;
        let found = (|| {
            if self.peek()?.is('(') {
                if !self.comma_inside() {
                    return None;
                }
                self.at += 1;
                let pair = (|| {
                    let n = self.sum()?;
                    let k = self.eat(',').then(|| self.sum())??;
                    self.eat(')').then_some((n, k))
                })();
                // A comma in brackets is nothing else in an expression.
                self.hopeless |= pair.is_none();
                return pair;
            }
            if !self.eat('_') {
                return None;
            }
            let n = self.argument()?;
            let index = ['n', 'm'].map(|name| self.arena.symbol(&name.to_string())).contains(&n);
            if self.arena.as_integer(n).is_none() && !(index && letter != 'P') {
                return None;
            }
            let k = self.eat('^').then(|| self.argument())??;
            Some((n, k))
        })();
        if found.is_none() {
            self.at = start;
        }
        let (n, k) = found?;
        Some(self.arena.function(function, vec![n, k]))
    }

    /// Whether a comma stands between the bracket that opens here and the one that closes it.
    fn comma_inside(&self) -> bool {
        let mut depth = 0;
        for token in &self.tokens[self.at..] {
            match token.kind {
                Kind::Symbol('(' | '[' | '{' | '\u{1}') => depth += 1,
                Kind::Symbol(')' | ']' | '}' | '\u{2}') => depth -= 1,
                Kind::Symbol(',') if depth == 1 => return true,
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
        false
    }

    /// Whether `(0)` follows: `I(0)` is the value at zero and never a product.
    pub(super) fn at_zero(&self) -> bool {
        let is = |ahead: usize, symbol: char| self.peek_at(ahead).is_some_and(|token| token.is(symbol));
        let zero = |token: &Token| matches!(&token.kind, Kind::Number(literal) if literal.value.is_zero());
        is(0, '(') && self.peek_at(1).is_some_and(zero) && is(2, ')')
    }

    /// `E(X)`, `D(X^2)`: a mean or a variance, and no product.
    fn of_a_variate(&self, letter: char) -> bool {
        let variate = |token: &Token| matches!(token.kind, Kind::Letter('X' | 'Y' | 'Z'));
        let ends = |token: &Token| token.is(')') || token.is('^');
        matches!(letter, 'E' | 'D' | 'V')
            && self.peek().is_some_and(|token| token.is('('))
            && self.peek_at(1).is_some_and(variate)
            && self.peek_at(2).is_some_and(ends)
    }

    /// `name(arguments)`; nothing is consumed where it is none.
    pub(super) fn call(&mut self, name: &str) -> Option<Id> {
        let start = self.at;
        let mut name = name.to_owned();
        while self.eat('\'') {
            name.push('\'');
        }
        let found = (|| {
            if self.peek()?.space || !self.eat('(') {
                return None;
            }
            let arguments = (|| {
                let mut arguments = vec![self.sum()?];
                while self.eat(',') {
                    arguments.push(self.sum()?);
                }
                self.eat(')').then_some(arguments)
            })();
            // What is no argument is no factor in brackets either.
            self.hopeless |= arguments.is_none();
            arguments
        })();
        if found.is_none() {
            self.at = start;
        }
        let arguments = found?;
        let name = self.arena.intern(&name);
        Some(self.arena.insert(crate::arena::Node::Call(name, arguments.into())))
    }

    /// A symbol with its subscript and primes.
    pub(super) fn symbol(&mut self, name: &str) -> Option<Id> {
        let mut name = name.to_owned();
        if self.eat('_') {
            name.push('_');
            if self.eat('{') {
                let mut depth = 1;
                loop {
                    let token = self.next()?;
                    match &token.kind {
                        Kind::Symbol('{') => depth += 1,
                        Kind::Symbol('}') => depth -= 1,
                        _ => {}
                    }
                    if depth == 0 {
                        break;
                    }
                    name.push_str(&written(&token.kind));
                }
            } else {
                let token = self.next()?;
                name.push_str(&written(&token.kind));
            }
        }
        for _ in 0..4 {
            if self.eat('\'') {
                name.push('\'');
            }
        }
        Some(self.arena.symbol(&name))
    }

    fn word(&mut self, word: &str) -> Option<Id> {
        if function::is_known(word) {
            return self.command(word);
        }
        // `sinx`, `2pir`: a name and one letter.
        let split = ["sin", "cos", "tan", "ln", "log", "pi"].iter().find_map(|name| {
            let rest = word.strip_prefix(name)?;
            (rest.len() == 1).then_some((*name, rest.chars().next()?))
        });
        if let Some((name, letter)) = split {
            if name == "pi" {
                let pi = self.arena.constant(Constant::Pi);
                let letter = self.letter(letter)?;
                return Some(self.arena.mul(vec![pi, letter]));
            }
            let letter = self.letter(letter)?;
            return function::of_name(name).map(|known| self.arena.function(known, vec![letter]));
        }
        if word.bytes().all(|byte| matches!(byte, b'I' | b'V' | b'X')) {
            // A Roman number, whose letters are no factors.
            return self.symbol(word);
        }
        let capitalised = word.len() == 3
            && word.starts_with(|c: char| c.is_ascii_uppercase())
            && word[1..].bytes().all(|byte| byte.is_ascii_lowercase());
        if word.len() > 3 || capitalised || is_prose(word) || crate::lexicon::is_no_noun(word) {
            return None;
        }
        let mut factors = Vec::new();
        let letters: Vec<char> = word.chars().collect();
        for (at, letter) in letters.iter().enumerate() {
            let last = at + 1 == letters.len();
            let factor = match letter {
                'e' if !last => self.arena.constant(Constant::E),
                'i' if !last => self.arena.constant(Constant::I),
                _ if last => {
                    let id = self.letter(*letter)?;
                    // The power binds to the last letter only.
                    self.postfix(id)?
                }
                _ => self.arena.symbol(&letter.to_string()),
            };
            factors.push(factor);
        }
        Some(self.arena.mul(factors))
    }
}

/// A token as part of a name.
fn written(kind: &Kind) -> String {
    match kind {
        Kind::Number(literal) => literal.digits.clone(),
        Kind::Letter(letter) | Kind::Symbol(letter) | Kind::Blackboard(letter) => letter.to_string(),
        Kind::Word(word) | Kind::Text(word) | Kind::Command(word) | Kind::Begin(word) | Kind::End(word) => {
            word.replace(' ', "")
        }
        Kind::Row => String::new(),
    }
}
