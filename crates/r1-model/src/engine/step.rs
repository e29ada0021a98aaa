//! One step: who runs, which tokens, in which pages.

use std::sync::atomic::Ordering;

use r1_core::session::Event;

use super::{
    Engine,
    live::Order,
    sequence::{Drawn, Sequence},
};
use crate::{
    causal_lm::CausalLm,
    kernels::cached_attention::{CachedRun, PAGE},
};

/// Sequences up to which tokens are drafted.
const FEW: usize = 4;

/// What a sequence has in a pass: its next tokens, and drafts behind the last of them.
#[derive(Debug)]
pub(super) struct Scheduled {
    pub(super) order: Order,
    pub(super) run: CachedRun,
    pub(super) drafts: Vec<u32>,
    /// Whether the run ends with the sequence's last token, so that the next one is drawn.
    pub(super) draws: bool,
}

/// Pages that a sequence needs for the tokens that it has and one more, beyond those that it holds. One that follows another
/// will share all but the last.
fn missing_pages(sequence: &Sequence) -> usize {
    let needed = (sequence.ids.len() + 1).div_ceil(PAGE);
    if sequence.follows { 1 } else { needed.saturating_sub(sequence.pages.len()) }
}

impl Engine {
    /// Writes on: a part of a prompt, or one or more tokens, of each sequence that runs; returns what happened since the
    /// last step.
    pub fn step<M: CausalLm>(&mut self, model: &M) -> Vec<Event> {
        self.lead();
        self.admit();
        let scheduled = self.schedule();
        if !scheduled.is_empty() {
            r1_parallel::with_crew(|| {
                let logits = self.forward(model, &scheduled);
                self.draw(scheduled, logits);
            });
        }
        std::mem::take(&mut self.events)
    }

    /// Starts waiting sequences as long as there is room for what they have.
    fn admit(&mut self) {
        // What the others will take of the pages that nobody holds yet.
        let mut promised: usize = self.running.values().map(missing_pages).sum();
        while self.running.len() < self.config.max_slots.max(1) {
            let Some((order, mut sequence)) = self.waiting.pop_first() else { break };
            // The next sequence of a request whose prompt is being computed waits for it.
            let id = sequence.id;
            sequence.follows = sequence.written() == 0
                && self.running.values().any(|other| {
                    other.id.request == id.request
                        && !other.follows
                        && other.cached < other.prompt
                        && other.written() == 0
                });
            if !sequence.follows {
                // The last token is computed in any case: its logits are needed.
                let pages = self.pages.find(&sequence.ids[..sequence.ids.len() - 1]);
                sequence.cached = pages.len() * PAGE;
                sequence.pages = pages;
                let wanted = promised + missing_pages(&sequence);
                if wanted > self.pages.available() && !self.running.is_empty() {
                    self.release(&mut sequence);
                    self.waiting.insert(order, sequence);
                    break;
                }
                if sequence.written() == 0 {
                    self.reused_tokens += sequence.cached as u64;
                }
                self.announce(&sequence);
            }
            promised += missing_pages(&sequence);
            self.running.insert(order, sequence);
        }
    }

    /// Tells how much of a request's prompt was known, once.
    fn announce(&mut self, sequence: &Sequence) {
        if !sequence.settings.announced.swap(true, Ordering::Relaxed) {
            let reused = sequence.cached.min(sequence.prompt);
            self.events.push(Event::Prompted { request: sequence.id.request, reused });
        }
    }

    /// What each running sequence does in the next pass. Those that find no page are preempted, the last in the order first.
    fn schedule(&mut self) -> Vec<Scheduled> {
        let mut budget = self.config.prefill_tokens.max(1);
        let few = self.running.len() <= FEW;
        let orders: Vec<Order> = self.running.keys().copied().collect();
        let mut scheduled = Vec::with_capacity(orders.len());
        for order in orders {
            let Some(mut sequence) = self.running.remove(&order) else { continue };
            if sequence.follows {
                self.running.insert(order, sequence);
                continue;
            }
            let left = sequence.ids.len() - sequence.cached;
            let tokens = if left == 1 { 1 } else { left.min(budget) };
            if left > 1 {
                budget -= tokens;
            }
            let draws = tokens == left;
            let drafts = if draws && few { self.draft(&mut sequence) } else { Vec::new() };
            if tokens == 0 {
                self.running.insert(order, sequence);
            } else if self.allocate(&mut sequence, order, tokens + drafts.len()) {
                let run = CachedRun {
                    pages: sequence.pages.clone(),
                    position: sequence.cached,
                    tokens: tokens + drafts.len(),
                };
                scheduled.push(Scheduled { order, run, drafts, draws });
                self.running.insert(order, sequence);
            } else {
                self.preempt(order, sequence);
            }
        }
        scheduled
    }

    fn draft(&self, sequence: &mut Sequence) -> Vec<u32> {
        if sequence.constraint.is_some() {
            return Vec::new();
        }
        let Sequence { settings, ids, prompt, drafter, .. } = sequence;
        // Drafts behind what may still be written would be for nothing.
        let room = settings.room.min(prompt.saturating_add(settings.max_tokens)) - ids.len();
        drafter.draft(ids, self.config.draft_tokens.min(room.saturating_sub(1)))
    }

