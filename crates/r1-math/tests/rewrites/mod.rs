//! Rewrites that change how a reference is written and not what it says.

/// A rewrite of a reference, and its kind.
pub(crate) type Rewrite = (&'static str, String);

/// Commands and signs that are written one for another.
const SPELLINGS: [(&str, &str, &str); 34] = [
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
    ("text wrappers", r"\text", r"\textbf"),
    ("text wrappers", r"\mathrm", r"\text"),
    ("products", r"\cdot", r"\times"),
    ("products", r"\times", r"\cdot"),
    ("unicode", r"\pi", "π"),
    ("unicode", r"\infty", "∞"),
    ("unicode", r"\cup", "∪"),
    ("unicode", r"\le", "≤"),
    ("unicode", r"\ge", "≥"),
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
fn exchanged(text: &str, from: &str, to: &str) -> Option<String> {
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

/// The whole number that a text is.
fn whole(text: &str) -> Option<&str> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    (plain && !digits.is_empty() && (digits == "0" || !digits.starts_with('0'))).then_some(digits)
}

/// Whether a text has a word of two letters or more outside of commands.
pub(crate) fn has_words(text: &str) -> bool {
    let mut letters = 0;
    let mut command = false;
    text.chars().any(|c| {
        command = c == '\\' || (command && c.is_ascii_alphabetic());
        letters = if c.is_alphabetic() && !command { letters + 1 } else { 0 };
        letters > 1
    })
}

/// Digits in groups of three.
fn grouped(digits: &str, by: &str) -> String {
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap()).collect();
    groups.join(by)
}

/// The two parts of a text that is a command with two groups: `\frac{a}{b}`.
fn groups<'a>(text: &'a str, command: &str) -> Option<(&'a str, &'a str)> {
    let inside = text.strip_prefix(command)?.strip_prefix('{')?.strip_suffix('}')?;
    let (above, below) = inside.split_once("}{")?;
    (!above.contains(['{', '}']) && !below.contains(['{', '}'])).then_some((above, below))
}

/// Elements between commas, where nothing nests.
fn flat(inside: &str) -> Option<Vec<&str>> {
    let nests = inside.contains(['(', '[', '{', '|', ':', '<', '>', '=', '$', '\\', '.']);
    let items: Vec<&str> = inside.split(',').map(str::trim).collect();
    (!nests && items.len() > 1 && items.iter().all(|item| !item.is_empty())).then_some(items)
}

