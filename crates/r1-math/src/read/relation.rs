//! Equations, inequalities, chains of them, and membership.

use super::{Answer, Reader, split};
use crate::{
    answer::Link,
    arena::{Constant, Id, Node},
    parse,
    substitute::{mentions, substitute},
    token::{Kind, Token},
};

/// A name longer than this explains instead of naming.
const MAX_NAME: usize = 40;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Joint {
    Link(Link),
    Approximate,
    Member,
}

fn joint(token: &Token) -> Option<Joint> {
    Some(match &token.kind {
        Kind::Symbol('=') => Joint::Link(Link::Equal),
        Kind::Symbol('<') => Joint::Link(Link::Less),
        Kind::Symbol('>') => Joint::Link(Link::Greater),
        Kind::Command(name) => match name.as_str() {
            "le" | "leq" | "leqslant" => Joint::Link(Link::LessEqual),
            "lt" => Joint::Link(Link::Less),
            "ge" | "geq" | "geqslant" => Joint::Link(Link::GreaterEqual),
            "gt" => Joint::Link(Link::Greater),
            "ne" | "neq" => Joint::Link(Link::NotEqual),
            "equiv" => Joint::Link(Link::Equal),
            "approx" | "simeq" | "sim" | "cong" => Joint::Approximate,
            "in" => Joint::Member,
            _ => return None,
        },
        _ => return None,
    })
}

