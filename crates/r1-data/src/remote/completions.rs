//! Completions with token ids and log-probabilities from servers, for training.

mod settings;
mod server;
mod answer;

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use ureq::Agent;

use r1_core::{Completion, GenerateError, Key, Sampling};

use super::{
    RemoteError, Secret,
    call::{Trouble, again, agent, exchange, shown},
};
use answer::Flaw;
use server::Server;

pub use settings::{Dialect, RemoteSettings};

/// A client of servers that return the token ids and the log-probabilities of what they sample.
///
/// Each sample is a request of its own, with a seed of its [`Key`], so that what a group holds does not depend on the
/// other requests at a server that heeds seeds. Several are under way at a time; groups are delivered as they get whole.
/// Everything that could bend the distribution is sent with its neutral value (top-k, top-p, min-p, penalties), because
/// vLLM takes what is left out from the model's `generation_config.json`.
///
/// | | vLLM, `POST /v1/completions` | SGLang, `POST /generate` |
/// |---|---|---|
/// | prompt | `prompt`, token ids | `input_ids` |
/// | seed | `seed` | `sampling_params.sampling_seed`, heeded with `--enable-deterministic-inference` |
/// | ids | `choices[0].token_ids` (`return_token_ids`, 0.10.2), else `logprobs.tokens` as `token_id:N` | `meta_info.output_token_logprobs[i][1]` |
/// | log-probabilities | `logprobs.token_logprobs` | `meta_info.output_token_logprobs[i][0]` |
/// | at the sampling temperature | with `--logprobs-mode processed_logprobs` and the setting `processed_logprobs` | unless `SGLANG_RETURN_ORIGINAL_LOGPROB` is set |
/// | end | `finish_reason`, `stop_reason` | `meta_info.finish_reason.{type, matched}` |
/// | version of the weights | [`RemoteSettings::weights_version`] | `meta_info.weight_version` when it is a number |
///
/// Sources: `vllm/entrypoints/openai/completion/protocol.py` and pull request 22587 of vllm-project/vllm
/// (`return_token_ids`), `vllm/v1/sample/sampler.py` (`logprobs_mode`); of sgl-project/sglang
/// `python/sglang/srt/sampling/sampling_params.py`, `srt/managers/tokenizer_manager.py` (`meta_info`),
/// `srt/layers/sampler.py` (`SGLANG_RETURN_ORIGINAL_LOGPROB`), `srt/entrypoints/openai/protocol.py` (`owned_by`).
///
/// # Examples
/// ```no_run
/// use r1_core::{Key, Sampling};
/// use r1_data::remote::{CompletionsClient, RemoteRequest, RemoteSettings};
///
/// let client = CompletionsClient::new(RemoteSettings::new("http://localhost:8000"))?;
/// let request = RemoteRequest { ids: vec![1, 2, 3], key: Key::new(7), think_prefilled: false };
/// client.completions(&[request], 8, &Sampling::default(), &mut |prompt, group| {
///     println!("{prompt}: {:?}", group[0].logprobs);
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct CompletionsClient {
    settings: RemoteSettings,
    key: Option<Secret>,
    agent: Agent,
    pause: Duration,
    servers: OnceLock<Vec<Server>>,
}

/// A prompt that a server is to continue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteRequest {
    /// Token ids, at least one.
    pub ids: Vec<u32>,
    /// Sample `i` has the seed of `key.for_sample(i)`.
    pub key: Key,
    /// Whether the prompt ends inside the thoughts.
    pub think_prefilled: bool,
}

impl CompletionsClient {
    /// A client with these settings. No server is asked yet.
    ///
    /// # Errors
    /// [`RemoteError::Setting`] for a setting out of range, [`RemoteError::Key`] without the variable of the key.
    pub fn new(settings: RemoteSettings) -> Result<Self, RemoteError> {
        settings.validate()?;
        let key = settings.api_key_variable.as_deref().map(Secret::of).transpose()?;
        let agent = agent(settings.timeout());
        Ok(Self { settings, key, agent, pause: Duration::from_secs(1), servers: OnceLock::new() })
    }

    /// Its settings.
    pub fn settings(&self) -> &RemoteSettings {
        &self.settings
    }

    /// Says how many updates the servers' weights have had from now on, after new ones were pushed. Answers that name
    /// their version themselves keep it.
    pub fn set_weights_version(&mut self, version: u64) {
        self.settings.weights_version = Some(version);
    }

