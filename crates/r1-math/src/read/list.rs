//! Several answers side by side.

use dashu::rational::RBig;

use super::{Answer, Reader, family::family_of, split};
use crate::{
    answer::{Domain, Link},
    arena::{Id, Node},
    region,
    token::{Kind, Token},
};

/// More conditions are not joined to a region.
const MAX_JOINED: usize = 48;

impl Reader<'_> {
    /// A list between semicolons, line breaks, "and", "or" or commas. `None` when there is one part.
    pub(super) fn list(&mut self, tokens: &[Token]) -> Option<Option<Answer>> {
        let strong = |token: &Token| match &token.kind {
            Kind::Symbol(';') | Kind::Row => true,
            Kind::Word(word) | Kind::Text(word) => is_conjunction(word),
            Kind::Command(name) => matches!(name.as_str(), "lor" | "land" | "vee" | "wedge"),
            _ => false,
        };
        let both = tokens.iter().any(is_and);
        let mut parts = split::top(tokens, strong);
        // Only words join regions to one; commas put them side by side.
        let joins = parts.len() > 1 && tokens.iter().any(|token| is_and(token) || is_or(token));
        if parts.len() == 1 {
            parts = split::top(tokens, |token| token.is(','));
        }
        parts.retain(|part| !super::trim(part).is_empty());
        if parts.len() < 2 {
            return None;
        }
        let mut items = Vec::new();
        let mut parameters: Option<(Vec<Id>, Domain)> = None;
        for part in parts {
            let part = super::trim(part);
            if let Some((found, domain)) = self.parameter(part) {
                let (all, known) = parameters.get_or_insert((Vec::new(), domain));
                if *known != domain {
                    return Some(None);
                }
                all.extend(found);
                continue;
            }
            match self.structure(part) {
                Some(Answer::List(inner) | Answer::Either(inner)) => items.extend(inner),
                Some(item) => items.push(item),
                None => return Some(None),
            }
        }
        if let Some((parameters, domain)) = parameters {
            return Some(self.family(items, parameters, domain));
        }
        if items.len() == 1 {
            return Some(items.pop());
        }
        if self.is_proposition(tokens, &items) {
            return Some(None);
        }
        if items.iter().any(|item| family_of(item).is_some()) {
            return Some(self.joined_families(items));
        }
        if let Some(sum) = self.parts_of_one(&items, both) {
            return Some(Some(sum));
        }
        self.repeat_left_side(&mut items);
        Some(Some(self.tidy(items, both, joins)))
    }

    /// Whether letters are joined by a sign of logic, or options by "or": the joint is what it says.
    fn is_proposition(&self, tokens: &[Token], items: &[Answer]) -> bool {
        let name = |item: &Answer| match item {
            Answer::Expression { id, .. } => match self.arena.node(*id) {
                Node::Symbol(name) => Some(self.arena.name(*name)),
                _ => None,
            },
            _ => None,
        };
        let sign = |token: &Token| matches!(token.command(), Some("lor" | "land" | "vee" | "wedge"));
        let capital =
            |item: &Answer| name(item).is_some_and(|name| name.starts_with(|c: char| c.is_ascii_uppercase()));
        (tokens.iter().any(sign) && items.iter().any(|item| matches!(item, Answer::Expression { .. })))
            || (tokens.iter().any(is_or) && items.iter().all(capital))
    }

    /// "3 hours and 20 minutes": a quantity in two units, the second less than one of the first.
    fn parts_of_one(&mut self, items: &[Answer], both: bool) -> Option<Answer> {
        let [Answer::Quantity { id: a, unit: big, .. }, Answer::Quantity { id: b, unit: small, .. }] = items
        else {
            return None;
        };
        let scaled = &small.factor / &big.factor * self.arena.as_number(*b)?;
        if !both || !small.is_part_of(big) || scaled >= RBig::ONE {
            return None;
        }
        let part = self.arena.number(scaled);
        let id = self.arena.add(vec![*a, part]);
        Some(Answer::Quantity { id, decimal: None, unit: big.clone() })
    }

    /// Inequalities become one region, and values left out stand apart from what they are left out of.
    pub(super) fn tidy(&mut self, items: Vec<Answer>, both: bool, joins: bool) -> Answer {
        let is_order = |item: &Answer| match item {
            Answer::Region(_) => joins,
            Answer::Relation { links, .. } => links.iter().all(|link| *link != Link::Equal),
            // `a < 1 or a = 2`.
            Answer::Assignment { label: Some(_), value, .. } => {
                joins && matches!(**value, Answer::Expression { .. } | Answer::Region(_))
            }
            _ => false,
        };
        let bounds = |item: &Answer| !matches!(item, Answer::Assignment { value, .. } if matches!(**value, Answer::Expression { .. }));
        if (1..=MAX_JOINED).contains(&items.len()) && items.iter().all(is_order) && items.iter().any(bounds) {
            let bounded: Option<Vec<_>> =
                items.iter().map(|item| region::bounded(self.arena, item)).collect();
            if let Some((variable, regions)) = bounded.and_then(region::of_one_variable) {
                let excludes = |item: &Answer| matches!(item, Answer::Relation { links, .. } if links[..] == [Link::NotEqual]);
                let mut joined = regions[0].clone();
                let mut contradicts = false;
                for (region, item) in regions[1..].iter().zip(&items[1..]) {
                    let meet = (both || excludes(item) || excludes(&items[0]) || !joins)
                        .then(|| region::intersection(self.arena, &joined, region))
                        .flatten();
                    match meet.filter(|meet| !meet.is_empty()) {
                        Some(meet) => joined = meet,
                        None => {
                            contradicts |= both;
                            joined.extend_from_slice(region);
                        }
                    }
                }
                if !contradicts {
                    return self.bound_to(variable, Answer::Region(joined));
                }
            }
        }
        let condition =
            |item: &Answer| matches!(item, Answer::Relation { links, .. } if links[..] == [Link::NotEqual]);
        let (exclusions, mut kept): (Vec<Answer>, Vec<Answer>) = items.iter().cloned().partition(condition);
        if kept.len() == 1 {
            Answer::Excluding { body: Box::new(kept.remove(0)), exclusions }
        } else if joins && !both {
            Answer::Either(items)
        } else {
            Answer::List(items)
        }
    }

    /// A set of values with the symbol that takes them.
    pub(super) fn bound_to(&mut self, variable: Option<Id>, set: Answer) -> Answer {
        let Some(label) = variable else { return set };
        let name = match self.arena.node(label) {
            Node::Symbol(name) => self.arena.name(*name).to_owned(),
            _ => String::new(),
        };
        Answer::Assignment {
            name,
            label: Some(label),
            value: Box::new(set),
            between: Vec::new(),
            rounded: false,
        }
    }

    /// `x \\ne -2, 2` and `7x = 0, 2` leave out what they said before.
    fn repeat_left_side(&mut self, items: &mut [Answer]) {
        let [Answer::Relation { members, links }, rest @ ..] = items else { return };
        let value = |item: &Answer| matches!(item, Answer::Expression { .. });
        let [link @ (Link::NotEqual | Link::Equal)] = links[..] else { return };
        if !rest.iter().all(value) {
            return;
        }
        let first = members[0];
        for item in rest {
            if let Answer::Expression { id, .. } = *item {
                *item = Answer::Relation { members: vec![first, id], links: vec![link] };
            }
        }
    }
}

