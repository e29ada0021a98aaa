//! The tokens that the policy wrote.

use std::borrow::Cow;

use r1_core::{Author, Completion};

/// The ids that the policy wrote, without those of tools and users; `None` when only the text is known.
pub(crate) fn policy_ids(completion: &Completion) -> Option<Cow<'_, [u32]>> {
    if completion.ids.is_empty() {
        return None;
    }
    if completion.turns.is_empty() {
        return Some(Cow::Borrowed(&completion.ids));
    }
    let (mut own, mut start) = (Vec::new(), 0);
    for turn in &completion.turns {
        let ids = completion.ids.get(start..turn.end).unwrap_or_default();
        if turn.author == Author::Policy {
            own.extend_from_slice(ids);
        }
        start = turn.end;
    }
    Some(Cow::Owned(own))
}
