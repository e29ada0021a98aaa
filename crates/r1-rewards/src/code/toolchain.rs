//! Where the tools of a language are, and what a cage has to show of them.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::{CodeError, Language, LanguageSpec};

/// A program of a language, and the files and folders it needs besides the system's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Toolchain {
    pub(crate) program: PathBuf,
    pub(crate) exposed: Vec<PathBuf>,
}

/// The variable that names more files and folders to show to the tools and their programs, as `PATH` does.
const MORE: &str = "R1_TOOLCHAIN_FILES";

impl Language {
    /// Its interpreter or compiler, looked for once.
    pub(crate) fn toolchain(self) -> Result<&'static Toolchain, CodeError> {
        let row = self.row();
        let found = row.toolchain.get_or_init(|| find(&row.spec));
        found.as_ref().map_err(|reason| self.unusable(reason))
    }

    /// The error for tools that are missing, or out of reach for the programs' user.
    pub(crate) fn unusable(self, reason: &str) -> CodeError {
        CodeError::Toolchain {
            language: self.name().to_owned(),
            reason: reason.to_owned(),
            variable: self.spec().variable.clone(),
        }
    }
}

fn find(spec: &LanguageSpec) -> Result<Toolchain, String> {
    let missing = || match out_of_reach(spec) {
        Some(folder) => format!(
            "this user may not look into `{}`, where `{}` is looked for",
            folder.display(),
            spec.programs.join("` or `")
        ),
        None => format!("`{}` is not installed", spec.programs.join("` or `")),
    };
    let program = match env::var_os(&spec.variable).map(PathBuf::from) {
        Some(named) if named.is_file() => named,
        Some(named) => {
            return Err(format!("{} names `{}`, which is no file", spec.variable, named.display()));
        }
        None => search(spec).ok_or_else(missing)?,
    };
    let mut exposed = Vec::new();
    let program = match &spec.ask {
        Some(question) if spec.ask_always || !is_of_system(&program) => {
            let mut answers = ask(question, &program).into_iter();
            let program = answers.next().ok_or_else(|| {
                format!("`{}` does not say where it is; name the program itself", program.display())
            })?;
            exposed.extend(answers.filter(|path| may_be_shown(path)));
            program
        }
        _ => fs::canonicalize(&program).unwrap_or(program),
    };
    if !is_of_system(&program) {
        // The file and its libraries, and never the folder they lie in.
        exposed.extend(libraries(&program));
        exposed.push(program.clone());
    }
    exposed.extend(env::var_os(MORE).iter().flat_map(env::split_paths));
    // A link is followed, since what is shown is shown under its own name.
    let mut exposed: Vec<PathBuf> = exposed
        .into_iter()
        .flat_map(|path| [fs::canonicalize(&path).unwrap_or_else(|_| path.clone()), path])
        .filter(|path| !is_of_system(path))
        .collect();
    exposed.sort();
    exposed.dedup();
    Ok(Toolchain { program, exposed })
}

/// The system's own come first: what a person installed may be unreadable for others.
fn candidates(spec: &LanguageSpec) -> Vec<PathBuf> {
    let system = ["/usr/bin", "/usr/local/bin", "/bin"].into_iter().map(PathBuf::from);
    let folders: Vec<PathBuf> = system.chain(env::var_os("PATH").iter().flat_map(env::split_paths)).collect();
    spec.programs.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name))).collect()
}

fn search(spec: &LanguageSpec) -> Option<PathBuf> {
    candidates(spec).into_iter().find(|path| path.is_file())
}

/// A folder of the search path into which this user may not look. What is in it nobody here can tell.
fn out_of_reach(spec: &LanguageSpec) -> Option<PathBuf> {
    let refused = |path: &PathBuf| {
        fs::metadata(path).is_err_and(|error| error.kind() == std::io::ErrorKind::PermissionDenied)
    };
    candidates(spec).into_iter().find(refused)?.parent().map(Path::to_owned)
}

/// Whether every cage shows it anyway.
fn is_of_system(path: &Path) -> bool {
    let shown = ["/usr/bin", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libexec", "/usr/include"];
    shown.into_iter().chain(["/bin", "/lib", "/lib64"]).any(|system| path.starts_with(system))
}

/// Whether a toolchain's word is enough to show it: a file, or a folder that is made for a toolchain by
/// its name. A home folder never is, whatever lies in it.
fn may_be_shown(path: &Path) -> bool {
    const MADE_FOR_TOOLS: [&str; 9] =
        ["lib", "lib32", "lib64", "libexec", "include", "rustlib", "pkg", "go", "jvm"];
    let named = path.iter().skip(2).any(|part| MADE_FOR_TOOLS.iter().any(|name| part == *name));
    let settings = path.parent() == Some(Path::new("/etc")) || path.starts_with("/usr/share");
    path.is_absolute() && (path.is_file() || (path.is_dir() && (named || settings)))
}

/// The lines that a question about a trusted program gives, as paths.
fn ask(question: &str, program: &Path) -> Vec<PathBuf> {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", question, "sh"]).arg(program).stdin(Stdio::null()).stderr(Stdio::null());
    let Ok(output) = shell.output() else { return Vec::new() };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().map(str::trim).filter(|line| line.starts_with('/')).map(PathBuf::from).collect()
}

/// The shared libraries of a program that are not the system's.
fn libraries(program: &Path) -> Vec<PathBuf> {
    // `libnode.so => /opt/node/lib/libnode.so (0x7f...)`
    let output = Command::new("ldd").arg(program).stdin(Stdio::null()).stderr(Stdio::null()).output();
    let Ok(output) = output else { return Vec::new() };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let paths = text.lines().filter_map(|line| line.split_once("=> ")?.1.split(" (").next());
    paths.map(|path| PathBuf::from(path.trim())).filter(|path| path.is_file()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_shown_by_its_name_and_never_a_home() {
        let home = tempfile::tempdir().unwrap();
        let lib = home.path().join("lib");
        fs::create_dir_all(lib.join("python3.12")).unwrap();
        assert!(may_be_shown(&lib.join("python3.12")));
        for path in ["/", "/home", "/root", "/tmp", "/usr", "relative/lib"] {
            assert!(!may_be_shown(Path::new(path)), "{path}");
        }
        assert!(!may_be_shown(home.path()));
    }
}
