//! The nearest of several names, for misspelt ones.

/// The end of a message about a name that is none of those known: `; did you mean ..?` when one is near, else which
/// there are.
///
/// ```
/// assert_eq!(r1_data::or_nearest("levle", &["task", "level"]), "; did you mean `level`?");
/// assert_eq!(r1_data::or_nearest("colour", &["task", "level"]), "; expected task, level");
/// ```
pub fn or_nearest(name: &str, known: &[&str]) -> String {
    match nearest(name, known) {
        Some(near) => format!("; did you mean `{near}`?"),
        None if known.is_empty() => String::new(),
        None => format!("; expected {}", known.join(", ")),
    }
}

/// The known name that this one was probably meant to be.
fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let plain = |text: &str| text.to_lowercase().replace(['-', ' ', '.'], "_");
    let name = plain(name);
    let score = |known: &str| {
        let known = plain(known);
        let contains = name.len() > 3 && (known.contains(&name) || name.contains(&known));
        let is_slip = known.len() > 2 && strsim::damerau_levenshtein(&name, &known) == 1;
        let floor = if is_slip {
            0.9
        } else if contains {
            0.85
        } else {
            0.0
        };
        strsim::jaro_winkler(&name, &known).max(floor)
    };
    let best =
        known.iter().map(|known| (score(known), *known)).max_by(|one, other| one.0.total_cmp(&other.0));
    best.filter(|(score, _)| *score >= 0.8).map(|(_, known)| known)
}

/// The message of serde about a misspelt name, with the nearest one first: for recipes, whose fields and
/// variants serde lists when it knows none of the name.
///
/// ```
/// use r1_data::{did_you_mean, recipe::DataRecipe};
///
/// let error = serde_json::from_str::<DataRecipe>(r#"{"sources": [{"task": "gcd", "levle": 1}]}"#).unwrap_err();
/// assert!(did_you_mean(&error.to_string()).starts_with("unknown field `levle`; did you mean `level`?"));
/// ```
pub fn did_you_mean(message: &str) -> String {
    let Some((before, rest)) = ["unknown field `", "unknown variant `"]
        .into_iter()
        .find_map(|start| message.find(start).map(|place| message.split_at(place + start.len())))
    else {
        return message.to_owned();
    };
    let Some((name, expected)) = rest.split_once("`, expected ") else { return message.to_owned() };
    let known: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
    match nearest(name, &known) {
        Some(near) => format!("{before}{name}`; did you mean `{near}`? expected {expected}"),
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_near_and_other_words_are_not() {
        for (name, near) in [
            ("levle", Some("level")),
            ("Level", Some("level")),
            ("weigth", Some("weight")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(name, &["task", "level", "weight"]), near, "{name}");
        }
        assert_eq!(nearest("gdc", &["gcd", "echo"]), Some("gcd"));
        assert_eq!(nearest("chained-arithmetic", &["gcd", "chained_arithmetic"]), Some("chained_arithmetic"));
        assert_eq!(nearest("arithmetic", &["gcd", "chained_arithmetic"]), Some("chained_arithmetic"));
        assert_eq!(did_you_mean("something else"), "something else");
    }
}
