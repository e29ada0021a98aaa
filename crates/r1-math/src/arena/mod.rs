//! Expressions as hash-consed nodes: equal subtrees share one [`Id`], so that equality of canonical
//! forms is equality of two integers.

mod estimate;
mod fold;
mod matrix;
mod node;

use std::collections::HashMap;

use dashu::{integer::IBig, rational::RBig};

use super::budget::Budget;

use self::estimate::Estimates;
use self::fold::{folded_power, is_small};
pub(crate) use self::{
    fold::exact_root,
    node::{Constant, Function, Id, Name, Node},
};

/// Steps of reading both answers.
const MAX_READING: u32 = 12_000;

/// What two answers are made of.
#[derive(Debug)]
pub(crate) struct Arena {
    nodes: Vec<Node>,
    ids: HashMap<Node, Id>,
    names: Vec<String>,
    /// What reading may still cost; backtracking stops when it is gone.
    reading: Budget,
    estimates: Estimates,
    /// What reading left out because it says nothing of the value.
    words: Vec<String>,
}

impl Default for Arena {
    fn default() -> Self {
        Self {
            nodes: Vec::new(),
            ids: HashMap::new(),
            names: Vec::new(),
            reading: Budget::new(MAX_READING),
            estimates: Estimates::default(),
            words: Vec::new(),
        }
    }
}

impl Arena {
    /// Notes words that reading leaves out.
    pub(crate) fn leave_out(&mut self, words: String) {
        self.words.push(words);
    }

    /// The words that reading left out so far.
    pub(crate) fn words(&mut self) -> &mut Vec<String> {
        &mut self.words
    }

    pub(crate) fn node(&self, id: Id) -> &Node {
        &self.nodes[id as usize]
    }

    /// Pays for steps of reading; `None` when too many were taken.
    pub(crate) fn spend(&self, steps: u32) -> Option<()> {
        self.reading.spend(steps)
    }