    /// Gives a sequence pages of its own for its next tokens; false when there are none, even after all that come later
    /// in the order were preempted.
    fn allocate(&mut self, sequence: &mut Sequence, order: Order, tokens: usize) -> bool {
        let first = sequence.cached / PAGE;
        // What was written beyond the last token that counts is of no use.
        let needed = (sequence.cached + tokens).div_ceil(PAGE);
        while sequence.pages.len() > needed {
            sequence.pages.pop().into_iter().for_each(|page| self.pages.release(page));
        }
        for index in first..sequence.pages.len() {
            let shared = sequence.pages[index];
            if self.pages.is_own(shared) {
                continue;
            }
            let Some(page) = self.take(order) else { return false };
            if index == first && !sequence.cached.is_multiple_of(PAGE) {
                self.cache.copy(shared, &[page]);
            }
            sequence.pages[index] = page;
            self.pages.release(shared);
        }
        while sequence.pages.len() < needed {
            let Some(page) = self.take(order) else { return false };
            sequence.pages.push(page);
        }
        true
    }

    /// A page for the sequence of this order.
    fn take(&mut self, order: Order) -> Option<u32> {
        loop {
            if let Some(page) = self.pages.take() {
                return Some(page);
            }
            let last = *self.running.keys().next_back().filter(|last| **last > order)?;
            let sequence = self.running.remove(&last)?;
            self.preempt(last, sequence);
        }
    }

    /// Puts a running sequence back; what it has written is computed again when its turn comes.
    fn preempt(&mut self, order: Order, mut sequence: Sequence) {
        self.preemptions += u64::from(!sequence.pages.is_empty());
        self.release(&mut sequence);
        self.waiting.insert(order, sequence);
    }

    /// Takes what each sequence drew.
    pub(super) fn settle(&mut self, scheduled: Scheduled, drawn: Drawn) {
        let Scheduled { order, run, drafts, .. } = scheduled;
        let Some(mut sequence) = self.running.remove(&order) else { return };
        let Drawn { tokens, finish } = drawn;
        let accepted = tokens.len().saturating_sub(1);
        sequence.drafter.learn(drafts.len(), accepted);
        sequence.cached = run.end() - drafts.len() + accepted;
        let id = sequence.id;
        self.events.extend(tokens.into_iter().map(|token| Event::Token { sequence: id, token }));
        match finish {
            Some(finish) => {
                // The last token was drawn and never put through the model.
                sequence.cached = sequence.cached.min(sequence.ids.len() - 1);
                self.finish(sequence, finish);
            }
            None => {
                self.running.insert(order, sequence);
            }
        }
    }

    /// Gives the sequences that waited for a prompt its pages; the last one, which is not full, as a copy. They draw from
    /// the same logits. Returns their orders.
    pub(super) fn fork(&mut self, leader: Order) -> Vec<Order> {
        let Some(source) = self.running.get(&leader) else { return Vec::new() };
        let (request, prompt) = (source.id.request, source.prompt);
        let (full, rest) = (source.pages[..prompt / PAGE].to_vec(), source.pages.get(prompt / PAGE).copied());
        let rest = rest.filter(|_| !prompt.is_multiple_of(PAGE));
        self.pages.keep(&source.ids[..prompt], &source.pages);
        let followers: Vec<Order> = self
            .running
            .iter()
            // One that was given tokens since goes its own way.
            .filter(|(_, other)| other.follows && other.id.request == request && other.written() == 0)
            .map(|(order, _)| *order)
            .collect();
        let (mut ready, mut copies) = (Vec::new(), Vec::new());
        for order in followers {
            let own = match rest {
                None => None,
                Some(_) => match self.pages.take() {
                    Some(page) => Some(page),
                    None => {
                        let Some(sequence) = self.running.remove(&order) else { continue };
                        self.preempt(order, sequence);
                        continue;
                    }
                },
            };
            let Some(sequence) = self.running.get_mut(&order) else { continue };
            full.iter().for_each(|page| self.pages.share(*page));
            sequence.pages = full.iter().copied().chain(own).collect();
            copies.extend(own);
            sequence.cached = prompt;
            sequence.follows = false;
            ready.push(order);
        }
        if let Some(rest) = rest {
            self.cache.copy(rest, &copies);
        }
        ready
    }

    /// Lets sequences whose leader is gone compute the prompt themselves.
    pub(super) fn lead(&mut self) {
        let leads = |sequence: &Sequence| !sequence.follows && sequence.cached < sequence.prompt;
        let led: Vec<_> = self
            .running
            .values()
            .filter(|sequence| leads(sequence))
            .map(|sequence| sequence.id.request)
            .collect();
        let lost: Vec<Order> = self
            .running
            .iter()
            .filter(|(_, sequence)| sequence.follows && !led.contains(&sequence.id.request))
            .map(|(order, _)| *order)
            .collect();
        for order in lost {
            if let Some(mut sequence) = self.running.remove(&order) {
                sequence.follows = false;
                self.waiting.insert(order, sequence);
            }
        }
    }
}
