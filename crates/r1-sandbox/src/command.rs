//! What is run in the cage.

use std::{path::PathBuf, sync::Arc, time::Duration};

use crate::Limits;

/// How many processes a program may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Processes {
    /// One, with threads; it cannot start others.
    #[default]
    One,
    /// Any number up to [`Limits::max_threads`], as compilers and test runners need. They may write into
    /// their box in every set of layers.
    Many,
}

/// Descriptors 3 and 4 of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Channel {
    /// None.
    #[default]
    Closed,
    /// The parent writes to 3 and reads from 4.
    Parent,
    /// Another program does; the parent reads what is written to 5. See
    /// [`Sandbox::start_pair`](crate::Sandbox::start_pair).
    Peer,
}

/// A program to run once, in a box of its own: a folder with nothing in it but [`files`](Self::files).
///
/// # Examples
/// ```
/// use r1_sandbox::{Command, Limits};
///
/// let command = Command::new("/usr/bin/python3")
///     .arg("-I")
///     .arg("main.py")
///     .file("main.py", *b"print(input())")
///     .stdin(*b"hello")
///     .limits(Limits::default());
/// assert_eq!(command.arguments, ["-I", "main.py"]);
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Command {
    /// The program: an absolute path, or one of the box such as `./main`.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Variables besides `PATH`, `HOME`, `TMPDIR` and `LANG`; nothing of the parent's is inherited.
    pub environment: Vec<(String, String)>,
    /// Files and folders outside of the system's that the program may read.
    pub exposed: Vec<PathBuf>,
    /// Files of its box: name and content. A name may have folders.
    pub files: Vec<(String, Arc<[u8]>)>,
    /// What it may use.
    pub limits: Limits,
    /// How many processes it may be.
    pub processes: Processes,
    /// Whether the address space may be limited; node and Java reserve far more than they use.
    pub limit_address_space: bool,
    /// Whether its children may read all of `/proc`, as runtimes do that a shell starts: where the program has
    /// its own `/proc`, which then tells where the shown files come from. Otherwise only the first process may
    /// read something of itself.
    pub reads_proc: bool,
    /// Processor time of the whole process, when [`Limits::cpu`] is that between two
    /// [`lap`](crate::Running::lap)s.
    pub total_cpu: Option<Duration>,
    /// Standard input.
    pub stdin: Arc<[u8]>,
    /// Keeps standard output; otherwise it goes nowhere.
    pub keep_stdout: bool,
    /// Descriptors 3 and 4.
    pub channel: Channel,
}

impl Command {
    /// A program without arguments, files or input, under the default limits.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
            environment: Vec::new(),
            exposed: Vec::new(),
            files: Vec::new(),
            limits: Limits::default(),
            processes: Processes::One,
            limit_address_space: true,
            reads_proc: false,
            total_cpu: None,
            stdin: Arc::default(),
            keep_stdout: true,
            channel: Channel::Closed,
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl Into<String>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Adds a file to the box.
    #[must_use]
    pub fn file(mut self, name: impl Into<String>, content: impl Into<Arc<[u8]>>) -> Self {
        self.files.push((name.into(), content.into()));
        self
    }

    /// Sets standard input.
    #[must_use]
    pub fn stdin(mut self, data: impl Into<Arc<[u8]>>) -> Self {
        self.stdin = data.into();
        self
    }

    /// Sets the limits.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Lets it start processes.
    #[must_use]
    pub fn forking(mut self) -> Self {
        self.processes = Processes::Many;
        self
    }

    /// Whether it belongs into a control group. To enter one costs milliseconds, and where there is one
    /// process, the limit of its address space bounds memory as well.
    #[cfg(target_os = "linux")]
    pub(crate) fn needs_group(&self) -> bool {
        self.processes == Processes::Many || !self.limit_address_space
    }
}
