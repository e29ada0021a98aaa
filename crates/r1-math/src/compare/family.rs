//! Values that depend on a whole number, as `π/2 + kπ`, and points and functions that do.

use dashu::rational::RBig;

use super::{Comparison, Dropped, Finding, Rung};
use crate::{
    answer::{Answer, Domain},
    arena::{Arena, Constant, Id, Node},
    numeric::approximate,
    substitute::{mentions, substitute, symbols},
};

/// Parameters up to INNER on one side must be met by those up to OUTER on the other.
const INNER: i64 = 6;
const OUTER: i64 = 30;

/// Letters for any whole number, where no set is named.
const WHOLE: [&str; 4] = ["k", "n", "m", "l"];

impl Comparison<'_> {
    /// Whether two families in one parameter have the same members near zero.
    pub(super) fn families(&mut self, gold: &Answer, answer: &Answer) -> Option<Finding> {
        let (inner_gold, inner_answer) = (self.members(gold, INNER)?, self.members(answer, INNER)?);
        let (outer_gold, outer_answer) = (self.members(gold, OUTER)?, self.members(answer, OUTER)?);
        let covered = |inner: &[f64], outer: &[f64]| {
            inner.iter().all(|x| outer.iter().any(|y| (x - y).abs() <= 1e-9 * (1.0 + x.abs())))
        };
        let verdict = covered(&inner_gold, &outer_answer) && covered(&inner_answer, &outer_gold);
        Finding::at(Rung::Structure, verdict)
    }

    fn members(&mut self, family: &Answer, reach: i64) -> Option<Vec<f64>> {
        let Answer::Family { values, parameters, domain } = family else { return None };
        let [parameter] = parameters[..] else { return None };
        let low = match domain {
            Domain::Integers => -reach,
            Domain::Naturals => 0,
            Domain::Positive => 1,
            Domain::Reals => return None,
        };
        let mut members = Vec::new();
        for value in values {
            for k in low..=reach {
                self.budget.spend(20)?;
                let k: Id = self.arena.number(RBig::from(k));
                let member = substitute(&mut self.arena, *value, parameter, k);
                members.push(approximate(&self.arena, member)?);
            }
        }
        Some(members)
    }

    /// The same said for all values of parameters in the same domain, whatever their names.
    pub(super) fn parametric(&mut self, gold: &Answer, answer: &Answer) -> Option<Finding> {
        use Answer as A;
        match (gold, answer) {
            (
                A::Parametric { body: a, parameters: p, domain: d },
                A::Parametric { body: b, parameters: q, domain: e },
            ) => {
                if d != e || p.len() != q.len() {
                    return Finding::apart();
                }
                let same = if p == q { self.answers(a, b) } else { None };
                if p == q {
                    return same;
                }
                let renamed = p
                    .iter()
                    .zip(q)
                    .try_fold((**b).clone(), |body, (to, from)| self.renamed(body, *from, *to))?;
                self.answers(a, &renamed)
            }
            (A::Parametric { body, domain, .. }, other) | (other, A::Parametric { body, domain, .. }) => {
                // The domain of a function or of a real parameter may go without saying.
                let function = matches!(**body, A::Assignment { .. });
                if !function && *domain != Domain::Reals {
                    return Finding::apart();
                }
                self.leave_out(Dropped::Domain);
                if matches!(gold, A::Parametric { .. }) {
                    self.answers(body, other)
                } else {
                    self.answers(other, body)
                }
            }
            _ => None,
        }
    }

    /// An answer with one symbol for another, which it must not have yet.
    pub(super) fn renamed(&mut self, answer: Answer, from: Id, to: Id) -> Option<Answer> {
        use Answer as A;
        let mut swap = |id: Id| {
            let taken = from != to && symbols(&self.arena, id).contains(&to);
            (!taken).then(|| substitute(&mut self.arena, id, from, to))
        };
        Some(match answer {
            A::Expression { id, decimal } => A::Expression { id: swap(id)?, decimal },
            A::Region(mut intervals) => {
                for interval in &mut intervals {
                    for end in [&mut interval.low, &mut interval.high].into_iter().flatten() {
                        *end = swap(*end)?;
                    }
                }
                A::Region(intervals)
            }
            A::Tuple(items) => A::Tuple(self.each_renamed(items, from, to)?),
            A::List(items) => A::List(self.each_renamed(items, from, to)?),
            A::Either(items) => A::Either(self.each_renamed(items, from, to)?),
            A::Set(items) => A::Set(self.each_renamed(items, from, to)?),
            A::Assignment { name, label, value, between, rounded } => {
                let label = match label {
                    Some(label) => Some(swap(label)?),
                    None => None,
                };
                let value = Box::new(self.renamed(*value, from, to)?);
                A::Assignment { name, label, value, between, rounded }
            }
            _ => return None,
        })
    }

    fn each_renamed(&mut self, items: Vec<Answer>, from: Id, to: Id) -> Option<Vec<Answer>> {
        items.into_iter().map(|item| self.renamed(item, from, to)).collect()
    }

    /// The angles `kπ` and `nπ` without a set: both stand for any whole number.
    pub(super) fn whole_multiples(&mut self, gold: &Answer, answer: &Answer) -> Option<Finding> {
        let (a, b) = (whole_letter(&self.arena, gold)?, whole_letter(&self.arena, answer)?);
        if a == b {
            return None;
        }
        let renamed = self.renamed(answer.clone(), b, a)?;
        self.answers(gold, &renamed)
    }
}

/// The one symbol of an angle, or of a list of them, where it is a letter for whole numbers.
fn whole_letter(arena: &Arena, answer: &Answer) -> Option<Id> {
    match answer {
        Answer::Expression { id, .. } => {
            let pi = mentions(arena, *id, &|node| *node == Node::Constant(Constant::Pi));
            let [symbol] = symbols(arena, *id)[..] else { return None };
            let Node::Symbol(name) = arena.node(symbol) else { return None };
            (pi && WHOLE.contains(&arena.name(*name))).then_some(symbol)
        }
        Answer::Assignment { value, .. } => whole_letter(arena, value),
        Answer::List(items) | Answer::Either(items) => {
            let letters: Option<Vec<Id>> = items.iter().map(|item| whole_letter(arena, item)).collect();
            let letters = letters?;
            letters.iter().all(|letter| *letter == letters[0]).then(|| letters[0])
        }
        _ => None,
    }
}
