//! The rollouts of groups as micro-batches.

use r1_train::{MicroBatch, Sequence};

use crate::{Group, Rollout};

/// The place of a completion in the groups that were packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Index of the group.
    pub group: usize,
    /// Index of the rollout within its group.
    pub rollout: usize,
}

/// Packs the rollouts that `keep` accepts, in order, into micro-batches of at most `max_tokens` packed tokens; the
/// `members` of a micro-batch are indices into the list beside it.
///
/// The members of a group share its prompt, and dialogues every turn that they have in common. A completion that is
/// longer with its prompt gets a micro-batch of its own; one without a token in the loss is left out.
///
/// # Panics
/// If a prompt has no tokens.
pub fn pack_groups<G: AsRef<Group>>(
    groups: &[G],
    max_tokens: usize,
    keep: impl Fn(&Rollout) -> bool,
) -> (Vec<MicroBatch>, Vec<Member>) {
    let (mut sequences, mut members) = (Vec::new(), Vec::new());
    for (group_index, group) in groups.iter().map(AsRef::as_ref).enumerate() {
        let problem = &group.problem.id;
        assert!(!group.prompt_ids.is_empty(), "problem `{problem}` has an empty prompt");
        for (index, rollout) in group.rollouts.iter().enumerate().filter(|(_, rollout)| keep(rollout)) {
            let mut start = 0;
            let turns = rollout.completion.spans().into_iter().map(|span| {
                let ids = &rollout.completion.ids[start..span.end];
                start = span.end;
                (ids, span.trained)
            });
            let turns = [(group.prompt_ids.as_slice(), false)].into_iter().chain(turns);
            sequences.push(Sequence::new(turns).in_group(group_index));
            members.push(Member { group: group_index, rollout: index });
        }
    }
    (MicroBatch::pack(&sequences, max_tokens), members)
}
