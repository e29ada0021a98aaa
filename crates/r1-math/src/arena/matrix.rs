//! Sums and products of matrices.

use super::{Arena, Id, Node};

impl Arena {
    pub(super) fn shape(&self, id: Id) -> Option<(u16, u16)> {
        match self.node(id) {
            Node::Matrix { rows, columns, .. } => Some((*rows, *columns)),
            _ => None,
        }
    }

    pub(super) fn entries(&self, id: Id) -> Box<[Id]> {
        match self.node(id) {
            Node::Matrix { entries, .. } => entries.clone(),
            _ => Box::default(),
        }
    }

    pub(super) fn add_matrices(&mut self, terms: &[Id]) -> Option<Id> {
        let (rows, columns) = self.shape(*terms.first()?)?;
        if terms.len() < 2 || terms.iter().any(|term| self.shape(*term) != Some((rows, columns))) {
            return None;
        }
        let all: Vec<_> = terms.iter().map(|term| self.entries(*term)).collect();
        let entries =
            (0..all[0].len()).map(|at| self.add(all.iter().map(|entries| entries[at]).collect())).collect();
        Some(self.insert(Node::Matrix { rows, columns, entries }))
    }

    pub(super) fn mul_matrices(&mut self, factors: &[Id]) -> Option<Id> {
        if factors.len() < 2 || !factors.iter().any(|factor| self.shape(*factor).is_some()) {
            return None;
        }
        let scalars: Vec<Id> = factors.iter().copied().filter(|id| self.shape(*id).is_none()).collect();
        let mut matrices = factors.iter().copied().filter(|id| self.shape(*id).is_some()).collect::<Vec<_>>();
        let mut product = matrices.remove(0);
        for right in matrices {
            let ((rows, inner), (height, columns)) = (self.shape(product)?, self.shape(right)?);
            if inner != height || self.len() > 20_000 {
                // A product that is none keeps its order: its factors do not commute.
                let name = self.intern("product@");
                return Some(self.insert(Node::Call(name, factors.into())));
            }
            let (a, b) = (self.entries(product), self.entries(right));
            let mut entries = Vec::new();
            for row in 0..rows as usize {
                for column in 0..columns as usize {
                    let terms = (0..inner as usize)
                        .map(|k| {
                            self.mul(vec![a[row * inner as usize + k], b[k * columns as usize + column]])
                        })
                        .collect();
                    entries.push(self.add(terms));
                }
            }
            if let ([only], 2) = (&entries[..], factors.len()) {
                // A row times a column is a number.
                return Some(*only);
            }
            product = self.insert(Node::Matrix { rows, columns, entries: entries.into() });
        }
        if !scalars.is_empty() {
            let (rows, columns) = self.shape(product)?;
            let entries = self.entries(product);
            let entries = entries
                .iter()
                .map(|entry| self.mul(scalars.iter().copied().chain([*entry]).collect()))
                .collect();
            product = self.insert(Node::Matrix { rows, columns, entries });
        }
        Some(product)
    }
}
