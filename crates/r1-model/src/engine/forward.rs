//! The pass through the model, and the draws from its logits.

use std::ops::Range;

use burn::tensor::{Int, Tensor, TensorData};

use super::{
    Draw, Engine,
    live::Order,
    sequence::{Drawn, Sequence},
    step::Scheduled,
};
use crate::{
    causal_lm::{Attend, CausalLm},
    kernels::{
        cached_attention::CachedRun,
        draw::{self, Wanted},
    },
    packed_batch::PackedBatch,
};

/// A sequence that draws.
struct Turn {
    scheduled: Scheduled,
    /// The rows of the logits after its last token and each draft.
    rows: Range<usize>,
    order: Order,
    sequence: Sequence,
    drawn: Drawn,
}

impl Engine {
    /// The logits after the last token and each draft of every sequence that draws; none if no sequence does.
    pub(super) fn forward<M: CausalLm>(&mut self, model: &M, scheduled: &[Scheduled]) -> Option<Tensor<2>> {
        let (mut ids, mut rows) = (Vec::new(), Vec::new());
        for Scheduled { order, run, drafts, draws } in scheduled {
            let sequence = &self.running[order];
            let known = run.position..run.end() - drafts.len();
            ids.extend_from_slice(&sequence.ids[known]);
            ids.extend_from_slice(drafts);
            if *draws {
                rows.extend(ids.len() - drafts.len() - 1..ids.len());
            }
        }
        let all = rows.len() == ids.len();
        self.cache.begin(scheduled.iter().map(|one| one.run.clone()).collect());
        let mut x = model.embed(&PackedBatch::from_sequences(&[ids]));
        for index in 0..model.num_blocks() {
            x = model.block(index, x, Attend::Cached(&mut self.cache));
        }
        if rows.is_empty() {
            return None;
        }
        if !all {
            let rows: Vec<i32> = rows.into_iter().map(|row| row as i32).collect();
            let count = rows.len();
            x = x.select(0, Tensor::<1, Int>::from_data(TensorData::new(rows, [count]), &self.device));
        }
        Some(model.head().logits(x))
    }

    /// Draws what comes next in each sequence, and in those that waited for its prompt.
    pub(super) fn draw(&mut self, scheduled: Vec<Scheduled>, logits: Option<Tensor<2>>) {
        let (mut row, mut work, mut prompts) = (0, Vec::new(), Vec::new());
        for one in scheduled {
            if !one.draws {
                self.running.entry(one.order).and_modify(|sequence| sequence.cached = one.run.end());
                continue;
            }
            let rows = row..row + 1 + one.drafts.len();
            row = rows.end;
            if self.running[&one.order].written() == 0 {
                prompts.push((one.order, rows.start..rows.start + 1));
            }
            work.push((one, rows));
        }
        for (order, rows) in prompts {
            for follower in self.fork(order) {
                let position = self.running[&follower].prompt;
                let run = CachedRun { pages: Vec::new(), position, tokens: 0 };
                let scheduled = Scheduled { order: follower, run, drafts: Vec::new(), draws: true };
                work.push((scheduled, rows.clone()));
            }
        }
        let taken = |(scheduled, rows): (Scheduled, _)| {
            let (order, sequence) = self.running.remove_entry(&scheduled.order)?;
            Some(Turn { scheduled, rows, order, sequence, drawn: Drawn::default() })
        };
        let mut turns: Vec<Turn> = work.into_iter().filter_map(taken).collect();
        if let Some(logits) = logits
            && !self.draw_in_place(&mut turns, &logits)
        {
            self.draw_on_the_host(&mut turns, logits);
        }
        let mut settled = Vec::with_capacity(turns.len());
        for Turn { scheduled, order, sequence, drawn, .. } in turns {
            self.running.insert(order, sequence);
            settled.push((scheduled, drawn));
        }
        for (scheduled, drawn) in settled {
            self.settle(scheduled, drawn);
        }
    }

    /// Draws where the logits lie, so that only the tokens are read; false when a sequence needs more than that, or the
    /// backend cannot.
    fn draw_in_place(&self, turns: &mut [Turn], logits: &Tensor<2>) -> bool {
        if turns.iter().any(|turn| !turn.scheduled.drafts.is_empty() || !turn.sequence.is_plain()) {
            return false;
        }
        let wanted = |Turn { rows, sequence, .. }: &Turn| Wanted {
            row: rows.start,
            temperature: sequence.settings.sampler.temperature,
            uniform: sequence.key.uniform(sequence.written() as u64),
        };
        let wanted: Vec<Wanted> = turns.iter().map(wanted).collect();
        let Some(drawn) = draw::draw(logits.clone(), &wanted, &self.forbidden) else { return false };
        for ((turn, one), wanted) in turns.iter_mut().zip(drawn).zip(wanted) {
            let cut = !self.forbidden.is_empty() && wanted.temperature != 0.0;
            let sampled_logprob = cut.then_some(one.allowed_logprob);
            turn.drawn = turn.sequence.take(Draw { id: one.id, logprob: one.logprob, sampled_logprob });
        }
        true
    }

    fn draw_on_the_host(&self, turns: &mut [Turn], logits: Tensor<2>) {
        let logits = logits.into_data().convert::<f32>();
        let logits: &[f32] = logits.as_slice().expect("the logits were converted to f32");
        let vocab = self.spec.vocab;
        r1_parallel::for_each_mut(turns, |_, Turn { scheduled, rows, sequence, drawn, .. }| {
            *drawn = sequence.draw(&logits[rows.start * vocab..rows.end * vocab], vocab, &scheduled.drafts);
        });
    }
}
