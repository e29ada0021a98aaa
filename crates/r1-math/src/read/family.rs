//! Values for all values of a parameter, and the numbers that the parameter runs through.

use super::{Answer, Reader, list::is_plain};
use crate::{
    answer::Domain,
    arena::{Id, Node},
    substitute,
    token::{Kind, Token},
};

impl Reader<'_> {
    /// The symbols of `k \in \mathbb{Z}` or "where k is an integer", and the numbers that they run through.
    /// Every word must be one that says no more.
    pub(super) fn parameter(&mut self, part: &[Token]) -> Option<(Vec<Id>, Domain)> {
        if let Some(at) = part.iter().position(|token| token.is_command("in")) {
            let domain = domain_of(&part[at + 1..])?;
            let named = |token: &Token| match &token.kind {
                Kind::Letter(_) | Kind::Symbol(',') => true,
                Kind::Text(words) | Kind::Word(words) => words.split([' ', ',']).all(is_plain),
                Kind::Command(name) => name == "forall",
                _ => false,
            };
            let letters = part[..at].iter().any(|token| matches!(token.kind, Kind::Letter(_)));
            return (letters && part[..at].iter().all(named)).then(|| (self.symbols_of(&part[..at]), domain));
        }
        let (mut domain, mut integers) = (Domain::Integers, false);
        for token in part {
            match &token.kind {
                Kind::Letter(_) | Kind::Symbol(',' | '-') => {}
                Kind::Text(words) | Kind::Word(words) => {
                    for word in words.split([' ', ',']) {
                        match word {
                            "integer" | "integers" => integers = true,
                            "整数" => integers = true,
                            "natural" => (integers, domain) = (true, Domain::Naturals),
                            "non-negative" | "nonnegative" => domain = Domain::Naturals,
                            "positive" => domain = Domain::Positive,
                            // `non` `-` `negative`.
                            "non" => domain = Domain::Naturals,
                            "negative" if domain == Domain::Naturals => {}
                            word if is_plain(word) => {}
                            _ => return None,
                        }
                    }
                }
                _ => return None,
            }
        }
        integers.then(|| (self.symbols_of(part), domain))
    }

    /// `2n\pi\ (n \in \mathbb{Z})`: the numbers that a parameter runs through, in parentheses behind the value.
    pub(super) fn aside(&mut self, tokens: &[Token]) -> Option<Option<Answer>> {
        let [before @ .., close] = tokens else { return None };
        let open = before.iter().rposition(|token| token.is('('))?;
        let (before, inside) = (&before[..open], &before[open + 1..]);
        let runs = inside.iter().any(|token| token.is_command("in"))
            && inside.iter().any(|token| matches!(token.kind, Kind::Blackboard(_)));
        if !close.is(')') || before.is_empty() || !runs || inside.iter().any(|token| token.is(')')) {
            return None;
        }
        let (parameters, domain) = self.parameter(inside)?;
        let items = match self.structure(before) {
            Some(Answer::List(items) | Answer::Either(items)) => items,
            Some(item) => vec![item],
            None => return Some(None),
        };
        Some(self.family(items, parameters, domain))
    }

    fn symbols_of(&mut self, tokens: &[Token]) -> Vec<Id> {
        let letters: Vec<Id> = tokens
            .iter()
            .filter_map(|token| match token.kind {
                Kind::Letter(letter) if letter != 'a' => Some(self.arena.symbol(&letter.to_string())),
                _ => None,
            })
            .collect();
        if letters.is_empty() { vec![self.arena.symbol("k"), self.arena.symbol("n")] } else { letters }
    }

    /// `a + 2kπ or b + 2kπ, k ∈ Z`: the condition is about all.
    pub(super) fn joined_families(&mut self, items: Vec<Answer>) -> Option<Answer> {
        let (mut plain, mut all, mut only) = (Vec::new(), Vec::new(), None);
        for item in items {
            match family_of(&item) {
                Some((values, parameters, domain)) => {
                    if *only.get_or_insert(domain) != domain {
                        return None;
                    }
                    plain.extend(values.iter().copied().map(Answer::expression));
                    all.extend(parameters);
                }
                None => plain.push(item),
            }
        }
        all.sort_unstable();
        all.dedup();
        self.family(plain, all, only?)
    }

    /// Values, points or functions for all values of parameters.
    pub(super) fn family(
        &mut self,
        mut items: Vec<Answer>,
        parameters: Vec<Id>,
        domain: Domain,
    ) -> Option<Answer> {
        let mut values = Vec::new();
        for item in &items {
            let value = match item {
                // A general term is a function of its index, and no set of values.
                Answer::Assignment { name, label, .. } if self.is_function(name, *label, &parameters) => {
                    return self.parametric(items, parameters, domain);
                }
                Answer::Assignment { value, .. } => value,
                other => other,
            };
            match value {
                Answer::Expression { id, .. } => values.push(*id),
                Answer::List(inner) | Answer::Either(inner) => {
                    for item in inner {
                        match item {
                            Answer::Expression { id, .. } => values.push(*id),
                            _ => return self.parametric(items, parameters, domain),
                        }
                    }
                }
                _ => return self.parametric(items, parameters, domain),
            }
        }
        let used = |parameter: &Id| {
            let node = self.arena.node(*parameter);
            values.iter().any(|value| substitute::mentions(self.arena, *value, &|other: &Node| other == node))
        };
        let used: Vec<Id> = parameters.iter().copied().filter(used).collect();
        if used.is_empty() {
            return if items.len() == 1 { items.pop() } else { Some(Answer::List(items)) };
        }
        if domain == Domain::Reals {
            return self.parametric(items, parameters, domain);
        }
        // `x = 3k, y = 5k` are two families; one name is kept.
        let label = |item: &Answer| match item {
            Answer::Assignment { label, .. } => *label,
            _ => None,
        };
        let first = items.iter().find_map(label);
        if items.iter().any(|item| label(item).is_some_and(|label| Some(label) != first)) {
            return self.parametric(items, parameters, domain);
        }
        Some(self.bound_to(first, Answer::Family { values, parameters: used, domain }))
    }

    fn parametric(&mut self, mut items: Vec<Answer>, parameters: Vec<Id>, domain: Domain) -> Option<Answer> {
        let body = if items.len() == 1 { items.pop()? } else { Answer::List(items) };
        Some(Answer::Parametric { body: Box::new(body), parameters, domain })
    }

    /// Whether a left side is a function of a parameter: `f(n)`, `a_n`.
    fn is_function(&self, name: &str, label: Option<Id>, parameters: &[Id]) -> bool {
        let indexed = parameters.iter().any(|parameter| match self.arena.node(*parameter) {
            Node::Symbol(symbol) => {
                name.split_once(['_', '(']).is_some_and(|(_, index)| index.contains(self.arena.name(*symbol)))
            }
            _ => false,
        });
        indexed || label.is_some_and(|label| matches!(self.arena.node(label), Node::Call(..)))
    }
}

