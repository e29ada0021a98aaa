//! No cage: on this system programs are refused, or run as they are when weak isolation is asked for.

use std::{
    env, fs, io,
    io::{Read, Write},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU64, Ordering},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::{
    Breach, Channel, Command as Caged, Execution, Isolation, Policy, SandboxError, SandboxReport, Usage,
};

/// Nothing but a clock.
pub(crate) struct Cage {
    report: SandboxReport,
}

impl Cage {
    pub(crate) fn new(policy: &Policy) -> Result<Self, SandboxError> {
        match policy.isolation {
            Isolation::Strict => Err(SandboxError::UnsupportedSystem),
            Isolation::Weak => Ok(Self { report: SandboxReport::nothing(Isolation::Weak) }),
        }
    }

    pub(crate) fn report(&self) -> SandboxReport {
        self.report.clone()
    }

    /// Starts a program that only reads and writes text; all else needs descriptors that only the
    /// cage can give.
    pub(crate) fn start(&self, job: &Caged) -> Result<Running, SandboxError> {
        if job.channel != Channel::Closed {
            return Err(SandboxError::UnsupportedSystem);
        }
        Running::new(job).map_err(|source| SandboxError::Cage { step: "start", source })
    }

    pub(crate) fn start_pair(&self, _: &Caged, _: &Caged) -> Result<(Running, Running), SandboxError> {
        Err(SandboxError::UnsupportedSystem)
    }

    pub(crate) fn start_dialogue(&self, _: &Caged, _: &Caged) -> Result<(Running, Running), SandboxError> {
        Err(SandboxError::UnsupportedSystem)
    }
}

/// A program that was started. Dropping it kills it.
#[derive(Debug)]
pub struct Running {
    child: Child,
    output: Vec<JoinHandle<(Vec<u8>, bool)>>,
    folder: PathBuf,
    wall: Duration,
    started: Instant,
    broken: Option<Breach>,
}

impl Running {
    fn new(job: &Caged) -> io::Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = env::temp_dir().join(format!("r1-box-{}-{number}", std::process::id()));
        fs::create_dir(&folder)?;
        for (name, content) in &job.files {
            fs::write(folder.join(name), content)?;
        }
        let mut command = Command::new(&job.program);
        command.args(&job.arguments).current_dir(&folder);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().inspect_err(|_| drop(fs::remove_dir_all(&folder)))?;
        if let Some(mut stdin) = child.stdin.take() {
            let data = job.stdin.clone();
            // Ends with the pipe, at the latest when the program does.
            thread::spawn(move || stdin.write_all(&data));
        }
        let cap = job.limits.output_bytes;
        let readers = [
            child.stdout.take().map(|pipe| capture(pipe, cap)),
            child.stderr.take().map(|pipe| capture(pipe, cap)),
        ];
        let output = readers.into_iter().flatten().collect();
        Ok(Self { child, output, folder, wall: job.limits.wall, started: Instant::now(), broken: None })
    }

    /// Looks at the clock, and tells whether the program has ended.
    ///
    /// # Errors
    /// [`SandboxError::Cage`] when the system refuses to wait.
    pub fn tick(&mut self) -> Result<bool, SandboxError> {
        if self.started.elapsed() > self.wall && self.broken.is_none() {
            self.broken = Some(Breach::Time);
            self.kill();
        }
        thread::sleep(Duration::from_millis(1));
        let ended = self.child.try_wait();
        Ok(ended.map_err(|source| SandboxError::Cage { step: "wait", source })?.is_some())
    }

    /// Nothing: there is no channel.
    pub fn request(&mut self, _: Vec<u8>) {}

    /// Nothing: there is no channel.
    pub fn answer(&mut self) -> Option<Vec<u8>> {
        None
    }

    /// Nothing: calls cannot be made.
    pub fn lap(&mut self) -> Usage {
        Usage::default()
    }

    /// Kills the program.
    pub fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
    }

    /// The end of a program that has ended or is killed now.
    pub fn finish(mut self) -> Execution {
        self.kill();
        let code = self.child.wait().ok().and_then(|status| status.code());
        let mut output = self.output.drain(..).map(|reader| reader.join().unwrap_or_default());
        let (stdout, overflow) = output.next().unwrap_or_default();
        let (stderr, _) = output.next().unwrap_or_default();
        drop(output);
        let broken = if overflow { Some(Breach::Output) } else { self.broken };
        let usage = Usage::new(Duration::ZERO, self.started.elapsed(), 0);
        Execution { stdout, stderr, code, broken, usage, ..Execution::default() }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Reads to the end and keeps what fits.
fn capture(mut pipe: impl Read + Send + 'static, cap: usize) -> JoinHandle<(Vec<u8>, bool)> {
    thread::spawn(move || {
        let (mut data, mut overflow, mut buffer) = (Vec::new(), false, [0; 1 << 16]);
        while let Ok(count @ 1..) = pipe.read(&mut buffer) {
            let room = cap.saturating_sub(data.len()).min(count);
            data.extend_from_slice(&buffer[..room]);
            overflow |= room < count;
        }
        (data, overflow)
    })
}
