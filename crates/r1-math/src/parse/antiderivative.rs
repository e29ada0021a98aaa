//! Areas under elementary functions: powers, reciprocals, exponentials, sines and cosines of `a x + b`.

use dashu::rational::RBig;

use super::integral::coefficients;
use crate::{
    arena::{Arena, Constant, Function, Id, Node},
    numeric::approximate,
    substitute::mentions,
};

/// `F(high) - F(low)` for the antiderivative F of a sum of constants times known functions of `variable`; `None`
/// for any other integrand, and where it may have a pole between the bounds.
pub(super) fn between(arena: &mut Arena, body: Id, variable: Id, low: Id, high: Id) -> Option<Id> {
    arena.spend(10)?;
    let x = arena.node(variable).clone();
    let free = |arena: &Arena, id: Id| !mentions(arena, id, &|node| *node == x);
    match arena.node(body).clone() {
        Node::Add(terms) => {
            let parts: Option<Vec<Id>> =
                terms.iter().map(|term| between(arena, *term, variable, low, high)).collect();
            Some(arena.add(parts?))
        }
        Node::Mul(factors) => {
            let (mut constant, varying): (Vec<Id>, Vec<Id>) =
                factors.iter().partition(|factor| free(arena, **factor));
            let [only] = varying[..] else { return None };
            if constant.is_empty() {
                return None;
            }
            constant.push(between(arena, only, variable, low, high)?);
            Some(arena.mul(constant))
        }
        _ if free(arena, body) => {
            let width = arena.sub(high, low);
            Some(arena.mul(vec![body, width]))
        }
        _ => {
            let ends = [low, high].map(|end| at(arena, body, variable, (low, high), end));
            let [Some(low), Some(high)] = ends else { return None };
            Some(arena.sub(high, low))
        }
    }
}

/// The antiderivative of one known function at one end.
fn at(arena: &mut Arena, function: Id, variable: Id, (low, high): (Id, Id), end: Id) -> Option<Id> {
    if function == variable {
        return power_at(arena, RBig::ONE, end);
    }
    match arena.node(function).clone() {
        Node::Pow(base, exponent) if *arena.node(base) == Node::Constant(Constant::E) => {
            let (slope, inside) = line(arena, exponent, variable, end)?;
            let value = arena.pow(base, inside);
            Some(arena.div(value, slope))
        }
        Node::Pow(base, exponent) if base == variable => {
            let power = arena.as_number(exponent)?.clone();
            positive(arena, low, high)?;
            power_at(arena, power, end)
        }
        Node::Function(Function::Root, arguments) if arguments[0] == variable => {
            let degree = arena.as_number(arguments[1])?.clone();
            positive(arena, low, high)?;
            (!degree.is_zero()).then(|| power_at(arena, RBig::ONE / degree, end))?
        }
        Node::Function(function @ (Function::Sin | Function::Cos), arguments) => {
            let (slope, inside) = line(arena, arguments[0], variable, end)?;
            let value = match function {
                Function::Sin => {
                    let cosine = arena.function(Function::Cos, vec![inside]);
                    arena.neg(cosine)
                }
                _ => arena.function(Function::Sin, vec![inside]),
            };
            Some(arena.div(value, slope))
        }
        _ => None,
    }
}

/// `x^(p+1)/(p+1)`, or the logarithm for p = -1.
fn power_at(arena: &mut Arena, power: RBig, end: Id) -> Option<Id> {
    let raised = power + RBig::ONE;
    if raised.is_zero() {
        return Some(arena.function(Function::Ln, vec![end]));
    }
    let share = arena.number(RBig::ONE / &raised);
    let raised = arena.number(raised);
    let value = arena.pow(end, raised);
    Some(arena.mul(vec![share, value]))
}

/// The slope of `a x + b`, a number that is not zero, and its value where x is `end`.
fn line(arena: &mut Arena, id: Id, variable: Id, end: Id) -> Option<(Id, Id)> {
    let terms = coefficients(arena, id, variable)?;
    let [constant, slope] = terms[..] else { return None };
    arena.as_number(slope).filter(|slope| !slope.is_zero())?;
    let scaled = arena.mul(vec![slope, end]);
    Some((slope, arena.add(vec![scaled, constant])))
}

/// Whether both bounds are numbers above zero.
fn positive(arena: &Arena, low: Id, high: Id) -> Option<()> {
    let above = |id: Id| approximate(arena, id).is_some_and(|value| value > 1e-9);
    (above(low) && above(high)).then_some(())
}
