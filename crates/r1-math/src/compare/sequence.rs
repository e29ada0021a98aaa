//! Lists, sets and tuples.

use dashu::rational::RBig;

use super::{
    Comparison, Finding, Rung, holds,
    name::{self, other_names},
};
use crate::answer::Answer;

/// Longer ones are not compared.
const MAX_ITEMS: usize = 128;

impl Comparison<'_> {
    pub(super) fn sequences(&mut self, gold: &Answer, answer: &Answer) -> Option<Finding> {
        use Answer as A;
        let (A::List(a) | A::Either(a) | A::Set(a) | A::Tuple(a)) = gold else { return None };
        let (A::List(b) | A::Either(b) | A::Set(b) | A::Tuple(b)) = answer else { return None };
        let matching = !matches!((gold, answer), (A::Tuple(_), _) | (_, A::Tuple(_)));
        // A set does not count; of a list with repetitions, all count.
        let set = matches!((gold, answer), (A::Set(_), _) | (_, A::Set(_)));
        let either = matches!((gold, answer), (A::Either(_), _) | (_, A::Either(_)));
        if matching && let (Some(mut x), Some(mut y)) = (self.exact_numbers(a), self.exact_numbers(b)) {
            // Numbers match when they are the same in order; repetitions count once when the lengths differ.
            x.sort_unstable();
            y.sort_unstable();
            if x.len() != y.len() && set {
                x.dedup();
                y.dedup();
            }
            return Finding::at(Rung::Structure, x == y);
        }
        if a.len().max(b.len()) > MAX_ITEMS {
            return None;
        }
        // Matching is paid for before it is made.
        if matching {
            self.budget.spend((a.len() * b.len()) as u32)?;
        }
        self.leave_out_brackets(gold, answer);
        let verdict = match (gold, answer) {
            (A::Tuple(_), A::Tuple(_)) => self.ordered(a, b),
            // `1, 2` may leave out the parentheses of `(1, 2)`.
            (A::Tuple(_), A::List(list)) | (A::List(list), A::Tuple(_)) => {
                !one_name(list) && !list.iter().any(is_of_a_place) && self.ordered(a, b)
            }
            (A::Tuple(_), A::Set(_) | A::Either(_)) | (A::Set(_) | A::Either(_), A::Tuple(_)) => false,
            // One of things of different names, or all of them.
            (A::Either(_), A::List(_)) | (A::List(_), A::Either(_))
                if of_names(a) && of_names(b) || counted(a) && counted(b) =>
            {
                false
            }
            // Of values of different names, which is which counts.
            _ if of_names(a) != of_names(b) => {
                let shared = is_of_one(a) || is_of_one(b);
                !set && !either && !shared && self.ordered(a, b) || self.systems(a, b)
            }
            // Where the things are told on one side only, their order tells them on the other.
            _ if counted(a) != counted(b) => self.ordered(a, b),
            _ => self.unordered(a, b, set) || self.systems(a, b) || holds(self.whole_multiples(gold, answer)),
        };
        let verdict = verdict
            || (self.wraps(gold) && holds(self.answers(&a[0], answer)))
            || (self.wraps(answer) && holds(self.answers(gold, &b[0])));
        Finding::at(Rung::Structure, verdict)
    }

    /// Whether a side is one element that may stand for itself; the set of a set is another thing.
    fn wraps(&self, side: &Answer) -> bool {
        match side {
            Answer::Set(items) => {
                matches!(&items[..], [item] if !matches!(item, Answer::Set(_) | Answer::Empty))
            }
            Answer::List(items) | Answer::Either(items) | Answer::Tuple(items) => items.len() == 1,
            _ => false,
        }
    }

    /// The values of a list of exact numbers.
    fn exact_numbers(&self, items: &[Answer]) -> Option<Vec<RBig>> {
        if self.policy.relative_tolerance.is_some() {
            return None;
        }
        let number = |item: &Answer| match item {
            Answer::Expression { id, decimal: None } => self.arena.as_number(*id).cloned(),
            _ => None,
        };
        items.iter().map(number).collect()
    }

    /// Whether two elements are equal: `{1}` as an element is not 1.
    fn same_item(&mut self, a: &Answer, b: &Answer) -> bool {
        let set = |item: &Answer| matches!(item, Answer::Set(_) | Answer::Empty);
        set(a) == set(b) && holds(self.answers(a, b))
    }

    /// Place by place.
    pub(super) fn ordered(&mut self, a: &[Answer], b: &[Answer]) -> bool {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| self.same_item(a, b))
    }

    /// Each with a partner of its own; repetitions count once when the lengths differ.
    pub(super) fn unordered(&mut self, a: &[Answer], b: &[Answer], set: bool) -> bool {
        let (a, b) = if a.len() == b.len() || !set {
            (a.to_vec(), b.to_vec())
        } else {
            (self.distinct(a), self.distinct(b))
        };
        if a.len() != b.len() {
            return false;
        }
        let mut free: Vec<&Answer> = b.iter().collect();
        // Where both sides name as many of their elements, a name is not left out of one to make it another.
        let named = |item: &Answer| matches!(item, Answer::Assignment { .. });
        let count = |items: &[Answer]| items.iter().filter(|item| named(item)).count();
        let both = count(&a) > 0 && count(&a) == count(&b);
        let apart = |x: &Answer, y: &Answer| other_names(x, y) || (both && named(x) != named(y));
        a.iter().all(|item| {
            let same = free.iter().position(|other| *other == item);
            let partner = same
                .or_else(|| free.iter().position(|other| !apart(item, other) && self.same_item(item, other)));
            partner.is_some_and(|at| {
                free.remove(at);
                true
            })
        })
    }

    fn distinct(&mut self, items: &[Answer]) -> Vec<Answer> {
        let mut kept: Vec<Answer> = Vec::new();
        for item in items {
            if !kept.iter().any(|other| holds(self.answers(other, item))) {
                kept.push(item.clone());
            }
        }
        kept
    }

    /// `p=5, q=2; p=7, q=2` and `(5, 2), (7, 2)`.
    fn systems(&mut self, a: &[Answer], b: &[Answer]) -> bool {
        let (x, y) = (rows(a), rows(b));
        if x.is_none() && y.is_none() {
            return false;
        }
        let (x, y) = (x.unwrap_or_else(|| a.to_vec()), y.unwrap_or_else(|| b.to_vec()));
        self.unordered(&x, &y, false)
    }
}