/// A family, with its name or without.
pub(super) fn family_of(item: &Answer) -> Option<(&[Id], &[Id], Domain)> {
    match item {
        Answer::Family { values, parameters, domain } => Some((values, parameters, *domain)),
        Answer::Assignment { value, .. } => match &**value {
            Answer::Family { values, parameters, domain } => Some((values, parameters, *domain)),
            _ => None,
        },
        _ => None,
    }
}

/// The numbers that `\mathbb{N}^*` and its like name.
pub(super) fn domain_of(tokens: &[Token]) -> Option<Domain> {
    let (set, marks) = tokens.split_first()?;
    let set = match set.kind {
        Kind::Blackboard(letter) | Kind::Letter(letter @ ('N' | 'Z')) => letter,
        _ => return None,
    };
    let mut positive = false;
    for token in marks {
        match &token.kind {
            Kind::Symbol('^' | '_' | '{' | '}') => {}
            Kind::Symbol('*' | '+' | '>') => positive = true,
            Kind::Command(name) if name == "ast" => positive = true,
            Kind::Number(literal) if positive && literal.value.is_zero() => {}
            _ => return None,
        }
    }
    match (set, positive) {
        ('Z', false) => Some(Domain::Integers),
        ('N', false) => Some(Domain::Naturals),
        ('Z' | 'N', true) => Some(Domain::Positive),
        ('R', false) => Some(Domain::Reals),
        _ => None,
    }
}
