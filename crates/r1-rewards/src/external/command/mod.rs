//! A process as a reward.

mod children;
mod pipes;
mod process;
mod pool;

use std::{
    fmt,
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
};

use r1_core::{Completion, GroupScores, Outcome, Problem, Reward, RewardError, RewardKind};

use self::{
    pool::Pool,
    process::{Failure, Launch, Process},
};
use super::{
    ExternalError, ExternalSettings,
    answer::{self, Answer, Unusable},
    dispatch::{self, Connection},
    printable::beginning,
    request::{self, Sample},
};

/// Most characters of an answer that a message shows.
const SHOWN_ANSWER: usize = 200;

/// A reward that a process of yours gives: it reads a JSON line for each request on its standard input and answers
/// with one JSON line on its standard output. See `docs/rewards.md` for the protocol.
///
/// The process is started for the first request (or by [`start`](Self::start)) and kept. One that dies is started again
/// and asked again, [`attempts`](ExternalSettings::attempts) times in all. One that exceeds
/// [`timeout_seconds`](ExternalSettings::timeout_seconds) is killed with its children, which is an error at once. What
/// it writes to its standard error is passed on to ours, each line with the reward's name, and ends the message of an
/// error. Dropping the reward kills its processes.
///
/// A reward must give the same score for the same input, whatever it was asked before: a process may be restarted at
/// any time, and which of several [`processes`](ExternalSettings::processes) is asked is not determined.
///
/// # Examples
/// ```
/// # if std::process::Command::new("python3").arg("--version").output().is_err() { return Ok(()) }
/// use r1_core::{Completion, FinishReason, Outcome, Problem, Reference, Reward};
/// use r1_rewards::{CommandReward, ExternalSettings};
///
/// let program = r#"
/// import json, sys
/// for line in sys.stdin:
///     request = json.loads(line)
///     right = request["problem"]["reference"]["text"]
///     print(json.dumps({"score": request["completion"]["answer"] == right}))
/// "#;
/// let reward = CommandReward::new(["python3", "-c", program], ExternalSettings::default())?.with_name("same");
/// let problem = Problem::new("sum", "What is 2 + 2?", Reference::number("4"));
/// let completion = Completion::from_text("<think>2 + 2</think><answer>4</answer>", FinishReason::Stop);
/// assert_eq!(reward.score(&problem, &completion)?, Outcome::Score(1.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct CommandReward {
    name: String,
    shown: String,
    command: Vec<String>,
    folder: Option<PathBuf>,
    settings: ExternalSettings,
    pool: Pool,
    requests: AtomicU64,
}

impl CommandReward {
    /// A reward called `command` that starts this program with these arguments, without a shell.
    ///
    /// # Errors
    /// [`ExternalError::Setting`] when the command is empty or a setting is out of range.
    pub fn new<S: Into<String>>(
        command: impl IntoIterator<Item = S>,
        settings: ExternalSettings,
    ) -> Result<Self, ExternalError> {
        settings.validate()?;
        let command: Vec<String> = command.into_iter().map(Into::into).collect();
        if command.first().is_none_or(|program| program.trim().is_empty()) {
            let (field, value) = ("command", format!("{command:?}"));
            let expected = "a program and its arguments, for example [\"python3\", \"my_reward.py\"]";
            return Err(ExternalError::Setting { field, value, expected });
        }
        let (name, shown) = ("command".to_owned(), shown(&command));
        let pool = Pool::new(settings.processes);
        Ok(Self { name, shown, command, folder: None, settings, pool, requests: AtomicU64::new(0) })
    }

    /// The same under another name, which reports, errors and the lines of its standard error have.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The same with the processes working in this folder; otherwise they work in ours.
    #[must_use]
    pub fn with_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// Starts the first process now, so that a program that is missing is known before anything else begins.
    ///
    /// # Errors
    /// [`ExternalError::Start`].
    pub fn start(&self) -> Result<(), ExternalError> {
        let mut place = self.pool.take();
        if place.process().is_none() {
            *place.process() = Some(self.launch()?);
        }
        Ok(())
    }

    fn launch(&self) -> Result<Process, ExternalError> {
        let launch = Launch { command: &self.command, folder: self.folder.as_deref(), name: &self.name };
        launch.start().map_err(|error| ExternalError::Start {
            reward: self.shown.clone(),
            reason: match &self.folder {
                Some(folder) if !folder.is_dir() => {
                    format!("its folder `{}` is not there", folder.display())
                }
                _ => error.to_string(),
            },
        })
    }

