//! Products of capitals that are no matrices after all: `PV^{-1}` beside `P/V`.

use super::Comparison;
use crate::{
    arena::{Id, Node},
    parse::ORDERED,
    substitute::{mentions, substitute},
};

impl Comparison<'_> {
    /// Both sides with an inverse as a divisor, where one of them divides by the capital that the other inverts:
    /// nobody divides by a matrix. Of three factors or more the order stays.
    pub(super) fn without_order(&mut self, a: Id, b: Id) -> (Id, Id) {
        match (self.pair_with_inverse(a), self.pair_with_inverse(b)) {
            (Some((call, factors, inverse)), None) if self.divides(b, inverse) => {
                (self.commuting(a, call, factors), b)
            }
            (None, Some((call, factors, inverse))) if self.divides(a, inverse) => {
                (a, self.commuting(b, call, factors))
            }
            _ => (a, b),
        }
    }

    /// A product of two capitals whose order counts, as a node or a factor of one, and the inverted one.
    fn pair_with_inverse(&self, id: Id) -> Option<(Id, [Id; 2], Id)> {
        let of_call = |call: Id| match self.arena.node(call) {
            Node::Call(name, factors) if self.arena.name(*name) == ORDERED => {
                let [x, y] = factors[..] else { return None };
                let inverse = [x, y].into_iter().find(|id| self.is_inverse(*id))?;
                Some((call, [x, y], inverse))
            }
            _ => None,
        };
        match self.arena.node(id) {
            Node::Mul(factors) => factors.iter().find_map(|factor| of_call(*factor)),
            _ => of_call(id),
        }
    }

    fn is_inverse(&self, id: Id) -> bool {
        matches!(self.arena.node(id), Node::Pow(_, power) if self.arena.as_integer(*power).is_some_and(|power| power == (-1).into()))
    }

    /// Whether an expression without ordered products divides by what `inverse` inverts.
    fn divides(&self, id: Id, inverse: Id) -> bool {
        let inverse = self.arena.node(inverse);
        let ordered = |node: &Node| matches!(node, Node::Call(name, _) if self.arena.name(*name) == ORDERED);
        mentions(&self.arena, id, &|node| node == inverse) && !mentions(&self.arena, id, &ordered)
    }

    fn commuting(&mut self, id: Id, call: Id, factors: [Id; 2]) -> Id {
        let product = self.arena.mul(factors.to_vec());
        substitute(&mut self.arena, id, call, product)
    }
}