fn of_numbers(gold: &str, made: &mut Vec<Rewrite>) {
    let (sign, unsigned) = gold.strip_prefix('-').map_or(("", gold), |rest| ("-", rest));
    if let Some(digits) = whole(gold) {
        for (kind, text) in [
            ("a point and noughts", format!("{gold}.0")),
            ("a point and noughts", format!("{gold}.00")),
            ("a fraction by one", format!(r"\frac{{{gold}}}{{1}}")),
            ("a sign", format!("{}{digits}", if sign.is_empty() { "+" } else { "−" })),
            ("parentheses", format!("({gold})")),
            ("a name", format!("x={gold}")),
            ("words", format!(r"\text{{The answer is }}{gold}")),
            ("words", format!("The answer is {gold}.")),
            ("a set of one", format!(r"\{{{gold}\}}")),
        ] {
            made.push((kind, text));
        }
        if digits.len() > 3 {
            for by in [",", "{,}", r"\,", ",\\!", " "] {
                made.push(("thousands", format!("{sign}{}", grouped(digits, by))));
            }
        }
    }
    let ungrouped = gold.replace("{,}", ",").replace(",\\!", ",");
    let parts: Vec<&str> = ungrouped.split(',').collect();
    if parts.len() > 1 && parts[0].len() < 4 && parts[1..].iter().all(|part| part.len() == 3) {
        if whole(&parts.concat()).is_some() {
            made.push(("thousands", parts.concat()));
        }
    }
    if let Some((before, after)) = unsigned.split_once('.')
        && whole(before).is_some()
        && !after.is_empty()
        && after.len() < 12
        && after.bytes().all(|byte| byte.is_ascii_digit())
    {
        let digits = format!("{before}{after}");
        let digits = digits.trim_start_matches('0');
        if !digits.is_empty() {
            made.push((
                "decimal as a fraction",
                format!(r"{sign}\frac{{{digits}}}{{1{}}}", "0".repeat(after.len())),
            ));
        }
        made.push(("noughts behind", format!("{gold}0")));
        if before == "0" {
            made.push(("no nought before", format!("{sign}.{after}")));
        }
    }
    for command in [r"\frac", r"\dfrac", r"\tfrac"] {
        let Some((above, below)) = groups(unsigned, command) else { continue };
        let [Some(a), Some(b)] =
            [above, below].map(|part| whole(part).filter(|digits| *digits == part)?.parse::<i64>().ok())
        else {
            continue;
        };
        if a < 0 || b <= 0 || a > 1 << 40 || b > 1 << 40 {
            continue;
        }
        made.push(("a stroke", format!("{sign}{a}/{b}")));
        made.push(("a multiple", format!(r"{sign}\frac{{{}}}{{{}}}", 7 * a, 7 * b)));
        made.push(("a sign above", format!(r"\frac{{{sign}{a}}}{{{b}}}")));
        made.push(("a quotient", format!(r"{sign}{a}\div {b}")));
        if a < 10 && b < 10 {
            made.push(("no braces", format!(r"{sign}\frac{a}{b}")));
        }
        if a > b && b > 1 && a % b != 0 && sign.is_empty() {
            made.push(("a mixed number", format!(r"{}\frac{{{}}}{{{b}}}", a / b, a % b)));
        }
        let mut twos_and_fives = b;
        for factor in [2, 5] {
            while twos_and_fives % factor == 0 {
                twos_and_fives /= factor;
            }
        }
        if b < 10_000 && twos_and_fives == 1 && a < 1 << 30 {
            let places = 14;
            let scaled = i128::from(a) * 10i128.pow(places) / i128::from(b);
            let text = format!("{}.{:014}", scaled / 10i128.pow(places), scaled % 10i128.pow(places));
            made.push((
                "fraction as a decimal",
                format!("{sign}{}", text.trim_end_matches('0').trim_end_matches('.')),
            ));
        }
    }
    if let Some(number) = gold.strip_suffix(r"\%").or_else(|| gold.strip_suffix('%'))
        && let Some(digits) = whole(number.trim())
    {
        let share = digits.parse::<u64>().unwrap_or(0);
        for text in [
            format!("{number}%"),
            format!(r"{number}\%"),
            format!(r"{number} \%"),
            format!("{number} percent"),
        ] {
            made.push(("percent signs", text));
        }
        if !number.starts_with('-') && share < 1 << 40 {
            made.push(("a share", format!("{}.{:02}", share / 100, share % 100)));
        }
        made.push(("no percent sign", number.to_owned()));
    }
}

fn of_roots(gold: &str, made: &mut Vec<Rewrite>) {
    let mut rest = gold;
    let (mut root, mut sign, mut power, mut found) = (String::new(), String::new(), String::new(), false);
    while let Some(at) = rest.find(r"\sqrt{") {
        let inside = &rest[at + 6..];
        let end = inside.find('}').unwrap_or(0);
        // `1+isqrt(3)` is a word, and what stands in a sentence is no formula.
        let joined = rest[..at].ends_with(|c: char| c.is_ascii_alphabetic()) || has_words(gold);
        let plain = !joined
            && whole(&inside[..end]).is_some_and(|digits| digits == &inside[..end])
            && !inside[end + 1..].starts_with(['^', '_', '!']);
        let written = if plain { &inside[..end] } else { "" };
        for (out, [before, after]) in
            [(&mut root, ["sqrt(", ")"]), (&mut sign, ["√", ""]), (&mut power, ["{", r"}^{\frac{1}{2}}"])]
        {
            out.push_str(&rest[..at]);
            let shown = if plain { [before, written, after].concat() } else { r"\sqrt{".to_owned() };
            out.push_str(&shown);
        }
        found |= plain;
        rest = if plain { &inside[end + 1..] } else { inside };
        if plain && rest.starts_with(|c: char| c.is_alphanumeric()) {
            return;
        }
    }
    if found {
        for (kind, out) in [("sqrt()", root), ("√", sign), ("powers of a half", power)] {
            // A number before a power would be read as its digits.
            let digits = out.as_bytes().windows(2).any(|pair| pair[0].is_ascii_digit() && pair[1] == b'{');
            if kind != "powers of a half" || !digits {
                made.push((kind, out + rest));
            }
        }
    }
}

