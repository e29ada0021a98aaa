//! Expressions as hash-consed nodes: equal subtrees share one [`Id`], so that equality of canonical
//! forms is equality of two integers.

use std::collections::HashMap;

use dashu::{integer::IBig, rational::RBig};

/// A node of an [`Arena`].
pub(crate) type Id = u32;
/// A name of an [`Arena`].
pub(crate) type Name = u32;

/// Literal powers are folded up to this size.
const MAX_FOLDED_BITS: usize = 4096;

/// A number with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Constant {
    Pi,
    E,
    I,
    /// π/180.
    Degree,
    Infinity,
    /// The sign of `±`: +1 and −1 in turn.
    PlusMinus,
}

/// A function that the evaluators know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Function {
    Sin,
    Cos,
    Tan,
    Cot,
    Sec,
    Csc,
    Asin,
    Acos,
    Atan,
    Acot,
    Sinh,
    Cosh,
    Tanh,
    Asinh,
    Acosh,
    Atanh,
    Ln,
    /// Logarithm to a base that the context does not tell: e or 10.
    Log,
    /// `LogBase(x, base)`.
    LogBase,
    /// `Root(x, index)`: the real root where there is one.
    Root,
    Abs,
    Floor,
    Ceil,
    Sign,
    Gcd,
    Lcm,
    Max,
    Min,
    /// `Mod(a, m)`, the remainder in `0..m`.
    Mod,
    Factorial,
    DoubleFactorial,
    Binomial,
    Permutations,
    Conjugate,
    Real,
    Imaginary,
    Determinant,
}

/// One node.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Node {
    Number(RBig),
    Constant(Constant),
    Symbol(Name),
    Add(Box<[Id]>),
    Mul(Box<[Id]>),
    Pow(Id, Id),
    Function(Function, Box<[Id]>),
    /// An unknown function, as `f(x)`.
    Call(Name, Box<[Id]>),
    /// A finite sum, or a product.
    Fold {
        product: bool,
        variable: Name,
        from: Id,
        to: Id,
        body: Id,
    },
    /// Rows of equal length, flattened.
    Matrix {
        rows: u16,
        columns: u16,
        entries: Box<[Id]>,
    },
}

/// What two answers are made of.
#[derive(Debug, Default)]
pub(crate) struct Arena {
    nodes: Vec<Node>,
    ids: HashMap<Node, Id>,
    names: Vec<String>,
    /// What reading may still cost; backtracking stops when it is gone.
    work: Work,
}

/// Steps of the parsers.
#[derive(Debug)]
struct Work(u32);

impl Default for Work {
    fn default() -> Self {
        Self(12_000)
    }
}

impl Arena {
    pub(crate) fn node(&self, id: Id) -> &Node {
        &self.nodes[id as usize]
    }

    /// Pays for one step of reading; `None` when too many were taken.
    pub(crate) fn work(&mut self, steps: u32) -> Option<()> {
        let left = self.work.0.checked_sub(steps);
        self.work.0 = left.unwrap_or(0);
        left.map(|_| ())
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(crate) fn name(&self, name: Name) -> &str {
        &self.names[name as usize]
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
        self.insert(Node::Pow(base, exponent))
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
        self.insert(Node::Function(function, arguments.into()))
    }

    fn shape(&self, id: Id) -> Option<(u16, u16)> {
        match self.node(id) {
            Node::Matrix { rows, columns, .. } => Some((*rows, *columns)),
            _ => None,
        }
    }

    fn entries(&self, id: Id) -> Box<[Id]> {
        match self.node(id) {
            Node::Matrix { entries, .. } => entries.clone(),
            _ => Box::default(),
        }
    }

    fn add_matrices(&mut self, terms: &[Id]) -> Option<Id> {
        let (rows, columns) = self.shape(*terms.first()?)?;
        if terms.len() < 2 || terms.iter().any(|term| self.shape(*term) != Some((rows, columns))) {
            return None;
        }
        let all: Vec<_> = terms.iter().map(|term| self.entries(*term)).collect();
        let entries =
            (0..all[0].len()).map(|at| self.add(all.iter().map(|entries| entries[at]).collect())).collect();
        Some(self.insert(Node::Matrix { rows, columns, entries }))
    }

    fn mul_matrices(&mut self, factors: &[Id]) -> Option<Id> {
        if factors.len() < 2 || !factors.iter().any(|factor| self.shape(*factor).is_some()) {
            return None;
        }
        let scalars: Vec<Id> = factors.iter().copied().filter(|id| self.shape(*id).is_none()).collect();
        let mut matrices = factors.iter().copied().filter(|id| self.shape(*id).is_some()).collect::<Vec<_>>();
        let mut product = matrices.remove(0);
        for right in matrices {
            let ((rows, inner), (height, columns)) = (self.shape(product)?, self.shape(right)?);
            if inner != height || self.len() > 20_000 {
                return None;
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

fn folded_power(value: &RBig, power: i64) -> Option<RBig> {
    let bits = value.numerator().bit_len() + value.denominator().bit_len();
    let size = usize::try_from(power.unsigned_abs()).ok()?;
    if (value.is_zero() && power <= 0) || bits.checked_mul(size)? > MAX_FOLDED_BITS {
        return None;
    }
    let raised = value.pow(size as isize);
    Some(if power < 0 { RBig::ONE / raised } else { raised })
}

/// Whether a number may still be folded with others.
fn is_small(value: &RBig) -> bool {
    value.numerator().bit_len() + value.denominator().bit_len() <= 2 * MAX_FOLDED_BITS
}

trait Bits {
    fn bit_len(&self) -> usize;
}

impl Bits for IBig {
    fn bit_len(&self) -> usize {
        dashu::base::BitTest::bit_len(self)
    }
}

impl Bits for dashu::integer::UBig {
    fn bit_len(&self) -> usize {
        dashu::base::BitTest::bit_len(self)
    }
}

fn exact_root(value: &RBig, degree: &IBig) -> Option<RBig> {
    let degree = usize::try_from(degree).ok().filter(|degree| (2..=64).contains(degree))?;
    let negative = *value < RBig::ZERO;
    if negative && degree % 2 == 0 {
        return None;
    }
    let above = value.numerator().clone().unsigned_abs();
    let below = value.denominator().clone();
    let (root_above, root_below) = (above.nth_root(degree), below.nth_root(degree));
    let exact = root_above.pow(degree) == above && root_below.pow(degree) == below;
    let root = exact.then(|| RBig::from_parts(root_above.into(), root_below))?;
    Some(if negative { -root } else { root })
}

use dashu::base::UnsignedAbs as _;
