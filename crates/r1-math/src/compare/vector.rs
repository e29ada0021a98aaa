//! Vectors: columns, rows, tuples, and sums of unit vectors.

use super::{Comparison, Finding, Rung, holds};
use crate::{
    answer::Answer,
    arena::{Constant, Id, Node},
    substitute::{mentions, substitute, symbols},
};

const UNITS: [&str; 3] = ["unit@i", "unit@j", "unit@k"];

impl Comparison<'_> {
    /// A matrix or a sum of unit vectors against a tuple.
    pub(super) fn vector_and_tuple(&mut self, id: Id, items: &[Answer]) -> Option<Finding> {
        if !self.policy.vector_as_tuple {
            return Finding::apart();
        }
        let entries = match self.arena.node(id) {
            Node::Matrix { rows: 1, entries, .. } | Node::Matrix { columns: 1, entries, .. } => {
                entries.to_vec()
            }
            _ => match self.components(id) {
                Some(entries) => entries,
                None => return Finding::apart(),
            },
        };
        let mut entries: Vec<Answer> = entries.into_iter().map(Answer::expression).collect();
        if items.len() < entries.len() && self.components(id).is_some() {
            let zero = self.arena.integer(0);
            let zero = Answer::expression(zero);
            while entries.len() > items.len() && entries.last() == Some(&zero) {
                entries.pop();
            }
        }
        let verdict = self.ordered(&entries, items);
        Finding::at(Rung::Structure, verdict)
    }

    /// Two expressions of which at least one is a sum of unit vectors or a row against a column.
    pub(super) fn vectors(&mut self, a: Id, b: Id) -> Option<Finding> {
        let is_column = |judge: &Self, id: Id| matches!(judge.arena.node(id), Node::Matrix { rows, columns, .. } if *rows == 1 || *columns == 1);
        let (columns_a, columns_b) = (is_column(self, a), is_column(self, b));
        if columns_a && columns_b && self.policy.vector_as_tuple {
            let items = self.entries(b)?;
            return self.vector_and_tuple(a, &items);
        }
        let (x, y) = (self.components(a), self.components(b));
        match (x, y) {
            (Some(x), Some(y)) => {
                let (x, y) = (
                    x.into_iter().map(Answer::expression).collect::<Vec<_>>(),
                    y.into_iter().map(Answer::expression).collect::<Vec<_>>(),
                );
                let verdict = self.ordered(&x, &y);
                Finding::at(Rung::Structure, verdict)
            }
            // In a plane the third component goes without saying.
            (Some(_), None) if columns_b => {
                let items = self.entries(b)?;
                self.vector_and_tuple(a, &items)
            }
            (None, Some(_)) if columns_a => {
                let items = self.entries(a)?;
                self.vector_and_tuple(b, &items)
            }
            _ => None,
        }
    }

    fn entries(&self, id: Id) -> Option<Vec<Answer>> {
        let Node::Matrix { entries, .. } = self.arena.node(id) else { return None };
        Some(entries.iter().map(|id| Answer::expression(*id)).collect())
    }

    /// The three components of a sum of unit vectors.
    fn components(&mut self, id: Id) -> Option<Vec<Id>> {
        let mut id = id;
        let named = |judge: &Self, id: Id, name: &str| {
            symbols(&judge.arena, id).iter().any(|symbol| matches!(judge.arena.node(*symbol), Node::Symbol(known) if judge.arena.name(*known) == name))
        };
        let marked = UNITS.iter().any(|unit| named(self, id, unit));
        let imaginary = mentions(&self.arena, id, &|node| *node == Node::Constant(Constant::I));
        // Plain `3i + 2j` is a vector; plain `3i` is a number.
        let plain = named(self, id, "j") && (imaginary || named(self, id, "k"));
        if !marked && !plain {
            return None;
        }
        let basis = UNITS.map(|unit| self.arena.symbol(unit));
        let i = self.arena.constant(Constant::I);
        id = substitute(&mut self.arena, id, i, basis[0]);
        for (name, unit) in ["j", "k"].iter().zip(&basis[1..]) {
            let symbol = self.arena.symbol(name);
            id = substitute(&mut self.arena, id, symbol, *unit);
        }
        let (zero, one) = (self.arena.integer(0), self.arena.integer(1));
        let at = |judge: &mut Self, direction: usize| {
            basis.iter().enumerate().fold(id, |id, (at, unit)| {
                substitute(&mut judge.arena, id, *unit, if at == direction { one } else { zero })
            })
        };
        let origin = at(self, 3);
        let components: Vec<Id> = (0..3)
            .map(|direction| {
                let value = at(self, direction);
                self.arena.sub(value, origin)
            })
            .collect();
        // Only a sum of unit vectors has components: `3jk` is a product.
        let mut terms: Vec<Id> = components
            .iter()
            .zip(basis)
            .map(|(component, unit)| self.arena.mul(vec![*component, unit]))
            .collect();
        terms.push(origin);
        let sum = self.arena.add(terms);
        (holds(self.ids(id, sum)) && holds(self.ids(origin, zero))).then_some(components)
    }
}
