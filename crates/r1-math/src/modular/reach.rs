//! How far the values of symbols must go, so that what counts has something to count.

use crate::{
    arena::{Arena, Function, Id, Node},
    budget::Budget,
    substitute::children,
};

/// Larger bounds of sums and of what is counted are not gone beyond.
const MAX_BOUND: i64 = 2000;
/// Larger numbers that stand elsewhere are no roots that anybody wrote down one by one.
const MAX_LITERAL: i64 = 60;

/// A number beyond every bound of a sum, every length of a product and every number of things that two expressions
/// mention: below it `\binom{n}{50}` and `\prod_{k=1}^{50}(n-k)` are nought. `None` where it would be too large.
pub(super) fn beyond(arena: &Arena, budget: &Budget, sides: [Id; 2]) -> Option<i64> {
    budget.spend(20 + arena.len() as u32 / 3)?;
    let mut seen = vec![false; arena.len()];
    let mut stack = sides.to_vec();
    let (mut most, mut roots) = (0i64, 1i64);
    let whole = |id: Id| arena.as_integer(id).map(|value| i64::try_from(value).unwrap_or(i64::MAX));
    while let Some(id) = stack.pop() {
        if std::mem::replace(&mut seen[id as usize], true) {
            continue;
        }
        match arena.node(id) {
            Node::Fold { product, from, to, .. } => {
                let (from, to) = (whole(*from), whole(*to));
                let ends = [from, to].into_iter().flatten();
                most = ends.map(i64::saturating_abs).fold(most, i64::max);
                if let (true, Some(from), Some(to)) = (*product, from, to) {
                    roots = roots.saturating_mul(to.saturating_sub(from).saturating_add(1).max(1));
                }
            }
            Node::Function(Function::Factorial | Function::Binomial | Function::Permutations, counted) => {
                most = counted.iter().filter_map(|id| whole(*id)).fold(most, i64::max);
            }
            Node::Number(_) => {
                let literal = whole(id).map_or(0, i64::saturating_abs);
                most = most.max(if literal <= MAX_LITERAL { literal } else { 0 });
            }
            _ => {}
        }
        stack.extend(children(arena.node(id)));
    }
    let most = most.max(roots);
    (most <= MAX_BOUND).then_some(2 * most + 50)
}
