//! What test runners print, as a status by the name of each test.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What became of a test of a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TestStatus {
    /// It passed.
    Passed,
    /// It was left out.
    Skipped,
    /// It failed, or ended by an error.
    Failed,
    /// The report does not name it.
    Missing,
}

/// How a test runner reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReportFormat {
    /// `ok 1 - name` and `not ok 2 - name`: the Test Anything Protocol, of node, Perl, bats and others.
    Tap,
    /// `PASSED tests/test_a.py::test_one`: `pytest -rA`.
    Pytest,
    /// `test_one (tests.test_a.Case.test_one) ... ok`: `python3 -m unittest -v`. The name is `test_one (tests.test_a.Case)`
    /// in every version of Python.
    Unittest,
    /// `test module::name ... ok`: `cargo test` and `rustc --test`.
    Cargo,
    /// `--- PASS: TestName (0.00s)`: `go test -v`.
    Go,
}

impl ReportFormat {
    /// The tests that a report names. One that is named twice has the worse status.
    ///
    /// # Examples
    /// ```
    /// use r1_rewards::code::{ReportFormat, TestStatus};
    ///
    /// let report = ReportFormat::Tap.read("1..2\nok 1 - adds\nnot ok 2 - carries\n");
    /// assert_eq!((report["adds"], report["carries"]), (TestStatus::Passed, TestStatus::Failed));
    /// ```
    pub fn read(self, text: &str) -> BTreeMap<String, TestStatus> {
        let mut tests = BTreeMap::new();
        let mut begun = None;
        for line in text.lines() {
            let line = line.trim_end();
            let found = match self {
                Self::Tap => tap(line.trim_start()),
                Self::Pytest => pytest(line),
                Self::Unittest => unittest(line, &mut begun),
                Self::Cargo => cargo(line),
                Self::Go => go(line.trim_start()),
            };
            if let Some((name, status)) = found {
                let known = tests.entry(name).or_insert(status);
                *known = status.max(*known);
            }
        }
        tests
    }
}

type Found = Option<(String, TestStatus)>;

fn tap(line: &str) -> Found {
    let (failed, rest) = match line.strip_prefix("not ok") {
        Some(rest) => (true, rest),
        None => (false, line.strip_prefix("ok")?),
    };
    let rest = rest.strip_prefix(' ')?.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start();
    let rest = rest.strip_prefix("- ").unwrap_or(rest);
    let (name, directive) = rest.split_once(" # ").unwrap_or((rest, ""));
    let directive = directive.to_ascii_lowercase();
    let status = if directive.starts_with("skip") || directive.starts_with("todo") {
        TestStatus::Skipped
    } else if failed {
        TestStatus::Failed
    } else {
        TestStatus::Passed
    };
    (!name.is_empty()).then(|| (name.to_owned(), status))
}

fn pytest(line: &str) -> Found {
    let (word, rest) = line.split_once(' ')?;
    let status = match word {
        "PASSED" | "XFAIL" => TestStatus::Passed,
        "FAILED" | "ERROR" | "XPASS" => TestStatus::Failed,
        _ => return None,
    };
    // Why it failed comes after the name, in which a parameter may have the same mark.
    let name = match (rest.find(']'), rest.find(" - ")) {
        (Some(bracket), Some(dash)) if rest.find('[').is_some_and(|open| open < dash) && bracket > dash => {
            &rest[..=bracket]
        }
        (_, Some(dash)) => &rest[..dash],
        _ => rest,
    };
    name.contains("::").then(|| (name.to_owned(), status))
}

