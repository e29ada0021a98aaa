//! Options, words, degrees and units.

use super::{Rewrite, shape::whole};

pub(super) fn of_options(gold: &str, made: &mut Vec<Rewrite>) {
    if let [letter @ b'A'..=b'E'] = gold.as_bytes() {
        let letter = char::from(*letter);
        for text in [
            format!("({letter})"),
            format!("{letter}."),
            format!("{letter})"),
            format!(r"\text{{{letter}}}"),
            format!(r"\textbf{{({letter})}}"),
            format!("Option {letter}"),
            format!(r"\mathrm{{{letter}}}"),
        ] {
            made.push(("options", text));
        }
    }
}

pub(super) fn of_words(gold: &str, made: &mut Vec<Rewrite>) {
    let Some(inside) = gold.strip_prefix(r"\text{").and_then(|rest| rest.strip_suffix('}')) else { return };
    if inside.trim().len() > 2 && inside.chars().all(|c| c.is_ascii_alphabetic() || c == ' ') {
        made.push(("words without wrappers", inside.trim().to_owned()));
        // Capitals alone are options, figures and Roman numerals.
        if inside.split(' ').all(|word| !word.ends_with(|c: char| c.is_ascii_uppercase())) {
            made.push(("small letters", format!(r"\text{{{}}}", inside.to_lowercase())));
        }
        made.push(("bold", format!(r"\textbf{{{inside}}}")));
    }
}

pub(super) fn of_degrees(gold: &str, made: &mut Vec<Rewrite>) {
    if let Some(angle) = gold.strip_suffix(r"^\circ").or_else(|| gold.strip_suffix(r"^{\circ}"))
        && whole(angle).is_some()
    {
        for sign in [r"^\circ", r"^{\circ}", "°", " degrees", r"\text{ degrees}", r"^{\circ }", r"^ \circ"] {
            made.push(("degrees", format!("{angle}{sign}")));
        }
    }
}

pub(super) fn of_units(gold: &str, made: &mut Vec<Rewrite>) {
    for (short, long) in [
        ("cm", "centimeters"),
        ("km", "kilometers"),
        ("kg", "kilograms"),
        ("m", "meters"),
        ("s", "seconds"),
        ("h", "hours"),
    ] {
        for (before, after) in [(r"\text{ ", "}"), (r"\ \text{", "}"), (r"\mathrm{~", "}"), (" ", "")] {
            if let Some(value) = gold.strip_suffix(&format!("{before}{short}{after}"))
                && whole(value).is_some()
            {
                made.push(("units spelt", format!(r"{value}\text{{ {long}}}")));
                made.push(("units spelt", format!("{value} {long}")));
                made.push(("units left out", value.to_owned()));
            }
        }
    }
}
