//! What an arena holds.

use dashu::rational::RBig;

/// A node of an [`Arena`].
pub(crate) type Id = u32;
/// A name of an [`Arena`].
pub(crate) type Name = u32;

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
