//! Questions from standard input and answers to standard output, one JSON object a line.

use std::{
    borrow::Cow,
    io::{self, BufRead, StdinLock, Write},
};

use serde::{Serialize, de::DeserializeOwned};

use crate::failure::{Failure, sentence};

/// The lines of standard input, counted.
///
/// A line that cannot be answered is named on standard error, and the next one is read.
#[derive(Debug)]
pub(crate) struct Lines {
    input: StdinLock<'static>,
    buffer: Vec<u8>,
    number: usize,
    failed: bool,
}

impl Lines {
    /// Standard input from its first line.
    pub(crate) fn of_stdin() -> Self {
        Self { input: io::stdin().lock(), buffer: Vec::new(), number: 0, failed: false }
    }

    /// The next line that holds a `T`, with its number from 1; `None` at the end. Blank lines are
    /// skipped.
    pub(crate) fn next<T: DeserializeOwned>(&mut self) -> Result<Option<(usize, T)>, Failure> {
        loop {
            self.buffer.clear();
            let read = self.input.read_until(b'\n', &mut self.buffer);
            if read.map_err(|error| Failure::Job(format!("cannot read standard input: {error}")))? == 0 {
                return Ok(None);
            }
            self.number += 1;
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
        eprintln!("error: line {number} of standard input: {reason}");
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
        return Err(format!("`{start}` is no JSON object; give one a line"));
    }
    serde_json::from_str(text).map_err(|error| {
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

/// Writes one result as a line, and lets it go at once.
pub(crate) fn answer(value: &impl Serialize) -> Result<(), Failure> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    let mut output = io::stdout().lock();
    output.write_all(&line).and_then(|()| output.flush()).map_err(|error| Failure::output(&error))
}
