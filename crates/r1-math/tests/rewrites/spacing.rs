//! Blanks, marks of formulas, sizes of brackets, full stops.

use super::{Rewrite, shape::has_words, spelling::exchanged};

pub(super) fn of_spacing(gold: &str, made: &mut Vec<Rewrite>) {
    let arrow =
        ["$ ", "->", "=>", "<=", ">=", "==", "\\<", "\\>", "<-"].iter().any(|sign| gold.contains(sign));
    if !arrow && !has_words(gold) {
        let mut wide = String::new();
        for c in gold.chars() {
            match c {
                '+' | '=' | '<' | '>' => wide.extend([' ', c, ' ']),
                _ => wide.push(c),
            }
        }
        made.push(("blanks", wide));
    }
    made.push(("blanks around", format!("  {gold} ")));
    if !gold.ends_with(['.', '!', '?', '…']) && !gold.ends_with("dots") {
        made.push(("full stop", format!("{gold}.")));
    }
    if let Some(at) = gold.find('^')
        && gold[at + 1..].starts_with(|c: char| c.is_ascii_digit())
        && !gold[at + 2..].starts_with(|c: char| c.is_ascii_digit() || c == '.')
    {
        let (before, digit, after) = (&gold[..at], &gold[at + 1..at + 2], &gold[at + 2..]);
        made.push(("braces of powers", format!("{before}^{{{digit}}}{after}")));
        if let ("2" | "3", false) = (digit, has_words(gold)) {
            made.push(("unicode", format!("{before}{}{after}", if digit == "2" { '²' } else { '³' })));
        }
    }
}

pub(super) fn of_marks(gold: &str, made: &mut Vec<Rewrite>) {
    if gold.contains(['$', '%', '\n', '"']) || has_words(gold) {
        return;
    }
    for (before, after) in [
        ("$", "$"),
        (r"\(", r"\)"),
        (r"\[", r"\]"),
        (r"$\displaystyle ", "$"),
        (r"\boxed{", "}"),
        ("$$", "$$"),
    ] {
        made.push(("formula marks", format!("{before}{gold}{after}")));
    }
    if !gold.contains(r"\!") && !gold.contains("{,}") && !gold.contains(r"\,") {
        made.push(("thin spaces", gold.replace(',', r",\,")));
    }
}

pub(super) fn of_brackets(gold: &str, made: &mut Vec<Rewrite>) {
    let sized = gold.contains(r"\left") || gold.contains(r"\big") || gold.contains('|') || has_words(gold);
    if !sized && gold.starts_with('(') && gold.ends_with(')') && gold.matches('(').count() == 1 {
        let inside = &gold[1..gold.len() - 1];
        made.push(("sizes of brackets", format!(r"\left({inside}\right)")));
        made.push(("sizes of brackets", format!(r"\bigl({inside}\bigr)")));
    }
    if gold.contains(r"\left") && !gold.contains(r"\left.") && !gold.contains(r"\right.") {
        let plain = exchanged(gold, r"\left", "").and_then(|text| exchanged(&text, r"\right", ""));
        made.extend(plain.map(|text| ("sizes of brackets", text)));
    }
}
