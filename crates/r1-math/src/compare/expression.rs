//! Two expressions.

use super::{
    Comparison, Finding, Rung,
    closeness::{Outcome, SETTING},
    holds,
};
use crate::{
    arena::{Constant, Function, Id, Node},
    key, modular,
    numeric::Setting,
    substitute::{is_constant, mentions, substitute, symbols},
};

/// Points at which expressions with symbols are compared.
const POINTS: u32 = 12;
/// So many points must be defined on both sides.
const NEEDED: u32 = 3;
/// So many of them are compared in many bits.
const PRECISE: u32 = 2;

impl Comparison<'_> {
    /// Whether two expressions are equal.
    pub(super) fn ids(&mut self, a: Id, b: Id) -> Option<Finding> {
        if a == b {
            let number = self.arena.as_number(a).is_some();
            return Finding::at(if number { Rung::Numbers } else { Rung::Canonical }, true);
        }
        if self.arena.as_number(a).is_some() && self.arena.as_number(b).is_some() {
            return Finding::at(Rung::Numbers, false);
        }
        if let (Node::Matrix { .. }, _) | (_, Node::Matrix { .. }) = (self.arena.node(a), self.arena.node(b))
        {
            return self.matrices(a, b);
        }
        let infinite = |node: &Node| *node == Node::Constant(Constant::Infinity);
        if mentions(&self.arena, a, &infinite) || mentions(&self.arena, b, &infinite) {
            return Finding::at(Rung::Canonical, false);
        }
        let (a, b) = self.without_order(a, b);
        // Every evaluation clears a table as long as the arena.
        self.budget.spend(20 + self.arena.len() as u32 / 3)?;
        if let Some(verdict) = modular::equal(&self.arena, self.budget, a, b) {
            return Finding::at(Rung::Modular, verdict);
        }
        let verdict = self.numerically(a, b, false);
        let log = |node: &Node| matches!(node, Node::Function(Function::Log, _));
        if verdict != Some(true)
            && self.policy.log_of_either_base
            && (mentions(&self.arena, a, &log) || mentions(&self.arena, b, &log))
            && self.numerically(a, b, true) == Some(true)
        {
            return Finding::at(Rung::Numeric, true);
        }
        verdict.and_then(|equal| Finding::at(Rung::Numeric, equal))
    }

    fn matrices(&mut self, a: Id, b: Id) -> Option<Finding> {
        let parts = |judge: &Self, id: Id| match judge.arena.node(id) {
            Node::Matrix { rows, columns, entries } => Some((*rows, *columns, entries.clone())),
            _ => None,
        };
        let (Some((rows, columns, ours)), Some((height, width, theirs))) = (parts(self, a), parts(self, b))
        else {
            return Finding::apart();
        };
        if (rows, columns) != (height, width) {
            return Finding::apart();
        }
        for (ours, theirs) in ours.iter().zip(theirs.iter()) {
            if !holds(self.decimals((*ours, None), (*theirs, None))) {
                return Finding::apart();
            }
        }
        Finding::at(Rung::Structure, true)
    }

    /// Compares values at points; `None` where too few are defined.
    fn numerically(&mut self, a: Id, b: Id, decimal_log: bool) -> Option<bool> {
        let imaginary = |node: &Node| *node == Node::Constant(Constant::I);
        let complex = mentions(&self.arena, a, &imaginary) || mentions(&self.arena, b, &imaginary);
        if complex {
            return self.at_points(a, b, Setting { real_only: false, decimal_log, ..SETTING });
        }
        let real = self.at_points(a, b, Setting { decimal_log, ..SETTING });
        real.or_else(|| self.at_points(a, b, Setting { real_only: false, decimal_log, ..SETTING }))
    }

    fn at_points(&mut self, a: Id, b: Id, setting: Setting) -> Option<bool> {
        let constant = is_constant(&self.arena, a) && is_constant(&self.arena, b);
        let points = if constant { 1 } else { POINTS };
        let bars = |node: &Node| matches!(node, Node::Function(Function::Abs, _));
        let one_has_bars = mentions(&self.arena, a, &bars) != mentions(&self.arena, b, &bars);
        let (mut both, mut one) = (0, 0);
        for point in 0..points {
            match self.at_point(a, b, Setting { point, ..setting }, both < PRECISE) {
                Outcome::Equal => both += 1,
                Outcome::Different => return Some(false),
                // `ln(xy)` is `ln x + ln y` where both are defined; `ln|x|` claims more than `ln x`.
                Outcome::OneUndefined if key::is_negative(point) && !one_has_bars => {}
                Outcome::OneUndefined => one += 1,
                Outcome::Undefined => {}
            }
            // Positive points first; then both signs must have been seen.
            if both >= 7 {
                break;
            }
        }
        let needed = if constant { 1 } else { NEEDED };
        if both < needed || one > 0 {
            return None;
        }
        if !constant && !self.at_turning_points(a, b, setting)? {
            return Some(false);
        }
        Some(true)
    }

    /// Whether two expressions agree where the signs of their symbols differ, and at whole numbers where one of
    /// them jumps. `None` where no steps are left to tell.
    fn at_turning_points(&self, a: Id, b: Id, setting: Setting) -> Option<bool> {
        let difference = [a, b].map(|id| symbols(&self.arena, id));
        let several = difference.iter().any(|symbols| symbols.len() > 1);
        let jumps = |node: &Node| {
            matches!(
                node,
                Node::Function(
                    Function::Floor
                        | Function::Ceil
                        | Function::Sign
                        | Function::Mod
                        | Function::Max
                        | Function::Min,
                    _
                )
            )
        };
        let jumping = mentions(&self.arena, a, &jumps) || mentions(&self.arena, b, &jumps);
        let mixed = several.then_some(key::MIXED_POINTS).into_iter().flatten();
        let whole = jumping.then_some(key::WHOLE_POINTS).into_iter().flatten();
        let differs = |point| self.at_point(a, b, Setting { point, ..setting }, false) == Outcome::Different;
        let agree = !mixed.chain(whole).any(differs) && !self.differs_far_out(a, b, setting);
        (self.budget.left() > 0).then_some(agree)
    }

    /// An expression with its degree signs taken off.
    pub(super) fn without_degrees(&mut self, id: Id) -> Option<Id> {
        let degree = |node: &Node| *node == Node::Constant(Constant::Degree);
        if !mentions(&self.arena, id, &degree) {
            return None;
        }
        let degree = self.arena.constant(Constant::Degree);
        let one = self.arena.integer(1);
        Some(substitute(&mut self.arena, id, degree, one))
    }
}