    /// Asks for `samples` completions of every prompt and gives those of a prompt, in the order of the samples, to
    /// `deliver` as soon as all of them are there, with the prompt's index.
    ///
    /// Each has its ids (the stop id included, as the server gives it) and for each id `log softmax(logits /
    /// temperature)[id]` over the whole vocabulary, in nats. After the first error nothing more is asked; the call
    /// returns when the requests under way have ended, within the time limit of one.
    ///
    /// # Errors
    /// [`GenerateError::EmptyPrompt`]; [`GenerateError::Sampling`] for settings out of range, for top-k, top-p or
    /// min-p, and for a temperature at which the server's log-probabilities mean something else;
    /// [`GenerateError::Failed`] with a [`RemoteError`] when a server fails or its answer lacks something.
    pub fn completions(
        &self,
        requests: &[RemoteRequest],
        samples: usize,
        sampling: &Sampling,
        deliver: &mut dyn FnMut(usize, Vec<Completion>),
    ) -> Result<(), GenerateError> {
        whole_distribution(sampling)?;
        if let Some(index) = requests.iter().position(|request| request.ids.is_empty()) {
            return Err(GenerateError::EmptyPrompt { index });
        }
        if samples == 0 || requests.is_empty() {
            (0..requests.len()).for_each(|prompt| deliver(prompt, Vec::new()));
            return Ok(());
        }
        let servers = self.servers().map_err(failed)?;
        self.same_temperature(servers, sampling)?;
        let jobs = requests.len().saturating_mul(samples);
        let (next, stopped) = (AtomicUsize::new(0), AtomicBool::new(false));
        let work = |answers: mpsc::Sender<(usize, Result<Completion, RemoteError>)>| {
            while !stopped.load(Ordering::Relaxed) {
                let job = next.fetch_add(1, Ordering::Relaxed);
                if job >= jobs {
                    return;
                }
                let request = &requests[job / samples];
                let answer = self.sample(servers, job, request, job % samples, sampling, &stopped);
                // Told here, and not where it is read, so that this thread begins nothing more either.
                if answer.is_err() {
                    stopped.store(true, Ordering::Relaxed);
                }
                if answers.send((job, answer)).is_err() {
                    return;
                }
            }
        };
        thread::scope(|scope| {
            let _stop = StopOnDrop(&stopped);
            let (sender, answers) = mpsc::channel();
            for worker in 0..self.settings.parallel.min(jobs) {
                let (sender, work) = (sender.clone(), &work);
                let thread = thread::Builder::new().name("r1-remote".into());
                match thread.spawn_scoped(scope, move || work(sender)) {
                    Ok(_) => {}
                    Err(error) if worker == 0 => return Err(GenerateError::Failed { source: error.into() }),
                    // With fewer threads it takes longer and comes out the same.
                    Err(_) => break,
                }
            }
            drop(sender);
            let mut groups: Vec<Vec<(usize, Completion)>> = vec![Vec::new(); requests.len()];
            for (job, answer) in answers {
                let (prompt, sample) = (job / samples, job % samples);
                groups[prompt].push((sample, answer.map_err(failed)?));
                if groups[prompt].len() == samples {
                    let mut group = std::mem::take(&mut groups[prompt]);
                    group.sort_by_key(|(sample, _)| *sample);
                    deliver(prompt, group.into_iter().map(|(_, completion)| completion).collect());
                }
            }
            Ok(())
        })
    }

    /// One sample, from the servers in turn until one has it.
    fn sample(
        &self,
        servers: &[Server],
        job: usize,
        request: &RemoteRequest,
        sample: usize,
        sampling: &Sampling,
        stopped: &AtomicBool,
    ) -> Result<Completion, RemoteError> {
        let key = request.key.for_sample(sample as u64);
        again(self.settings.attempts, self.pause, stopped, |tries| {
            let server = &servers[(job + tries as usize - 1) % servers.len()];
            let body = server.body(request, key, sampling);
            let text = exchange(&self.agent, server.url(), self.key.as_ref(), Some(&body), tries)?;
            let version = self.settings.weights_version;
            answer::completion(server, &text, request, sampling.max_tokens, version).map_err(
                |flaw| match flaw {
                    Flaw::Passing(reason) => {
                        Trouble::Passing(RemoteError::Reply { url: shown(server.url()), tries, reason }, None)
                    }
                    Flaw::Lasting(problem, hint) => {
                        let tokens = request.ids.len();
                        let asked =
                            format!("a completion of {tokens} token ids, with ids and log-probabilities");
                        Trouble::Lasting(RemoteError::Answer {
                            url: shown(server.url()),
                            asked,
                            problem,
                            hint,
                        })
                    }
                },
            )
        })
    }

    /// The servers, whose interfaces are found out once.
    fn servers(&self) -> Result<&[Server], RemoteError> {
        if let Some(servers) = self.servers.get() {
            return Ok(servers);
        }
        let found: Result<Vec<_>, _> = self.settings.url.iter().map(|url| Server::find(self, url)).collect();
        let found = found?;
        Ok(self.servers.get_or_init(|| found))
    }

    /// Refuses a temperature at which raw log-probabilities would be taken for those of the samples.
    fn same_temperature(&self, servers: &[Server], sampling: &Sampling) -> Result<(), GenerateError> {
        let raw = servers.iter().any(|server| matches!(server, Server::Completions { .. }))
            && !self.settings.processed_logprobs;
        if !raw || sampling.temperature == 0.0 || sampling.temperature == 1.0 {
            return Ok(());
        }
        Err(GenerateError::Sampling {
            field: "temperature",
            value: sampling.temperature.to_string(),
            expected: "0 or 1, or a server started with `--logprobs-mode processed_logprobs` and the setting \
                       `processed_logprobs = true`",
        })
    }
}

/// Refuses settings out of range, and those by which some tokens can never be drawn.
fn whole_distribution(sampling: &Sampling) -> Result<(), GenerateError> {
    sampling.validate()?;
    let refuse = |field, value, expected| Err(GenerateError::Sampling { field, value, expected });
    if let Some(top_k) = sampling.top_k {
        return refuse(
            "top_k",
            top_k.to_string(),
            "none: rollouts of a server come from the whole distribution",
        );
    }
    if sampling.top_p < 1.0 {
        let value = sampling.top_p.to_string();
        return refuse("top_p", value, "1: rollouts of a server come from the whole distribution");
    }
    if sampling.loop_guard.is_some() {
        return refuse("loop_guard", "set".into(), "none: rollouts of a server are not watched for loops");
    }
    if sampling.min_p > 0.0 {
        let value = sampling.min_p.to_string();
        return refuse("min_p", value, "0: rollouts of a server come from the whole distribution");
    }
    Ok(())
}

fn failed(error: RemoteError) -> GenerateError {
    GenerateError::Failed { source: error.into() }
}

/// Tells the workers to stop, whichever way their scope is left.
struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
