//! The pass through the model, and the draws from its logits.

use burn::tensor::{Int, Tensor, TensorData};

use super::{Engine, sequence::Drawn, step::Scheduled};
use crate::{
    causal_lm::{Attend, CausalLm},
    kernels::cached_attention::CachedRun,
    packed_batch::PackedBatch,
};

impl Engine {
    /// The logits after the last token and each draft of every sequence that draws.
    pub(super) fn forward<M: CausalLm>(&mut self, model: &M, scheduled: &[Scheduled]) -> TensorData {
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
            return TensorData::new(Vec::<f32>::new(), [0, self.spec.vocab]);
        }
        if !all {
            let rows: Vec<i32> = rows.into_iter().map(|row| row as i32).collect();
            let count = rows.len();
            x = x.select(0, Tensor::<1, Int>::from_data(TensorData::new(rows, [count]), &self.device));
        }
        model.head().logits(x).into_data().convert::<f32>()
    }

    /// Draws what comes next in each sequence, and in those that waited for its prompt.
    pub(super) fn draw(&mut self, scheduled: Vec<Scheduled>, logits: &TensorData) {
        let logits: &[f32] = logits.as_slice().expect("the logits were converted to f32");
        let vocab = self.spec.vocab;
        let (mut start, mut work, mut prompts) = (0, Vec::new(), Vec::new());
        for one in scheduled {
            if !one.draws {
                self.running.entry(one.order).and_modify(|sequence| sequence.cached = one.run.end());
                continue;
            }
            let rows = &logits[start..start + (1 + one.drafts.len()) * vocab];
            start += rows.len();
            if self.running[&one.order].written() == 0 {
                prompts.push((one.order, &rows[..vocab]));
            }
            work.push((one, rows));
        }
        for (order, rows) in prompts {
            for follower in self.fork(order) {
                let position = self.running[&follower].prompt;
                let run = CachedRun { pages: Vec::new(), position, tokens: 0 };
                work.push((Scheduled { order: follower, run, drafts: Vec::new(), draws: true }, rows));
            }
        }
        let taken = |(one, rows): (Scheduled, _)| {
            let (order, sequence) = self.running.remove_entry(&one.order)?;
            Some((one, rows, order, sequence, Drawn::default()))
        };
        let mut work: Vec<_> = work.into_iter().filter_map(taken).collect();
        r1_parallel::for_each_mut(&mut work, |_, (one, rows, _, sequence, drawn)| {
            *drawn = sequence.draw(rows, vocab, &one.drafts);
        });
        let mut settled = Vec::with_capacity(work.len());
        for (one, _, order, sequence, drawn) in work {
            self.running.insert(order, sequence);
            settled.push((one, drawn));
        }
        for (one, drawn) in settled {
            self.settle(one, drawn);
        }
    }
}
