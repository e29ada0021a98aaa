//! Questions from standard input and answers to standard output, one JSON object a line.

use std::{
    borrow::Cow,
    fs::File,
    io::{self, BufRead, BufReader, Read, Write},
    path::Path,
};

use serde::{Serialize, de::DeserializeOwned};

use crate::command::failure::{Failure, sentence};

/// Longest line in bytes: far beyond any context, and little enough to be read and refused at once.
const MAX_LINE: u64 = 64_000_000;

/// The lines of standard input or of a file, counted.
///
/// A line that cannot be answered is named on standard error, and the next one is read.
pub(crate) struct Lines {
    input: Box<dyn BufRead>,
    /// What it is called in errors.
    name: String,
    buffer: Vec<u8>,
    number: usize,
    failed: bool,
}

impl Lines {
    /// Standard input from its first line.
    pub(crate) fn of_stdin() -> Self {
        Self::of(Box::new(io::stdin().lock()), "standard input".into())
    }

    /// A file from its first line.
    pub(crate) fn of_file(path: &Path) -> Result<Self, Failure> {
        let name = format!("`{}`", path.display());
        let cannot = |error| Failure::Job(format!("cannot read {name}: {error}"));
        let file = File::open(path).map_err(cannot)?;
        if file.metadata().map_err(cannot)?.is_dir() {
            return Err(Failure::Job(format!("{name} is a folder; give a file with one JSON object a line")));
        }
        Ok(Self::of(Box::new(BufReader::new(file)), name))
    }

    fn of(input: Box<dyn BufRead>, name: String) -> Self {
        Self { input, name, buffer: Vec::new(), number: 0, failed: false }
    }

    /// The next line that holds a `T`, with its number from 1; `None` at the end. Blank lines are
    /// skipped.
    pub(crate) fn next<T: DeserializeOwned>(&mut self) -> Result<Option<(usize, T)>, Failure> {
        loop {
            self.buffer.clear();
            let name = self.name.clone();
            let cannot = |error| Failure::Job(format!("cannot read {name}: {error}"));
            let mut start = self.input.by_ref().take(MAX_LINE);
            if start.read_until(b'\n', &mut self.buffer).map_err(cannot)? == 0 {
                return Ok(None);
            }
            self.number += 1;
            if self.buffer.len() as u64 == MAX_LINE && !self.buffer.ends_with(b"\n") {
                self.input.skip_until(b'\n').map_err(cannot)?;
                self.fail(self.number, &format!("it has more than {} MB; divide it", MAX_LINE / 1_000_000));
                continue;
            }
            let line = self.buffer.strip_prefix(b"\xef\xbb\xbf").filter(|_| self.number == 1);
            let line = line.unwrap_or(&self.buffer).trim_ascii();
            if line.is_empty() {
                continue;
            }
            match parse(line) {
                Ok(value) => return Ok(Some((self.number, value))),
                Err(reason) => self.fail(self.number, &reason),
            }
        }
    }

    /// Names a line that cannot be answered.
    pub(crate) fn fail(&mut self, number: usize, reason: &str) {
        self.failed = true;
        eprintln!("error: line {number} of {}: {reason}", self.name);
    }

    /// Fails when any line did.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        if self.failed { Err(Failure::Lines) } else { Ok(()) }
    }
}

fn parse<T: DeserializeOwned>(line: &[u8]) -> Result<T, String> {
    let text = std::str::from_utf8(line)
        .map_err(|error| format!("not UTF-8 from byte {}", error.valid_up_to() + 1))?;
    if !text.starts_with('{') {
        let start: Cow<str> = match text.char_indices().nth(20) {
            Some((end, _)) => format!("{}..", &text[..end]).into(),
            None => text.into(),
        };
        return Err(format!("`{}` is no JSON object; give one a line", start.escape_debug()));
    }
    serde_json::from_str(text).map_err(|error| {
        if let Some(reason) = unwritable(text, &error) {
            return reason;
        }
        // Its line number is always 1 here.
        let place = format!(" at line 1 column {}", error.column());
        let reason = sentence(&error).replace(&place, "");
        if error.is_data() {
            reason
        } else {
            format!("malformed JSON at column {}: {reason}", error.column())
        }
    })
}

/// What is wrong where the parser stopped, when it is something that JSON cannot hold.
fn unwritable(text: &str, error: &serde_json::Error) -> Option<String> {
    let column = error.column();
    let rest = text.get(column.checked_sub(1)?..)?;
    if let Some(name) = ["NaN", "Infinity"].iter().find(|name| rest.starts_with(**name)) {
        let minus = if text[..column - 1].ends_with('-') { "-" } else { "" };
        return Some(format!(
            "`{minus}{name}` at column {column} is no number in JSON; leave it out, or write null"
        ));
    }
    let control = rest.chars().next().filter(|next| next.is_control())?;
    let code = control as u32;
    Some(format!("the character U+{code:04X} at column {column} must be written as \\u{code:04x} in JSON"))
}

/// Writes one result as a line, and lets it go at once.
pub(crate) fn answer(value: &impl Serialize) -> Result<(), Failure> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    write_output(&line)
}

/// Writes to standard output, and lets it go at once.
pub(crate) fn write_output(bytes: &[u8]) -> Result<(), Failure> {
    let mut output = io::stdout().lock();
    output.write_all(bytes).and_then(|()| output.flush()).map_err(|error| Failure::output(&error))
}
