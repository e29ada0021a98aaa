//! Scripts of ours as Python's own code.
//!
//! To parse a driver takes about as long as to start the interpreter, and every program would pay for it. So each is
//! compiled once, in a cage, by the interpreter that will run it. Programs themselves are never kept like this.

use std::sync::Arc;

use r1_sandbox::Command;

use super::{CodeError, Judge, Language, cache::key};

/// Prints the file `script` as CPython keeps modules; nothing, where another Python would not know the format.
const COMPILER: &str = "
import marshal, sys
from importlib.util import MAGIC_NUMBER

if sys.implementation.name == 'cpython':
    with open('script', 'rb') as file:
        code = compile(file.read(), sys.argv[1], 'exec', dont_inherit=True)
    sys.stdout.buffer.write(MAGIC_NUMBER + bytes(12) + marshal.dumps(code))
";

/// A script of Python under the name by which the interpreter runs it: as code, or as it is where that fails.
pub(crate) fn script(judge: &Judge, stem: &str, text: &str) -> Result<(String, Arc<[u8]>), CodeError> {
    let key = key(Language::PYTHON, stem, text);
    let code = match judge.cache().get(&key) {
        Some(code) => code,
        None => {
            let toolchain = Language::PYTHON.toolchain()?;
            let arguments = ["-I", "-S", "-B", "-c", COMPILER, stem];
            let mut command =
                arguments.into_iter().fold(Command::new(toolchain.program.as_path()), Command::arg);
            command = command.file("script", text.as_bytes());
            command.exposed = toolchain.exposed.clone();
            let run = judge.sandbox().run(&command)?;
            let code = if run.stdout.is_empty() { Err(run.detail()) } else { Ok(run.stdout.clone().into()) };
            if !run.is_clean() {
                return Ok(plain(stem, text));
            }
            judge.cache().insert(key, code.clone());
            code
        }
    };
    Ok(code.map_or_else(|_| plain(stem, text), |code| (format!("{stem}.pyc"), code)))
}

fn plain(stem: &str, text: &str) -> (String, Arc<[u8]>) {
    (format!("{stem}.py"), text.as_bytes().into())
}
