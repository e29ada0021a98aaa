//! The words for malformed JSON, with a hint where the cause is a common one.

/// The message of serde without its place, and with the column when it is about the syntax.
pub(super) fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    match text.strip_suffix(&place) {
        Some(text) if error.is_data() => clause(text),
        Some(text) => format!("malformed JSON at column {}: {text}", error.column()),
        None => clause(&text),
    }
}

/// The message of serde in the words of a data file: a row is an object, whatever Rust type it becomes.
pub(super) fn clause(text: &str) -> String {
    match text.split_once("expected struct ") {
        Some((before, _)) => format!("{before}expected an object"),
        None => text.replace("expected a map", "expected an object"),
    }
}

/// [`reason`] for one line of a file, with what its text tells.
pub(super) fn reason_in_line(error: &serde_json::Error, text: &str, is_first: bool) -> String {
    let reason = reason(error);
    match hint(error, text, is_first) {
        Some(hint) => format!("{reason}; {hint}"),
        None => reason,
    }
}

fn hint(error: &serde_json::Error, text: &str, is_first: bool) -> Option<String> {
    let start = text.trim_start();
    if is_first && !start.starts_with(['{', '[']) && start.contains([',', '\t', ';']) {
        return Some("if this is the header of a CSV file, end the file's name with .csv or .tsv".into());
    }
    if error.is_data() {
        return None;
    }
    let at = error.column().saturating_sub(1).min(text.len());
    let near = &text.as_bytes()[at.saturating_sub(3)..];
    let near = &near[..near.len().min(12)];
    let has = |word: &[u8]| near.windows(word.len()).any(|window| window == word);
    if let Some(byte) = text.as_bytes().get(at).filter(|byte| byte.is_ascii_control()) {
        let name = if *byte == 0 { "NUL" } else { "a control character" };
        return Some(format!("the byte 0x{byte:02x} is {name}, which JSON writes as \\u{byte:04x}"));
    }
    if let Some(word) = ["NaN", "nan", "Infinity", "inf"].into_iter().find(|word| has(word.as_bytes())) {
        return Some(format!("`{word}` is no number of JSON; write null, or leave the field out"));
    }
    if start.starts_with("{'") || ["None", "True", "False"].iter().any(|word| has(word.as_bytes())) {
        return Some("this is Python's spelling; write lines with json.dumps".into());
    }
    let cut = "the object does not end on its line; a file has one object a line or one array of them";
    error.is_eof().then(|| cut.into())
}
