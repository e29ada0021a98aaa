//! Lists, sets and tuples.

use super::{Judge, Rung};
use crate::answer::Answer;

/// Longer ones are not compared.
const MAX_ITEMS: usize = 128;

impl Judge<'_> {
    pub(super) fn sequences(&mut self, gold: &Answer, answer: &Answer) -> Option<bool> {
        use Answer as A;
        let (A::List(a) | A::Set(a) | A::Tuple(a)) = gold else { return None };
        let (A::List(b) | A::Set(b) | A::Tuple(b)) = answer else { return None };
        if a.len().max(b.len()) > MAX_ITEMS {
            return None;
        }
        let verdict = match (gold, answer) {
            (A::Tuple(_), A::Tuple(_)) => self.ordered(a, b),
            // `1, 2` may leave out the parentheses of `(1, 2)`.
            (A::Tuple(_), A::List(_)) | (A::List(_), A::Tuple(_)) => self.ordered(a, b),
            (A::Tuple(_), A::Set(_)) | (A::Set(_), A::Tuple(_)) => false,
            _ => self.unordered(a, b) || self.systems(a, b),
        };
        let verdict = verdict
            || (a.len() == 1 && self.answers(&a[0], answer) == Some(true))
            || (b.len() == 1 && self.answers(gold, &b[0]) == Some(true));
        self.at(Rung::Structure, verdict)
    }

    /// Place by place.
    pub(super) fn ordered(&mut self, a: &[Answer], b: &[Answer]) -> bool {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| self.answers(a, b) == Some(true))
    }

    /// Each with a partner of its own; repetitions count once when the lengths differ.
    fn unordered(&mut self, a: &[Answer], b: &[Answer]) -> bool {
        let (a, b) =
            if a.len() == b.len() { (a.to_vec(), b.to_vec()) } else { (self.distinct(a), self.distinct(b)) };
        if a.len() != b.len() {
            return false;
        }
        let mut free: Vec<&Answer> = b.iter().collect();
        a.iter().all(|item| {
            let same = free.iter().position(|other| *other == item);
            let partner = same.or_else(|| {
                free.iter()
                    .position(|other| !other_names(item, other) && self.answers(item, other) == Some(true))
            });
            partner.is_some_and(|at| {
                free.remove(at);
                true
            })
        })
    }

    fn distinct(&mut self, items: &[Answer]) -> Vec<Answer> {
        let mut kept: Vec<Answer> = Vec::new();
        for item in items {
            if !kept.iter().any(|other| self.answers(other, item) == Some(true)) {
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
        self.unordered(&x, &y)
    }
}

/// Whether two answers say in words that they are about different things, as "domain" and "range".
fn other_names(a: &Answer, b: &Answer) -> bool {
    let (Answer::Assignment { name: a, label: None, .. }, Answer::Assignment { name: b, label: None, .. }) =
        (a, b)
    else {
        return false;
    };
    let plain = |name: &str| -> String {
        name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let (a, b) = (plain(a), plain(b));
    a.len().min(b.len()) >= 3 && !a.contains(&b) && !b.contains(&a)
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
