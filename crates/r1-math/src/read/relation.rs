//! Equations, inequalities, chains of them, and membership.

use super::{Answer, Reader, phrase::word, split};
use crate::{
    answer::Link,
    arena::{Constant, Id, Node},
    lexer, lexicon,
    numeric::approximate,
    parse,
    substitute::{is_constant, mentions, substitute},
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
            // `x \in S`: anything but a name before it would be dropped.
            let (label, name) = self.label(parts[0]).filter(|_| joints.len() == 1)?;
            let value = Box::new(self.structure(parts[last])?);
            return Some(Answer::Assignment { name, label, value, between: Vec::new(), rounded: false });
        }
        if joints.iter().all(|joint| matches!(joint, Joint::Link(Link::Equal) | Joint::Approximate)) {
            return match self.side_by_side(parts) {
                Some(equations) => self.equations(&equations),
                None => self.chain(parts, joints),
            };
        }
        let links: Option<Vec<Link>> = joints
            .iter()
            .map(|joint| match joint {
                Joint::Link(link) => Some(*link),
                _ => None,
            })
            .collect();
        let members: Option<Vec<Id>> = (0..parts.len()).map(|at| self.member(parts, at)).collect();
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
            return Some(self.tidy(each.to_vec(), true, false));
        }
        Some(Answer::Relation { members, links })
    }

    /// A member of a chain. `e` and `i` that stand alone beside constants are names: `i < 11`.
    fn member(&mut self, parts: &[&[Token]], at: usize) -> Option<Id> {
        if let [Token { kind: Kind::Letter(letter @ ('e' | 'i')), .. }] = super::trim(parts[at]) {
            let others = (0..parts.len()).filter(|other| *other != at);
            let others: Option<Vec<Id>> =
                others.map(|other| parse::expression(self.arena, parts[other])).collect();
            if others?.iter().all(|other| is_constant(self.arena, *other)) {
                return Some(self.arena.symbol(&letter.to_string()));
            }
        }
        parse::expression(self.arena, parts[at])
    }

    /// Where a member of a chain ends one equation and begins the next, as `1 y` in `x = 1 y = 2`: at a
    /// name after a gap, where the gap is wide, the first name comes again, or a number stands before.
    fn side_by_side<'t>(&mut self, parts: &[&'t [Token]]) -> Option<Vec<(&'t [Token], &'t [Token])>> {
        let last = parts.len().checked_sub(1).filter(|last| *last >= 2)?;
        let mut equations = Vec::new();
        let mut name = parts[0];
        for middle in &parts[1..last] {
            let at = (1..middle.len()).rev().find(|at| middle[*at].space || middle[*at].wide)?;
            let (value, next) = middle.split_at(at);
            if !self.is_symbol(next) && !self.is_name(next) {
                return None;
            }
            let again = lexer::spelt(next) == lexer::spelt(parts[0]);
            let number = parse::expression(self.arena, value).is_some_and(|id| is_constant(self.arena, id));
            if !(middle[at].wide || again || number) {
                return None;
            }
            equations.push((name, value));
            name = next;
        }
        equations.push((name, parts[last]));
        Some(equations)
    }

    fn equations(&mut self, equations: &[(&[Token], &[Token])]) -> Option<Answer> {
        let joints = [Joint::Link(Link::Equal)];
        let items: Option<Vec<Answer>> =
            equations.iter().map(|(left, right)| self.chain(&[left, right], &joints)).collect();
        items.map(Answer::List)
    }

    /// `label = .. = value`, perhaps with an approximation at the end.
    fn chain(&mut self, parts: &[&[Token]], joints: &[Joint]) -> Option<Answer> {
        let parts: Vec<&[Token]> = parts.iter().map(|part| super::trim(part)).collect();
        // An empty side, as in `= 5`.
        if parts[0].is_empty() {
            let rest = &parts[1..];
            return match rest {
                [only] => self.structure(only),
                _ => self.chain(rest, &joints[1..]),
            };
        }
        let approximate = joints.iter().position(|joint| *joint == Joint::Approximate);
        // The exact member before the first approximation, unless that is the label.
        let value_at = match approximate {
            Some(0) if !self.is_name(parts[0]) => 0,
            Some(0) | None => parts.len() - 1,
            Some(at) => at,
        };
        let rounded = approximate == Some(0) && value_at > 0;
        if let Some(at) = approximate
            && !rounded
            && !self.agree(parts[value_at], &parts[at + 1..])
        {
            return None;
        }
        if value_at == 0 {
            return self.structure(parts[0]);
        }
        // Two segments are equal to each other.
        if parts.len() == 2
            && let Some(sides) = self.segments(parts[0], parts[1])
        {
            return Some(Answer::Relation { members: sides.to_vec(), links: vec![Link::Equal] });
        }
        let (label, name) = match self.label(parts[0]).or_else(|| self.letter(&parts)) {
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
                let between = self.others(&parts[..value_at])?;
                let value = Box::new(self.structure(parts[value_at])?);
                return Some(Answer::Assignment { name, label, value, between, rounded });
            }
            None => {
                let left = parse::expression(self.arena, parts[0])?;
                let right = parse::expression(self.arena, parts[value_at])?;
                return Some(Answer::Relation { members: vec![left, right], links: vec![Link::Equal] });
            }
        };
        if rounded && !parts[value_at].iter().any(|token| matches!(token.kind, Kind::Number(_))) {
            // `a \\sim b` says something of two things, and gives neither a value.
            return None;
        }
        let value = Box::new(self.structure(parts[value_at])?);
        if let (Some(label), Answer::Expression { id, .. }) = (label, &*value)
            && label == *id
        {
            // `x = x` gives no value.
            return Some(Answer::Relation { members: vec![label, label], links: vec![Link::Equal] });
        }
        let between = self.others(&parts[1..value_at])?;
        Some(Answer::Assignment { name, label, value, between, rounded })
    }

    /// Both sides of `AB = CD`.
    fn segments(&mut self, left: &[Token], right: &[Token]) -> Option<[Id; 2]> {
        let capitals = |tokens: &[Token]| matches!(tokens, [Token { kind: Kind::Word(word), .. }] if word.bytes().all(|byte| byte.is_ascii_uppercase()));
        if !(capitals(left) && capitals(right)) {
            return None;
        }
        Some([parse::expression(self.arena, left)?, parse::expression(self.arena, right)?])
    }

    /// `x \\mapsto 7x`, `f: x \\mapsto 7x`, as an equation for the value of the function.
    pub(super) fn mapping(&mut self, tokens: &[Token]) -> Option<Option<Answer>> {
        let at = tokens.iter().position(|token| token.is_command("mapsto"))?;
        let (function, variable) = match &tokens[..at] {
            [Token { kind: Kind::Letter(variable), .. }] => ('f', *variable),
            [
                Token { kind: Kind::Letter(function), .. },
                colon,
                Token { kind: Kind::Letter(variable), .. },
            ] if colon.is(':') => (*function, *variable),
            _ => return Some(None),
        };
        let argument = self.arena.symbol(&variable.to_string());
        let call = self.arena.intern(&function.to_string());
        let label = self.arena.insert(Node::Call(call, Box::new([argument])));
        let Some(value) = self.structure(&tokens[at + 1..]) else { return Some(None) };
        let (name, value) = (format!("{function}({variable})"), Box::new(value));
        Some(Some(Answer::Assignment {
            name,
            label: Some(label),
            value,
            between: Vec::new(),
            rounded: false,
        }))
    }

    /// `e = 2`, `i = 4`: a letter that is a number elsewhere, and is named here.
    fn letter(&mut self, parts: &[&[Token]]) -> Option<(Option<Id>, String)> {
        let [Token { kind: Kind::Letter(letter @ ('e' | 'i')), .. }] = parts[0] else { return None };
        let other = parts.len() == 2 && self.is_symbol(parts[1]);
        let name = letter.to_string();
        (!other).then(|| (Some(self.arena.symbol(&name)), name))
    }

    /// Whether the numbers after a sign of approximation are near the exact one: its rounding or truncation
    /// at the last place that is written.
    fn agree(&mut self, exact: &[Token], rounded: &[&[Token]]) -> bool {
        let mut value = |tokens: &[Token]| {
            let (id, decimal) = match self.structure(tokens)? {
                Answer::Expression { id, decimal }
                | Answer::Quantity { id, decimal, .. }
                | Answer::Percent { id, decimal } => (id, decimal),
                _ => return None,
            };
            let value = approximate(self.arena, id)?;
            let unit = match decimal {
                Some(decimal) => 10f64.powi(-i32::try_from(decimal.places).ok()?),
                None if self.arena.as_integer(id).is_some() => 1.0,
                None => 1e-3 * value.abs(),
            };
            Some((value, unit))
        };
        // What has no value cannot agree.
        let Some((exact, _)) = value(exact) else { return rounded.is_empty() };
        rounded.iter().all(|tokens| {
            value(tokens).is_some_and(|(written, unit)| {
                let cut = written.abs() < exact.abs() && (exact - written).abs() < unit;
                exact == written || cut || (exact - written).abs() <= 0.5 * unit
            })
        })
    }

    /// The members between; none may be dropped unread.
    fn others(&mut self, parts: &[&[Token]]) -> Option<Vec<Id>> {
        parts.iter().map(|part| parse::expression(self.arena, part)).collect()
    }

    fn is_name(&mut self, tokens: &[Token]) -> bool {
        self.label(tokens).is_some()
    }

    fn is_symbol(&mut self, tokens: &[Token]) -> bool {
        let Some(id) = parse::expression(self.arena, tokens) else { return false };
        matches!(self.arena.node(id), Node::Symbol(_))
    }

    /// What a left side names: a symbol, `f(x)`, `(x, y)`, `|AB|`, `\angle ABC`, a few words.
    pub(super) fn label(&mut self, tokens: &[Token]) -> Option<(Option<Id>, String)> {
        let name = rendered(tokens);
        // A bar that never closes is no name.
        if name.len() > MAX_NAME || name.matches('|').count() % 2 == 1 {
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
        let negated = tokens
            .iter()
            .filter_map(word)
            .any(|words| words.split([' ', '-', ',']).any(|word| lexicon::negates(&word.to_lowercase())));
        if negated {
            return None;
        }
        let named = is_call(tokens) || is_composed(tokens) || is_of_an_angle(tokens) || is_words(tokens);
        named.then_some((None, name))
    }
}

