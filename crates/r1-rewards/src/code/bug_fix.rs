//! Programs with a bug, to be repaired against tests.

use r1_core::{Problem, Reference};

use super::{CodeError, Judge, Language, Limits, Suite, Verdict};

/// A right program from which problems with a bug are made.
#[derive(Debug, Clone, PartialEq)]
pub struct BugFix {
    /// What the ids start with.
    pub id: String,
    /// What the program should do.
    pub task: String,
    /// A right program.
    pub source: String,
    /// Its tests.
    pub suite: Suite,
}

impl BugFix {
    /// Up to `max` problems, each a small change of the program that fails a test. The answer is any
    /// program that passes all of them.
    ///
    /// # Errors
    /// As [`Judge::judge`], and [`CodeError::Tests`] when the right program does not pass.
    pub fn problems(&self, judge: &Judge, max: usize) -> Result<Vec<Problem>, CodeError> {
        let language = self.suite.language.unwrap_or(Language::PYTHON);
        let verdict = |source: &str| {
            let submission =
                self.suite.submission(language, source, &Limits::default()).stopping_at_failure();
            Ok::<_, CodeError>(judge.judge(&submission, &self.suite.tests)?.verdict)
        };
        let found = verdict(&self.source)?;
        if found != Verdict::Accepted {
            return Err(CodeError::Tests {
                reason: format!("the right program of `{}` gets {found}", self.id),
            });
        }
        let suite = serde_json::to_value(&self.suite)
            .map_err(|error| CodeError::Tests { reason: error.to_string() })?;
        let mut problems = Vec::new();
        for mutant in mutants(&self.source) {
            if problems.len() == max {
                break;
            }
            let failure = verdict(&mutant)?;
            if matches!(failure, Verdict::Accepted | Verdict::CompileError) {
                continue;
            }
            let question = format!(
                "{}\n\nThis program fails a test ({failure}). Find the bug and give the whole repaired program.\n\n\
                 ```{language}\n{}\n```",
                self.task,
                mutant.trim_end()
            );
            let id = format!("{}-bug-{}", self.id, problems.len() + 1);
            problems.push(Problem::new(id, question, Reference::Tests { tests: suite.clone() }));
        }
        Ok(problems)
    }
}

/// What is exchanged for what; both sides are looked for as they stand, outside of quotes and comments.
const CHANGES: [(&str, &str); 28] = [
    (" == ", " != "),
    (" != ", " == "),
    (" <= ", " > "),
    (" >= ", " < "),
    (" < ", " >= "),
    (" > ", " <= "),
    (" + ", " - "),
    (" - ", " + "),
    (" * ", " + "),
    (" // ", " * "),
    (" / ", " * "),
    (" % ", " + "),
    (" and ", " or "),
    (" or ", " and "),
    ("not ", ""),
    ("True", "False"),
    ("False", "True"),
    ("min(", "max("),
    ("max(", "min("),
    ("sorted(", "list("),
    (" += ", " -= "),
    (" -= ", " += "),
    ("[0]", "[-1]"),
    ("[1:]", "[2:]"),
    ("+ 1", "+ 2"),
    ("- 1", "- 2"),
    ("0", "1"),
    ("1", "2"),
];

/// Small changes of a program, one at a time, in the order of the list and then of the text; at the end
/// come those that return nothing where something was returned.
pub fn mutants(source: &str) -> Vec<String> {
    let plain = plain(source);
    let mut mutants = Vec::new();
    let mut push = |start: usize, length: usize, new: &str| {
        if let (Some(before), Some(after)) = (source.get(..start), source.get(start + length..)) {
            mutants.push(format!("{before}{new}{after}"));
        }
    };
    for (old, new) in CHANGES {
        for (start, _) in source.match_indices(old) {
            if plain.get(start..start + old.len()).is_some_and(|plain| plain.iter().all(|&plain| plain)) {
                push(start, old.len(), new);
            }
        }
    }
    for (start, old) in source.match_indices("return ") {
        if plain.get(start).is_some_and(|&plain| plain) {
            push(start, old.len(), "return None and ");
        }
    }
    mutants
}

/// For each byte, whether it is code: not in a text or a comment.
fn plain(source: &str) -> Vec<bool> {
    let bytes = source.as_bytes();
    let mut plain = vec![true; bytes.len()];
    let mut index = 0;
    while let Some(&byte) = bytes.get(index) {
        let start = index;
        let end_of =
            |from: usize, end: &str| source.get(from..).and_then(|rest| rest.find(end)).map(|at| from + at);
        index = match byte {
            b'#' => end_of(index, "\n").unwrap_or(bytes.len()),
            b'"' | b'\'' => {
                let quote = if byte == b'"' { ["\"\"\"", "\""] } else { ["'''", "'"] };
                let long = bytes[index..].starts_with(quote[0].as_bytes());
                let quote = if long { quote[0] } else { quote[1] };
                end_of(index + quote.len(), quote).map_or(bytes.len(), |end| end + quote.len())
            }
            _ => {
                index += 1;
                continue;
            }
        };
        plain[start..index.min(bytes.len())].fill(false);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mutant_changes_code_and_no_text() {
        let source = "def f(x):\n    \"\"\"x == 1\"\"\"\n    # a == b\n    return x == 1\n";
        let mutants = mutants(source);
        assert_eq!(mutants[0], source.replace("return x == 1", "return x != 1"));
        assert!(
            mutants.iter().all(|mutant| mutant.contains("\"\"\"x == 1\"\"\"") && mutant.contains("# a == b"))
        );
        assert!(mutants.iter().all(|mutant| mutant != source));
        assert_eq!(super::mutants("").len(), 0);
        assert_eq!(super::mutants("'never closed 0").len(), 0);
    }
}
