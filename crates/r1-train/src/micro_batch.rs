//! Sequences packed into batches of bounded size.

use std::{ops::Range, sync::Arc};

use r1_core::Trajectory;
use r1_model::PackedBatch;

/// Token ids of one sequence, turn by turn, and which turns are trained on.
///
/// ```
/// use r1_train::Sequence;
///
/// // A question, an answer with a call of a tool, the tool's output, and the rest of the answer.
/// let turns = [(&[5, 6][..], false), (&[7, 8], true), (&[9], false), (&[10, 2], true)];
/// assert_eq!(Sequence::new(turns).trained_tokens(), 4);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sequence<'a> {
    turns: Vec<(&'a [u32], bool)>,
    group: Option<usize>,
}

impl<'a> Sequence<'a> {
    /// A sequence of turns: ids, and whether they are trained on. Turns without ids are left out.
    pub fn new(turns: impl IntoIterator<Item = (&'a [u32], bool)>) -> Self {
        let turns = turns.into_iter().filter(|(ids, _)| !ids.is_empty()).collect();
        Self { turns, group: None }
    }

    /// A prompt, which is read, and its answer, which is trained on.
    pub fn answer(prompt: &'a [u32], answer: &'a [u32]) -> Self {
        Self::new([(prompt, false), (answer, true)])
    }

    /// The same as a member of a group: consecutive members compute the turns that they have in common once.
    pub fn in_group(self, group: usize) -> Self {
        Self { group: Some(group), ..self }
    }

    /// The number of tokens that are trained on. The first token of a sequence has nothing to be predicted from.
    pub fn trained_tokens(&self) -> usize {
        let all: usize = self.turns.iter().filter(|(_, trained)| *trained).map(|(ids, _)| ids.len()).sum();
        all - usize::from(self.turns.first().is_some_and(|(_, trained)| *trained))
    }
}

impl<'a> From<&'a Trajectory> for Sequence<'a> {
    fn from(trajectory: &'a Trajectory) -> Self {
        Self::new(trajectory.turns.iter().map(|turn| (turn.ids.as_slice(), turn.trained)))
    }
}

/// A part of an update that fits into memory.
///
/// The members of a group form a tree: each turn that they have in common stands there once, as the prefix of what
/// follows it. A token is predicted from the token before it, a turn's first from the last of the turn before; the last
/// token of a sequence predicts nothing and is left out.
#[derive(Clone, Debug)]
pub struct MicroBatch {
    /// The turns.
    pub batch: PackedBatch,
    /// For each token that is trained on, the packed token that predicts it.
    pub rows: Vec<u32>,
    /// The tokens that are trained on.
    pub targets: Arc<[u32]>,
    /// Range of targets of each member; together they are `0..targets.len()`.
    pub segments: Vec<Range<usize>>,
    /// Which of the sequences each segment is.
    pub members: Vec<usize>,
}

impl MicroBatch {
    /// Packs sequences, in order, into micro-batches of at most `max_tokens` packed tokens. A sequence that is longer
    /// alone gets a micro-batch of its own; one without a token to train on is left out.
    pub fn pack(sequences: &[Sequence<'_>], max_tokens: usize) -> Vec<Self> {
        let mut packs: Vec<Packer<'_>> = Vec::new();
        for (member, sequence) in sequences.iter().enumerate() {
            if sequence.trained_tokens() == 0 {
                continue;
            }
            let fits = packs.last().is_some_and(|pack| pack.len_with(sequence) <= max_tokens);
            if !fits {
                packs.push(Packer::default());
            }
            packs.last_mut().expect("one was pushed").add(member, sequence);
        }
        packs.into_iter().map(Packer::finish).collect()
    }
}

/// A micro-batch that is being filled.
#[derive(Default)]
struct Packer<'a> {
    batch: PackedBatch,
    group: Option<usize>,
    /// The turns of the last member that are whole in the batch, from the root: what the next one may share.
    path: Vec<(&'a [u32], usize)>,
    rows: Vec<u32>,
    targets: Vec<u32>,
    segments: Vec<Range<usize>>,
    members: Vec<usize>,
}

impl<'a> Packer<'a> {
    /// How many of the sequence's turns are in the batch already; never its last, which may end it.
    fn shared(&self, sequence: &Sequence<'_>) -> usize {
        if sequence.group.is_none() || sequence.group != self.group {
            return 0;
        }
        let held = self.path.iter().map(|(ids, _)| *ids);
        let turns = sequence.turns[..sequence.turns.len() - 1].iter().map(|(ids, _)| *ids);
        held.zip(turns).take_while(|(held, turn)| held == turn).count()
    }

    fn len_with(&self, sequence: &Sequence<'_>) -> usize {
        let new = sequence.turns[self.shared(sequence)..].iter().map(|(ids, _)| ids.len());
        self.batch.len() + new.sum::<usize>() - 1
    }

