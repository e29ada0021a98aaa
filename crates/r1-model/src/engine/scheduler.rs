//! Which sequence runs in which slot, step by step.

use std::collections::VecDeque;

use burn::tensor::{Device, Int, Tensor, TensorData};
use r1_core::{FinishReason, Key};
use rayon::prelude::*;

use super::{Draw, Generated, KvCache, Limits, Request};
use crate::{
    causal_lm::{Attend, CacheSpec, CausalLm},
    kernels::cached_attention::SlotRows,
    packed_batch::PackedBatch,
};

/// A sequence being written.
#[derive(Debug, Clone)]
struct Running {
    sample: usize,
    key: Key,
    output: Generated,
}

/// A place in the cache. `group` names whose prompt its first tokens are, even after its sequence
/// has ended, so that the group's next sample need not compute the prompt again.
#[derive(Debug, Clone)]
struct Slot {
    group: Option<usize>,
    running: Option<Running>,
}

/// The work of one call: who waits, who runs, what is written.
pub(super) struct Schedule<'a, M> {
    model: &'a M,
    device: &'a Device,
    limits: &'a Limits<'a>,
    requests: &'a [Request],
    context: usize,
    vocab: usize,
    cache: KvCache,
    slots: Vec<Slot>,
    waiting: VecDeque<(usize, usize)>,
    /// Logits after each group's prompt, while samples of it wait.
    first_logits: Vec<Option<Vec<f32>>>,
    /// What is written of each request, until it is delivered.
    finished: Vec<Option<Vec<Option<Generated>>>>,
    /// Requests that are written and wait to be delivered.
    whole: Vec<usize>,
}

