//! The constants of a general solution under other names: `C_1 e^x + C_2 e^{-x}` and `A e^x + B e^{-x}`.

use super::{Comparison, Finding, Rung, holds};
use crate::{
    arena::{Constant, Id, Node},
    substitute::{mentions, substitute, symbols},
};

/// More constants are not matched.
const MAX_CONSTANTS: usize = 3;

/// Letters that an arbitrary constant may have, alone or with an index.
const LETTERS: &str = "ABCDKabcdk";

impl Comparison<'_> {
    /// Whether two expressions are one family of solutions. One side's constants must have names that say so:
    /// `C_1` or `c_1`, or one `C`, `c`, `K` beside an exponential function. Each stands once as a factor, the
    /// factors differ, and all of them depend on one variable; what else is written must be the same.
    pub(super) fn renamed_constants(&mut self, a: Id, b: Id) -> Option<Finding> {
        let (x, y) = (symbols(&self.arena, a), symbols(&self.arena, b));
        let ours: Vec<Id> = x.iter().copied().filter(|id| self.says_arbitrary(*id, a, false)).collect();
        let (sure, other, known, all) = if ours.is_empty() { (b, a, y, x) } else { (a, b, x, y) };
        let named = |alone: bool| -> Vec<Id> {
            known.iter().copied().filter(|id| self.says_arbitrary(*id, sure, alone)).collect()
        };
        let ours = named(named(false).len() == 1);
        let rest: Vec<Id> = known.iter().copied().filter(|id| !ours.contains(id)).collect();
        let theirs: Vec<Id> = all.iter().copied().filter(|id| !rest.contains(id)).collect();
        let same_rest = rest.iter().all(|id| all.contains(id)) && !rest.is_empty();
        if ours.is_empty()
            || ours.len() > MAX_CONSTANTS
            || ours.len() != theirs.len()
            || !same_rest
            || !theirs.iter().all(|id| self.may_be_arbitrary(*id))
            || !self.is_family(sure, &ours)
        {
            return None;
        }
        for order in orders(ours.len()) {
            let mut renamed = other;
            for (at, theirs) in theirs.iter().enumerate() {
                let bound = self.arena.symbol(&format!("constant@{at}"));
                renamed = substitute(&mut self.arena, renamed, *theirs, bound);
            }
            for (at, place) in order.iter().enumerate() {
                let bound = self.arena.symbol(&format!("constant@{at}"));
                renamed = substitute(&mut self.arena, renamed, bound, ours[*place]);
            }
            if holds(self.ids(sure, renamed)) {
                return Finding::at(Rung::Structure, true);
            }
        }
        None
    }

    /// Of one constant alone, only an exponential function beside it tells.
    fn says_arbitrary(&self, symbol: Id, whole: Id, alone: bool) -> bool {
        let Node::Symbol(name) = *self.arena.node(symbol) else { return false };
        let name = self.arena.name(name);
        let numbered = name.strip_prefix(['C', 'c']).and_then(|rest| rest.strip_prefix('_'));
        let e = |node: &Node| match node {
            Node::Pow(base, power) => {
                *self.arena.node(*base) == Node::Constant(Constant::E)
                    && !symbols(&self.arena, *power).is_empty()
            }
            _ => false,
        };
        match numbered {
            Some(_) if alone && !mentions(&self.arena, whole, &e) => false,
            Some(index) => index.len() == 1 && index.as_bytes()[0].is_ascii_digit(),
            None => matches!(name, "C" | "c" | "K") && mentions(&self.arena, whole, &e),
        }
    }

    fn may_be_arbitrary(&self, symbol: Id) -> bool {
        let Node::Symbol(name) = *self.arena.node(symbol) else { return false };
        let name = self.arena.name(name);
        let (letter, index) = name.split_once('_').unwrap_or((name, ""));
        letter.len() == 1
            && LETTERS.contains(letter)
            && index.len() <= 1
            && index.bytes().all(|byte| byte.is_ascii_digit())
    }

    /// Whether an expression is `f_0 + sum c_k f_k` with different functions `f_k`, which share a symbol.
    fn is_family(&mut self, id: Id, constants: &[Id]) -> bool {
        let zero = self.arena.integer(0);
        let one = self.arena.integer(1);
        let mut without = id;
        for constant in constants {
            without = substitute(&mut self.arena, without, *constant, zero);
        }
        let (mut sum, mut functions) = (vec![without], Vec::new());
        for constant in constants {
            let mut only = substitute(&mut self.arena, id, *constant, one);
            for other in constants.iter().filter(|other| *other != constant) {
                only = substitute(&mut self.arena, only, *other, zero);
            }
            let function = self.arena.sub(only, without);
            let function = self.without_zeros(function);
            sum.push(self.arena.mul(vec![*constant, function]));
            functions.push(function);
        }
        let sum = self.arena.add(sum);
        let mut shared: Option<Vec<Id>> = None;
        for (at, function) in functions.iter().enumerate() {
            let own = symbols(&self.arena, *function);
            if functions[..at].contains(function) {
                return false;
            }
            if !own.is_empty() {
                let known = shared.get_or_insert_with(|| own.clone());
                known.retain(|symbol| own.contains(symbol));
            }
        }
        shared.is_some_and(|shared| !shared.is_empty()) && holds(self.ids(id, sum))
    }
    /// Sums and products without what a factor of zero takes away.
    fn without_zeros(&mut self, id: Id) -> Id {
        let zero = self.arena.integer(0);
        match self.arena.node(id).clone() {
            Node::Add(terms) => {
                let terms = terms.iter().map(|term| self.without_zeros(*term)).collect();
                self.arena.add(terms)
            }
            Node::Mul(factors) => {
                let factors: Vec<Id> = factors.iter().map(|factor| self.without_zeros(*factor)).collect();
                if factors.contains(&zero) { zero } else { self.arena.mul(factors) }
            }
            _ => id,
        }
    }
}

/// All orders of so many things.
fn orders(count: usize) -> Vec<Vec<usize>> {
    match count {
        1 => vec![vec![0]],
        2 => vec![vec![0, 1], vec![1, 0]],
        _ => vec![vec![0, 1, 2], vec![0, 2, 1], vec![1, 0, 2], vec![1, 2, 0], vec![2, 0, 1], vec![2, 1, 0]],
    }
}
