//! Definite integrals, by their antiderivative.

use dashu::rational::RBig;

use super::{Parser, antiderivative, expression};
use crate::{
    arena::{Arena, Constant, Id, Node},
    substitute::mentions,
    token::{Kind, Token},
};

/// Integrands of a higher degree are not read.
const MAX_DEGREE: usize = 24;

impl Parser<'_> {
    /// `_a^b p(x)\,dx`, the sum of `c_k (b^{k+1} - a^{k+1}) / (k+1)` over the terms `c_k x^k` of p, or what
    /// `antiderivative` knows. Any other integrand, and bounds that are infinite or in x, are not read.
    pub(super) fn integral(&mut self) -> Option<Id> {
        let (low, high) = if self.eat('_') {
            let low = self.argument()?;
            (low, self.eat('^').then(|| self.argument())??)
        } else {
            let high = self.eat('^').then(|| self.argument())??;
            (self.eat('_').then(|| self.argument())??, high)
        };
        let (body, variable, used) = integrand(&self.tokens[self.at..])?;
        self.arena.spend(body.len() as u32 / 4 + 4)?;
        let variable = self.arena.symbol(&variable.to_string());
        let one = self.arena.integer(1);
        let body = if body.is_empty() { one } else { expression(self.arena, &body)? };
        let (x, infinite) = (self.arena.node(variable).clone(), Node::Constant(Constant::Infinity));
        let both = Node::Constant(Constant::PlusMinus);
        let bad = |node: &Node| *node == x || *node == infinite || *node == both;
        if [low, high].iter().any(|bound| mentions(self.arena, *bound, &bad)) {
            return None;
        }
        let Some(terms) = coefficients(self.arena, body, variable) else {
            let area = antiderivative::between(self.arena, body, variable, low, high)?;
            self.at += used;
            return Some(area);
        };
        self.at += used;
        let mut sum = Vec::new();
        for (degree, coefficient) in terms.into_iter().enumerate() {
            let power = self.arena.integer(degree as i64 + 1);
            let share = self.arena.number(RBig::from_parts(1.into(), (degree as u64 + 1).into()));
            let (above, below) = (self.arena.pow(high, power), self.arena.pow(low, power));
            let span = self.arena.sub(above, below);
            sum.push(self.arena.mul(vec![share, coefficient, span]));
        }
        Some(self.arena.add(sum))
    }
}

/// The tokens before `dx`, the letter x, and how many tokens there are with `dx`. What has no `d`, or several, is
/// no integrand.
fn integrand(tokens: &[Token]) -> Option<(Vec<Token>, char, usize)> {
    let mut found = None;
    for (at, token) in tokens.iter().enumerate() {
        let (before, variable, width) = match (&token.kind, tokens.get(at + 1).map(|next| &next.kind)) {
            (Kind::Word(word), _) => match word.as_bytes() {
                [b'd', x] => (None, char::from(*x), 1),
                [before, b'd', x] => (Some(char::from(*before)), char::from(*x), 1),
                _ => continue,
            },
            (Kind::Text(text), Some(Kind::Letter(x))) if text.trim() == "d" => (None, *x, 2),
            (Kind::Letter('d'), Some(Kind::Letter(x))) => (None, *x, 2),
            (Kind::Letter('d') | Kind::Command(_), _) if !is_plain(token) => return None,
            _ => continue,
        };
        if found.is_some() {
            return None;
        }
        let mut body = tokens[..at].to_vec();
        body.extend(before.map(|letter| Token { kind: Kind::Letter(letter), ..token.clone() }));
        found = Some((body, variable, at + width));
    }
    found.filter(|(_, variable, _)| variable.is_ascii_alphabetic() && !matches!(variable, 'd' | 'e' | 'i'))
}

/// Whether a token cannot begin another integral, and is no `d` by itself.
fn is_plain(token: &Token) -> bool {
    match &token.kind {
        Kind::Letter(letter) => *letter != 'd',
        Kind::Command(name) => !matches!(name.as_str(), "int" | "iint" | "oint" | "partial" | "lim"),
        _ => true,
    }
}

/// The coefficients of a polynomial in `variable`, the constant one first; they may hold other symbols.
pub(super) fn coefficients(arena: &mut Arena, id: Id, variable: Id) -> Option<Vec<Id>> {
    arena.spend(2)?;
    let x = arena.node(variable).clone();
    if id == variable {
        return Some(vec![arena.integer(0), arena.integer(1)]);
    }
    if !mentions(arena, id, &|node| *node == x) {
        let odd = |node: &Node| {
            matches!(
                node,
                Node::Constant(Constant::Infinity | Constant::PlusMinus)
                    | Node::Matrix { .. }
                    | Node::Call(..)
            )
        };
        return (!mentions(arena, id, &odd)).then(|| vec![id]);
    }
    match arena.node(id).clone() {
        Node::Add(terms) => {
            let mut sum: Vec<Vec<Id>> = Vec::new();
            for term in terms {
                for (degree, coefficient) in coefficients(arena, term, variable)?.into_iter().enumerate() {
                    sum.resize_with(sum.len().max(degree + 1), Vec::new);
                    sum[degree].push(coefficient);
                }
            }
            Some(sum.into_iter().map(|terms| arena.add(terms)).collect())
        }
        Node::Mul(factors) => {
            let mut product = vec![arena.integer(1)];
            for factor in factors {
                let factor = coefficients(arena, factor, variable)?;
                product = times(arena, &product, &factor)?;
            }
            Some(product)
        }
        Node::Pow(base, power) => {
            let power =
                usize::try_from(arena.as_integer(power)?).ok().filter(|power| *power <= MAX_DEGREE)?;
            let base = coefficients(arena, base, variable)?;
            let mut product = vec![arena.integer(1)];
            for _ in 0..power {
                product = times(arena, &product, &base)?;
            }
            Some(product)
        }
        _ => None,
    }
}

fn times(arena: &mut Arena, a: &[Id], b: &[Id]) -> Option<Vec<Id>> {
    if a.len() + b.len() > MAX_DEGREE + 2 {
        return None;
    }
    arena.spend((a.len() * b.len()) as u32)?;
    let mut sums: Vec<Vec<Id>> = vec![Vec::new(); a.len() + b.len() - 1];
    for (i, x) in a.iter().enumerate() {
        for (j, y) in b.iter().enumerate() {
            sums[i + j].push(arena.mul(vec![*x, *y]));
        }
    }
    Some(sums.into_iter().map(|terms| arena.add(terms)).collect())
}
