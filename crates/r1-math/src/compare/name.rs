//! What two names say of each other: "slope" and "intercept", `AB` and `BA`, `f'(x)` and `y'`.

use crate::answer::Answer;

/// Names of the answer as such, and what stands around a name; longer words first.
const FILLERS: [&str; 12] = [
    "solutions",
    "solution",
    "answer",
    "result",
    "values",
    "value",
    "final",
    "ans",
    "set",
    "are",
    "the",
    "is",
];

/// How a name goes on to say of what it is.
const MORE: [&str; 3] = ["of", "in", "for"];

/// Whether a name says nothing but that it is the answer.
pub(super) fn is_filler(name: &str) -> bool {
    without_fillers(&name.to_lowercase()).is_empty()
}

/// A name without its fillers at both ends.
fn without_fillers(name: &str) -> String {
    let mut rest = name;
    loop {
        let shorter = FILLERS.iter().find_map(|word| {
            let front = rest.strip_prefix(word).filter(|rest| word.len() > 2 || rest.is_empty());
            front.or_else(|| rest.strip_suffix(word))
        });
        match shorter {
            Some(shorter) => rest = shorter,
            None => return rest.to_owned(),
        }
    }
}

/// Names of operations, which say what is done with the value and are never left out.
const OPERATORS: [&str; 2] = ["max", "min"];

pub(super) fn is_operator(name: &str) -> bool {
    OPERATORS.contains(&name)
}

/// The symbol of a name that says where a function is greatest or least: `min at x`.
fn place(name: &str) -> Option<String> {
    let at = ["minat", "maxat", "minimumat", "maximumat"];
    let lower = name.to_lowercase();
    at.iter().find_map(|start| lower.strip_prefix(start)).map(str::to_owned)
}

pub(super) fn is_of_a_place(name: &str) -> bool {
    place(name).is_some()
}

/// Whether one name is of where a function is greatest or least, `min at x`, and the other of another symbol.
pub(super) fn other_place(a: &str, b: &str) -> bool {
    let other = |place: Option<String>, name: &str| place.is_some_and(|place| place != name);
    match (place(a), place(b)) {
        (None, None) | (Some(_), Some(_)) => false,
        (x, y) => other(x, b) || other(y, a),
    }
}

/// Whether two names in words, or of figures, are about different things: "slope" and "intercept", `AB` and
/// `CD`, `P(A)` and `P(B)`.
pub(super) fn differ(a: &str, b: &str) -> bool {
    let plain = |name: &str| -> String {
        let name = name.replace("^prime", "'").replace("frac", "");
        let signs = name.contains('(') && !in_words(&name);
        let kept =
            |c: &char| c.is_alphanumeric() || matches!(c, '\'' | '|') || (signs && "<>+-=|/*!".contains(*c));
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
            let (a, b) = (without_fillers(&a), without_fillers(&b));
            let more = |long: &str, short: &str| {
                let rest = long.strip_prefix(short);
                rest.is_some_and(|rest| MORE.iter().any(|word| rest.starts_with(word)))
            };
            if a.is_empty() != b.is_empty() {
                // `Solusion: 5` is no name of anything.
                return misspelt(&a) || misspelt(&b);
            }
            !(a.is_empty() || a == b || more(&a, &b) || more(&b, &a))
        }
        (false, false) => figures_differ(full_a, full_b, (&a, &b)),
        _ => false,
    }
}

/// Whether a name is a name of the answer with up to two letters changed.
fn misspelt(name: &str) -> bool {
    let near = |word: &&str| word.len() > 4 && (1..=2).contains(&distance(name, word));
    name.len() <= 12 && FILLERS.iter().any(near)
}

