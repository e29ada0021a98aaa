//! Commands and signs that are written one for another.

use super::{
    Rewrite,
    shape::{commands, has_words, is_expression},
};

const SPELLINGS: [(&str, &str, &str); 37] = [
    ("size of fractions", r"\frac", r"\dfrac"),
    ("size of fractions", r"\frac", r"\tfrac"),
    ("size of fractions", r"\frac", r"\cfrac"),
    ("size of fractions", r"\dfrac", r"\frac"),
    ("order signs", r"\le", r"\leq"),
    ("order signs", r"\le", r"\leqslant"),
    ("order signs", r"\leq", r"\le"),
    ("order signs", r"\ge", r"\geqslant"),
    ("order signs", r"\geq", r"\ge"),
    ("order signs", r"\ne", r"\neq"),
    ("order signs", r"\neq", r"\ne"),
    ("text wrappers", r"\text", r"\mathrm"),
    ("text wrappers", r"\text", r"\textrm"),
    ("text wrappers", r"\text", r"\mbox"),
    ("text wrappers", r"\mathrm", r"\text"),
    ("products", r"\cdot", r"\times"),
    ("products", r"\times", r"\cdot"),
    ("products", r"\cdot", "*"),
    ("products", r"\times", "*"),
    ("unicode", r"\pi", "π"),
    ("unicode", r"\infty", "∞"),
    ("unicode", r"\cup", "∪"),
    ("unicode", r"\cap", "∩"),
    ("unicode", r"\le", "≤"),
    ("unicode", r"\ge", "≥"),
    ("unicode", r"\ne", "≠"),
    ("unicode", r"\pm", "±"),
    ("unicode", r"\times", "×"),
    ("unicode", r"\cdot", "·"),
    ("unicode", r"\theta", "θ"),
    ("unicode", r"\alpha", "α"),
    ("unicode", r"\in", "∈"),
    ("unicode", r"\emptyset", "∅"),
    ("empty set", r"\emptyset", r"\varnothing"),
    ("empty set", r"\varnothing", r"\emptyset"),
    ("matrices", "pmatrix", "bmatrix"),
    ("matrices", "bmatrix", "pmatrix"),
];

/// A text with every command `from` exchanged; commands that only begin so stay.
pub(super) fn exchanged(text: &str, from: &str, to: &str) -> Option<String> {
    let (mut out, mut rest, mut found) = (String::new(), text, false);
    while let Some(at) = rest.find(from) {
        let after = &rest[at + from.len()..];
        out.push_str(&rest[..at]);
        if after.starts_with(|c: char| c.is_ascii_alphabetic()) {
            out.push_str(from);
        } else {
            found = true;
            out.push_str(to);
            if to.starts_with('\\') && after.starts_with(|c: char| c.is_ascii_digit()) {
                out.push(' ');
            }
        }
        rest = after;
    }
    out.push_str(rest);
    found.then_some(out)
}

/// Whether an exchange keeps what a reference says.
fn keeps(kind: &str, gold: &str) -> bool {
    match kind {
        // A dot and a cross are one product of numbers and symbols, and not of vectors.
        "products" => is_expression(gold),
        // Formulas within texts, and blanks that only texts keep.
        "text wrappers" => !gold.contains(['$', '~']),
        // A row has no sentence around it.
        "matrices" => {
            !has_words(&gold.replace("pmatrix", "").replace("bmatrix", "")) || commands(gold).count() < 3
        }
        _ => true,
    }
}

pub(super) fn of_spellings(gold: &str, made: &mut Vec<Rewrite>) {
    for (kind, from, to) in SPELLINGS {
        if keeps(kind, gold) {
            made.extend(exchanged(gold, from, to).map(|text| (kind, text)));
        }
    }
}
