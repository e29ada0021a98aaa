//! Constants of integration: `+ C`, and the constants of a general solution.

use super::{Comparison, Finding, Rung, holds};
use crate::{
    arena::{Function, Id, Node},
    key,
    substitute::{is_constant, mentions, substitute, symbols},
};

/// Names of a constant that is added.
const ADDED: [&str; 6] = ["C", "c", "K", "C_1", "c_1", "C_0"];

/// What is left of an antiderivative without its constant.
struct Family {
    rest: Id,
    /// Whether the constant can be nothing else, so that numbers beside it say nothing.
    arbitrary: bool,
}

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
            let difference = self.arena.sub(f.rest, g.rest);
            if !(f.arbitrary && g.arbitrary) {
                return Finding::at(Rung::Numeric, holds(self.ids(f.rest, g.rest)));
            }
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

    /// A sum without its one constant; `None` where there is none, where nothing else varies, and where other letters
    /// of constants stand beside it, as in `a+b+c` and `A+B+C`.
    fn without_constant(&mut self, id: Id) -> Option<Family> {
        let Node::Add(terms) = self.arena.node(id) else { return None };
        let mut terms = terms.to_vec();
        let name = |judge: &Self, id: Id| match judge.arena.node(id) {
            Node::Symbol(name) => judge.arena.name(*name).to_owned(),
            _ => String::new(),
        };
        let at = terms.iter().position(|term| ADDED.contains(&name(self, *term).as_str()))?;
        let constant = name(self, terms.remove(at));
        let rest = self.arena.add(terms);
        let left: Vec<String> = symbols(&self.arena, rest).into_iter().map(|id| name(self, id)).collect();
        let doubtful = matches!(constant.as_str(), "c" | "K");
        let another = |name: &String| {
            let letter = matches!(name.as_str(), "A" | "B" | "C" | "D" | "K" | "c");
            letter
                || name.starts_with("c_")
                || name.starts_with("C_")
                || doubtful && "abdm".contains(name.as_str())
        };
        if left.is_empty() || left.iter().any(another) {
            return None;
        }
        // `x+c` may be any sum; `\ln x+c` is integrated.
        let integrated = |node: &Node| match node {
            Node::Function(Function::Abs, _) => false,
            Node::Function(_, of) => of.iter().any(|id| !is_constant(&self.arena, *id)),
            Node::Pow(_, power) => !is_constant(&self.arena, *power),
            _ => false,
        };
        let arbitrary = !doubtful || left.len() == 1 && mentions(&self.arena, rest, &integrated);
        Some(Family { rest, arbitrary })
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