    /// What reading and estimates have cost.
    pub(crate) fn spent(&self) -> u32 {
        MAX_READING - self.reading.left() + self.estimates.spent()
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The value that `estimate` gives for `id`, which is asked once.
    pub(crate) fn estimated(&self, id: Id, estimate: impl FnOnce(&Budget) -> Option<f64>) -> Option<f64> {
        // An evaluation clears a table as long as the arena.
        self.estimates.get(id, 20 + self.len() as u32 / 3, estimate)
    }

    pub(crate) fn name(&self, name: Name) -> &str {
        &self.names[name as usize]
    }

    /// Whether any name that was ever read fits.
    pub(crate) fn has_name(&self, fits: impl Fn(&str) -> bool) -> bool {
        self.names.iter().any(|name| fits(name))
    }

    pub(crate) fn intern(&mut self, name: &str) -> Name {
        let at = self.names.iter().position(|known| known == name);
        at.unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        }) as Name
    }

    pub(crate) fn insert(&mut self, node: Node) -> Id {
        if let Some(id) = self.ids.get(&node) {
            return *id;
        }
        let id = self.nodes.len() as Id;
        self.nodes.push(node.clone());
        self.ids.insert(node, id);
        id
    }

    pub(crate) fn number(&mut self, value: RBig) -> Id {
        self.insert(Node::Number(value))
    }

    pub(crate) fn integer(&mut self, value: i64) -> Id {
        self.number(RBig::from(value))
    }

    pub(crate) fn constant(&mut self, constant: Constant) -> Id {
        self.insert(Node::Constant(constant))
    }

    pub(crate) fn symbol(&mut self, name: &str) -> Id {
        let name = self.intern(name);
        self.insert(Node::Symbol(name))
    }

    pub(crate) fn as_number(&self, id: Id) -> Option<&RBig> {
        match self.node(id) {
            Node::Number(value) => Some(value),
            _ => None,
        }
    }

    pub(crate) fn as_integer(&self, id: Id) -> Option<IBig> {
        let value = self.as_number(id)?;
        value.is_int().then(|| value.numerator().clone())
    }

    /// A sum: flat, its numbers folded, its terms in the order of their ids.
    pub(crate) fn add(&mut self, terms: Vec<Id>) -> Id {
        if let Some(sum) = self.add_matrices(&terms) {
            return sum;
        }
        let mut flat = Vec::with_capacity(terms.len());
        let mut constant = RBig::ZERO;
        for term in terms {
            match self.node(term) {
                Node::Add(inner) => flat.extend_from_slice(inner),
                _ => flat.push(term),
            }
        }
        flat.retain(|term| match &self.nodes[*term as usize] {
            Node::Number(value) if is_small(value) && is_small(&constant) => {
                constant += value;
                false
            }
            _ => true,
        });
        if !constant.is_zero() || flat.is_empty() {
            flat.push(self.number(constant));
        }
        flat.sort_unstable();
        if let [only] = flat[..] { only } else { self.insert(Node::Add(flat.into())) }
    }

    /// A product: flat, its numbers folded, its factors in the order of their ids.
    pub(crate) fn mul(&mut self, factors: Vec<Id>) -> Id {
        if let Some(product) = self.mul_matrices(&factors) {
            return product;
        }
        let mut flat = Vec::with_capacity(factors.len());
        let mut constant = RBig::ONE;
        for factor in factors {
            match self.node(factor) {
                Node::Mul(inner) => flat.extend_from_slice(inner),
                _ => flat.push(factor),
            }
        }
        flat.retain(|factor| match &self.nodes[*factor as usize] {
            Node::Number(value) if is_small(value) && is_small(&constant) => {
                constant *= value;
                false
            }
            _ => true,
        });
        if !constant.is_one() || flat.is_empty() {
            // Zero does not swallow the rest, which may be undefined.
            flat.push(self.number(constant));
        }
        flat.sort_unstable();
        if let [only] = flat[..] { only } else { self.insert(Node::Mul(flat.into())) }
    }

    pub(crate) fn neg(&mut self, id: Id) -> Id {
        let minus = self.integer(-1);
        self.mul(vec![minus, id])
    }

    pub(crate) fn sub(&mut self, a: Id, b: Id) -> Id {
        let b = self.neg(b);
        self.add(vec![a, b])
    }

    pub(crate) fn div(&mut self, a: Id, b: Id) -> Id {
        let minus = self.integer(-1);
        let inverse = self.pow(b, minus);
        self.mul(vec![a, inverse])
    }

    pub(crate) fn pow(&mut self, base: Id, exponent: Id) -> Id {
        if let Some(exponent) = self.as_integer(exponent)
            && let Ok(power) = i64::try_from(exponent)
        {
            if power == 1 {
                return base;
            }
            if let Some(value) = self.as_number(base).and_then(|value| folded_power(value, power)) {
                return self.number(value);
            }
            if power == -1
                && let Node::Pow(inner, below) = *self.node(base)
                && self.as_integer(below).is_some()
            {
                let below = self.neg(below);
                return self.pow(inner, below);
            }
            if (2..=16).contains(&power) && matches!(self.node(base), Node::Matrix { .. }) {
                return self.mul(vec![base; power as usize]);
            }
        }
        // Zero to the power of zero or of an unknown has no value.
        let zero = |id: Id| self.as_number(id).is_some_and(RBig::is_zero);
        let positive = self.as_number(exponent).is_some_and(|power| *power > RBig::ZERO);
        if zero(base) && !positive {
            return self.undefined();
        }
        if let Some(power) = self.power_of_logarithm(base, exponent) {
            return power;
        }
        self.insert(Node::Pow(base, exponent))
    }

    /// What no point gives a value to: the inverse of zero.
    fn undefined(&mut self) -> Id {
        let (zero, power) = (self.integer(0), self.integer(-1));
        self.insert(Node::Pow(zero, power))
    }

    pub(crate) fn root(&mut self, radicand: Id, index: Id) -> Id {
        if let (Some(value), Some(degree)) = (self.as_number(radicand), self.as_integer(index))
            && let Some(root) = exact_root(value, &degree)
        {
            return self.number(root);
        }
        self.function(Function::Root, vec![radicand, index])
    }

    pub(crate) fn function(&mut self, function: Function, mut arguments: Vec<Id>) -> Id {
        if matches!(function, Function::Gcd | Function::Lcm | Function::Max | Function::Min) {
            arguments.sort_unstable();
        }
        if let [angle] = arguments[..]
            && self.vanishes(function, angle)
        {
            return self.integer(0);
        }
        if let [angle] = arguments[..]
            && self.has_pole(function, angle)
        {
            return self.undefined();
        }
        self.insert(Node::Function(function, arguments.into()))
    }
}
