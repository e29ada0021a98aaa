//! The names of functions, and how their arguments are read.

use super::Parser;
use crate::{
    arena::{Constant, Function, Id},
    token::Kind,
};

/// The function of a name, with or without a backslash.
pub(crate) fn of_name(name: &str) -> Option<Function> {
    Some(match name {
        "sin" => Function::Sin,
        "cos" => Function::Cos,
        "tan" | "tg" => Function::Tan,
        "cot" | "ctg" => Function::Cot,
        "sec" => Function::Sec,
        "csc" | "cosec" => Function::Csc,
        "arcsin" | "asin" => Function::Asin,
        "arccos" | "acos" => Function::Acos,
        "arctan" | "atan" | "arctg" => Function::Atan,
        "arccot" | "acot" | "arcctg" => Function::Acot,
        "sinh" => Function::Sinh,
        "cosh" => Function::Cosh,
        "tanh" => Function::Tanh,
        "arcsinh" | "arsinh" | "asinh" => Function::Asinh,
        "arccosh" | "arcosh" | "acosh" => Function::Acosh,
        "arctanh" | "artanh" | "atanh" => Function::Atanh,
        "ln" => Function::Ln,
        "log" => Function::Log,
        "lg" => Function::LogBase,
        "abs" => Function::Abs,
        "floor" => Function::Floor,
        "ceil" => Function::Ceil,
        "sgn" | "sign" => Function::Sign,
        "gcd" => Function::Gcd,
        "lcm" => Function::Lcm,
        "max" => Function::Max,
        "min" => Function::Min,
        "binomial" | "comb" | "nCr" => Function::Binomial,
        "perm" | "nPr" => Function::Permutations,
        "conj" => Function::Conjugate,
        "Re" => Function::Real,
        "Im" => Function::Imaginary,
        "det" => Function::Determinant,
        _ => return None,
    })
}

/// Plain words that mean what the command of their name means.
pub(crate) fn is_known(word: &str) -> bool {
    const OTHERS: [&str; 37] = [
        "sqrt",
        "cis",
        "cbrt",
        "pi",
        "exp",
        "inf",
        "infty",
        "infinity",
        "oo",
        "frac",
        "alpha",
        "beta",
        "gamma",
        "delta",
        "theta",
        "lambda",
        "mu",
        "sigma",
        "omega",
        "phi",
        "rho",
        "epsilon",
        "psi",
        "tau",
        "eta",
        "zeta",
        "kappa",
        "xi",
        "chi",
        "Delta",
        "Omega",
        "factorial",
        "binom",
        "log10",
        "log2",
        "infinite",
        "Infinity",
    ];
    OTHERS.contains(&word) || of_name(word).is_some()
}

impl Parser<'_> {
    /// `\operatorname{cis} x`, which is e^{ix}.
    pub(super) fn cis(&mut self) -> Option<Id> {
        let angle = *self.arguments(Function::Sin)?.first()?;
        let i = self.arena.constant(Constant::I);
        let (base, exponent) = (self.arena.constant(Constant::E), self.arena.mul(vec![i, angle]));
        Some(self.arena.pow(base, exponent))
    }

    /// A function after its name: power, base, arguments.
    pub(super) fn apply(&mut self, function: Function) -> Option<Id> {
        let mut function = function;
        let mut power = None;
        let mut base = None;
        for _ in 0..2 {
            if power.is_none() && !self.degree_follows() && self.eat('^') {
                power = Some(self.exponent()?);
            } else if base.is_none() && self.eat('_') {
                base = Some(self.argument()?);
            }
        }
        let enclosed = self.peek().is_some_and(|token| token.is('(') || token.is('[') || token.is('\u{1}'));
        let mut arguments = self.arguments(function)?;
        if matches!(function, Function::Max | Function::Min) && !enclosed {
            // `\\max \\pi` is an extreme value, and no maximum of one number.
            return None;
        }
        match (function, base) {
            (Function::LogBase, None) => arguments.push(self.arena.integer(10)),
            (Function::Log, None) if arguments.len() == 2 => function = Function::LogBase,
            (Function::Log | Function::Ln | Function::LogBase, Some(base)) => {
                function = Function::LogBase;
                arguments.push(base);
            }
            (_, Some(_)) => return None,
            _ => {}
        }
        if arguments.len() < arity(function) {
            return None;
        }
        let inverse =
            power.and_then(|power| self.arena.as_integer(power)).is_some_and(|power| power == (-1).into());
        if inverse && let Some(inverted) = inverse_of(function) {
            return Some(self.arena.function(inverted, arguments));
        }
        let value = self.arena.function(function, arguments);
        Some(match power {
            Some(power) => self.arena.pow(value, power),
            None => value,
        })
    }

    fn degree_follows(&self) -> bool {
        self.peek_at(1).is_some_and(|token| token.is_command("circ"))
    }

    /// Arguments in parentheses, or the factors that follow without an operator.
    fn arguments(&mut self, function: Function) -> Option<Vec<Id>> {
        let token = self.peek()?;
        let of_set = token.is('\u{1}') && matches!(function, Function::Max | Function::Min);
        if token.is('(') || token.is('[') || of_set || (token.is('{') && arity(function) == 1) {
            let open = token.kind.clone();
            let close = match open {
                Kind::Symbol('(') => ')',
                Kind::Symbol('[') => ']',
                Kind::Symbol('\u{1}') => '\u{2}',
                _ => '}',
            };
            let start = self.at;
            self.at += 1;
            let bars = std::mem::take(&mut self.bars);
            let mut arguments = vec![self.sum()?];
            while self.eat(',') {
                arguments.push(self.sum()?);
            }
            self.bars = bars;
            if !self.eat(close) {
                return None;
            }
            if arguments.len() == 1 && self.peek().is_some_and(|token| token.is('^') || token.is('!')) {
                // `\sin(x)^2` is the square of the sine; `\ln (n!)` never comes here.
                let _ = start;
            }
            return Some(arguments);
        }
        let negative = self.eat('-');
        let mut factors = vec![self.mixed()?];
        while self.starts_factor() && !self.function_follows() && !self.peek()?.is('(') {
            factors.push(self.power()?);
        }
        let argument = self.arena.mul(factors);
        Some(vec![if negative { self.arena.neg(argument) } else { argument }])
    }

    fn function_follows(&self) -> bool {
        match self.peek().map(|token| &token.kind) {
            Some(Kind::Command(name) | Kind::Word(name)) => of_name(name).is_some(),
            _ => false,
        }
    }
}

fn arity(function: Function) -> usize {
    match function {
        Function::LogBase | Function::Root | Function::Mod | Function::Binomial | Function::Permutations => 2,
        _ => 1,
    }
}

fn inverse_of(function: Function) -> Option<Function> {
    Some(match function {
        Function::Sin => Function::Asin,
        Function::Cos => Function::Acos,
        Function::Tan => Function::Atan,
        Function::Cot => Function::Acot,
        Function::Sinh => Function::Asinh,
        Function::Cosh => Function::Acosh,
        Function::Tanh => Function::Atanh,
        _ => return None,
    })
}
