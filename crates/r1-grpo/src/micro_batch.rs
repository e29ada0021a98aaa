//! Groups packed into batches of bounded size, and what a model says of their tokens.

use std::{ops::Range, sync::Arc};

use burn::tensor::{Int, Tensor, TensorData};
use r1_model::{CausalLm, Head, PackedBatch, kernels::token_logprobs};

use crate::{Group, Rollout};

/// A part of an optimizer step that fits into memory.
///
/// The prompt of a group stands there once and every completion names it as its prefix. A completion's first token
/// is predicted from the last token of the prompt, each later one from the token before it; its last token predicts
/// nothing and is left out.
#[derive(Clone, Debug)]
pub struct MicroBatch {
    /// Prompts and completions.
    pub batch: PackedBatch,
    /// For each completion token, the packed token that predicts it.
    pub rows: Vec<u32>,
    /// The completion tokens.
    pub targets: Arc<[u32]>,
    /// Range of completion tokens of each member; together they are `0..targets.len()`.
    pub segments: Vec<Range<usize>>,
    /// Which completion each segment is.
    pub members: Vec<Member>,
}

/// Which completion of the groups that were packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Index of the group.
    pub group: usize,
    /// Index of the rollout within its group.
    pub rollout: usize,
}

impl MicroBatch {
    /// Packs the rollouts that `keep` accepts, in order, into micro-batches of at most `max_tokens` packed tokens.
    /// A completion that is longer with its prompt gets a micro-batch of its own; one without tokens is left out.
    ///
    /// # Panics
    /// If the prompt of a rollout that is kept has no tokens.
    pub fn pack<G: AsRef<Group>>(
        groups: &[G],
        max_tokens: usize,
        keep: impl Fn(&Rollout) -> bool,
    ) -> Vec<Self> {
        let mut packs: Vec<Packer> = Vec::new();
        for (group_index, group) in groups.iter().map(AsRef::as_ref).enumerate() {
            let prompt = &group.prompt_ids;
            for (index, rollout) in group.rollouts.iter().enumerate() {
                let ids = &rollout.completion.ids;
                if ids.is_empty() || !keep(rollout) {
                    continue;
                }
                assert!(!prompt.is_empty(), "problem `{}` has an empty prompt", group.problem.id);
                let member = Member { group: group_index, rollout: index };
                let fits = packs.last().is_some_and(|pack| pack.len_with(member, prompt, ids) <= max_tokens);
                if !fits {
                    packs.push(Packer::default());
                }
                packs.last_mut().expect("one was pushed").add(member, prompt, ids);
            }
        }
        packs.into_iter().map(Packer::finish).collect()
    }
}

/// What a model says of the completion tokens of a micro-batch.
///
/// # Shapes
/// - output: `[tokens, 2]`, log-probability and entropy of each of `targets` in nats, at this temperature
///
/// # Gradients
/// Flow into the weights of a model that is tracked.
pub fn token_scores<M: CausalLm>(model: &M, micro_batch: &MicroBatch, temperature: f64) -> Tensor<2> {
    score_rows(model.hidden(&micro_batch.batch), model.head(), micro_batch, temperature)
}

/// The same from the hidden states after the last block, `[tokens of the batch, d_model]`.
pub(crate) fn score_rows(
    hidden: Tensor<2>,
    head: Head,
    micro_batch: &MicroBatch,
    temperature: f64,
) -> Tensor<2> {
    let rows: Vec<i32> = micro_batch.rows.iter().map(|&row| row as i32).collect();
    let count = rows.len();
    let rows = Tensor::<1, Int>::from_data(TensorData::new(rows, [count]), &hidden.device());
    token_logprobs(head.normalize(hidden.select(0, rows)), head.weight, &micro_batch.targets, temperature)
}

/// A micro-batch that is being filled.
#[derive(Default)]
struct Packer {
    batch: PackedBatch,
    /// Group and segment of the prompt that was pushed last.
    prompt: Option<(usize, usize)>,
    rows: Vec<u32>,
    targets: Vec<u32>,
    segments: Vec<Range<usize>>,
    members: Vec<Member>,
}

impl Packer {
    fn holds_prompt_of(&self, group: usize) -> bool {
        self.prompt.is_some_and(|(held, _)| held == group)
    }

    fn len_with(&self, member: Member, prompt: &[u32], ids: &[u32]) -> usize {
        let prompt = if self.holds_prompt_of(member.group) { 0 } else { prompt.len() };
        self.batch.len() + prompt + ids.len() - 1
    }

    fn add(&mut self, member: Member, prompt: &[u32], ids: &[u32]) {
        if !self.holds_prompt_of(member.group) {
            self.prompt = Some((member.group, self.batch.push(prompt, None)));
        }
        let (_, segment) = self.prompt.expect("the prompt was pushed");
        self.rows.push(self.batch.segments()[segment].range.end as u32 - 1);
        let first = self.batch.len() as u32;
        let (_, inputs) = ids.split_last().expect("completions without tokens are left out");
        if !inputs.is_empty() {
            self.batch.push(inputs, Some(segment));
            self.rows.extend(first..self.batch.len() as u32);
        }
        self.segments.push(self.targets.len()..self.targets.len() + ids.len());
        self.targets.extend_from_slice(ids);
        self.members.push(member);
    }

    fn finish(self) -> MicroBatch {
        let Self { batch, rows, targets, segments, members, .. } = self;
        MicroBatch { batch, rows, targets: targets.into(), segments, members }
    }
}