impl<'a, M: CausalLm> Schedule<'a, M> {
    /// A schedule in which every sample waits and every slot is free.
    pub(super) fn new(
        model: &'a M,
        (requests, limits): (&'a [Request], &'a Limits<'a>),
        (spec, cache, slots): (&CacheSpec, KvCache, usize),
        device: &'a Device,
    ) -> Self {
        Self {
            model,
            device,
            limits,
            requests,
            context: spec.context,
            vocab: spec.vocab,
            cache,
            slots: vec![Slot { group: None, running: None }; slots],
            waiting: (0..requests.len())
                .flat_map(|r| (0..requests[r].samples).map(move |s| (r, s)))
                .collect(),
            first_logits: vec![None; requests.len()],
            finished: requests.iter().map(|request| Some(vec![None; request.samples])).collect(),
            whole: Vec::new(),
        }
    }

    pub(super) fn done(&self) -> bool {
        self.waiting.is_empty() && self.slots.iter().all(|slot| slot.running.is_none())
    }

    /// Gives free slots to waiting samples, computes the prompts that no slot holds, and draws each
    /// newcomer's first token.
    pub(super) fn admit(&mut self, budget: usize) {
        let mut free: VecDeque<usize> =
            (0..self.slots.len()).filter(|slot| self.slots[*slot].running.is_none()).collect();
        let (mut newcomers, mut prefills, mut tokens) = (Vec::new(), Vec::new(), 0);
        while let (Some(&(group, sample)), false) = (self.waiting.front(), free.is_empty()) {
            let held = self.slots.iter().any(|slot| slot.group == Some(group));
            if !held {
                let length = self.requests[group].prompt.len();
                if !prefills.is_empty() && tokens + length > budget {
                    break;
                }
                tokens += length;
            }
            // A free slot that already holds the prompt first; else one whose prompt nobody waits for.
            let place = free.iter().position(|slot| self.slots[*slot].group == Some(group)).unwrap_or(0);
            let Some(slot) = free.remove(place) else { break };
            if !held {
                prefills.push((slot, group));
            }
            self.waiting.pop_front();
            let output = Generated {
                ids: Vec::new(),
                logprobs: Vec::new(),
                sampled_logprobs: None,
                finish: FinishReason::Length,
            };
            let source = self.slots.iter().position(|other| other.group == Some(group)).unwrap_or(slot);
            newcomers.push((slot, source, group));
            let key = self.requests[group].key.for_sample(sample as u64);
            self.slots[slot] = Slot { group: Some(group), running: Some(Running { sample, key, output }) };
        }
        self.prefill(&prefills);
        // Copies of one prompt together, so that each is read once.
        let mut copies: Vec<(usize, usize, Vec<usize>)> = Vec::new();
        for (slot, source, group) in newcomers.iter().copied().filter(|(slot, source, _)| slot != source) {
            match copies.iter_mut().find(|(from, of, _)| (*from, *of) == (source, group)) {
                Some((_, _, to)) => to.push(slot),
                None => copies.push((source, group, vec![slot])),
            }
        }
        for (source, group, to) in copies {
            self.cache.fork(source, &to, self.requests[group].prompt.len());
        }
        let mut first_logits = std::mem::take(&mut self.first_logits);
        let rows = newcomers.iter().map(|(slot, _, group)| {
            (*slot, first_logits[*group].as_deref().expect("the prompt was computed"))
        });
        self.draw(rows.collect());
        for (group, logits) in first_logits.iter_mut().enumerate() {
            if logits.is_some() && !self.waiting.iter().any(|(waiting, _)| *waiting == group) {
                *logits = None;
            }
        }
        self.first_logits = first_logits;
    }

    /// Computes the prompts of these groups in their slots.
    fn prefill(&mut self, prefills: &[(usize, usize)]) {
        if prefills.is_empty() {
            return;
        }
        let prompts: Vec<&[u32]> =
            prefills.iter().map(|(_, group)| self.requests[*group].prompt.as_slice()).collect();
        let runs = prefills.iter().zip(&prompts).map(|((slot, _), prompt)| SlotRows {
            slot: *slot,
            position: 0,
            tokens: prompt.len(),
        });
        let runs: Vec<SlotRows> = runs.collect();
        let mut last = 0;
        let ends: Vec<usize> = prompts
            .iter()
            .map(|prompt| {
                last += prompt.len();
                last - 1
            })
            .collect();
        let rows = self.forward(&PackedBatch::from_sequences(&prompts), runs, Some(ends));
        for ((_, group), logits) in prefills.iter().zip(values(&rows).chunks_exact(self.vocab)) {
            self.first_logits[*group] = Some(logits.to_vec());
        }
    }

    /// One more token for every running sequence.
    pub(super) fn decode(&mut self) {
        let (mut ids, mut runs, mut slots) = (Vec::new(), Vec::new(), Vec::new());
        for (index, slot) in self.slots.iter().enumerate() {
            let (Some(group), Some(running)) = (slot.group, &slot.running) else { continue };
            let Some(last) = running.output.ids.last() else { continue };
            ids.push(*last);
            let position = self.requests[group].prompt.len() + running.output.ids.len() - 1;
            runs.push(SlotRows { slot: index, position, tokens: 1 });
            slots.push(index);
        }
        if slots.is_empty() {
            return;
        }
        let rows = self.forward(&PackedBatch::from_sequences(&[ids]), runs, None);
        self.draw(slots.into_iter().zip(values(&rows).chunks_exact(self.vocab)).collect());
    }

    /// The logits of the chosen rows of a pass, all rows when `chosen` is `None`.
    fn forward(
        &mut self,
        batch: &PackedBatch,
        runs: Vec<SlotRows>,
        chosen: Option<Vec<usize>>,
    ) -> TensorData {
        crate::stay_awake(self.device);
        self.cache.begin(runs);
        let mut x = self.model.embed(batch);
        for index in 0..self.model.num_blocks() {
            x = self.model.block(index, x, Attend::Cached(&mut self.cache));
        }
        if let Some(rows) = chosen {
            let rows: Vec<i32> = rows.into_iter().map(|row| row as i32).collect();
            let count = rows.len();
            x = x.select(0, Tensor::<1, Int>::from_data(TensorData::new(rows, [count]), self.device));
        }
        self.model.head().logits(x).into_data().convert::<f32>()
    }

    /// Draws the next token of each slot from its logits and ends the sequences that are complete.
    fn draw(&mut self, rows: Vec<(usize, &[f32])>) {
        let (slots, sampler, forbidden) = (&self.slots, self.limits.sampler, self.limits.forbidden);
        let draws: Vec<(usize, Draw)> = rows
            .into_par_iter()
            .map(|(slot, logits)| {
                let running = slots[slot].running.as_ref().expect("only running slots are drawn for");
                (slot, sampler.draw(logits, forbidden, &running.key, running.output.ids.len() as u64))
            })
            .collect();
        for (slot, draw) in draws {
            let Slot { group: Some(group), running: Some(running) } = &mut self.slots[slot] else { continue };
            let output = &mut running.output;
            output.ids.push(draw.id);
            output.logprobs.push(draw.logprob);
            if let Some(logprob) = draw.sampled_logprob {
                output.sampled_logprobs.get_or_insert_default().push(logprob);
            }
            let room = self.context - self.requests[*group].prompt.len();
            let stops = self.limits.stop_ids.contains(&draw.id) || (self.limits.stop)(&output.ids);
            if stops || output.ids.len() >= self.limits.max_tokens.min(room) {
                output.finish = if stops { FinishReason::Stop } else { FinishReason::Length };
                let (group, sample) = (*group, running.sample);
                let written = self.slots[slot].running.take().map(|running| running.output);
                self.keep(group, sample, written);
            }
        }
    }

    /// Keeps a sample until its request is whole.
    fn keep(&mut self, request: usize, sample: usize, written: Option<Generated>) {
        let Some(samples) = &mut self.finished[request] else { return };
        samples[sample] = written;
        if samples.iter().all(Option::is_some) {
            self.whole.push(request);
        }
    }

    /// Gives away the requests that are whole.
    pub(super) fn deliver(&mut self, deliver: &mut dyn FnMut(usize, Vec<Generated>)) {
        for request in std::mem::take(&mut self.whole) {
            let samples = self.finished[request].take().unwrap_or_default();
            deliver(request, samples.into_iter().flatten().collect());
        }
    }

    /// Gives away the rest; what was cancelled says so.
    pub(super) fn finish(mut self, deliver: &mut dyn FnMut(usize, Vec<Generated>)) {
        let running = |slot: &mut Slot| Some((slot.group?, slot.running.take()?));
        let cancelled: Vec<(usize, Running)> = self.slots.iter_mut().filter_map(running).collect();
        for (group, mut running) in cancelled {
            running.output.finish = FinishReason::Cancelled;
            self.keep(group, running.sample, Some(running.output));
        }
        let unwritten = || Generated {
            ids: Vec::new(),
            logprobs: Vec::new(),
            sampled_logprobs: None,
            finish: FinishReason::Cancelled,
        };
        for (request, samples) in self.finished.into_iter().enumerate() {
            if let Some(samples) = samples {
                deliver(request, samples.into_iter().map(|done| done.unwrap_or_else(unwritten)).collect());
            }
        }
    }
}

/// The elements of logits that [`Schedule::forward`] returned.
fn values(logits: &TensorData) -> &[f32] {
    logits.as_slice().expect("the logits were converted to f32")
}