/// `begun` is a test whose status comes on a later line, behind its description or what it printed.
fn unittest(line: &str, begun: &mut Option<String>) -> Found {
    if let Some((name, rest)) = line.split_once(" (")
        && name.starts_with("test")
        && !name.contains(' ')
        && let Some((class, _)) = rest.split_once(')')
    {
        let class = class.strip_suffix(&format!(".{name}")).unwrap_or(class);
        *begun = Some(format!("{name} ({class})"));
    }
    let status = line.rsplit("... ").next().filter(|_| line.contains("... ")).unwrap_or(line).trim();
    let status = match status {
        "ok" | "expected failure" => TestStatus::Passed,
        "FAIL" | "ERROR" | "unexpected success" => TestStatus::Failed,
        _ if status.starts_with("skipped ") => TestStatus::Skipped,
        _ => return None,
    };
    begun.take().map(|name| (name, status))
}

fn cargo(line: &str) -> Found {
    let (name, status) = line.strip_prefix("test ")?.rsplit_once(" ... ")?;
    let status = match status.split(' ').next()?.trim_end_matches(',') {
        "ok" => TestStatus::Passed,
        "FAILED" => TestStatus::Failed,
        "ignored" => TestStatus::Skipped,
        _ => return None,
    };
    Some((name.trim_end_matches(" - should panic").to_owned(), status))
}

fn go(line: &str) -> Found {
    let (status, rest) = line.strip_prefix("--- ")?.split_once(": ")?;
    let status = match status {
        "PASS" => TestStatus::Passed,
        "FAIL" => TestStatus::Failed,
        "SKIP" => TestStatus::Skipped,
        _ => return None,
    };
    Some((rest.split(' ').next()?.to_owned(), status))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(format: ReportFormat, text: &str) -> Vec<(String, TestStatus)> {
        format.read(text).into_iter().collect()
    }

    #[test]
    fn every_runner_is_read() {
        use TestStatus::{Failed, Passed, Skipped};
        let owned = |tests: &[(&str, TestStatus)]| -> Vec<(String, TestStatus)> {
            tests.iter().map(|(name, status)| ((*name).to_owned(), *status)).collect()
        };
        let tap = "TAP version 13\n# Subtest: a\n    ok 1 - inner\nok 1 - a b\nnot ok 2 - c\nok 3 - d # SKIP no net\nokay\n1..3";
        assert_eq!(
            read(ReportFormat::Tap, tap),
            owned(&[("a b", Passed), ("c", Failed), ("d", Skipped), ("inner", Passed)])
        );
        let pytest = "PASSED t.py::a\nFAILED t.py::b - assert 1 == 2\nPASSED t.py::c[x - y]\nERROR t.py::d\nFAILED (errors=1)";
        assert_eq!(
            read(ReportFormat::Pytest, pytest),
            owned(&[
                ("t.py::a", Passed),
                ("t.py::b", Failed),
                ("t.py::c[x - y]", Passed),
                ("t.py::d", Failed)
            ])
        );
        let unittest = "test_a (m.C.test_a) ... ok\ntest_b (m.C) ... FAIL\ntest_c (m.C.test_c)\nWhat it does. ... skipped 'why'\n\
                        test_d (m.C.test_d) ... printed\nok\n\nFAIL: test_b (m.C)\nOK";
        assert_eq!(
            read(ReportFormat::Unittest, unittest),
            owned(&[
                ("test_a (m.C)", Passed),
                ("test_b (m.C)", Failed),
                ("test_c (m.C)", Skipped),
                ("test_d (m.C)", Passed)
            ])
        );
        let cargo = "running 3 tests\ntest a::b ... ok\ntest c - should panic ... FAILED\ntest d ... ignored, slow\ntest result: ok. 3 passed";
        assert_eq!(
            read(ReportFormat::Cargo, cargo),
            owned(&[("a::b", Passed), ("c", Failed), ("d", Skipped)])
        );
        let go = "=== RUN TestA\n--- PASS: TestA (0.00s)\n    --- FAIL: TestA/b (0.00s)\nPASS";
        assert_eq!(read(ReportFormat::Go, go), owned(&[("TestA", Passed), ("TestA/b", Failed)]));
    }

    #[test]
    fn what_failed_once_has_failed() {
        assert_eq!(read(ReportFormat::Tap, "not ok 1 - a\nok 2 - a"), [("a".to_owned(), TestStatus::Failed)]);
    }
}