fn of_sets_and_intervals(gold: &str, made: &mut Vec<Rewrite>) {
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
        made.push(("list with blanks", items.join(", ")));
        made.push((
            "list with and",
            format!("{} and {}", items[..items.len() - 1].join(", "), items[items.len() - 1]),
        ));
        made.push(("list with semicolons", items.join("; ")));
    }
    let ends = (gold.chars().next(), gold.chars().last());
    let half_open = matches!(ends, (Some('['), Some(')')) | (Some('('), Some(']')));
    if (half_open || ends == (Some('['), Some(']')))
        && let Some(items) = flat(&gold[1..gold.len() - 1])
        && let [low, high] = items[..]
        && let (Ok(least), Ok(most)) = (low.parse::<f64>(), high.parse::<f64>())
        && least < most
    {
        let sign = |closed: bool| if closed { r"\le " } else { "<" };
        made.push((
            "interval as inequality",
            format!("{low}{}x{}{high}", sign(ends.0 == Some('[')), sign(ends.1 == Some(']'))),
        ));
        let opened = if ends.0 == Some('[') { '[' } else { ']' };
        let closed = if ends.1 == Some(']') { ']' } else { '[' };
        made.push(("outward brackets", format!("{opened}{low},{high}{closed}")));
    }
}

fn of_spacing(gold: &str, made: &mut Vec<Rewrite>) {
    let mut wide = String::new();
    for c in gold.chars() {
        match c {
            '+' | '=' | '<' | '>' => wide.extend([' ', c, ' ']),
            _ => wide.push(c),
        }
    }
    let arrow =
        ["$ ", "->", "=>", "<=", ">=", "==", "\\<", "\\>", "<-"].iter().any(|sign| gold.contains(sign));
    if !arrow && !has_words(gold) {
        made.push(("blanks", wide));
    }
    made.push(("blanks around", format!("  {gold} ")));
    if !gold.ends_with(['.', '!', '?', '…']) && !gold.ends_with("dots") {
        made.push(("full stop", format!("{gold}.")));
    }
    if !gold.contains(['$', '%', '\n']) && !has_words(gold) && !gold.contains('"') {
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
    let braces = gold.contains(r"\left") || gold.contains(r"\big") || gold.contains('|');
    if !braces
        && !has_words(gold)
        && gold.starts_with('(')
        && gold.ends_with(')')
        && gold.matches('(').count() == 1
    {
        made.push(("sizes of brackets", format!(r"\left{}\right)", &gold[..gold.len() - 1])));
        made.push(("sizes of brackets", format!(r"\bigl{}\bigr)", &gold[..gold.len() - 1])));
    }
    if gold.contains(r"\left") && !gold.contains(r"\left.") && !gold.contains(r"\right.") {
        let plain = exchanged(gold, r"\left", "").and_then(|text| exchanged(&text, r"\right", ""));
        made.extend(plain.map(|text| ("sizes of brackets", text)));
    }
    if let Some(at) = gold.find('^')
        && gold[at + 1..].starts_with(|c: char| c.is_ascii_digit())
        && !gold[at + 2..].starts_with(|c: char| c.is_ascii_digit() || c == '.')
    {
        made.push((
            "braces of powers",
            format!("{}^{{{}}}{}", &gold[..at], &gold[at + 1..at + 2], &gold[at + 2..]),
        ));
    }
}

fn of_choices(gold: &str, made: &mut Vec<Rewrite>) {
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
            made.push(("choices", text));
        }
    }
}

/// Equal answers to a reference, in another dress.
pub(crate) fn rewrites(gold: &str) -> Vec<Rewrite> {
    let mut made = Vec::new();
    let whole_text = gold;
    let inside = gold.strip_prefix('$').and_then(|rest| rest.strip_suffix('$'));
    let gold = inside.filter(|inside| !inside.is_empty() && !inside.contains('$')).unwrap_or(gold);
    for (kind, from, to) in SPELLINGS {
        // A bold text is not meant; products of vectors, and names and indices in sentences, are other things.
        let other = kind == "text wrappers" && gold.contains(['$', '~'])
            || kind == "products"
                && (has_words(gold)
                    || gold.contains("vec")
                    || gold.contains("array")
                    || gold.contains("math")
                    || gold.contains("matrix")
                    || gold.len() < 8)
            || kind == "matrices" && has_words(gold) && gold.contains(' ') && whole_text.contains("would");
        if !other {
            made.extend(exchanged(gold, from, to).map(|text| (kind, text)));
        }
    }
    of_numbers(gold, &mut made);
    of_roots(gold, &mut made);
    of_sets_and_intervals(gold, &mut made);
    of_spacing(gold, &mut made);
    of_choices(gold, &mut made);
    if let Some(angle) = gold.strip_suffix(r"^\circ").and_then(whole) {
        for sign in [r"^{\circ}", "°", " degrees", r"\text{ degrees}", r"^{\circ }"] {
            made.push(("degrees", format!("{angle}{sign}")));
        }
    }
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
    made.retain(|(_, text)| text != whole_text);
    made
}
