//! Tuples, sets, intervals and what is made of them.

use super::{Answer, Reader, split};
use crate::{
    answer::{Domain, Interval},
    arena::{Constant, Id, Node},
    parse, region, substitute,
    token::{Kind, Token},
};

impl Reader<'_> {
    /// What stands in brackets as a whole: `(a, b)`, `[a, b)`, `\{a, b\}`, `\langle a, b\rangle`.
    pub(super) fn bracket(&mut self, tokens: &[Token]) -> Option<Option<Answer>> {
        // A labelled point, `A(1, 2)`, and a transposed vector.
        let tokens = match tokens {
            [Token { kind: Kind::Letter('A'..='Z'), .. }, rest @ ..]
                if rest.first().is_some_and(|token| token.is('(')) && self.parts(rest).len() > 1 =>
            {
                let letter = &tokens[0].kind;
                let parts = self.parts(rest);
                let negative = parts.iter().any(|part| part.first().is_some_and(|token| token.is('-')));
                let counts = matches!(letter, Kind::Letter('C' | 'P')) && parts.len() == 2 && !negative;
                // `R(x, y)` is the value of a function.
                let variables = |part: &&[Token]| matches!(part, [Token { kind: Kind::Letter(_), .. }]);
                if counts || parts.iter().all(variables) {
                    tokens
                } else {
                    let point = self.bracket(rest)??;
                    let Kind::Letter(letter) = letter else { return None };
                    return Some(Some(match point {
                        Answer::Tuple(_) => named_point(&letter.to_string(), point),
                        other => other,
                    }));
                }
            }
            [rest @ .., caret, transposed]
                if caret.is('^')
                    && (matches!(transposed.kind, Kind::Letter('T'))
                        || matches!(transposed.command(), Some("top" | "intercal")))
                    && rest.first().is_some_and(|token| token.is('('))
                    && !rest.iter().any(|token| token.is_command("infty"))
                    && self.parts(rest).len() > 1 =>
            {
                self.leave_out(std::slice::from_ref(transposed));
                rest
            }
            other => other,
        };
        if let Some(interval) = self.outward(tokens) {
            return Some(interval);
        }
        let end = split::closing(tokens).filter(|end| end + 1 == tokens.len());
        let Some(end) = end else { return self.scaled(tokens) };
        let (open, close) = (&tokens[0], &tokens[end]);
        let inside = &tokens[1..end];
        if open.is('\u{1}') && close.is('\u{2}') {
            return Some(self.set(inside));
        }
        let round = |token: &Token| token.is('(') || token.is(')');
        let square = |token: &Token| token.is('[') || token.is(']');
        let angle = open.is_command("langle") && close.is_command("rangle");
        if !angle && !((round(open) || square(open)) && (round(close) || square(close))) {
            return None;
        }
        let parts = self.parts(tokens);
        if square(open) && square(close) && parts.iter().all(|part| part.first().is_some_and(square)) {
            return Some(self.nested_rows(&parts));
        }
        if parts.len() < 2 {
            // Brackets around a whole that is no expression, as a list or a matrix.
            let same = open.is('(') && close.is(')');
            let whole = same.then(|| self.structure(inside)).flatten()?;
            return match whole {
                Answer::Expression { .. } => None,
                other => Some(Some(other)),
            };
        }
        if parts.len() == 2 && (square(open) || square(close)) {
            return Some(self.interval(&parts, square(open), square(close)));
        }
        if parts.len() == 2
            && let Some(interval @ Answer::Region(_)) = self.interval(&parts, false, false)
            && self.is_unbounded(&interval)
        {
            return Some(Some(interval));
        }
        if square(open) != square(close) {
            // Neither an interval nor a point.
            return Some(None);
        }
        if tokens.iter().filter(|token| token.is_command("pm")).count() > 1 {
            return Some(self.by_signs(tokens));
        }
        let items: Option<Vec<Answer>> = parts.iter().map(|part| self.structure(part)).collect();
        let signed = |part: &&[Token]| part.iter().any(|token| matches!(token.command(), Some("pm" | "mp")));
        let several = parts.iter().filter(|part| signed(part)).count() == 1;
        Some(items.map(|items| match several {
            true => both_signs(items),
            false if angle => named_point("", Answer::Tuple(items)),
            false => Answer::Tuple(items),
        }))
    }

    /// `(a, b)` where only an interval makes sense.
    pub(super) fn open_interval(&mut self, tokens: &[Token]) -> Option<Answer> {
        let tokens = super::trim(tokens);
        let (open, close) = (tokens.first()?, tokens.last()?);
        let whole = open.is('(') && close.is(')') && split::closing(tokens)? + 1 == tokens.len();
        let parts = if whole { self.parts(tokens) } else { Vec::new() };
        (parts.len() == 2).then(|| self.interval(&parts, false, false))?
    }

    /// `]0, 1[`, an open interval in European writing.
    fn outward(&mut self, tokens: &[Token]) -> Option<Option<Answer>> {
        let [open, inside @ .., close] = tokens else { return None };
        let square = |token: &Token| token.is('[') || token.is(']');
        let brackets = inside.iter().any(square);
        if !(square(open) && square(close)) || brackets || (open.is('[') && close.is(']')) {
            return None;
        }
        let semicolon = split::top(inside, |token| token.is(';'));
        let parts = if semicolon.len() == 2 { semicolon } else { split::top(inside, |token| token.is(',')) };
        (parts.len() == 2).then(|| self.interval(&parts, open.is('['), close.is(']')))
    }

    /// `[[1, 2], [3, 4]]`.
    fn nested_rows(&mut self, parts: &[&[Token]]) -> Option<Answer> {
        let mut entries = Vec::new();
        let mut width = None;
        for row in parts {
            if split::closing(row)? + 1 != row.len() {
                return None;
            }
            let cells = self.parts(row);
            if *width.get_or_insert(cells.len()) != cells.len() {
                return None;
            }
            for cell in cells {
                entries.push(parse::expression(self.arena, cell)?);
            }
        }
        let (rows, columns) = (u16::try_from(parts.len()).ok()?, u16::try_from(width?).ok()?);
        let matrix = Node::Matrix { rows, columns, entries: entries.into() };
        Some(Answer::expression(self.arena.insert(matrix)))
    }

    /// A factor before a vector: `\frac15 \langle 3, -4 \rangle`.
    fn scaled(&mut self, tokens: &[Token]) -> Option<Option<Answer>> {
        let last = tokens.last()?;
        let angle = last.is_command("rangle");
        if !angle && !last.is(')') {
            return None;
        }
        let opens = |token: &Token| if angle { token.is_command("langle") } else { token.is('(') };
        let numeric = |token: &Token| {
            matches!(token.kind, Kind::Number(_) | Kind::Symbol('-' | '+' | '/' | '{' | '}' | '*'))
                || matches!(
                    token.command(),
                    Some("frac" | "dfrac" | "tfrac" | "sqrt" | "pi" | "cdot" | "times")
                )
        };
        let at = tokens.iter().position(opens).filter(|at| *at > 0)?;
        let (mut factor, vector) = tokens.split_at(at);
        // Letters before a parenthesis name a function or a point.
        if split::closing(vector)? + 1 != vector.len() || !(angle || factor.iter().all(numeric)) {
            return None;
        }
        while let [rest @ .., last] = factor
            && (last.is('*') || matches!(last.command(), Some("cdot" | "times")))
        {
            factor = rest;
        }
        let parts = self.parts(vector);
        if parts.len() < 2 {
            return None;
        }
        let factor = match factor {
            [minus] if minus.is('-') => self.arena.integer(-1),
            factor => parse::expression(self.arena, factor)?,
        };
        let mut items = Vec::new();
        for part in parts {
            let entry = parse::expression(self.arena, part)?;
            items.push(Answer::expression(self.arena.mul(vec![factor, entry])));
        }
        Some(Some(Answer::Tuple(items)))
    }

    /// The parts inside brackets, between semicolons or else commas.
    fn parts<'t>(&self, tokens: &'t [Token]) -> Vec<&'t [Token]> {
        let Some(end) = split::closing(tokens) else { return Vec::new() };
        let inside = &tokens[1..end];
        let parts = split::top(inside, |token| token.is(';'));
        if parts.len() > 1 { parts } else { split::top(inside, |token| token.is(',')) }
    }

    fn interval(&mut self, parts: &[&[Token]], low_closed: bool, high_closed: bool) -> Option<Answer> {
        let low = parse::expression(self.arena, parts[0])?;
        let high = parse::expression(self.arena, parts[1])?;
        let low_infinite = self.infinity(low) == Some(true);
        let high_infinite = self.infinity(high) == Some(false);
        if (low_infinite && low_closed) || (high_infinite && high_closed) {
            // Infinity is no element.
            return None;
        }
        Some(Answer::Region(vec![Interval {
            low: (!low_infinite).then_some(low),
            high: (!high_infinite).then_some(high),
            low_closed: low_closed && !low_infinite,
            high_closed: high_closed && !high_infinite,
        }]))
    }

    fn is_unbounded(&self, answer: &Answer) -> bool {
        matches!(answer, Answer::Region(intervals) if intervals.iter().any(|interval| interval.low.is_none() || interval.high.is_none()))
    }

    /// `Some(true)` for −∞, `Some(false)` for ∞.
    fn infinity(&self, id: Id) -> Option<bool> {
        match self.arena.node(id) {
            Node::Constant(Constant::Infinity) => Some(false),
            Node::Mul(factors) => {
                let zero = dashu::rational::RBig::ZERO;
                let (infinite, others): (Vec<Id>, Vec<Id>) = factors
                    .iter()
                    .partition(|id| *self.arena.node(**id) == Node::Constant(Constant::Infinity));
                // Beside anything but numbers it has no sign, and beside zero no value.
                let numbers: Option<Vec<_>> = others.iter().map(|id| self.arena.as_number(*id)).collect();
                let numbers = numbers.filter(|numbers| numbers.iter().all(|value| **value != zero))?;
                let negative = numbers.iter().filter(|value| ***value < zero).count() % 2 == 1;
                (infinite.len() == 1).then_some(negative)
            }
            _ => None,
        }
    }

    /// A set in braces: its elements, or its condition after a bar.
    pub(super) fn set(&mut self, inside: &[Token]) -> Option<Answer> {
        let bar = |token: &Token| token.is_command("mid") || token.is('|') || token.is(':');
        let halves = split::top(inside, bar);
        if let [elements, condition] = halves[..]
            && !elements.is_empty()
        {
            let bound = match elements.first().map(|token| &token.kind) {
                Some(Kind::Letter(letter)) => Some(self.arena.symbol(&letter.to_string())),
                _ => None,
            };
            let symbol = matches!(elements.first().map(|token| &token.kind), Some(Kind::Letter(_)))
                && (elements.len() == 1 || elements[1].is_command("in"));
            let set = elements.get(2..).and_then(super::family::domain_of);
            if symbol && elements.len() > 1 && set != Some(Domain::Reals) {
                // Numbers of one kind: the condition alone would say more.
                let body = Box::new(self.structure(condition)?);
                return Some(Answer::Parametric { body, parameters: vec![bound?], domain: set? });
            }
            if symbol {
                // The symbol of a set-builder is bound: the condition is about no other.
                return match self.structure(condition)? {
                    Answer::Assignment { label: Some(label), value, .. }
                        if matches!(
                            *value,
                            Answer::Region(_) | Answer::Set(_) | Answer::List(_) | Answer::Either(_)
                        ) =>
                    {
                        (Some(label) == bound).then_some(*value)
                    }
                    relation @ Answer::Relation { .. } => match region::bounded(self.arena, &relation) {
                        Some((variable, region)) => (variable == bound).then_some(Answer::Region(region)),
                        None => bound.filter(|bound| self.mentions_id(&relation, *bound)).map(|_| relation),
                    },
                    other => Some(other),
                };
            }
            let tells =
                |token: &Token| super::relation::is_joint(token) || super::phrase::word(token).is_some();
            if !condition.iter().any(tells) {
                // `{1 | 2, 3}` has no condition.
                return None;
            }
            let mut joined = elements.to_vec();
            joined.push(Token::close(Kind::Symbol(',')));
            joined.extend_from_slice(condition);
            return self.structure(&joined);
        }
        let parts = split::top(inside, |token| token.is(','));
        let parts = if parts.len() == 1 { split::top(inside, |token| token.is(';')) } else { parts };
        let mut items = Vec::new();
        for part in parts {
            match self.structure(part)? {
                Answer::List(both) | Answer::Either(both) => items.extend(both),
                item => items.push(item),
            }
        }
        Some(Answer::Set(items))
    }

    fn mentions_id(&self, relation: &Answer, symbol: Id) -> bool {
        let Answer::Relation { members, .. } = relation else { return false };
        members.iter().any(|member| substitute::symbols(self.arena, *member).contains(&symbol))
    }
}

/// A point that says so by its letter or its brackets, and is no interval.
fn named_point(name: &str, point: Answer) -> Answer {
    Answer::Assignment {
        name: name.to_owned(),
        label: None,
        value: Box::new(point),
        between: Vec::new(),
        rounded: false,
    }
}

/// `(\pm 2, 0)` is two points.
fn both_signs(items: Vec<Answer>) -> Answer {
    let mut doubled = items.iter().enumerate().filter(|(_, item)| matches!(item, Answer::Either(_)));
    let (Some((at, Answer::Either(values))), None) = (doubled.next(), doubled.next()) else {
        return Answer::Tuple(items);
    };
    let point = |value: &Answer| {
        let mut point = items.clone();
        point[at] = value.clone();
        Answer::Tuple(point)
    };
    Answer::Either(values.iter().map(point).collect())
}
