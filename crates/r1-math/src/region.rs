//! Unions of intervals, compared and combined by their ends.

use super::{
    answer::{Answer, Interval, Link},
    arena::{Arena, Constant, Id, Node},
    numeric::approximate,
    substitute::{mentions, substitute, symbols, unknowns},
};

/// The real line.
pub(crate) const EVERYTHING: Interval =
    Interval { low: None, high: None, low_closed: false, high_closed: false };

/// More intervals are not combined.
const MAX_INTERVALS: usize = 64;

/// An answer as a region, where it can be one: a finite set is points, a pair an open interval.
pub(crate) fn of(answer: &Answer) -> Option<Vec<Interval>> {
    match answer {
        Answer::Region(intervals) => Some(intervals.clone()),
        Answer::Tuple(items) => {
            let [Answer::Expression { id: low, .. }, Answer::Expression { id: high, .. }] = items[..] else {
                return None;
            };
            Some(vec![Interval { low: Some(low), high: Some(high), low_closed: false, high_closed: false }])
        }
        Answer::Set(items) => items
            .iter()
            .map(|item| match item {
                Answer::Expression { id, .. } => Some(point(*id)),
                _ => None,
            })
            .collect(),
        Answer::Empty => Some(Vec::new()),
        _ => None,
    }
}

fn point(id: Id) -> Interval {
    Interval { low: Some(id), high: Some(id), low_closed: true, high_closed: true }
}

/// A region, and the symbol whose values it holds where it names one.
pub(crate) type Bounded = (Option<Id>, Vec<Interval>);

/// An answer as a region with its symbol: a relation that is linear in one, `x \in S`, or a set.
pub(crate) fn bounded(arena: &mut Arena, answer: &Answer) -> Option<Bounded> {
    match answer {
        // `a \\ne b \\ne c` says more than its pairs.
        Answer::Relation { links, .. } if links.len() > 1 && links.contains(&Link::NotEqual) => None,
        Answer::Relation { members, links } => {
            let mut region = vec![EVERYTHING];
            let mut variable = None;
            for (pair, link) in members.windows(2).zip(links) {
                let (symbol, part) = linear(arena, pair[0], pair[1], *link)?;
                // Bounds of different symbols are not put together.
                if *variable.get_or_insert(symbol) != symbol {
                    return None;
                }
                region = intersection(arena, &region, &part)?;
            }
            Some((variable, region))
        }
        Answer::Assignment { label: Some(label), value, between, .. } if between.is_empty() => match &**value
        {
            Answer::Expression { id, .. } => {
                approximate(arena, *id)?;
                Some((Some(*label), vec![point(*id)]))
            }
            Answer::Tuple(_) => None,
            value => Some((Some(*label), of(value)?)),
        },
        other => Some((None, of(other)?)),
    }
}

/// Regions that name one symbol or none.
pub(crate) fn of_one_variable(bounded: Vec<Bounded>) -> Option<(Option<Id>, Vec<Vec<Interval>>)> {
    let mut variable = None;
    for (symbol, _) in &bounded {
        let Some(symbol) = symbol else { continue };
        if *variable.get_or_insert(*symbol) != *symbol {
            return None;
        }
    }
    Some((variable, bounded.into_iter().map(|(_, region)| region).collect()))
}

/// The symbol of a linear relation, and its values.
fn linear(arena: &mut Arena, left: Id, right: Id, link: Link) -> Option<(Id, Vec<Interval>)> {
    let infinite =
        |arena: &Arena, id| mentions(arena, id, &|node| *node == Node::Constant(Constant::Infinity));
    // `f(20)` is one value, `f(x)` any.
    let is_variable = |arena: &Arena, id: Id| match arena.node(id) {
        Node::Symbol(_) => true,
        Node::Call(..) => !symbols(arena, id).is_empty(),
        _ => false,
    };
    for (side, other, link) in [(left, right, link.flipped()), (right, left, link)] {
        if infinite(arena, side) {
            // `x < \\infty` bounds nothing, and `x > \\infty` is no number.
            let below = *arena.node(side) == Node::Constant(Constant::Infinity);
            let open = if below { link == Link::Less } else { link == Link::Greater };
            return (open && is_variable(arena, other)).then(|| (other, vec![EVERYTHING]));
        }
    }
    if is_variable(arena, left) && approximate(arena, right).is_some() {
        return Some((left, half_line(right, link)));
    }
    if is_variable(arena, right) && approximate(arena, left).is_some() {
        return Some((right, half_line(left, link.flipped())));
    }
    let difference = arena.sub(left, right);
    let [symbol] = unknowns(arena, difference)[..] else { return None };
    if !is_variable(arena, symbol) {
        return None;
    }
    let at = |arena: &mut Arena, value: i64| {
        let value = arena.integer(value);
        substitute(arena, difference, symbol, value)
    };
    let (zero, one, two) = (at(arena, 0), at(arena, 1), at(arena, 2));
    let (f0, f1, f2) = (approximate(arena, zero)?, approximate(arena, one)?, approximate(arena, two)?);
    let far = at(arena, -1000);
    let f1000 = approximate(arena, far)?;
    let slope = f1 - f0;
    let fits =
        |value: f64, wanted: f64| (value - wanted).abs() <= 1e-9 * (value.abs() + wanted.abs() + f0.abs());
    if slope.abs() < 1e-12 || !fits(f2, f0 + 2.0 * slope) || !fits(f1000, f0 - 1000.0 * slope) {
        return absolute(arena, left, right, link);
    }
    let rise = arena.sub(one, zero);
    let bound = arena.div(zero, rise);
    let link = if slope > 0.0 { link } else { link.flipped() };
    Some((symbol, half_line(arena.neg(bound), link)))
}

