//! Rollouts of servers elsewhere.

use r1_core::{Completion, FinishReason, GenerateError};
use r1_data::remote::{CompletionsClient, RemoteRequest};
use r1_model::{CausalLm, LanguageModel};

use super::{RolloutRequest, RolloutSource};

/// Servers that hold the policy's weights and write its rollouts, such as vLLM or SGLang.
///
/// Whoever pushes new weights to the servers says so with [`CompletionsClient::set_weights_version`], where they do not
/// say it themselves. A server's log-probabilities differ a little from the trainer's: an objective with a
/// [`Correction`](crate::Correction) makes up for it. docs/rollouts.md tells what a server must be started with.
///
/// The text of a completion is decoded from its ids by the policy's own tokenizer.
#[derive(Debug)]
pub struct RemoteRollouts {
    client: CompletionsClient,
}

impl RemoteRollouts {
    /// Asks these servers.
    pub fn new(client: CompletionsClient) -> Self {
        Self { client }
    }

    /// The client, to tell it of new weights.
    pub fn client_mut(&mut self) -> &mut CompletionsClient {
        &mut self.client
    }
}

impl<M: CausalLm> RolloutSource<M> for RemoteRollouts {
    fn write(
        &mut self,
        policy: &mut LanguageModel<M>,
        request: &RolloutRequest<'_>,
        deliver: &mut dyn FnMut(usize, Vec<Completion>),
    ) -> Result<(), GenerateError> {
        let prompts: Vec<RemoteRequest> = request
            .prompts
            .iter()
            .map(|prompt| RemoteRequest {
                ids: prompt.ids.clone(),
                key: prompt.key,
                think_prefilled: prompt.think_prefilled,
            })
            .collect();
        let mut failed = None;
        self.client.completions(
            &prompts,
            request.samples,
            request.sampling,
            &mut |index, group| match group
                .into_iter()
                .map(|completion| with_text(policy, completion))
                .collect()
            {
                Ok(group) => deliver(index, group),
                Err(error) => failed = Some(error),
            },
        )?;
        failed.map_or(Ok(()), Err)
    }
}

/// The completion with the text of its ids, without the id that ended it.
fn with_text<M: CausalLm>(
    policy: &LanguageModel<M>,
    completion: Completion,
) -> Result<Completion, GenerateError> {
    let vocab = policy.config.vocab;
    if let Some(id) = completion.ids.iter().find(|id| **id as usize >= vocab) {
        let reason =
            format!("the server sampled the token {id}, and the policy has {vocab}; serve its own weights");
        return Err(GenerateError::Failed { source: reason.into() });
    }
    let ends = completion.finish == FinishReason::Stop
        && completion.ids.last().is_some_and(|id| policy.stop_ids.contains(id));
    let shown = &completion.ids[..completion.ids.len() - usize::from(ends)];
    let text = policy.tokenizer.decode(shown, true);
    let text = text.map_err(|error| GenerateError::Failed { source: error.into() })?;
    Ok(Completion { text, ..completion })
}
