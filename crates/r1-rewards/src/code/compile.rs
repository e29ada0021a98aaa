//! From a source to something that can be started.

use std::sync::Arc;

use super::{
    Language, Limits, Sandbox, SandboxError, Verdict,
    cache::key,
    language::Toolchain,
    sandbox::{Channel, Job, Stage},
};

/// What to start for a submission: a program and its arguments, in a box with these files.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    language: Language,
    files: Vec<(String, Arc<[u8]>)>,
}

/// Prepares a source; the outer error is the world's, the inner one the compiler's.
pub(crate) fn prepare(
    sandbox: &Sandbox,
    language: Language,
    source: &str,
) -> Result<Result<Program, String>, SandboxError> {
    let file = |name: &str, content: Arc<[u8]>| vec![(name.to_owned(), content)];
    let files = match language {
        Language::Python => file("main.py", source.as_bytes().into()),
        Language::JavaScript => file("main.js", source.as_bytes().into()),
        Language::Cpp | Language::Rust => match compiled(sandbox, language, source)? {
            Ok(program) => file("main", program),
            Err(message) => return Ok(Err(message)),
        },
    };
    Ok(Ok(Program { language, files }))
}

fn compiled(
    sandbox: &Sandbox,
    language: Language,
    source: &str,
) -> Result<Result<Arc<[u8]>, String>, SandboxError> {
    let key = key(language, source);
    if let Some(compiled) = sandbox.cache().get(&key) {
        return Ok(compiled);
    }
    let compiled = compile(sandbox, language, source)?;
    sandbox.cache().insert(key, compiled.clone());
    Ok(compiled)
}

/// Compiles in the cage; the program comes out through a pipe.
fn compile(
    sandbox: &Sandbox,
    language: Language,
    source: &str,
) -> Result<Result<Arc<[u8]>, String>, SandboxError> {
    let Toolchain { program, exposed } = language.toolchain()?;
    let compiler = program.display();
    let (name, command) = match language {
        Language::Rust => (
            "main.rs",
            format!(
                "'{compiler}' -O --edition 2021 -C debuginfo=0 -C strip=symbols --color never -o out main.rs"
            ),
        ),
        _ => (
            "main.cpp",
            format!("'{compiler}' -O2 -std=gnu++17 -pipe -w -s -fdiagnostics-color=never -o out main.cpp"),
        ),
    };
    let limits = Limits::compiler();
    let job = Job {
        program: "/bin/sh".into(),
        arguments: vec!["-c".into(), format!("{command} && exec cat out >&4")],
        exposed: exposed.clone(),
        files: vec![(name.into(), source.as_bytes().into())],
        limits,
        stage: Stage::Compile,
        limit_address_space: true,
        total_cpu: None,
        stdin: Arc::default(),
        keep_stdout: false,
        channel: Channel::Parent,
    };
    let run = sandbox.run(&job)?;
    if run.verdict().is_none() && !run.results.is_empty() {
        return Ok(Ok(run.results.into()));
    }
    let said = String::from_utf8_lossy(&run.stderr);
    // The shell could not start the compiler, which no source can bring about.
    if let Some(126 | 127) = run.code {
        return Err(language.unusable(said.trim()));
    }
    let mut message: String = said.trim().chars().take(4000).collect();
    if let Some(broken) = run.broken.filter(|&broken| broken != Verdict::RuntimeError) {
        message = format!("the compiler broke its limits ({broken}): {message}");
    }
    if message.is_empty() {
        message = format!("the compiler gave no program: {}", run.detail());
    }
    Ok(Err(message))
}

impl Program {
    /// A job that runs it with this input.
    pub(crate) fn job(&self, limits: &Limits, stdin: Arc<[u8]>) -> Result<Job, SandboxError> {
        let megabytes = limits.memory_bytes >> 20;
        let toolchain = if self.language.is_compiled() { None } else { Some(self.language.toolchain()?) };
        let arguments: &[&str] = match self.language {
            Language::Python => &["-I", "-S", "-B", "main.py"],
            Language::JavaScript => &["main.js"],
            Language::Cpp | Language::Rust => &[],
        };
        let mut arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
        if self.language == Language::JavaScript {
            arguments.insert(0, format!("--max-old-space-size={megabytes}"));
            // Node ends when it may not read its settings, as opposed to when there are none.
            arguments.insert(0, "--openssl-config=/dev/null".to_owned());
        }
        Ok(Job {
            program: toolchain.map_or_else(|| "./main".into(), |toolchain| toolchain.program.clone()),
            arguments,
            exposed: toolchain.map(|toolchain| toolchain.exposed.clone()).unwrap_or_default(),
            files: self.files.clone(),
            limits: limits.clone(),
            stage: Stage::Run,
            limit_address_space: self.language != Language::JavaScript,
            total_cpu: None,
            stdin,
            keep_stdout: true,
            channel: Channel::Closed,
        })
    }

    /// A job that runs a driver around it: the driver is the main file, the source lies beside it.
    pub(crate) fn driven(&self, limits: &Limits, driver: &'static str) -> Result<Job, SandboxError> {
        let mut job = self.job(limits, Arc::default())?;
        let main = if self.language == Language::JavaScript { "driver.js" } else { "driver.py" };
        if let Some(last) = job.arguments.last_mut() {
            *last = main.to_owned();
        }
        job.files.push((main.to_owned(), driver.as_bytes().into()));
        job.keep_stdout = false;
        Ok(job)
    }

    /// The language it is written in.
    pub(crate) fn language(&self) -> Language {
        self.language
    }
}
