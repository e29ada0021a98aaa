//! Sets, lists, intervals and their unions.

use super::{
    Rewrite,
    shape::{flat, is_expression, whole},
};

pub(super) fn of_sets(gold: &str, made: &mut Vec<Rewrite>) {
    if let Some(items) = gold.strip_prefix(r"\{").and_then(|rest| rest.strip_suffix(r"\}")).and_then(flat) {
        let mut turned = items.clone();
        turned.reverse();
        made.push(("order of a set", format!(r"\{{{}\}}", turned.join(","))));
        made.push(("set as a list", items.join(", ")));
        made.push(("repeated element", format!(r"\{{{},{}\}}", items.join(","), items[0])));
    }
    if let Some(items) = flat(gold)
        && items.iter().all(|item| whole(item).is_some())
        && items.iter().skip(1).all(|item| item.len() != 3)
    {
        let (last, first) = items.split_last().unwrap();
        made.push(("list with blanks", items.join(", ")));
        made.push(("list with and", format!("{} and {last}", first.join(", "))));
        made.push(("list with semicolons", items.join("; ")));
    }
}

pub(super) fn of_intervals(gold: &str, made: &mut Vec<Rewrite>) {
    if let Some((left, right)) = gold.split_once(r"\cup")
        && interval(left.trim()).is_some()
        && interval(right.trim()).is_some()
    {
        made.push(("order of a union", format!(r"{right}\cup {left}")));
    }
    let Some((low, high, [from, to])) = interval(gold) else { return };
    let sign = |closed: bool| if closed { r"\le " } else { "<" };
    let turned = |closed: bool| if closed { r"\ge " } else { ">" };
    match (low, high) {
        (r"-\infty", r"\infty") => {}
        (r"-\infty", _) => {
            made.push(("interval as inequality", format!("x{}{high}", sign(to))));
            made.push(("interval as inequality", format!("{high}{}x", turned(to))));
        }
        (_, r"\infty") => {
            made.push(("interval as inequality", format!("x{}{low}", turned(from))));
            made.push(("interval as inequality", format!("{low}{}x", sign(from))));
        }
        _ => {
            made.push(("interval as inequality", format!("{low}{}x{}{high}", sign(from), sign(to))));
            made.push(("interval as inequality", format!("{high}{}x{}{low}", turned(to), turned(from))));
        }
    }
    let (opened, closed) = (if from { '[' } else { ']' }, if to { ']' } else { '[' });
    made.push(("outward brackets", format!("{opened}{low},{high}{closed}")));
}

/// The ends of an interval that can be nothing else, and which of them belong to it.
fn interval(text: &str) -> Option<(&str, &str, [bool; 2])> {
    let ends = [text.starts_with('['), text.ends_with(']')];
    let inside = text.strip_prefix(['(', '['])?.strip_suffix([')', ']'])?;
    let (low, high) = inside.split_once(',')?;
    let (low, high) = (low.trim(), high.trim());
    let value = |end: &str| end.parse::<f64>().ok().filter(|value| value.is_finite());
    let bounded = |end: &str| {
        is_expression(end) && !end.contains(|c: char| c.is_ascii_alphabetic()) || value(end).is_some()
    };
    let certain = match (low, high) {
        (r"-\infty", r"\infty") => ends == [false; 2],
        (r"-\infty", end) => !ends[0] && bounded(end),
        (end, r"\infty") => !ends[1] && bounded(end),
        _ => ends != [false; 2] && value(low).zip(value(high)).is_some_and(|(low, high)| low < high),
    };
    certain.then_some((low, high, ends))
}
