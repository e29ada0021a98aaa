//! Answers with the name of what they are: `x = 5`, `f(x) = x^2`, "radius: 3".

use super::{Comparison, Finding, decimal::Value, holds};
use crate::{
    answer::Answer,
    arena::{Id, Node},
    substitute::{is_constant, symbols},
};

/// Names of the answer as such.
const NEUTRAL: [&str; 6] = ["answer", "solution", "solutions", "result", "value", "ans"];

/// What two names say about the answers that they stand for.
enum Names {
    /// They may stand for one thing.
    Agree,
    Differ,
    /// The second is the first with another name for its bound symbol.
    Renamed {
        from: Id,
        to: Id,
    },
}

impl Comparison<'_> {
    /// A name on one side only: it goes without saying, but what a chain says of it must hold.
    pub(super) fn named(&mut self, gold: &Answer, answer: &Answer) -> Option<Finding> {
        use Answer as A;
        let (named, other) =
            if matches!(gold, A::Assignment { .. }) { (gold, answer) } else { (answer, gold) };
        let A::Assignment { name, value, label, between, .. } = named else { return None };
        if let (A::Relation { .. }, Some(label)) = (other, label) {
            return match &**value {
                A::Expression { .. } => self.equation_of(*label, value, other),
                _ => self.relations(gold, answer),
            };
        }
        if !self.chain_holds(value, between) {
            return Finding::apart();
        }
        // A point with its name is no interval; the domain of a function may be.
        let point = matches!((&**value, other), (A::Tuple(_), A::Region(_) | A::Relation { .. }));
        if point && !in_words(name) {
            return Finding::apart();
        }
        if std::ptr::eq(named, gold) { self.answers(value, other) } else { self.answers(other, value) }
    }

    /// Whether the members of a chain agree with its value: the constant ones, and those in its own symbols.
    fn chain_holds(&mut self, value: &Answer, between: &[Id]) -> bool {
        let Answer::Expression { id, .. } = value else { return true };
        if !self.policy.chains_must_hold {
            return true;
        }
        let known = symbols(&self.arena, *id);
        between.iter().all(|member| {
            let own = symbols(&self.arena, *member);
            let named = matches!(self.arena.node(*member), Node::Symbol(_) | Node::Call(..));
            let bound = if known.is_empty() {
                own.is_empty()
            } else {
                own.iter().all(|symbol| known.contains(symbol))
            };
            let value: Value = (*id, None);
            named || !bound || holds(self.decimals((*member, None), value))
        })
    }

    pub(super) fn assignments(&mut self, gold: &Answer, answer: &Answer) -> Option<Finding> {
        let Answer::Assignment { label: x, value: left, .. } = gold else { return None };
        let Answer::Assignment { label: y, value: right, between, .. } = answer else { return None };
        let modular = |value: &Answer| matches!(value, Answer::Congruence { .. });
        if modular(left) != modular(right) {
            // A modulus is not left out of what names its symbol.
            return Finding::apart();
        }
        match self.names(gold, answer) {
            Names::Agree => {}
            Names::Renamed { from, to } => {
                let right = self.renamed((**right).clone(), from, to)?;
                return self.answers(left, &right);
            }
            Names::Differ => {
                let (Some(x), Some(y)) = (x, y) else { return Finding::apart() };
                let (Answer::Expression { id: left, .. }, Answer::Expression { id: right, .. }) =
                    (&**left, &**right)
                else {
                    return Finding::apart();
                };
                // `y = 2x` and `x = y/2` are one equation.
                let (f, g) = (self.arena.sub(*x, *left), self.arena.sub(*y, *right));
                return self.same_equation(f, g);
            }
        }
        let Answer::Assignment { between: others, .. } = gold else { return None };
        // `x = y = 5` says something of y, too.
        let named = |id: &&Id| matches!(self.arena.node(**id), Node::Symbol(_) | Node::Call(..));
        let all_named = others.iter().filter(named).all(|name| between.contains(name) || *y == Some(*name));
        // What a chain says on its way and nobody can check must be the same where both say it.
        let (said, says) = (self.unchecked(left, others), self.unchecked(right, between));
        if !said.is_empty() && says.iter().any(|member| !said.contains(member)) {
            return Finding::apart();
        }
        if !all_named || !self.chain_holds(right, between) {
            return Finding::apart();
        }
        self.answers(left, right)
    }

    /// The members of a chain in other symbols than its value has.
    fn unchecked(&self, value: &Answer, between: &[Id]) -> Vec<Id> {
        let Answer::Expression { id, .. } = value else { return Vec::new() };
        let known = symbols(&self.arena, *id);
        let foreign = |member: &Id| {
            let named = matches!(self.arena.node(*member), Node::Symbol(_) | Node::Call(..));
            !named && symbols(&self.arena, *member).iter().any(|symbol| !known.contains(symbol))
        };
        between.iter().copied().filter(foreign).collect()
    }

    /// What stands under a hat: `\hat y = 2x` names `y`, too.
    fn without_hat(&self, id: Id) -> Id {
        match self.arena.node(id) {
            Node::Call(name, inside) if self.arena.name(*name) == "hat@" => inside[0],
            _ => id,
        }
    }

    fn names(&mut self, gold: &Answer, answer: &Answer) -> Names {
        let (Answer::Assignment { name: a, label: x, .. }, Answer::Assignment { name: b, label: y, .. }) =
            (gold, answer)
        else {
            return Names::Differ;
        };
        let (Some(x), Some(y)) = (*x, *y) else {
            return match (x, y) {
                (None, None) if differ(a, b) => Names::Differ,
                // The derivative and the inverse of a function are other functions.
                (Some(_), None) | (None, Some(_)) if otherwise_named(a, b) => Names::Differ,
                _ => Names::Agree,
            };
        };
        if x == y || self.without_hat(x) == self.without_hat(y) {
            return Names::Agree;
        }
        let head = |name: &str| name.split('(').next().unwrap_or("").replace(['{', '}', '\\'], "");
        let (a, b) = (head(a), head(b));
        if a != b && !(self.policy.ignore_symbol_case && a.eq_ignore_ascii_case(&b)) {
            return Names::Differ;
        }
        let arguments = |comparison: &Self, id: Id| match comparison.arena.node(id) {
            Node::Call(_, arguments) => Some(arguments.to_vec()),
            _ => None,
        };
        let (Some(p), Some(q)) = (arguments(self, x), arguments(self, y)) else { return Names::Agree };
        if p.len() != q.len() {
            return Names::Differ;
        }
        if let ([to], [from]) = (&p[..], &q[..])
            && [to, from].iter().all(|id| matches!(self.arena.node(**id), Node::Symbol(_)))
        {
            return Names::Renamed { from: *from, to: *to };
        }
        // `f(10) = 1` says nothing of `f(40)`.
        let same = p.iter().zip(&q).all(|(p, q)| {
            let constant = is_constant(&self.arena, *p) || is_constant(&self.arena, *q);
            !constant || holds(self.ids(*p, *q))
        });
        if same && p.iter().zip(&q).all(|(p, q)| holds(self.ids(*p, *q))) {
            Names::Agree
        } else {
            Names::Differ
        }
    }
}

