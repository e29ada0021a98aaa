//! An answer that is held to a form, token by token.

use std::sync::Arc;

use llguidance::Matcher;
use r1_core::session::{Allowed, Constraint};

use super::{thoughts::Watch, vocabulary::Vocabulary};

/// One of the forms that an answer may have: fixed tokens, a value in JSON, and fixed tokens.
#[derive(Clone)]
pub(super) struct Branch {
    pub(super) lead: Vec<u32>,
    pub(super) value: Matcher,
    pub(super) tail: Vec<u32>,
}

#[derive(Clone)]
enum Stage {
    /// All may be written until the tag that closes the thoughts.
    Thoughts(Watch),
    /// So many tokens of the lead are written.
    Lead(usize),
    Value,
    /// So many tokens of the tail are written.
    Tail(usize),
    /// Complete, or failed.
    Done,
}

/// Holds an answer to one of several forms, which no lead of another begins with.
#[derive(Clone)]
pub(super) struct AnswerConstraint {
    vocabulary: Arc<Vocabulary>,
    /// The forms that are still possible.
    branches: Vec<Branch>,
    stage: Stage,
    /// Line breaks between thoughts and answer, while there may be some.
    breaks: Option<usize>,
    mask: Vec<u32>,
    /// Whether the mask is that of the stage.
    masked: bool,
}

impl std::fmt::Debug for AnswerConstraint {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let stage = match &self.stage {
            Stage::Thoughts(_) => "thoughts",
            Stage::Lead(_) => "lead",
            Stage::Value => "value",
            Stage::Tail(_) => "tail",
            Stage::Done => "done",
        };
        formatter.debug_struct("AnswerConstraint").field("stage", &stage).finish_non_exhaustive()
    }
}

impl AnswerConstraint {
    /// At the start of an answer, or of the thoughts before it.
    pub(super) fn new(vocabulary: Arc<Vocabulary>, branches: Vec<Branch>, thoughts: bool) -> Self {
        let stage = if thoughts { Stage::Thoughts(Watch::default()) } else { Stage::Lead(0) };
        let mask = vec![0; vocabulary.size().div_ceil(32)];
        let mut constraint = Self { vocabulary, branches, stage, breaks: None, mask, masked: false };
        constraint.settle();
        constraint
    }

    /// Goes to the next stage where this one is complete.
    fn settle(&mut self) {
        if let Stage::Lead(written) = self.stage
            && let [only] = self.branches.as_slice()
            && only.lead.len() == written
        {
            self.stage = Stage::Value;
        }
        if let Stage::Tail(written) = self.stage
            && self.branches.first().is_none_or(|branch| branch.tail.len() == written)
        {
            self.stage = Stage::Done;
        }
    }

    /// Writes the mask of the stage; a value that cannot go on is done.
    fn write_mask(&mut self) {
        self.mask.fill(0);
        match &self.stage {
            Stage::Thoughts(watch) => {
                self.mask.fill(u32::MAX);
                let forbidden =
                    watch.beginners(&self.vocabulary).chain(self.vocabulary.end_ids.iter().copied());
                for id in forbidden {
                    self.mask[id as usize / 32] &= !(1 << (id % 32));
                }
            }
            Stage::Lead(written) => {
                for id in self.branches.iter().filter_map(|branch| branch.lead.get(*written)) {
                    allow(&mut self.mask, *id);
                }
            }
            Stage::Value => self.write_value_mask(),
            Stage::Tail(written) => {
                for id in self.branches.iter().filter_map(|branch| branch.tail.get(*written)) {
                    allow(&mut self.mask, *id);
                }
            }
            Stage::Done => {}
        }
        if self.breaks == Some(0) {
            for id in &self.vocabulary.breaks {
                allow(&mut self.mask, *id);
            }
        }
        if self.mask.iter().all(|word| *word == 0) {
            self.stage = Stage::Done;
        }
    }

    fn write_value_mask(&mut self) {
        let Some(allowed) = self.branches.first_mut().and_then(|branch| branch.value.compute_mask().ok())
        else {
            return;
        };
        let end = self.vocabulary.size();
        let words = allowed.as_slice();
        for (word, allowed) in self.mask.iter_mut().zip(words) {
            *word = *allowed;
        }
        // The end of the trie may have its bit in the last word of the model's ids.
        if let Some(word) = self.mask.get_mut(end / 32) {
            *word &= !(1 << (end % 32));
        }
        if words.get(end / 32).is_some_and(|word| word >> (end % 32) & 1 == 1) {
            for id in &self.vocabulary.end_ids {
                allow(&mut self.mask, *id);
            }
        }
    }

    /// Takes a token of the value. A value is complete as soon as it can be, unless it is a number, which may have more
    /// digits.
    fn push_value(&mut self, id: u32) {
        let bytes = self.vocabulary.bytes(id);
        let Some(value) = self.branches.first_mut().map(|branch| &mut branch.value) else { return };
        if self.vocabulary.end_ids.contains(&id) {
            self.stage = Stage::Tail(0);
        } else if value.consume_token(id).is_err() {
            self.stage = Stage::Done;
        } else if value.is_stopped()
            || (!bytes.last().is_some_and(u8::is_ascii_digit) && value.is_accepting().unwrap_or(true))
        {
            self.stage = if value.is_error() { Stage::Done } else { Stage::Tail(0) };
        }
    }
}

fn allow(mask: &mut [u32], id: u32) {
    if let Some(word) = mask.get_mut(id as usize / 32) {
        *word |= 1 << (id % 32);
    }
}

impl Constraint for AnswerConstraint {
    fn allowed(&mut self) -> Allowed<'_> {
        if !self.masked {
            self.write_mask();
            self.masked = true;
        }
        if matches!(self.stage, Stage::Done) { Allowed::None } else { Allowed::Mask(&self.mask) }
    }

    fn accept(&mut self, id: u32) {
        self.masked = false;
        if let Some(breaks) = self.breaks {
            if self.vocabulary.bytes(id).iter().all(u8::is_ascii_whitespace) {
                self.breaks = Some(breaks + 1);
                return;
            }
            self.breaks = None;
        }
        match &mut self.stage {
            Stage::Thoughts(watch) => {
                if let Some(behind) = watch.push(self.vocabulary.bytes(id)) {
                    self.breaks = Some(usize::from(!behind.is_empty()));
                    self.stage = Stage::Lead(0);
                }
            }
            Stage::Lead(written) => {
                let place = *written;
                *written += 1;
                self.branches.retain(|branch| branch.lead.get(place) == Some(&id));
                if self.branches.is_empty() {
                    self.stage = Stage::Done;
                }
            }
            Stage::Value => self.push_value(id),
            Stage::Tail(written) => *written += 1,
            Stage::Done => {}
        }
        self.settle();
    }

    fn fork(&self) -> Box<dyn Constraint> {
        Box::new(self.clone())
    }
}
