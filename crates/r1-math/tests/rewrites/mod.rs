//! Rewrites that change how a reference is written and not what it says.

mod expression;
mod number;
mod set;
mod shape;
mod spacing;
mod spelling;
mod word;

/// A rewrite of a reference, and its kind.
pub(crate) type Rewrite = (&'static str, String);

/// Equal answers to a reference, in another dress.
pub(crate) fn rewrites(gold: &str) -> Vec<Rewrite> {
    let inside = gold.strip_prefix('$').and_then(|rest| rest.strip_suffix('$'));
    let text = inside.filter(|inside| !inside.is_empty() && !inside.contains('$')).unwrap_or(gold);
    let mut made = Vec::new();
    for rewrite in [
        spelling::of_spellings,
        number::of_whole_numbers,
        number::of_decimals,
        number::of_fractions,
        number::of_percentages,
        number::of_powers_of_ten,
        expression::of_expressions,
        expression::of_roots,
        expression::of_relations,
        set::of_sets,
        set::of_intervals,
        spacing::of_spacing,
        spacing::of_marks,
        spacing::of_brackets,
        word::of_options,
        word::of_words,
        word::of_degrees,
        word::of_units,
    ] {
        rewrite(text, &mut made);
    }
    made.retain(|(_, rewritten)| rewritten != gold);
    made
}
