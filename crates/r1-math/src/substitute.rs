//! Replacing a node by another, and looking for nodes.

use std::collections::HashMap;

use super::arena::{Arena, Id, Node};

/// `id` with every `from` replaced by `to`.
pub(crate) fn substitute(arena: &mut Arena, id: Id, from: Id, to: Id) -> Id {
    go(arena, id, from, to, &mut HashMap::new())
}

fn go(arena: &mut Arena, id: Id, from: Id, to: Id, done: &mut HashMap<Id, Id>) -> Id {
    if id == from {
        return to;
    }
    if let Some(result) = done.get(&id) {
        return *result;
    }
    let node = arena.node(id).clone();
    let mut inner = |arena: &mut Arena, id: Id| go(arena, id, from, to, done);
    let result = match node {
        Node::Number(_) | Node::Constant(_) | Node::Symbol(_) => id,
        Node::Add(terms) => {
            let terms = terms.iter().map(|id| inner(arena, *id)).collect();
            arena.add(terms)
        }
        Node::Mul(factors) => {
            let factors = factors.iter().map(|id| inner(arena, *id)).collect();
            arena.mul(factors)
        }
        Node::Pow(base, exponent) => {
            let (base, exponent) = (inner(arena, base), inner(arena, exponent));
            arena.pow(base, exponent)
        }
        Node::Function(function, arguments) => {
            let arguments = arguments.iter().map(|id| inner(arena, *id)).collect();
            arena.function(function, arguments)
        }
        Node::Call(name, arguments) => {
            let arguments = arguments.iter().map(|id| inner(arena, *id)).collect();
            arena.insert(Node::Call(name, arguments))
        }
        Node::Fold { product, variable, from: low, to: high, body } => {
            let (low, high, body) = (inner(arena, low), inner(arena, high), inner(arena, body));
            arena.insert(Node::Fold { product, variable, from: low, to: high, body })
        }
        Node::Matrix { rows, columns, entries } => {
            let entries = entries.iter().map(|id| inner(arena, *id)).collect();
            arena.insert(Node::Matrix { rows, columns, entries })
        }
    };
    done.insert(id, result);
    result
}

/// Whether `id` or anything in it is `wanted`.
pub(crate) fn mentions(arena: &Arena, id: Id, wanted: &dyn Fn(&Node) -> bool) -> bool {
    let mut seen = vec![false; arena.len()];
    let mut stack = vec![id];
    while let Some(id) = stack.pop() {
        if std::mem::replace(&mut seen[id as usize], true) {
            continue;
        }
        let node = arena.node(id);
        if wanted(node) {
            return true;
        }
        stack.extend(children(node));
    }
    false
}

/// The nodes that `node` is made of.
pub(crate) fn children(node: &Node) -> Vec<Id> {
    match node {
        Node::Number(_) | Node::Constant(_) | Node::Symbol(_) => Vec::new(),
        Node::Add(ids) | Node::Mul(ids) | Node::Function(_, ids) | Node::Call(_, ids) => ids.to_vec(),
        Node::Pow(a, b) => vec![*a, *b],
        Node::Fold { from, to, body, .. } => vec![*from, *to, *body],
        Node::Matrix { entries, .. } => entries.to_vec(),
    }
}

/// Whether neither a symbol nor an unknown function stands in an expression.
pub(crate) fn is_constant(arena: &Arena, id: Id) -> bool {
    !mentions(arena, id, &|node| match node {
        Node::Symbol(name) => !arena.name(*name).starts_with("index@"),
        Node::Call(..) => true,
        _ => false,
    })
}

/// What an expression leaves open: values of unknown functions as `f(2)` first, then its symbols.
pub(crate) fn unknowns(arena: &Arena, id: Id) -> Vec<Id> {
    let mut calls = Vec::new();
    let mut seen = vec![false; arena.len()];
    let mut stack = vec![id];
    while let Some(id) = stack.pop() {
        if std::mem::replace(&mut seen[id as usize], true) {
            continue;
        }
        match arena.node(id) {
            Node::Call(..) => calls.push(id),
            node => stack.extend(children(node)),
        }
    }
    calls.sort_unstable();
    calls.extend(symbols(arena, id));
    calls
}

/// The free symbols of an expression, each once, in the order of their ids.
pub(crate) fn symbols(arena: &Arena, id: Id) -> Vec<Id> {
    let mut found = Vec::new();
    let mut seen = vec![false; arena.len()];
    let mut stack = vec![id];
    while let Some(id) = stack.pop() {
        if std::mem::replace(&mut seen[id as usize], true) {
            continue;
        }
        match arena.node(id) {
            Node::Symbol(name) if !arena.name(*name).starts_with("index@") => found.push(id),
            node => stack.extend(children(node)),
        }
    }
    found.sort_unstable();
    found
}
