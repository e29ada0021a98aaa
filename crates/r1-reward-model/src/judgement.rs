//! How a reward model is asked for scores.

use r1_core::{Content, Message, Problem, RewardError, template::PromptTemplate};
use r1_model::{CausalLm, LanguageModel};

use crate::{RewardModel, encode::Responses, pack::pack};

/// What the model is shown of a problem: the conversation of the metadata's `messages`, else the question in a template.
/// `reward` names who asks.
pub(crate) fn question(
    problem: &Problem,
    template: &PromptTemplate,
    reward: &str,
) -> Result<Content, RewardError> {
    match problem.metadata.get("messages").cloned() {
        Some(messages) => serde_json::from_value::<Vec<Message>>(messages)
            .map(Content::Messages)
            .map_err(|error| RewardError::world(reward, error)),
        None => Ok(template.render(problem)),
    }
}

/// The length of a prompt that leaves room for an answer.
pub(crate) fn checked_prompt(
    shown: &Responses,
    problem: &Problem,
    limit: usize,
    reward: &str,
) -> Result<usize, RewardError> {
    let tokens = shown.prompt.len();
    if tokens == 0 || tokens >= limit {
        let reason = format!(
            "the prompt of problem `{}` has {tokens} tokens, and the reward model reads 1 to {}; leave it out",
            problem.id,
            limit - 1
        );
        return Err(RewardError::world(reward, reason));
    }
    Ok(tokens)
}

/// The scores of responses, prompt by prompt, in passes of at most so many tokens.
pub(crate) fn scores<M: CausalLm>(
    model: &LanguageModel<RewardModel<M>>,
    shown: &[Responses],
    tokens_per_pass: usize,
) -> Vec<Vec<f32>> {
    // A group that is too long for one pass goes in parts, which depend on the group alone.
    let parts: Vec<Responses> = shown.iter().flat_map(|texts| divided(texts, tokens_per_pass)).collect();
    let model = model.working();
    let mut scores = pack(&parts, tokens_per_pass).into_iter().flat_map(|batch| {
        let scores = RewardModel::<M>::score_rows(model.hidden(&batch.batch), model.head(), &batch.rows);
        scores.into_data().convert::<f32>().try_to_vec::<f32>().expect("the data was converted to f32")
    });
    shown.iter().map(|texts| scores.by_ref().take(texts.responses.len()).collect()).collect()
}

/// The same prompt with as many responses at a time as fit, at least one; steps stay together.
fn divided(texts: &Responses, limit: usize) -> Vec<Responses> {
    if texts.chained {
        return vec![texts.clone()];
    }
    let mut parts: Vec<Responses> = Vec::new();
    for response in &texts.responses {
        match parts.last_mut().filter(|part| part.tokens() + response.len() <= limit) {
            Some(part) => part.responses.push(response.clone()),
            None => {
                parts.push(Responses { responses: vec![response.clone()], ..texts.clone() });
            }
        }
    }
    parts
}