/// Whether every item is the value of a name of its own: `x = 1, y = 2`, but not `x_1 = 1, x_2 = 2`. Names in words
/// are of one thing unless they tell them apart.
fn of_names(items: &[Answer]) -> bool {
    if items.iter().skip(1).any(|item| other_names(&items[0], item)) {
        return true;
    }
    let name = |item: &Answer| match item {
        Answer::Assignment { name, label: Some(_), .. } => name.split('_').next().map(str::to_owned),
        _ => None,
    };
    let names: Option<Vec<String>> = items.iter().map(name).collect();
    names.is_some_and(|names| names.len() > 1 && names.iter().skip(1).any(|name| *name != names[0]))
}

/// Whether the first item alone has a name, which is then the name of all: `x = 1, 2`.
fn is_of_one(items: &[Answer]) -> bool {
    let named = |item: &Answer| matches!(item, Answer::Assignment { label: Some(_), .. });
    items.first().is_some_and(named) && !items[1..].iter().any(named)
}

/// Whether the items are values of one name, `x = -1 or x = 1`, which make no pair.
fn one_name(items: &[Answer]) -> bool {
    let label = |item: &Answer| match item {
        Answer::Assignment { label, .. } => *label,
        _ => None,
    };
    let first = items.first().and_then(label);
    first.is_some() && items.len() > 1 && items.iter().all(|item| label(item) == first)
}

/// Whether an item tells where a function is greatest or least, which makes no vector with another.
fn is_of_a_place(item: &Answer) -> bool {
    matches!(item, Answer::Assignment { name, .. } if name::is_of_a_place(name))
}

/// Whether every item counts things of its own: `7 goats, 4 toys`.
fn counted(items: &[Answer]) -> bool {
    let noun = |item: &Answer| match item {
        Answer::Quantity { unit, .. } if unit.is_noun() => Some(unit.words.clone()),
        _ => None,
    };
    let nouns: Option<Vec<_>> = items.iter().map(noun).collect();
    nouns.is_some_and(|nouns| nouns.len() > 1 && nouns.iter().skip(1).any(|noun| *noun != nouns[0]))
}

/// Assignments to the same names again and again, as tuples of their values.
fn rows(items: &[Answer]) -> Option<Vec<Answer>> {
    let mut names = Vec::new();
    let mut values = Vec::new();
    for item in items {
        let Answer::Assignment { name, value, .. } = item else { return None };
        names.push(name);
        values.push((**value).clone());
    }
    let (first, later) = names.split_first()?;
    let width = later.iter().position(|name| name == first)? + 1;
    let repeats = width > 1 && names.chunks(width).all(|chunk| *chunk == names[..width]);
    repeats.then(|| values.chunks(width).map(|row| Answer::Tuple(row.to_vec())).collect())
}