fn half_line(bound: Id, link: Link) -> Vec<Interval> {
    let above = |closed| Interval { low: Some(bound), low_closed: closed, ..EVERYTHING };
    let below = |closed| Interval { high: Some(bound), high_closed: closed, ..EVERYTHING };
    match link {
        Link::Equal => vec![point(bound)],
        Link::NotEqual => vec![below(false), above(false)],
        Link::Less => vec![below(false)],
        Link::LessEqual => vec![below(true)],
        Link::Greater => vec![above(false)],
        Link::GreaterEqual => vec![above(true)],
    }
}

/// `|x| < a`.
fn absolute(arena: &mut Arena, left: Id, right: Id, link: Link) -> Option<(Id, Vec<Interval>)> {
    let inside = |arena: &Arena, id: Id| match arena.node(id) {
        Node::Function(super::arena::Function::Abs, arguments) => Some(arguments[0]),
        _ => None,
    };
    let (inner, bound, link) = match (inside(arena, left), inside(arena, right)) {
        (Some(inner), None) => (inner, right, link),
        (None, Some(inner)) => (inner, left, link.flipped()),
        _ => return None,
    };
    if approximate(arena, bound)? < 0.0 {
        return None;
    }
    let opposite = arena.neg(bound);
    if inside(arena, inner).is_some() {
        return None;
    }
    let (symbol, upper) = linear(arena, inner, bound, link)?;
    let (_, lower) = linear(arena, inner, opposite, link.flipped())?;
    let region = match link {
        Link::Less | Link::LessEqual => intersection(arena, &upper, &lower)?,
        Link::Greater | Link::GreaterEqual => [lower, upper].concat(),
        _ => return None,
    };
    Some((symbol, region))
}

/// An end for ordering: its place, then −1 before it, 0 at it, +1 after it.
type End = (f64, i8);

fn low_end(arena: &Arena, interval: &Interval) -> Option<End> {
    let Some(low) = interval.low else { return Some((f64::NEG_INFINITY, 0)) };
    Some((approximate(arena, low)?, i8::from(!interval.low_closed)))
}

fn high_end(arena: &Arena, interval: &Interval) -> Option<End> {
    let Some(high) = interval.high else { return Some((f64::INFINITY, 0)) };
    Some((approximate(arena, high)?, -i8::from(!interval.high_closed)))
}

/// Compares ends; places that machine precision cannot tell apart are the same.
fn order(a: End, b: End) -> std::cmp::Ordering {
    let finite = a.0.is_finite() && b.0.is_finite();
    let close = a.0 == b.0 || (finite && (a.0 - b.0).abs() <= 1e-12 * a.0.abs().max(b.0.abs()));
    if close { a.1.cmp(&b.1) } else { a.0.total_cmp(&b.0) }
}

/// Whether an interval has its ends in the wrong order, or holds nothing: a pair in square brackets.
pub(crate) fn is_reversed(arena: &Arena, interval: &Interval) -> bool {
    match (low_end(arena, interval), high_end(arena, interval)) {
        (Some(low), Some(high)) => order(low, high).is_gt(),
        _ => false,
    }
}

/// Sorted, without empty intervals, and joined where two touch. `None` where an end has no place.
pub(crate) fn normal(arena: &Arena, region: &[Interval]) -> Option<Vec<Interval>> {
    if region.len() > MAX_INTERVALS {
        return None;
    }
    let mut ends = Vec::new();
    for interval in region {
        let (low, high) = (low_end(arena, interval)?, high_end(arena, interval)?);
        if order(low, high).is_le() {
            ends.push((low, high, *interval));
        }
    }
    ends.sort_by(|a, b| order(a.0, b.0));
    let mut result: Vec<(End, End, Interval)> = Vec::new();
    for (low, high, interval) in ends {
        if let Some((_, last_high, last)) = result.last_mut() {
            // `(0, 1) ∪ [1, 2)` touch; `(0, 1) ∪ (1, 2)` do not.
            let touches = order(low, (last_high.0, last_high.1 + 1)).is_le();
            if touches {
                if order(high, *last_high).is_gt() {
                    *last_high = high;
                    last.high = interval.high;
                    last.high_closed = interval.high_closed;
                }
                continue;
            }
        }
        result.push((low, high, interval));
    }
    Some(result.into_iter().map(|(_, _, interval)| interval).collect())
}

/// What two regions share.
pub(crate) fn intersection(arena: &Arena, a: &[Interval], b: &[Interval]) -> Option<Vec<Interval>> {
    if a.len() * b.len() > MAX_INTERVALS * 4 {
        return None;
    }
    let mut result = Vec::new();
    for x in a {
        for y in b {
            let later = if order(low_end(arena, x)?, low_end(arena, y)?).is_ge() { x } else { y };
            let sooner = if order(high_end(arena, x)?, high_end(arena, y)?).is_le() { x } else { y };
            let meet = Interval {
                low: later.low,
                low_closed: later.low_closed,
                high: sooner.high,
                high_closed: sooner.high_closed,
            };
            if order(low_end(arena, &meet)?, high_end(arena, &meet)?).is_le() {
                result.push(meet);
            }
        }
    }
    normal(arena, &result)
}

/// What `a` has and `b` has not.
pub(crate) fn difference(arena: &Arena, a: &[Interval], b: &[Interval]) -> Option<Vec<Interval>> {
    let mut result = normal(arena, a)?;
    for hole in b {
        let mut outside = Vec::new();
        if let Some(low) = hole.low {
            outside.push(Interval { high: Some(low), high_closed: !hole.low_closed, ..EVERYTHING });
        }
        if let Some(high) = hole.high {
            outside.push(Interval { low: Some(high), low_closed: !hole.high_closed, ..EVERYTHING });
        }
        result = intersection(arena, &result, &outside)?;
    }
    Some(result)
}