/// Whether two names in words, or of figures, are about different things: "slope" and "intercept", `AB` and
/// `CD`, `P(A)` and `P(B)`.
pub(super) fn differ(a: &str, b: &str) -> bool {
    let plain = |name: &str| -> String {
        let name = name.replace("^prime", "'").replace("frac", "");
        let signs = name.contains('(') && !in_words(&name);
        let kept = |c: &char| c.is_alphanumeric() || *c == '\'' || (signs && "<>+-=|".contains(*c));
        let plain: String = name.chars().filter(kept).collect();
        // `dy/dx` is `y'`.
        match plain.as_bytes() {
            [b'd', _, b'd', _] => format!("{}'", &plain[1..2]),
            _ => plain,
        }
    };
    let (full_a, full_b) = (a, b);
    let (a, b) = (plain(a), plain(b));
    if full_a == full_b || a.is_empty() || b.is_empty() {
        return false;
    }
    let derivative = |name: &str| name.contains('d') && (name.contains("frac") || name.contains('/'));
    if derivative(full_a) && derivative(full_b) {
        return full_a.replace(['{', '}', '/'], "").replace("frac", "")
            != full_b.replace(['{', '}', '/'], "").replace("frac", "");
    }
    if a == b {
        return false;
    }
    match (in_words(full_a), in_words(full_b)) {
        (true, true) => {
            let (a, b) = (a.to_lowercase(), b.to_lowercase());
            let neutral = NEUTRAL.iter().any(|word| a.contains(word) || b.contains(word));
            !neutral && !a.contains(&b) && !b.contains(&a)
        }
        (false, false) => figures_differ(full_a, full_b, (&a, &b)),
        _ => false,
    }
}

