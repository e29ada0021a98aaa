//! One completion on its way.

use std::sync::{Arc, atomic::AtomicBool};

use r1_core::{
    FinishReason, Key, LoopGuard, LoopWatch,
    session::{Allowed, Constraint, SequenceId, Token},
};

use super::{Draw, Sampler, drafts::Drafter, sampler::Choice};

/// What the sequences of a request have in common.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) sampler: Sampler,
    pub(super) max_tokens: usize,
    /// Most tokens, those of the prompt included.
    pub(super) room: usize,
    pub(super) stop_ids: Vec<u32>,
    pub(super) forbidden: Arc<[u32]>,
    pub(super) top_logprobs: usize,
    pub(super) loop_guard: Option<LoopGuard>,
    /// Whether it was told that work on the request has begun.
    pub(super) announced: AtomicBool,
}

/// A completion that is waiting or being written.
#[derive(Debug)]
pub(super) struct Sequence {
    pub(super) id: SequenceId,
    pub(super) settings: Arc<Settings>,
    pub(super) key: Key,
    /// Tokens of the prompt.
    pub(super) prompt: usize,
    /// The prompt and all that follows it.
    pub(super) ids: Vec<u32>,
    /// How many of `ids` are in the cache.
    pub(super) cached: usize,
    /// Where they are, and the next ones will be.
    pub(super) pages: Vec<u32>,
    pub(super) watch: Option<LoopWatch>,
    pub(super) constraint: Option<Box<dyn Constraint>>,
    pub(super) drafter: Drafter,
    /// Whether another sequence of the request computes the prompt for it.
    pub(super) follows: bool,
}

impl Sequence {
    /// Tokens that were written.
    pub(super) fn written(&self) -> usize {
        self.ids.len() - self.prompt
    }

    /// Keeps the first `written` tokens.
    pub(super) fn rewind(&mut self, written: usize) {
        self.ids.truncate(self.prompt + written);
        // The last token is put through the model again, for its logits.
        self.cached = self.cached.min(self.ids.len() - 1);
        self.watch = self.settings.loop_guard.map(|guard| {
            let mut watch = guard.watch();
            self.ids[self.prompt..].iter().for_each(|id| {
                watch.push(*id);
            });
            watch
        });
    }

    /// Puts a token behind the others; the reason to end with it, if there is one.
    fn push(&mut self, id: u32) -> Option<FinishReason> {
        self.ids.push(id);
        let looped = self.watch.as_mut().is_some_and(|watch| watch.push(id));
        let complete = self.constraint.as_mut().is_some_and(|constraint| {
            constraint.accept(id);
            constraint.allowed() == Allowed::None
        });
        if complete || self.settings.stop_ids.contains(&id) {
            Some(FinishReason::Stop)
        } else if looped {
            Some(FinishReason::Loop)
        } else {
            self.full()
        }
    }

    /// Puts a token behind the others that was not drawn.
    pub(super) fn push_forced(&mut self, id: u32) -> Option<FinishReason> {
        self.ids.push(id);
        if let Some(watch) = &mut self.watch {
            watch.push(id);
        }
        if let Some(constraint) = &mut self.constraint {
            constraint.accept(id);
        }
        self.full()
    }

    fn full(&self) -> Option<FinishReason> {
        let full = self.written() >= self.settings.max_tokens || self.ids.len() >= self.settings.room;
        full.then_some(FinishReason::Length)
    }

    /// Whether the next token is drawn from all that is not forbidden to every sequence, and nothing but its probability is
    /// to be known.
    pub(super) fn is_plain(&self) -> bool {
        self.constraint.is_none() && self.settings.top_logprobs == 0 && !self.settings.sampler.cuts()
    }

    /// Takes a token that was drawn for it.
    pub(super) fn take(&mut self, draw: Draw) -> Drawn {
        let finish = self.push(draw.id);
        Drawn { tokens: vec![token(draw, Vec::new())], finish }
    }

    /// Draws from rows of logits: those after the last token, and after each of the drafts as long as they are accepted. The
    /// tokens that follow, and the reason to end, if there is one.
    pub(super) fn draw(&mut self, logits: &[f32], vocab: usize, drafts: &[u32]) -> Drawn {
        let mut tokens = Vec::with_capacity(1);
        let mut finish = None;
        for (row, logits) in logits.chunks_exact(vocab).enumerate() {
            let settings = &self.settings;
            let allowed = self.constraint.as_mut().map(|constraint| constraint.allowed());
            if allowed == Some(Allowed::None) {
                finish = Some(FinishReason::Stop);
                break;
            }
            let choice = Choice { forbidden: &settings.forbidden, allowed };
            let position = (self.ids.len() - self.prompt) as u64;
            let (draw, top) =
                settings.sampler.draw(logits, &choice, &self.key, position, settings.top_logprobs);
            tokens.push(token(draw, top));
            finish = self.push(draw.id);
            if finish.is_some() || drafts.get(row) != Some(&draw.id) {
                break;
            }
        }
        Drawn { tokens, finish }
    }
}

fn token(draw: Draw, top: Vec<(u32, f32)>) -> Token {
    let Draw { id, logprob, sampled_logprob } = draw;
    Token { id, logprob, sampled_logprob, top, forced: false }
}

/// What a sequence wrote in a pass.
#[derive(Debug, Default)]
pub(super) struct Drawn {
    pub(super) tokens: Vec<Token>,
    pub(super) finish: Option<FinishReason>,
}
