//! Tests, as problems and the command line write them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One test of a program.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
#[non_exhaustive]
pub enum TestCase {
    /// Text in, text out.
    Stdio {
        /// Standard input.
        stdin: String,
        /// What standard output should be, in the eyes of the [`Checker`](super::Checker).
        stdout: String,
    },
    /// A function is called, and what it returns is compared in this process. Python and JavaScript.
    Call {
        /// The function, or the method of a class `Solution`.
        call: String,
        /// Its arguments.
        args: Vec<Value>,
        /// What it should return.
        returns: Value,
        /// What it may return instead, where a data set leaves that open.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        or: Vec<Value>,
    },
    /// A Python program with assertions, which calls functions of the submission. It runs in another
    /// cage than the submission, which sees only the arguments.
    Assert {
        /// The assertions; an exception of theirs is a wrong answer.
        assert: String,
        /// Functions of the submission that the assertions use.
        functions: Vec<String>,
        /// Run before the assertions, and without the submission.
        #[serde(default)]
        setup: String,
    },
}

impl TestCase {
    /// A test by text.
    pub fn stdio(stdin: impl Into<String>, stdout: impl Into<String>) -> Self {
        Self::Stdio { stdin: stdin.into(), stdout: stdout.into() }
    }

    /// A test by a call.
    pub fn call(call: impl Into<String>, args: Vec<Value>, returns: impl Into<Value>) -> Self {
        Self::Call { call: call.into(), args, returns: returns.into(), or: Vec::new() }
    }

    /// A test by assertions about one function.
    pub fn assert(assert: impl Into<String>, function: impl Into<String>) -> Self {
        Self::Assert { assert: assert.into(), functions: vec![function.into()], setup: String::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_tell_the_kind() {
        let text = r#"[{"stdin":"1","stdout":"2"},{"call":"f","args":[1,[2]],"returns":null},
                       {"assert":"assert f(1)","functions":["f"]}]"#;
        let tests: Vec<TestCase> = serde_json::from_str(text).unwrap();
        assert_eq!(tests[0], TestCase::stdio("1", "2"));
        assert_eq!(tests[1], TestCase::call("f", vec![1.into(), vec![2].into()], Value::Null));
        assert_eq!(tests[2], TestCase::assert("assert f(1)", "f"));
        for bad in [r#"{"stdin":"1"}"#, r#"{"stdin":"1","stdout":"2","weight":3}"#] {
            assert!(serde_json::from_str::<TestCase>(bad).is_err(), "{bad}");
        }
    }
}