    fn add(&mut self, member: usize, sequence: &Sequence<'a>) {
        let shared = self.shared(sequence);
        self.group = sequence.group;
        self.path.truncate(shared);
        let first_target = self.targets.len();
        // Where each turn begins; what is shared stands elsewhere in the batch.
        let mut before: Option<usize> = None;
        let last = sequence.turns.len() - 1;
        let alone = sequence.group.is_none();
        let mut whole: Vec<u32> = Vec::new();
        for (index, (ids, trained)) in sequence.turns.iter().enumerate() {
            let start = match self.path.get(index).filter(|_| index < shared) {
                Some((_, segment)) => self.batch.segments()[*segment].range.start,
                None => self.batch.len() + whole.len(),
            };
            if *trained {
                let rows = before.into_iter().chain(start..start + ids.len() - 1).map(|row| row as u32);
                let predicted = ids.len() - usize::from(before.is_none());
                self.rows.extend(rows);
                self.targets.extend_from_slice(&ids[ids.len() - predicted..]);
            }
            before = Some(start + ids.len() - 1);
            let inputs = if index == last { &ids[..ids.len() - 1] } else { ids };
            if alone {
                whole.extend_from_slice(inputs);
            } else if index >= shared && !inputs.is_empty() {
                let prefix = self.path.last().map(|(_, segment)| *segment);
                let segment = self.batch.push(inputs, prefix);
                if index < last {
                    self.path.push((ids, segment));
                }
            }
        }
        if alone {
            // Nothing of it is shared, so one segment holds all turns.
            self.batch.push(&whole, None);
        }
        self.segments.push(first_target..self.targets.len());
        self.members.push(member);
    }

    fn finish(self) -> MicroBatch {
        let Self { batch, rows, targets, segments, members, .. } = self;
        MicroBatch { batch, rows, targets: targets.into(), segments, members }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(micro_batch: &MicroBatch) -> (Vec<u32>, Vec<Option<usize>>, Vec<u32>, Vec<u32>) {
        let prefixes = micro_batch.batch.segments().iter().map(|segment| segment.prefix).collect();
        (micro_batch.batch.ids().to_vec(), prefixes, micro_batch.rows.clone(), micro_batch.targets.to_vec())
    }

    #[test]
    fn a_group_shares_its_prompt() {
        let sequences = [&[3, 4][..], &[5], &[3, 6, 7]].map(|ids| Sequence::answer(&[1, 2], ids).in_group(0));
        let packs = MicroBatch::pack(&sequences, 100);
        assert_eq!(packs.len(), 1);
        let (ids, prefixes, rows, targets) = summary(&packs[0]);
        assert_eq!(ids, [1, 2, 3, 3, 6]);
        assert_eq!(prefixes, [None, Some(0), Some(0)]);
        assert_eq!(rows, [1, 2, 1, 1, 3, 4]);
        assert_eq!(targets, [3, 4, 5, 3, 6, 7]);
        assert_eq!(
            (packs[0].segments.clone(), packs[0].members.clone()),
            (vec![0..2, 2..3, 3..6], vec![0, 1, 2])
        );
    }

    #[test]
    fn dialogues_share_every_turn_that_they_have_in_common() {
        let dialogue = |tool: &'static [u32], end: &'static [u32]| {
            Sequence::new([(&[1, 2][..], false), (&[3], true), (tool, false), (end, true)]).in_group(0)
        };
        let sequences = [dialogue(&[4, 5], &[6]), dialogue(&[4, 5], &[7, 8]), dialogue(&[9], &[6, 6])];
        let packs = MicroBatch::pack(&sequences, 100);
        let (ids, prefixes, rows, targets) = summary(&packs[0]);
        assert_eq!(ids, [1, 2, 3, 4, 5, 7, 9, 6]);
        assert_eq!(prefixes, [None, Some(0), Some(1), Some(2), Some(1), Some(4)]);
        assert_eq!(rows, [1, 4, 1, 4, 5, 1, 6, 7]);
        assert_eq!(targets, [3, 6, 3, 7, 8, 3, 6, 6]);
    }

    #[test]
    fn a_sequence_without_group_is_one_segment() {
        let sequences = [&[3, 4][..], &[5]].map(|ids| Sequence::answer(&[1, 2], ids));
        let (ids, prefixes, rows, targets) = summary(&MicroBatch::pack(&sequences, 100)[0]);
        assert_eq!((ids, prefixes), (vec![1, 2, 3, 1, 2], vec![None, None]));
        assert_eq!((rows, targets), (vec![1, 2, 4], vec![3, 4, 5]));
        assert_eq!(MicroBatch::pack(&sequences, 4).len(), 2);
    }

    #[test]
    fn a_first_token_is_never_predicted() {
        let (_, _, rows, targets) =
            summary(&MicroBatch::pack(&[Sequence::new([(&[1, 2, 3][..], true)])], 9)[0]);
        assert_eq!((rows, targets), (vec![0, 1], vec![2, 3]));
        assert!(MicroBatch::pack(&[Sequence::new([(&[1][..], true)])], 9).is_empty());
        assert!(MicroBatch::pack(&[Sequence::answer(&[1, 2], &[])], 9).is_empty());
    }
}