/// How many letters one word gains, loses or changes to become another.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut corner = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.bytes().enumerate() {
            let changed = corner + usize::from(x != y);
            corner = row[j + 1];
            row[j + 1] = changed.min(corner + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

/// Whether a name is of words, and no formula.
pub(super) fn in_words(name: &str) -> bool {
    let small = name.chars().filter(char::is_ascii_lowercase).count();
    let letters = name.chars().filter(char::is_ascii_alphabetic).count();
    let word = small == 2 && letters == 3 && name.starts_with(|c: char| c.is_ascii_uppercase());
    (small >= 3 || word) && !name.contains(['(', ',', '=', '|', '_', '/']) && !name.contains("frac")
}

/// Two names of figures or of values: one may leave out the arguments or the index of the other.
fn figures_differ(a: &str, b: &str, (plain_a, plain_b): (&str, &str)) -> bool {
    if !a.contains('(') && !b.contains('(') && sorted(plain_a) == sorted(plain_b) {
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
pub(super) fn otherwise_named(a: &str, b: &str) -> bool {
    let derivative = |name: &str| {
        let operator = name.starts_with("nabla") || name.starts_with("partial");
        let quotient =
            operator || name.starts_with("fracd") || (name.starts_with('d') && name.contains("/d"));
        quotient || name.contains('\'') || name.contains("prime")
    };
    let inverse = |name: &str| name.contains("^-1");
    // `y = g(x)` draws a function, inverted or not.
    let curve = |y: &str, call: &str| y == "y" && inverse(call);
    // A pair of symbols names a point, which a capital may name as well, and no symbol of its own.
    let of_a_point = |name: &str| name.starts_with('(') && name.contains(',');
    let capital = |name: &str| name.starts_with(|c: char| c.is_ascii_uppercase());
    let point =
        |point: &str, name: &str| of_a_point(point) && !of_a_point(name) && !capital(name) && !in_words(name);
    derivative(a) != derivative(b)
        || (inverse(a) != inverse(b) && a.contains('(') && b.contains('('))
        || point(a, b)
        || point(b, a)
        || (!in_words(a)
            && !in_words(b)
            && !of_a_point(a)
            && !of_a_point(b)
            && !curve(a, b)
            && !curve(b, a)
            && differ(a, b))
}

/// A function as its name tells it: `f'(x)` is of f, the first derivative, at x.
struct Function {
    head: char,
    order: usize,
    argument: Option<char>,
}

/// The function that a name is of: `y`, `y'`, `f(x)`, `f''(x)`, `dy/dx`.
fn function(name: &str) -> Option<Function> {
    let plain =
        name.replace(['{', '}', '\\'], "").replace("^prime", "'").replace("prime", "'").replace("^'", "'");
    let quotient = plain.strip_prefix("frac").unwrap_or(&plain).replace('/', "");
    let (order, above) = match quotient.strip_prefix("d^2") {
        Some(above) => (2, above),
        None => (1, quotient.strip_prefix('d').unwrap_or("")),
    };
    if let Some((head, below)) = above.split_once('d')
        && (plain.starts_with("frac") || plain.contains('/'))
    {
        let below = if order == 2 { below.strip_suffix("^2")? } else { below };
        let (mut head, mut below) = (head.chars(), below.chars());
        let found = Function { head: head.next()?, order, argument: Some(below.next()?) };
        return (head.next().is_none() && below.next().is_none()).then_some(found);
    }
    let head = plain.chars().next().filter(char::is_ascii_alphabetic)?;
    let rest = plain[1..].trim_start_matches('\'');
    let order = plain.len() - 1 - rest.len();
    let argument = match rest.as_bytes() {
        [] => None,
        [b'(', argument, b')'] if argument.is_ascii_alphabetic() => Some(char::from(*argument)),
        _ => return None,
    };
    Some(Function { head, order, argument })
}

/// Whether two names are of one function: of the same derivative, where y is another word for f, and nothing but
/// its symbol for a function itself, which then must be one: the argument that the values have to depend on.
pub(super) fn one_function(a: &str, b: &str) -> Option<Option<char>> {
    let (a, b) = (function(a)?, function(b)?);
    let heads = a.head == b.head || matches!((a.head, b.head), ('y', 'f') | ('f', 'y'));
    let arguments = a.argument.is_none() || b.argument.is_none() || a.argument == b.argument;
    let argument = a.argument.or(b.argument);
    if !heads || !arguments || a.order != b.order || (a.order == 0 && argument.is_none()) {
        return None;
    }
    Some(argument.filter(|_| a.order == 0))
}

/// The arguments of one function of which two names tell, where they are different symbols. Capitals are events.
pub(super) fn renamed_argument(a: &str, b: &str) -> Option<(char, char)> {
    // Of a quotient the symbol says by what a derivative is taken.
    let quotient = |name: &str| name.contains('/') || name.starts_with("frac");
    if quotient(a) || quotient(b) {
        return None;
    }
    let (a, b) = (function(a)?, function(b)?);
    let (x, y) = (a.argument?, b.argument?);
    let symbols = x != y && x.is_ascii_lowercase() && y.is_ascii_lowercase();
    (symbols && a.head == b.head && a.order == b.order).then_some((x, y))
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

/// Whether an answer is several values.
pub(super) fn is_several(answer: &Answer) -> bool {
    matches!(answer, Answer::List(_) | Answer::Either(_) | Answer::Set(_))
}

/// Whether something else is named in a list: `y` beside `x`, but not `x_1`.
pub(super) fn names_another(list: &Answer, name: &str) -> bool {
    let (Answer::List(items) | Answer::Either(items)) = list else { return false };
    let head = |name: &str| name.split('_').next().map(str::to_owned);
    items.iter().any(|item| {
        matches!(item, Answer::Assignment { name: other, label: Some(_), .. } if head(other) != head(name))
    })
}

/// Whether an answer is in angle brackets, as no interval is.
pub(super) fn is_vector(named: &Answer) -> bool {
    matches!(named, Answer::Assignment { name, value, .. } if name.is_empty() && matches!(**value, Answer::Tuple(_)))
}

/// Whether an answer is an interval or an inequality.
pub(super) fn is_range(answer: &Answer) -> bool {
    matches!(answer, Answer::Region(_) | Answer::Relation { .. })
}

/// Whether a name is a capital that options have.
pub(super) fn is_option(name: &str) -> bool {
    matches!(name.as_bytes(), [b'A'..=b'J'])
}
