//! Constants of integration: `+ C`, and the constants of a general solution.

use super::{Comparison, Finding, Rung, holds};
use crate::{
    arena::{Id, Node},
    key,
    substitute::{substitute, symbols},
};

/// Names of a constant that is added.
const ADDED: [&str; 6] = ["C", "c", "K", "C_1", "c_1", "C_0"];

impl Comparison<'_> {
    /// Two expressions that stand for families: antiderivatives that differ by a constant, and solutions
    /// whose constants are spelt `c_1` on one side and `C_1` on the other.
    pub(super) fn families_of_functions(&mut self, a: Id, b: Id) -> Option<Finding> {
        let constant = |name: &str| ADDED.contains(&name) || name.starts_with("c_") || name.starts_with("C_");
        if !self.arena.has_name(constant) {
            return None;
        }
        // Looking for symbols clears tables as long as the arena.
        self.budget.spend(20 + self.arena.len() as u32 / 3)?;
        if let (Some(f), Some(g)) = (self.without_constant(a), self.without_constant(b)) {
            let difference = self.arena.sub(f, g);
            let mut at_a_point = difference;
            for symbol in symbols(&self.arena, difference) {
                let Node::Symbol(name) = *self.arena.node(symbol) else { continue };
                let value = key::coordinate(self.arena.name(name), 1);
                let value = self.arena.number(value);
                at_a_point = substitute(&mut self.arena, at_a_point, symbol, value);
            }
            let verdict = holds(self.ids(difference, at_a_point));
            return Finding::at(Rung::Numeric, verdict);
        }
        let capitals = self.in_capitals(a, b).map(|(a, b)| self.ids(a, b));
        match capitals {
            Some(found) if holds(found) => found,
            found => self.renamed_constants(a, b).or(found.flatten()),
        }
    }

    /// A sum without its one constant; `None` where there is none, or it stands elsewhere too, or nothing
    /// else varies.
    fn without_constant(&mut self, id: Id) -> Option<Id> {
        let Node::Add(terms) = self.arena.node(id) else { return None };
        let is_constant = |judge: &Self, id: Id| matches!(judge.arena.node(id), Node::Symbol(name) if ADDED.contains(&judge.arena.name(*name)));
        let terms = terms.to_vec();
        let at = terms.iter().position(|term| is_constant(self, *term))?;
        let rest: Vec<Id> =
            terms.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, term)| *term).collect();
        let rest = self.arena.add(rest);
        let left = symbols(&self.arena, rest);
        (!left.is_empty() && !left.iter().any(|symbol| is_constant(self, *symbol))).then_some(rest)
    }

    /// Both with `C_1` for `c_1` and so on, where one side has capitals only and the other none.
    fn in_capitals(&mut self, a: Id, b: Id) -> Option<(Id, Id)> {
        let constants = |judge: &Self, id: Id, letter: char| -> Vec<Id> {
            let numbered = |name: &str| {
                name.strip_prefix(letter)
                    .and_then(|rest| rest.strip_prefix('_'))
                    .is_some_and(|rest| rest.len() == 1 && rest.as_bytes()[0].is_ascii_digit())
            };
            let fits = |id: &Id| matches!(judge.arena.node(*id), Node::Symbol(name) if numbered(judge.arena.name(*name)));
            symbols(&judge.arena, id).into_iter().filter(fits).collect()
        };
        let (small_a, small_b) = (constants(self, a, 'c'), constants(self, b, 'c'));
        let (large_a, large_b) = (constants(self, a, 'C'), constants(self, b, 'C'));
        let renames = (small_b.is_empty()
            && large_a.is_empty()
            && small_a.len() == large_b.len()
            && !small_a.is_empty())
            || (small_a.is_empty()
                && large_b.is_empty()
                && small_b.len() == large_a.len()
                && !small_b.is_empty());
        if !renames {
            return None;
        }
        let mut capitals = [a, b];
        for id in &mut capitals {
            for symbol in small_a.iter().chain(&small_b) {
                let Node::Symbol(name) = *self.arena.node(*symbol) else { continue };
                let capital = self.arena.name(name).to_uppercase();
                let capital = self.arena.symbol(&capital);
                *id = substitute(&mut self.arena, *id, *symbol, capital);
            }
        }
        Some((capitals[0], capitals[1]))
    }
}