/// Words beside a parameter that say nothing of its values.
pub(super) fn is_plain(word: &str) -> bool {
    matches!(
        word.trim_matches('.'),
        "" | "where"
            | "with"
            | "for"
            | "all"
            | "any"
            | "every"
            | "each"
            | "some"
            | "is"
            | "are"
            | "a"
            | "an"
            | "and"
            | "be"
            | "number"
            | "numbers"
            | "whole"
            | "arbitrary"
            | "为"
            | "其中"
            | "是"
    )
}

fn is_conjunction(word: &str) -> bool {
    let word = word.trim_matches([' ', ',']);
    matches!(
        word,
        "and" | "or" | "And" | "Or" | "AND" | "OR" | "和" | "或" | "与" | "及" | "以及" | "或者" | "且"
    )
}

fn is_or(token: &Token) -> bool {
    match &token.kind {
        Kind::Word(word) | Kind::Text(word) => {
            matches!(word.trim_matches([' ', ',']), "or" | "Or" | "OR" | "或" | "或者")
        }
        Kind::Command(name) => matches!(name.as_str(), "lor" | "vee"),
        _ => false,
    }
}

fn is_and(token: &Token) -> bool {
    match &token.kind {
        Kind::Word(word) | Kind::Text(word) => {
            matches!(
                word.trim_matches([' ', ',']),
                "and" | "And" | "AND" | "和" | "与" | "及" | "以及" | "且"
            )
        }
        Kind::Command(name) => matches!(name.as_str(), "land" | "wedge"),
        _ => false,
    }
}