/// Words and letters without operations, as "Domain" or "the slope m"; capitals with an index.
fn is_words(tokens: &[Token]) -> bool {
    let named = tokens.iter().any(|token| {
        matches!(token.kind, Kind::Text(_) | Kind::Word(_) | Kind::Letter(_) | Kind::Command(_))
    });
    let fraction = tokens.iter().any(|token| token.is_command("frac"));
    if fraction && !tokens.iter().any(|token| token.is_command("partial")) {
        return false;
    }
    let mut index = 0;
    named
        && tokens.iter().all(|token| {
            match token.kind {
                Kind::Symbol('_') => index = 1,
                Kind::Symbol('{') if index > 0 => index += 1,
                Kind::Symbol('}') => index -= 1,
                _ => {}
            }
            match &token.kind {
                Kind::Text(_) | Kind::Word(_) | Kind::Letter(_) | Kind::Blackboard(_) => true,
                Kind::Symbol(c) => matches!(c, '_' | '{' | '}' | '\'' | '|' | '^' | '.' | '~' | ':'),
                Kind::Number(_) => index > 0,
                Kind::Command(name) => matches!(
                    name.as_str(),
                    "angle"
                        | "triangle"
                        | "measuredangle"
                        | "overline"
                        | "overrightarrow"
                        | "vec"
                        | "max"
                        | "min"
                        | "nabla"
                        | "hat"
                        | "widehat"
                        | "overset"
                        | "frown"
                        | "odot"
                        | "Delta"
                        | "lim"
                        | "Re"
                        | "Im"
                        | "circ"
                        | "prime"
                        | "partial"
                        | "frac"
                        | "lvert"
                        | "rvert"
                        | "mathcal"
                        | "alpha"
                        | "beta"
                        | "theta"
                        | "gamma"
                        | "det"
                        | "dim"
                        | "arg"
                        | "deg"
                        | "gcd"
                        | "lcm"
                        | "sigma"
                        | "mu"
                ),
                _ => false,
            }
        })
}

