//! Answers with the name of what they are: `x = 5`, `f(x) = x^2`, "radius: 3".

use super::{
    Comparison, Dropped, Finding,
    decimal::Value,
    holds,
    name::{
        differ, in_words, is_filler, is_operator, is_option, is_range, is_several, is_vector, names_another,
        one_function, other_place, otherwise_named, renamed_argument,
    },
};
use crate::{
    answer::Answer,
    arena::{Id, Node},
    substitute::{is_constant, mentions, symbols},
};

/// What two names say about the answers that they stand for.
enum Names {
    /// They may stand for one thing.
    Agree,
    Differ,
    /// One function of symbols, which have other names on each side.
    Renamed(Vec<(Id, Id)>),
}

impl Comparison<'_> {
    /// A name on one side only: it goes without saying, but what a chain says of it must hold.
    pub(super) fn named(&mut self, gold: &Answer, answer: &Answer) -> Option<Finding> {
        use Answer as A;
        let (named, other) =
            if matches!(gold, A::Assignment { .. }) { (gold, answer) } else { (answer, gold) };
        let A::Assignment { name, value, label, between, .. } = named else { return None };
        if let A::List(items) = other
            && items.iter().all(|item| matches!(item, A::Assignment { label: Some(_), .. }))
            && let Some(parts) = self.apart(named)
        {
            return self.sequences(&parts, other);
        }
        if is_operator(name) || label.is_some_and(|label| !self.is_name(label, value)) {
            // Only a name goes without saying, and none that its value has: `x = xy`.
            return Finding::apart();
        }
        if let (A::Relation { .. }, Some(label)) = (other, label) {
            return match &**value {
                A::Expression { .. } => self.equation_of(*label, value, other),
                _ => self.relations(gold, answer),
            };
        }
        if !self.chain_holds(value, between) || is_several(value) && names_another(other, name) {
            return Finding::apart();
        }
        // `B = C` says nothing of option C.
        if is_option(name) && matches!(&**value, A::Expression { id, .. } if self.is_option(*id)) {
            return Finding::apart();
        }
        // A point with its name is no interval; the domain of a function may be.
        let point = matches!((&**value, other), (A::Tuple(_), A::Region(_) | A::Relation { .. }));
        if point && (!in_words(name) || name.contains("arrow") || name.starts_with("vec")) {
            return Finding::apart();
        }
        self.leave_out(Dropped::Name(name.clone()));
        if std::ptr::eq(named, gold) { self.answers(value, other) } else { self.answers(other, value) }
    }

    /// Whether an expression is a capital that options have.
    fn is_option(&self, id: Id) -> bool {
        matches!(self.arena.node(id), Node::Symbol(name) if is_option(self.arena.name(*name)))
    }

    /// Whether the members of a chain agree with its value: the constant ones, and those in its own symbols.
    fn chain_holds(&mut self, value: &Answer, between: &[Id]) -> bool {
        if !self.policy.chains_must_hold {
            return true;
        }
        let Answer::Expression { id, .. } = value else {
            // A number on the way to several values is none of them.
            return !between.iter().any(|member| is_constant(&self.arena, *member));
        };
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
            Names::Agree => self.leave_out_of_name(gold, answer),
            Names::Renamed(pairs) => {
                // Bound symbols that neither side can mention elsewhere.
                let (mut left, mut right) = ((**left).clone(), (**right).clone());
                for (at, (ours, theirs)) in pairs.into_iter().enumerate() {
                    let bound = self.arena.symbol(&format!("bound@{at}"));
                    left = self.renamed(left, ours, bound)?;
                    right = self.renamed(right, theirs, bound)?;
                }
                return self.answers(&left, &right);
            }
            Names::Differ => {
                if let (Some(a), Some(b)) = (self.apart(gold), self.apart(answer)) {
                    return self.sequences(&a, &b);
                }
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
        let same_named = self.names_all(others, between, *y) && self.names_all(between, others, *x);
        // What a chain says on its way and nobody can check must be the same where both say it.
        let (said, says) = (self.unchecked(left, others), self.unchecked(right, between));
        if !said.is_empty() && says.iter().any(|member| !said.contains(member)) {
            return Finding::apart();
        }
        if !same_named || !self.chain_holds(left, others) || !self.chain_holds(right, between) {
            return Finding::apart();
        }
        if is_vector(gold) && is_range(right) || is_vector(answer) && is_range(left) {
            return Finding::apart();
        }
        self.answers(left, right)
    }

    /// Notes the words of one name that the other has not: "final answer" and "answer", `f(x)` and `y`.
    fn leave_out_of_name(&mut self, gold: &Answer, answer: &Answer) {
        if let (Answer::Assignment { name: a, .. }, Answer::Assignment { name: b, .. }) = (gold, answer)
            && a != b
        {
            self.leave_out(Dropped::Name(if a.len() < b.len() { b } else { a }.clone()));
        }
    }

    /// `(x, y) = (1, 2)` as `x = 1, y = 2`.
    fn apart(&mut self, named: &Answer) -> Option<Answer> {
        let Answer::Assignment { name, value, .. } = named else { return None };
        let Answer::Tuple(items) = &**value else { return None };
        let names: Vec<&str> = name.strip_prefix('(')?.strip_suffix(')')?.split(',').collect();
        let distinct = (1..names.len()).all(|at| !names[..at].contains(&names[at]));
        if names.len() != items.len() || !distinct {
            return None;
        }
        let one = |(name, value): (&&str, &Answer)| Answer::Assignment {
            name: (*name).to_owned(),
            label: Some(self.arena.symbol(name)),
            value: Box::new(value.clone()),
            between: Vec::new(),
            rounded: false,
        };
        Some(Answer::List(names.iter().zip(items).map(one).collect()))
    }

    /// Whether every name on the way of one chain is named by the other, too. A function and the letter of its
    /// graph, as in `f(x) = y = 2x`, are one name.
    fn names_all(&self, names: &[Id], others: &[Id], label: Option<Id>) -> bool {
        let is = |id: Id, letter: &str| matches!(self.arena.node(id), Node::Symbol(name) if self.arena.name(*name) == letter);
        let call = |id: Id| matches!(self.arena.node(id), Node::Call(..));
        let graph = |name: Id| {
            label.is_some_and(|label| is(name, "y") && call(label) || call(name) && is(label, "y"))
        };
        let named = |id: &&Id| {
            matches!(self.arena.node(**id), Node::Symbol(_) | Node::Call(..))
                || self.is_indexed_multiple(**id)
        };
        names.iter().filter(named).all(|name| others.contains(name) || label == Some(*name) || graph(*name))
    }

    /// `p_Z(5)` as it is read, five of what is indexed.
    fn is_indexed_multiple(&self, id: Id) -> bool {
        let Node::Mul(factors) = self.arena.node(id) else { return false };
        let [a, b] = factors[..] else { return false };
        let indexed = |id: Id| matches!(self.arena.node(id), Node::Symbol(name) if self.arena.name(*name).contains('_'));
        indexed(a) && is_constant(&self.arena, b) || indexed(b) && is_constant(&self.arena, a)
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

    /// A symbol, a function at a point, or what is known to be a matrix.
    fn is_name(&self, label: Id, value: &Answer) -> bool {
        let matrix = matches!(value, Answer::Expression { id, .. } if matches!(self.arena.node(*id), Node::Matrix { .. }));
        let node = self.arena.node(label);
        let own =
            matches!(value, Answer::Expression { id, .. } if symbols(&self.arena, *id).contains(&label));
        matrix
            || !own
                && matches!(node, Node::Symbol(_) | Node::Call(..) | Node::Function(..))
                && !self.is_nested(node)
    }

    /// Whether a function is taken of itself: `f(f(x)) = x` asks for f.
    fn is_nested(&self, node: &Node) -> bool {
        let Node::Call(name, arguments) = node else { return false };
        let same = |inner: &Node| matches!(inner, Node::Call(other, _) if other == name);
        arguments.iter().any(|argument| mentions(&self.arena, *argument, &same))
    }

    /// Whether the value of a name depends on a symbol, or the name is of a derivative.
    fn is_function_of(&self, named: &Answer, argument: Option<char>) -> bool {
        let Some(argument) = argument else { return true };
        let Answer::Assignment { value, .. } = named else { return false };
        let Answer::Expression { id, .. } = **value else { return false };
        let mentioned = symbols(&self.arena, id);
        mentioned.iter().any(|symbol| match self.arena.node(*symbol) {
            Node::Symbol(name) => self.arena.name(*name).chars().eq([argument]),
            _ => false,
        })
    }

    /// Whether a label is of a function at a constant, `f(2)`, beside a name in words that says more than "answer".
    fn is_value_at(&self, label: Id, name: &str) -> bool {
        let call = match self.arena.node(label) {
            Node::Call(_, arguments) => arguments.iter().any(|argument| is_constant(&self.arena, *argument)),
            _ => false,
        };
        call && in_words(name) && !is_filler(name)
    }

    /// Functions of symbols with other names, where each value depends on its symbols or they are such as
    /// arguments have: `f(a) = 3` says nothing of `f(b)`.
    fn renames(&self, gold: &Answer, answer: &Answer, pairs: Vec<(Id, Id)>) -> Names {
        let free = |named: &Answer, argument: Id| {
            let Node::Symbol(name) = *self.arena.node(argument) else { return false };
            let usual = matches!(self.arena.name(name), "x" | "y" | "z" | "t" | "u" | "v" | "s" | "n");
            usual || self.is_function_of(named, self.arena.name(name).chars().next())
        };
        let free = pairs.iter().all(|(x, y)| free(gold, *x) && free(answer, *y));
        if free { Names::Renamed(pairs) } else { Names::Differ }
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
        if is_operator(a) != is_operator(b) || other_place(a, b) {
            return Names::Differ;
        }
        if let Some(argument) = one_function(a, b)
            && self.is_function_of(gold, argument)
            && self.is_function_of(answer, argument)
        {
            return Names::Agree;
        }
        let (Some(x), Some(y)) = (*x, *y) else {
            if let (None, None, Some((x, y))) = (x, y, renamed_argument(a, b)) {
                let pair = [x, y].map(|name| self.arena.symbol(&name.to_string()));
                return self.renames(gold, answer, vec![(pair[0], pair[1])]);
            }
            return match (x, y) {
                (None, None) if differ(a, b) => Names::Differ,
                // Words name no value of a function at one place.
                (Some(call), None) if self.is_value_at(*call, b) => Names::Differ,
                (None, Some(call)) if self.is_value_at(*call, a) => Names::Differ,
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
        let symbols = |ids: &[Id]| {
            let distinct = (1..ids.len()).all(|at| !ids[..at].contains(&ids[at]));
            distinct && ids.iter().all(|id| matches!(self.arena.node(*id), Node::Symbol(_)))
        };
        if p != q && symbols(&p) && symbols(&q) {
            return self.renames(gold, answer, p.into_iter().zip(q).collect());
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
