//! Sums in another order, roots, signs between factors, equations and inequalities turned round.

use super::{
    Rewrite,
    shape::{groups, has_words, is_expression, terms, whole},
};

pub(super) fn of_expressions(gold: &str, made: &mut Vec<Rewrite>) {
    if !is_expression(gold) {
        return;
    }
    let found = terms(gold).unwrap();
    if found.len() > 1 {
        let mut turned = String::new();
        for (sign, term) in found.iter().rev() {
            if !(turned.is_empty() && *sign == '+') {
                turned.push(*sign);
            }
            turned.push_str(term);
        }
        made.push(("order of a sum", turned));
    }
    if whole(gold).is_none() {
        made.push(("parentheses", format!("({gold})")));
        made.push(("nought added", format!("{gold}+0")));
    }
    if gold.contains('-') {
        made.push(("minus signs", gold.replace('-', "−")));
    }
    if !gold.contains(['\\', '{']) && gold.contains('^') {
        made.push(("two stars", gold.replace('^', "**")));
    }
    if let Some((above, below)) = groups(gold, r"\frac") {
        made.push(("a stroke", format!("({above})/({below})")));
    }
    factors(gold, made);
}

/// `2x` with a sign between: a number, and a letter, a command or a parenthesis right behind it.
fn factors(gold: &str, made: &mut Vec<Rewrite>) {
    let bytes = gold.as_bytes();
    let number = |byte: u8| byte.is_ascii_digit() || byte == b'.';
    for at in 1..bytes.len() {
        let start = (0..at).rev().take_while(|at| number(bytes[*at])).last();
        let Some(start) = start else { continue };
        let before = start.checked_sub(1).map(|at| bytes[at]);
        // Exponents, indexes, arguments without braces and names have no number before them.
        let own = before.is_none_or(|byte| b"+-(".contains(&byte));
        let rest = &gold[at..];
        let factor = ["\\pi", "\\sqrt{"].iter().any(|name| rest.starts_with(name))
            || rest.starts_with(|c: char| "xyzabnt(".contains(c)) && !has_words(rest.get(..2).unwrap_or(""));
        if own && factor {
            for sign in [r"\cdot ", r"\times ", "*", r"\,"] {
                made.push(("signs between factors", format!("{}{sign}{rest}", &gold[..at])));
            }
            return;
        }
    }
}

pub(super) fn of_roots(gold: &str, made: &mut Vec<Rewrite>) {
    if has_words(gold) {
        return;
    }
    let mut rest = gold;
    let (mut root, mut sign, mut power, mut found) = (String::new(), String::new(), String::new(), false);
    while let Some(at) = rest.find(r"\sqrt{") {
        let inside = &rest[at + 6..];
        let Some(end) = inside.find('}') else { return };
        let after = &inside[end + 1..];
        // A letter before `sqrt(` would join it, and what follows may belong to the root.
        let joined = rest[..at].ends_with(|c: char| c.is_ascii_alphabetic());
        let goes_on = after.starts_with(|c: char| c.is_alphanumeric() || "^_!(\\".contains(c))
            && !after.starts_with(r"\right");
        if joined || goes_on || whole(&inside[..end]).is_none_or(|digits| digits != &inside[..end]) {
            return;
        }
        for (out, [before, after]) in
            [(&mut root, ["sqrt(", ")"]), (&mut sign, ["√", ""]), (&mut power, ["{", r"}^{\frac{1}{2}}"])]
        {
            out.extend([&rest[..at], before, &inside[..end], after]);
        }
        found = true;
        rest = after;
    }
    if !found {
        return;
    }
    // A number before a power would be read as its digits.
    let digits = power.as_bytes().windows(2).any(|pair| pair[0].is_ascii_digit() && pair[1] == b'{');
    made.push(("sqrt()", root + rest));
    made.push(("√", sign + rest));
    if !digits {
        made.push(("powers of a half", power + rest));
    }
}

pub(super) fn of_relations(gold: &str, made: &mut Vec<Rewrite>) {
    if let Some((left, right)) = gold.split_once('=')
        && is_expression(left.trim())
        && is_expression(right.trim())
        // A letter that is a number names nothing on the right.
        && !matches!(left.trim(), "e" | "i")
    {
        made.push(("sides of an equation", format!("{right}={left}")));
    }
    for (sign, turned) in [
        ("<", ">"),
        (">", "<"),
        (r"\le ", r"\ge "),
        (r"\ge ", r"\le "),
        (r"\leq ", r"\geq "),
        (r"\geq ", r"\leq "),
    ] {
        if let Some((left, right)) = gold.split_once(sign)
            && is_expression(left.trim())
            && is_expression(right.trim())
        {
            made.push(("inequalities turned round", format!("{right}{turned}{left}")));
        }
    }
    if let Some(value) = gold.strip_prefix(r"\pm").map(str::trim)
        && is_expression(value)
        && terms(value).is_some_and(|terms| terms.len() == 1)
        && !value.starts_with('-')
    {
        made.push(("both signs", format!("{value}, -{value}")));
        made.push(("both signs", format!(r"-{value}\text{{ or }}{value}")));
    }
}