    /// One attempt at a request, in a process that is started unless one waits.
    fn attempt(&self, process: &mut Option<Process>, request: &Request) -> Result<Vec<Answer>, Attempt> {
        // One that ended between two requests has failed nobody.
        if process.as_mut().is_some_and(Process::has_ended) {
            *process = None;
        }
        let running = match process {
            Some(running) => running,
            None => process.insert(self.launch().map_err(Attempt::Failed)?),
        };
        let limit = self.settings.time_limit(request.samples);
        let line = running.ask(&request.line, limit).map_err(|failure| match failure {
            Failure::Died { how } => Attempt::Died { how, stderr: running.complaint() },
            Failure::TimeLimit { partial } => {
                let (partial, stderr) = (beginning(&partial, SHOWN_ANSWER), running.complaint());
                let samples = request.samples;
                Attempt::Failed(ExternalError::time_limit(&self.shown, limit, samples, &partial, stderr))
            }
            Failure::TooLong { line } => {
                let problem = format!("the line is longer than {} bytes", pipes::LONGEST_LINE);
                let expected = "one shorter line for each request".into();
                self.unusable(&line, Unusable { problem, expected }, running)
            }
            Failure::Unasked { line } => {
                let problem = "nothing was asked that this line answers".into();
                let expected = "one line for each request, and other output on standard error".into();
                self.unusable(&line, Unusable { problem, expected }, running)
            }
        })?;
        answer::decode(&line, request.id, request.samples, request.batched)
            .map_err(|unusable| self.unusable(&line, unusable, running))
    }

    fn unusable(&self, line: &[u8], unusable: Unusable, process: &mut Process) -> Attempt {
        let Unusable { problem, expected } = unusable;
        let (reward, line) = (self.shown.clone(), beginning(line, SHOWN_ANSWER));
        let stderr = process.complaint();
        Attempt::Failed(ExternalError::Answer { reward, line, problem, expected, stderr })
    }
}

/// A request as it is sent.
struct Request {
    id: u64,
    /// Ends in a line feed.
    line: Vec<u8>,
    samples: usize,
    batched: bool,
}

/// How an attempt failed.
enum Attempt {
    /// The process ended, so another may do better.
    Died { how: String, stderr: String },
    /// Asking again would not help.
    Failed(ExternalError),
}

impl Connection for CommandReward {
    fn shown(&self) -> &str {
        &self.shown
    }

    fn ask(&self, samples: &[Sample<'_>]) -> Result<Vec<Answer>, ExternalError> {
        let id = self.requests.fetch_add(1, Ordering::Relaxed);
        let batched = self.settings.batch > 0;
        let mut line = request::encode(id, samples, batched, self.settings.token_ids);
        line.push(b'\n');
        let request = Request { id, line, samples: samples.len(), batched };

        let mut place = self.pool.take();
        let process = place.process();
        let mut attempts = 1;
        loop {
            let failure = match self.attempt(process, &request) {
                Ok(answers) => return Ok(answers),
                Err(failure) => failure,
            };
            // It is gone, or out of step with what it is asked.
            *process = None;
            match failure {
                Attempt::Died { .. } if attempts < self.settings.attempts => attempts += 1,
                Attempt::Died { how, stderr } => {
                    return Err(ExternalError::Died { reward: self.shown.clone(), how, attempts, stderr });
                }
                Attempt::Failed(error) => return Err(error),
            }
        }
    }
}

impl Reward for CommandReward {
    fn name(&self) -> &str {
        &self.name
    }

    fn score(&self, problem: &Problem, completion: &Completion) -> Result<Outcome, RewardError> {
        dispatch::score(self, &self.name, problem, completion)
    }

    fn score_group(&self, problem: &Problem, completions: &[Completion]) -> GroupScores {
        self.score_batch(&[(problem, completions)]).pop().unwrap_or_default()
    }

    /// All completions of a step, over as many processes at a time as the settings say.
    fn score_batch(&self, groups: &[(&Problem, &[Completion])]) -> Vec<GroupScores> {
        dispatch::score_batch(self, &self.name, &self.settings, groups)
    }

    fn kind(&self) -> RewardKind {
        RewardKind::Blocking
    }
}

impl fmt::Debug for CommandReward {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("CommandReward");
        shown.field("name", &self.name).field("command", &self.command).field("folder", &self.folder);
        shown.field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// A command roughly as it would be typed.
fn shown(command: &[String]) -> String {
    let plain = |word: &String| !word.is_empty() && !word.contains(|c: char| c.is_whitespace() || c == '\'');
    let words: Vec<String> = command
        .iter()
        .map(|word| if plain(word) { word.clone() } else { format!("'{}'", word.replace('\'', "'\\''")) })
        .collect();
    beginning(words.join(" ").as_bytes(), SHOWN_ANSWER)
}