impl Reader<'_> {
    /// Members joined by relations; `None` when there is no relation outside of brackets.
    pub(super) fn relation(&mut self, tokens: &[Token]) -> Option<Option<Answer>> {
        let parts = split::top(tokens, |token| joint(token).is_some());
        if parts.len() < 2 {
            return None;
        }
        let mut at = 0;
        let joints: Vec<Joint> = parts[..parts.len() - 1]
            .iter()
            .filter_map(|part| {
                at += part.len() + 1;
                joint(&tokens[at - 1])
            })
            .collect();
        Some(self.joined(&parts, &joints))
    }

    fn joined(&mut self, parts: &[&[Token]], joints: &[Joint]) -> Option<Answer> {
        let last = parts.len() - 1;
        if joints.contains(&Joint::Member) {
            let member = self.structure(parts[last])?;
            return (joints.len() == 1).then_some(member);
        }
        if joints.iter().all(|joint| matches!(joint, Joint::Link(Link::Equal) | Joint::Approximate)) {
            return self.chain(parts, joints);
        }
        let links: Option<Vec<Link>> = joints
            .iter()
            .map(|joint| match joint {
                Joint::Link(link) => Some(*link),
                _ => None,
            })
            .collect();
        let members: Option<Vec<Id>> = parts.iter().map(|part| parse::expression(self.arena, part)).collect();
        let (members, links) = (members?, links?);
        let both = self.arena.constant(Constant::PlusMinus);
        if links[..] == [Link::NotEqual]
            && members.iter().any(|member| {
                mentions(self.arena, *member, &|node| *node == Node::Constant(Constant::PlusMinus))
            })
        {
            // Neither of the two values.
            let each = [1, -1].map(|sign| {
                let sign = self.arena.integer(sign);
                let members = members.iter().map(|id| substitute(self.arena, *id, both, sign)).collect();
                Answer::Relation { members, links: links.clone() }
            });
            return Some(self.tidy(each.to_vec(), true));
        }
        Some(Answer::Relation { members, links })
    }

    /// `label = .. = value`, perhaps with an approximation at the end.
    fn chain(&mut self, parts: &[&[Token]], joints: &[Joint]) -> Option<Answer> {
        let parts: Vec<&[Token]> = parts.iter().map(|part| super::trim(part)).collect();
        // An empty side, as in `= 5`.
        if parts[0].is_empty() {
            return self.structure(parts[parts.len() - 1]);
        }
        let approximate = joints.iter().position(|joint| *joint == Joint::Approximate);
        // The exact member before the first approximation, unless that is the label.
        let value_at = match approximate {
            Some(0) if !self.is_name(parts[0]) => 0,
            Some(0) | None => parts.len() - 1,
            Some(at) => at,
        };
        let rounded = approximate == Some(0) && value_at > 0;
        if value_at == 0 {
            return self.structure(parts[0]);
        }
        let (label, name) = match self.label(parts[0]) {
            Some(label) => label,
            None if parts.len() == 2 && self.is_symbol(parts[1]) => {
                let (label, name) = self.label(parts[1])?;
                let value = Box::new(self.structure(parts[0])?);
                return Some(Answer::Assignment { name, label, value, between: Vec::new(), rounded: false });
            }
            None if is_matrix_name(parts[0])
                && parts[value_at].iter().any(|token| matches!(token.kind, Kind::Begin(_))) =>
            {
                (parse::expression(self.arena, parts[0]), rendered(parts[0]))
            }
            None if value_at > 1 => {
                let named = parts[..value_at].iter().find(|part| self.is_symbol(part));
                let (label, name) = named.and_then(|part| self.label(part)).unwrap_or((None, String::new()));
                let between = self.others(&parts[..value_at]);
                let value = Box::new(self.structure(parts[value_at])?);
                return Some(Answer::Assignment { name, label, value, between, rounded });
            }
            None => {
                let left = parse::expression(self.arena, parts[0])?;
                let right = parse::expression(self.arena, parts[value_at])?;
                return Some(Answer::Relation { members: vec![left, right], links: vec![Link::Equal] });
            }
        };
        let value = Box::new(self.structure(parts[value_at])?);
        let between = self.others(&parts[1..value_at]);
        Some(Answer::Assignment { name, label, value, between, rounded })
    }

    fn others(&mut self, parts: &[&[Token]]) -> Vec<Id> {
        parts.iter().filter_map(|part| parse::expression(self.arena, part)).collect()
    }

    fn is_name(&mut self, tokens: &[Token]) -> bool {
        self.label(tokens).is_some()
    }

    fn is_symbol(&mut self, tokens: &[Token]) -> bool {
        let Some(id) = parse::expression(self.arena, tokens) else { return false };
        matches!(self.arena.node(id), Node::Symbol(_))
    }

    /// What a left side names: a symbol, `f(x)`, `(x, y)`, `|AB|`, `\angle ABC`, a few words.
    fn label(&mut self, tokens: &[Token]) -> Option<(Option<Id>, String)> {
        let name = rendered(tokens);
        if name.len() > MAX_NAME {
            return None;
        }
        if let Some(id) = parse::expression(self.arena, tokens) {
            let named = matches!(self.arena.node(id), Node::Symbol(_) | Node::Call(..));
            let called = is_call(tokens) || is_derivative(&name);
            if is_of_an_angle(tokens) {
                return Some((Some(id), name));
            }
            return if named || called {
                Some((named.then_some(id).filter(|_| !called || named), name))
            } else {
                is_geometric(tokens).then_some((None, name))
            };
        }
        if let Some(Answer::Tuple(items)) = self.structure(tokens) {
            let symbols = items.iter().all(|item| {
                matches!(item, Answer::Expression { id, .. } if matches!(self.arena.node(*id), Node::Symbol(_)))
            });
            return symbols.then_some((None, name));
        }
        let worded = tokens.iter().any(|token| {
            matches!(token.kind, Kind::Text(_) | Kind::Word(_) | Kind::Letter(_) | Kind::Command(_))
        });
        let numbers = tokens.iter().any(|token| matches!(token.kind, Kind::Number(_)));
        (worded && (!numbers || is_call(tokens) || tokens.iter().any(|token| token.is('_'))))
            .then_some((None, name))
    }
}

