//! From a source to something that can be started.

use std::sync::Arc;

use r1_sandbox::{Breach, Channel, Command, Limits, Processes};

use super::{
    CodeError, Judge, Language, bytecode,
    cache::{Compiled, key},
    toolchain::Toolchain,
};

/// A source, its language, and how it is compiled.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) language: Language,
    pub(crate) text: &'a str,
    /// The version of the language; empty for the table's.
    pub(crate) standard: &'a str,
    /// What the compiler may use.
    pub(crate) limits: &'a Limits,
}

/// What to start for a submission: a program and its arguments, in a box with these files.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    language: Language,
    /// The name of the file that is run.
    main: String,
    files: Vec<(String, Arc<[u8]>)>,
}

/// Starts a script as the graders of the data sets do; see the file.
const LAUNCHER: &str = concat!(include_str!("drivers/names.py"), include_str!("drivers/launch.py"));

/// Prepares a source; the outer error is the world's, the inner one the compiler's.
pub(crate) fn prepare(judge: &Judge, source: &Source<'_>) -> Result<Result<Program, String>, CodeError> {
    let Source { language, text, .. } = *source;
    let spec = language.spec();
    let (main, content): (&str, Arc<[u8]>) = if spec.compile.is_some() {
        match compiled(judge, source)? {
            Ok(program) => (&spec.artifact, program),
            Err(message) => return Ok(Err(message)),
        }
    } else {
        (&spec.source, text.as_bytes().into())
    };
    let mut files = vec![(main.to_owned(), content)];
    if language == Language::PYTHON {
        files.push(bytecode::script(judge, "launch", LAUNCHER)?);
    }
    let main = files.last().map_or(main, |(name, _)| name).to_owned();
    Ok(Ok(Program { language, main, files }))
}

fn compiled(judge: &Judge, source: &Source<'_>) -> Result<Compiled, CodeError> {
    let key = key(source.language, source.standard, source.text);
    if let Some(compiled) = judge.cache().get(&key) {
        return Ok(compiled);
    }
    let (compiled, lasting) = compile(judge, source)?;
    if lasting {
        judge.cache().insert(key, compiled.clone());
    }
    Ok(compiled)
}

/// Compiles in the cage; the program comes out through a pipe. The flag tells whether another try would
/// give the same: a compiler that ran out of time or memory may have been unlucky.
fn compile(judge: &Judge, source: &Source<'_>) -> Result<(Compiled, bool), CodeError> {
    let spec = source.language.spec();
    let Toolchain { program, exposed } = source.language.toolchain()?;
    let standard = if source.standard.is_empty() { &spec.standard } else { source.standard };
    if !source.standard.is_empty() && !spec.standards.iter().any(|known| known == standard) {
        let known = spec.standards.join(", ");
        let reason = format!("`{standard}` is no version of {}; expected one of {known}", source.language);
        return Err(CodeError::Tests { reason });
    }
    if spec.reads_proc && judge.report().landlock.is_active() && !judge.report().proc.is_active() {
        let reason = "its compiler reads `/proc`, and without namespaces there is none to show";
        return Err(source.language.unusable(reason));
    }
    let line = spec.compile.as_deref().unwrap_or_default();
    let line = line
        .replace("{program}", &program.display().to_string())
        .replace("{source}", &spec.source)
        .replace("{standard}", standard);
    let mut command = Command::new("/bin/sh")
        .arg("-c")
        .arg(format!("{line} && exec cat out >&4"))
        .file(spec.source.as_str(), source.text.as_bytes())
        .limits(source.limits.clone())
        .forking();
    command.exposed = exposed.clone();
    command.limit_address_space = spec.limit_address_space;
    command.reads_proc = spec.reads_proc;
    command.environment = spec.environment.clone().into_iter().collect();
    command.keep_stdout = false;
    command.channel = Channel::Parent;
    let run = judge.sandbox().run(&command)?;
    if run.is_clean() && !run.results.is_empty() {
        return Ok((Ok(run.results.into()), true));
    }
    let said = String::from_utf8_lossy(&run.stderr);
    let said = said.trim();
    // The shell could not start the compiler, which no source can bring about: a source that makes a
    // compiler end with these numbers does not make the shell name it.
    let shells = said.lines().next_back().is_some_and(|line| {
        let name = program.display().to_string();
        line.contains(&format!("{name}: not found")) || line.contains(&format!("{name}: Permission denied"))
    });
    if matches!(run.code, Some(126 | 127)) && shells {
        let reason = "the user of the programs may not run it, and no mount namespace shows it to him; \
                      put a copy where all may read";
        return Err(source.language.unusable(&format!("{said}: {reason}")));
    }
    let mut message: String = said.chars().take(4000).collect();
    if let Some(breach) = run.broken {
        message = format!("the compiler broke its limits ({breach}): {message}");
    } else if message.is_empty() {
        message = format!("the compiler gave no program: {}", run.detail());
    }
    let lasting = run.broken.is_none_or(|breach| breach == Breach::Output) && run.signal.is_none();
    Ok((Err(message), lasting))
}

impl Program {
    /// A command that runs it with this input.
    pub(crate) fn command(&self, limits: &Limits, stdin: Arc<[u8]>) -> Result<Command, CodeError> {
        let spec = self.language.spec();
        let toolchain = self.language.toolchain()?;
        let program = toolchain.program.display().to_string();
        let folder = toolchain.program.parent().map(|folder| folder.display().to_string());
        let fill = |part: &String| {
            part.replace("{program}", &program)
                .replace("{folder}", folder.as_deref().unwrap_or("/usr/bin"))
                .replace("{source}", &self.main)
                .replace("{megabytes}", &(limits.memory_bytes >> 20).to_string())
        };
        let mut parts = spec.run.iter().map(fill);
        let mut command = Command::new(parts.next().unwrap_or_default()).limits(limits.clone());
        command.arguments = parts.collect();
        command.environment = spec.environment.clone().into_iter().collect();
        // What a compiler made needs no compiler.
        if !command.program.is_relative() {
            command.exposed = toolchain.exposed.clone();
        }
        command.files = self.files.clone();
        command.limit_address_space = spec.limit_address_space;
        command.processes = if spec.forks { Processes::Many } else { Processes::One };
        command.stdin = stdin;
        Ok(command)
    }

    /// A command that runs a driver around it: the driver is the last file and is run, the source lies beside it.
    pub(crate) fn driven(&self, judge: &Judge, limits: &Limits, driver: &str) -> Result<Command, CodeError> {
        let mut command = self.command(limits, Arc::default())?;
        let driver = if self.language == Language::PYTHON {
            bytecode::script(judge, "driver", driver)?
        } else {
            let of_node = self.language.spec().driver.as_deref() == Some("javascript");
            (if of_node { "driver.js" } else { "driver.py" }.to_owned(), driver.as_bytes().into())
        };
        if let Some(last) = command.arguments.last_mut() {
            last.clone_from(&driver.0);
        }
        command.files.push(driver);
        command.keep_stdout = false;
        Ok(command)
    }

    /// The language it is written in.
    pub(crate) fn language(&self) -> Language {
        self.language
    }
}
