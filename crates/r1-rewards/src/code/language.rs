//! The languages, and where their tools are.

use std::{
    env, fmt, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    str::FromStr,
    sync::OnceLock,
};

use serde::{Deserialize, Serialize};

use super::SandboxError;

/// A language that programs are judged in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Language {
    /// Python 3, isolated from the site's packages.
    Python,
    /// C++17 with the GNU extensions.
    Cpp,
    /// Rust, edition 2021, one file.
    Rust,
    /// JavaScript of node.
    JavaScript,
}

/// A program of a language and the folders it needs besides the system's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Toolchain {
    pub(crate) program: PathBuf,
    pub(crate) exposed: Vec<PathBuf>,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 4] = [Self::Python, Self::Cpp, Self::Rust, Self::JavaScript];

    /// Its name, as commands and data spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::Cpp => "cpp",
            Self::Rust => "rust",
            Self::JavaScript => "javascript",
        }
    }

    /// Whether its programs are compiled before they run.
    pub fn is_compiled(self) -> bool {
        matches!(self, Self::Cpp | Self::Rust)
    }

    /// The words after the three backticks that mark code of this language.
    pub fn fences(self) -> &'static [&'static str] {
        match self {
            Self::Python => &["python", "py", "python3"],
            Self::Cpp => &["cpp", "c++", "cc", "cxx"],
            Self::Rust => &["rust", "rs"],
            Self::JavaScript => &["javascript", "js", "node"],
        }
    }

    /// The variable that names another program than the system's.
    pub fn variable(self) -> &'static str {
        match self {
            Self::Python => "R1_PYTHON",
            Self::Cpp => "R1_CXX",
            Self::Rust => "R1_RUSTC",
            Self::JavaScript => "R1_NODE",
        }
    }

    /// Its interpreter or compiler, looked for once.
    pub(crate) fn toolchain(self) -> Result<&'static Toolchain, SandboxError> {
        static FOUND: [OnceLock<Option<Toolchain>>; 4] = [const { OnceLock::new() }; 4];
        let index = Self::ALL.iter().position(|&language| language == self).unwrap_or(0);
        let found = FOUND[index].get_or_init(|| self.find());
        found
            .as_ref()
            .ok_or_else(|| self.unusable(&format!("`{}` is not installed", self.programs().join("` or `"))))
    }

    /// The error for tools that are missing, or out of reach for the programs' user.
    pub(crate) fn unusable(self, reason: &str) -> SandboxError {
        SandboxError::Toolchain {
            language: self.name(),
            reason: reason.to_owned(),
            variable: self.variable(),
        }
    }

    fn programs(self) -> &'static [&'static str] {
        match self {
            Self::Python => &["python3"],
            Self::Cpp => &["g++", "c++", "clang++"],
            Self::Rust => &["rustc"],
            Self::JavaScript => &["node", "nodejs"],
        }
    }

    fn find(self) -> Option<Toolchain> {
        let named = env::var_os(self.variable()).map(PathBuf::from);
        // The system's own come first: what a person installed may be unreadable for others.
        let system = ["/usr/bin", "/usr/local/bin", "/bin"].into_iter().map(PathBuf::from);
        let folders: Vec<PathBuf> =
            system.chain(env::var_os("PATH").iter().flat_map(env::split_paths)).collect();
        let candidates =
            self.programs().iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
        let program = named.into_iter().chain(candidates).find(|path| path.is_file())?;
        if self == Self::Rust {
            return sysroot(&program);
        }
        // A pyenv shim is a script; the interpreter itself says where it is.
        let program = if self == Self::Python && !is_of_system(&program) {
            output(&program, &["-c", "import sys; print(sys.executable)"])?
        } else {
            program
        };
        let program = fs::canonicalize(&program).unwrap_or(program);
        let prefix = program.parent().and_then(Path::parent).map(Path::to_owned);
        let exposed = prefix.filter(|_| !is_of_system(&program)).into_iter().collect();
        Some(Toolchain { program, exposed })
    }
}

/// The compiler behind rustup's proxy, which would want to read and write a home folder.
fn sysroot(rustc: &Path) -> Option<Toolchain> {
    let root = output(rustc, &["--print", "sysroot"])?;
    let program = root.join("bin/rustc");
    let exposed = if is_of_system(&root) { Vec::new() } else { vec![root] };
    program.is_file().then_some(Toolchain { program, exposed })
}

fn is_of_system(path: &Path) -> bool {
    ["/usr", "/bin", "/lib"].iter().any(|system| path.starts_with(system))
}

/// What a trusted program prints, as a path.
fn output(program: &Path, arguments: &[&str]) -> Option<PathBuf> {
    let output =
        Command::new(program).args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| PathBuf::from(text.trim()))
}

impl fmt::Display for Language {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for Language {
    type Err = SandboxError;

    /// # Errors
    /// [`SandboxError::Tests`] for any other name.
    fn from_str(name: &str) -> Result<Self, SandboxError> {
        let found = Self::ALL.into_iter().find(|language| {
            language.name() == name || language.fences().iter().any(|fence| fence.eq_ignore_ascii_case(name))
        });
        found.ok_or_else(|| SandboxError::Tests {
            reason: format!("`{name}` is no language here; expected python, cpp, rust or javascript"),
        })
    }
}