/// Whether a name is of words, and no formula.
fn in_words(name: &str) -> bool {
    let letters = name.chars().filter(char::is_ascii_lowercase).count();
    letters >= 3 && !name.contains(['(', ',', '=', '|', '_', '/']) && !name.contains("frac")
}

/// Two names of figures or of values: one may leave out the arguments or the index of the other.
fn figures_differ(a: &str, b: &str, (plain_a, plain_b): (&str, &str)) -> bool {
    if sorted(plain_a) == sorted(plain_b) {
        return false;
    }
    let parts = |name: &str| {
        let at = name.find(['(', '_']).unwrap_or(name.len());
        (name[..at].to_owned(), at < name.len())
    };
    let ((head_a, more_a), (head_b, more_b)) = (parts(a), parts(b));
    head_a.is_empty()
        || head_a != head_b
        || (more_a && more_b && !goes_on(plain_a, plain_b, b) && !goes_on(plain_b, plain_a, a))
}

/// Whether a name begins with another that has no argument of its own.
fn goes_on(long: &str, short: &str, full_short: &str) -> bool {
    !full_short.contains('(') && long.starts_with(short)
}

/// Whether one of two names, of which one is a formula, is of a derivative, of an inverse or of a point whose
/// coordinates the other names.
fn otherwise_named(a: &str, b: &str) -> bool {
    let derivative = |name: &str| {
        let quotient = name.starts_with("fracd") || (name.starts_with('d') && name.contains("/d"));
        quotient || name.contains('\'') || name.contains("prime")
    };
    let inverse = |name: &str| name.contains("^-1");
    let coordinate =
        |point: &str, name: &str| point.starts_with('(') && point.contains(',') && point.contains(name);
    derivative(a) != derivative(b)
        || (inverse(a) != inverse(b) && a.contains('(') && b.contains('('))
        || ((derivative(a) || inverse(a) && inverse(b)) && differ(a, b))
        || coordinate(a, b)
        || coordinate(b, a)
}

/// `BA` names what `AB` names.
fn sorted(name: &str) -> String {
    let capitals = name.bytes().all(|byte| byte.is_ascii_uppercase()) && name.len() == 2;
    let mut letters: Vec<char> = name.chars().collect();
    if capitals {
        letters.sort_unstable();
    }
    letters.into_iter().collect()
}

/// Whether two items of lists say in words that they are about different things, as "domain" and "range".
pub(super) fn other_names(a: &Answer, b: &Answer) -> bool {
    match (a, b) {
        (
            Answer::Assignment { name: a, label: None, .. },
            Answer::Assignment { name: b, label: None, .. },
        ) => differ(a, b),
        _ => false,
    }
}