/// `f(x)`, `P(A)`, `f(x, y)`, `f'(2)`, `f^{-1}(x)`.
fn is_call(tokens: &[Token]) -> bool {
    let Some(Kind::Letter(_)) = tokens.first().map(|token| &token.kind) else { return false };
    let Some(open) = tokens.iter().position(|token| token.is('(')) else { return false };
    open <= 6
        && tokens[1..open].iter().all(|token| {
            matches!(
                token.kind,
                Kind::Symbol('\'' | '^' | '{' | '}' | '-' | '_') | Kind::Number(_) | Kind::Letter(_)
            )
        })
        && (open == 1 || !matches!(tokens[1].kind, Kind::Letter(_)))
        && split::closing(&tokens[open..]) == Some(tokens.len() - open - 1)
}

/// `A^{-1}`, `AB`, `2A + B^T`.
fn is_matrix_name(tokens: &[Token]) -> bool {
    tokens.iter().any(|token| matches!(token.kind, Kind::Letter('A'..='Z')))
        && tokens.iter().all(|token| match &token.kind {
            Kind::Letter(letter) => letter.is_ascii_uppercase(),
            Kind::Word(word) => word.bytes().all(|byte| byte.is_ascii_uppercase()),
            Kind::Symbol(c) => matches!(c, '^' | '{' | '}' | '-' | '+'),
            Kind::Number(_) => true,
            _ => false,
        })
}

/// `\frac{dy}{dx}` or `dy/dx`, by its name without braces.
fn is_derivative(name: &str) -> bool {
    let plain = name.strip_prefix("frac").map(str::to_owned).or_else(|| {
        let (above, below) = name.split_once('/')?;
        Some(format!("{above}{below}"))
    });
    plain.is_some_and(|plain| plain.len() == 4 && plain.starts_with('d') && plain.as_bytes()[2] == b'd')
}

/// `\cos\theta`, `\sin A`, `\tan\angle ABC`.
fn is_of_an_angle(tokens: &[Token]) -> bool {
    let [first, angle @ ..] = tokens else { return false };
    let plain = |token: &Token| {
        matches!(token.kind, Kind::Letter(_) | Kind::Word(_) | Kind::Symbol('(' | ')' | '{' | '}' | '_'))
            || matches!(
                token.command(),
                Some("angle" | "theta" | "alpha" | "beta" | "gamma" | "phi" | "varphi" | "triangle")
            )
    };
    let function = matches!(first.command(), Some("sin" | "cos" | "tan" | "cot" | "sec" | "csc"));
    function && !angle.is_empty() && angle.iter().all(plain)
}

/// Capital letters, bars, angles and fractions of them: `|AB|`, `\frac{NO}{BO}`, `\angle ABC`.
fn is_geometric(tokens: &[Token]) -> bool {
    tokens.iter().all(|token| match &token.kind {
        Kind::Letter(letter) => letter.is_ascii_uppercase(),
        Kind::Word(word) => word.chars().all(|c| c.is_ascii_uppercase()),
        Kind::Text(_) => true,
        Kind::Symbol(c) => matches!(c, '|' | '{' | '}' | '_' | '\'' | '/' | ':'),
        Kind::Command(name) => {
            matches!(
                name.as_str(),
                "frac"
                    | "dfrac"
                    | "overline"
                    | "angle"
                    | "triangle"
                    | "lvert"
                    | "rvert"
                    | "vert"
                    | "vec"
                    | "overrightarrow"
                    | "widehat"
            )
        }
        _ => false,
    })
}

/// The tokens as a name: without braces and spaces.
fn rendered(tokens: &[Token]) -> String {
    let mut name = String::new();
    for token in tokens {
        match &token.kind {
            Kind::Letter(c) | Kind::Blackboard(c) => name.push(*c),
            Kind::Symbol('{' | '}' | ' ') => {}
            Kind::Symbol(c) => name.push(*c),
            Kind::Number(literal) => name.push_str(&literal.digits),
            Kind::Word(word)
            | Kind::Text(word)
            | Kind::Command(word)
            | Kind::Begin(word)
            | Kind::End(word) => {
                name.push_str(word);
            }
            Kind::Row => {}
        }
    }
    name
}