/// `f(x)`, `P(A)`, `f(x, y)`, `f'(2)`, `f^{-1}(x)`.
fn is_call(tokens: &[Token]) -> bool {
    let Some(Kind::Letter(_)) = tokens.first().map(|token| &token.kind) else { return false };
    let Some(open) = tokens.iter().position(|token| token.is('(')) else { return false };
    if split::closing(&tokens[open..]) != Some(tokens.len() - open - 1) || open > 6 {
        return false;
    }
    let (marks, argument) = (&tokens[1..open], &tokens[open + 1..tokens.len() - 1]);
    // A power is a product's, but for the inverse and for derivatives.
    let powers = marks.iter().any(|token| token.is('^'));
    let plain: String = rendered(marks);
    let raised = matches!(plain.as_str(), "^-1" | "^prime" | "^'" | "^primeprime");
    let indexed = plain.starts_with('_') || plain.bytes().all(|byte| byte == b'\'');
    let function = matches!(tokens[0].kind, Kind::Letter('f' | 'g' | 'h' | 'A'..='Z'));
    // Of other letters, a name or a number: `x(y - 1)` is a product.
    let operator = |token: &Token| match &token.kind {
        Kind::Symbol('+' | '-' | '*' | '/' | '^') => true,
        Kind::Command(name) => matches!(name.as_str(), "cdot" | "times" | "pm" | "frac"),
        _ => false,
    };
    (if powers { raised } else { indexed }) && (function || !argument.iter().any(operator))
}

/// `(f \\circ g)(x)`.
fn is_composed(tokens: &[Token]) -> bool {
    tokens.iter().any(|token| token.is_command("circ"))
        && tokens.iter().all(|token| {
            matches!(token.kind, Kind::Letter(_) | Kind::Symbol('(' | ')' | '\'')) || token.is_command("circ")
        })
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
