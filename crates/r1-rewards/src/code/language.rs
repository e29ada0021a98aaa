//! The languages: a table as data.

use std::{
    collections::BTreeMap,
    fmt,
    str::FromStr,
    sync::{Mutex, OnceLock, PoisonError},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use super::{CodeError, toolchain::Toolchain};

/// A language that programs are judged in: a name in a table, to which [`Language::add`] adds.
///
/// # Examples
/// ```
/// use r1_rewards::code::{Language, LanguageSpec};
///
/// let spec: LanguageSpec = serde_json::from_str(
///     r#"{
///         "name": "awk",
///         "fences": ["awk"],
///         "variable": "R1_AWK",
///         "programs": ["mawk", "gawk"],
///         "source": "main.awk",
///         "run": ["{program}", "-f", "{source}"]
///     }"#,
/// )?;
/// let awk = Language::add(spec)?;
/// assert_eq!("awk".parse::<Language>()?, awk);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Language(&'static str);

/// How programs of a language are compiled and run.
///
/// In `compile` and `run` stand `{program}` for the toolchain's path, `{folder}` for the folder it is in,
/// `{source}` for the file of the source, `{standard}` for the version of the language and `{megabytes}`
/// for the memory limit.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LanguageSpec {
    /// Its name, as commands and data spell it.
    pub name: String,
    /// The words after the three backticks that mark code of this language.
    pub fences: Vec<String>,
    /// The variable that names another program than the system's.
    pub variable: String,
    /// The names of its interpreter or compiler, the best first.
    pub programs: Vec<String>,
    /// A line for `sh` that prints the program behind `$1`, and then the files and folders that it needs
    /// beside the system's, one a line. Only asked of programs that are not the system's.
    #[serde(default)]
    pub ask: Option<String>,
    /// Asks the system's programs, too.
    #[serde(default)]
    pub ask_always: bool,
    /// The file of a source.
    pub source: String,
    /// The version of the language, where it is chosen by a flag.
    #[serde(default)]
    pub standard: String,
    /// The versions that may be chosen.
    #[serde(default)]
    pub standards: Vec<String>,
    /// A line for `sh` that makes a file `out` of the source; interpreters have none.
    #[serde(default)]
    pub compile: Option<String>,
    /// What `out` is called when it runs.
    #[serde(default = "main_file")]
    pub artifact: String,
    /// The program and its arguments.
    pub run: Vec<String>,
    /// Variables of the compiler and the program.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// Whether the address space may be limited; some runtimes reserve far more than they use.
    #[serde(default = "yes")]
    pub limit_address_space: bool,
    /// Whether its compiler reads `/proc`, which it can only where that is its own.
    #[serde(default)]
    pub reads_proc: bool,
    /// How much more time its programs get where a problem's limit was made for compiled languages.
    #[serde(default = "once")]
    pub time_factor: f64,
    /// Whether its programs consist of processes, as those of a shell do.
    #[serde(default)]
    pub forks: bool,
    /// The driver that calls functions, where there is one: `python` or `javascript`.
    #[serde(default)]
    pub driver: Option<String>,
}

fn main_file() -> String {
    "main".into()
}

fn once() -> f64 {
    1.0
}

fn yes() -> bool {
    true
}

/// A row of the table, and its tools once they were looked for.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) spec: LanguageSpec,
    pub(crate) toolchain: OnceLock<Result<Toolchain, String>>,
}

fn table() -> &'static Mutex<Vec<&'static Row>> {
    static TABLE: OnceLock<Mutex<Vec<&'static Row>>> = OnceLock::new();
    TABLE.get_or_init(|| {
        // The file is a part of this program and is read by a test.
        let specs: Vec<LanguageSpec> =
            serde_json::from_str(include_str!("languages.json")).unwrap_or_default();
        Mutex::new(specs.into_iter().map(row).collect())
    })
}

fn row(spec: LanguageSpec) -> &'static Row {
    Box::leak(Box::new(Row { spec, toolchain: OnceLock::new() }))
}

impl Language {
    /// Python 3, isolated from the site's packages.
    pub const PYTHON: Self = Self("python");
    /// C++20 with the GNU extensions.
    pub const CPP: Self = Self("cpp");
    /// Rust, edition 2021, one file.
    pub const RUST: Self = Self("rust");
    /// JavaScript of node.
    pub const JAVASCRIPT: Self = Self("javascript");

    /// Every language of the table.
    pub fn all() -> Vec<Self> {
        let rows = table().lock().unwrap_or_else(PoisonError::into_inner);
        rows.iter().map(|row| Self(&row.spec.name)).collect()
    }

    /// Adds a language for the rest of the process.
    ///
    /// # Errors
    /// [`CodeError::Tests`] when the name is taken, or there is nothing to run.
    pub fn add(spec: LanguageSpec) -> Result<Self, CodeError> {
        if spec.run.is_empty() || spec.programs.is_empty() {
            return Err(CodeError::tests(format!("the language `{}` has nothing to run", spec.name)));
        }
        let mut rows = table().lock().unwrap_or_else(PoisonError::into_inner);
        if rows.iter().any(|row| row.spec.name == spec.name) {
            return Err(CodeError::tests(format!("there is a language `{}` already", spec.name)));
        }
        let row = row(spec);
        rows.push(row);
        Ok(Self(&row.spec.name))
    }

    /// Its name, as commands and data spell it.
    pub fn name(self) -> &'static str {
        self.0
    }

    /// How its programs are compiled and run.
    ///
    /// # Panics
    /// Never: only names of the table become languages.
    pub fn spec(self) -> &'static LanguageSpec {
        &self.row().spec
    }

    /// Whether its programs are compiled before they run.
    pub fn is_compiled(self) -> bool {
        self.spec().compile.is_some()
    }

    pub(crate) fn row(self) -> &'static Row {
        let rows = table().lock().unwrap_or_else(PoisonError::into_inner);
        let found = rows.iter().find(|row| row.spec.name == self.0);
        found.copied().expect("a language is a name of the table")
    }
}

impl fmt::Debug for Language {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Language({})", self.0)
    }
}

impl fmt::Display for Language {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.0)
    }
}

impl FromStr for Language {
    type Err = CodeError;

    /// # Errors
    /// [`CodeError::Tests`] for any other name.
    fn from_str(name: &str) -> Result<Self, CodeError> {
        let fits = |language: &Self| {
            language.0 == name || language.spec().fences.iter().any(|fence| fence.eq_ignore_ascii_case(name))
        };
        Self::all().into_iter().find(fits).ok_or_else(|| {
            let names: Vec<_> = Self::all().into_iter().map(Self::name).collect();
            CodeError::tests(format!("`{name}` is no language here; expected one of {}", names.join(", ")))
        })
    }
}

impl Serialize for Language {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

impl<'de> Deserialize<'de> for Language {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_read_and_holds_the_named_languages() {
        let specs: Vec<LanguageSpec> = serde_json::from_str(include_str!("languages.json")).unwrap();
        assert_eq!(specs.len(), Language::all().len());
        for language in [Language::PYTHON, Language::CPP, Language::RUST, Language::JAVASCRIPT] {
            assert_eq!(language.name().parse::<Language>().unwrap(), language);
            assert_eq!(language.spec().name, language.name());
        }
        assert!("cobol".parse::<Language>().is_err());
        let again = specs.into_iter().next().unwrap();
        assert!(Language::add(again).is_err());
    }
}
