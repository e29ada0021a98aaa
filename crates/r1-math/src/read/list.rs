//! Several answers side by side.

use super::{Answer, Reader, split};
use crate::{
    answer::Link,
    arena::{Id, Node},
    region, substitute,
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
        if parts.len() == 1 {
            parts = split::top(tokens, |token| token.is(','));
        }
        parts.retain(|part| !super::trim(part).is_empty());
        if parts.len() < 2 {
            return None;
        }
        let mut items = Vec::new();
        let mut parameters = Vec::new();
        for part in parts {
            let part = super::trim(part);
            if let Some(found) = self.parameter(part) {
                parameters.extend(found);
                continue;
            }
            match self.structure(part) {
                Some(Answer::List(inner)) => items.extend(inner),
                Some(item) => items.push(item),
                None => return Some(None),
            }
        }
        if !parameters.is_empty() {
            return Some(self.family(items, parameters));
        }
        if items.len() == 1 {
            return Some(items.pop());
        }
        if items.iter().any(|item| matches!(item, Answer::Family { .. })) {
            return Some(self.joined_families(items));
        }
        self.repeat_exclusion(&mut items);
        Some(Some(self.tidy(items, both)))
    }

    /// Inequalities become one region, and conditions beside an expression drop out.
    pub(super) fn tidy(&mut self, items: Vec<Answer>, both: bool) -> Answer {
        let is_order = |item: &Answer| {
            matches!(item, Answer::Region(_))
                || matches!(item, Answer::Relation { links, .. } if links.iter().all(|link| *link != Link::Equal))
        };
        if (1..=MAX_JOINED).contains(&items.len()) && items.iter().all(is_order) {
            let regions: Option<Vec<_>> =
                items.iter().map(|item| region::of_relation(self.arena, item)).collect();
            if let Some(regions) = regions.filter(|_| region::one_symbol(self.arena, &items)) {
                let excludes = |item: &Answer| matches!(item, Answer::Relation { links, .. } if links[..] == [Link::NotEqual]);
                let mut joined = regions[0].clone();
                for (region, item) in regions[1..].iter().zip(&items[1..]) {
                    let meet = (both || excludes(item) || excludes(&items[0]))
                        .then(|| region::intersection(self.arena, &joined, region))
                        .flatten();
                    match meet.filter(|meet| !meet.is_empty()) {
                        Some(meet) => joined = meet,
                        None => joined.extend_from_slice(region),
                    }
                }
                return Answer::Region(joined);
            }
        }
        let condition =
            |item: &Answer| matches!(item, Answer::Relation { links, .. } if links[..] == [Link::NotEqual]);
        let mut kept: Vec<Answer> = items.iter().filter(|item| !condition(item)).cloned().collect();
        if kept.len() == 1 { kept.remove(0) } else { Answer::List(items) }
    }

    /// The symbols of `k \in \mathbb{Z}` or "where k is an integer".
    pub(super) fn parameter(&mut self, part: &[Token]) -> Option<Vec<Id>> {
        let in_at = part.iter().position(|token| token.is_command("in"));
        if let Some(at) = in_at {
            let integers =
                matches!(part.get(at + 1).map(|token| &token.kind), Some(Kind::Blackboard('Z' | 'N')));
            if !integers {
                return None;
            }
            let named = |token: &Token| {
                matches!(token.kind, Kind::Letter(_) | Kind::Symbol(',') | Kind::Text(_) | Kind::Word(_))
            };
            return part[..at].iter().all(named).then(|| self.symbols_of(&part[..at]))?;
        }
        let words = |token: &Token| matches!(&token.kind, Kind::Text(word) | Kind::Word(word) if word.contains("integer"));
        if part.iter().any(words) { self.symbols_of(part) } else { None }
    }

    fn symbols_of(&mut self, tokens: &[Token]) -> Option<Vec<Id>> {
        let letters: Vec<Id> = tokens
            .iter()
            .filter_map(|token| match token.kind {
                Kind::Letter(letter) if letter != 'a' => Some(self.arena.symbol(&letter.to_string())),
                _ => None,
            })
            .collect();
        Some(if letters.is_empty() { vec![self.arena.symbol("k"), self.arena.symbol("n")] } else { letters })
    }

    /// `x \ne -2, 2` leaves out what it said before.
    fn repeat_exclusion(&mut self, items: &mut [Answer]) {
        let [Answer::Relation { members, links }, rest @ ..] = items else { return };
        let value = |item: &Answer| matches!(item, Answer::Expression { .. });
        if links[..] != [Link::NotEqual] || !rest.iter().all(value) {
            return;
        }
        let first = members[0];
        for item in rest {
            if let Answer::Expression { id, .. } = *item {
                *item = Answer::Relation { members: vec![first, id], links: vec![Link::NotEqual] };
            }
        }
    }

    /// `a + 2kπ or b + 2kπ, k ∈ Z`: the condition is about all.
    fn joined_families(&mut self, items: Vec<Answer>) -> Option<Answer> {
        let (mut plain, mut all) = (Vec::new(), Vec::new());
        for item in items {
            match item {
                Answer::Family { values, parameters } => {
                    plain.extend(values.into_iter().map(Answer::expression));
                    all.extend(parameters);
                }
                other => plain.push(other),
            }
        }
        all.sort_unstable();
        all.dedup();
        self.family(plain, all)
    }

    pub(super) fn family(&mut self, items: Vec<Answer>, parameters: Vec<Id>) -> Option<Answer> {
        let mut values = Vec::new();
        for item in &items {
            let value = match item {
                Answer::Assignment { value, .. } => value,
                other => other,
            };
            match value {
                Answer::Expression { id, .. } => values.push(*id),
                Answer::List(inner) => {
                    for item in inner {
                        match item {
                            Answer::Expression { id, .. } => values.push(*id),
                            _ => return None,
                        }
                    }
                }
                _ if items.len() == 1 => return items.into_iter().next(),
                _ => return None,
            }
        }
        let used = |parameter: &Id| {
            let node = self.arena.node(*parameter);
            values.iter().any(|value| substitute::mentions(self.arena, *value, &|other: &Node| other == node))
        };
        let parameters: Vec<Id> = parameters.into_iter().filter(used).collect();
        if parameters.is_empty() {
            let mut items = items;
            return if items.len() == 1 { items.pop() } else { Some(Answer::List(items)) };
        }
        Some(Answer::Family { values, parameters })
    }
}

fn is_conjunction(word: &str) -> bool {
    let word = word.trim_matches([' ', ',']);
    matches!(
        word,
        "and" | "or" | "And" | "Or" | "AND" | "OR" | "和" | "或" | "与" | "及" | "以及" | "或者" | "且"
    )
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
