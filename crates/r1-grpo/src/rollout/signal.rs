//! Which groups can teach anything.

/// What the rewards of a group allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GroupSignal {
    /// Rewards differ: the group has a gradient.
    Mixed,
    /// All graded completions have the same reward: every advantage is 0.
    Uniform,
    /// Fewer than two completions were graded, so nothing can be compared.
    Ungraded,
}

/// Tells whether the rewards of one group differ. `None` is a completion on which every reward abstained.
///
/// DAPO's dynamic sampling drops groups without signal and samples others in their place.
///
/// # Examples
/// ```
/// # use r1_grpo::{GroupSignal, group_signal};
/// assert_eq!(group_signal(&[Some(1.0), Some(0.0)]), GroupSignal::Mixed);
/// assert_eq!(group_signal(&[Some(1.0), Some(1.0), None]), GroupSignal::Uniform);
/// assert_eq!(group_signal(&[Some(1.0), None]), GroupSignal::Ungraded);
/// ```
///
/// # Source
/// DAPO (arXiv:2503.14476), dynamic sampling, stated there as `0 < #correct < G`.
pub fn group_signal(rewards: &[Option<f32>]) -> GroupSignal {
    let mut graded = rewards.iter().flatten();
    let Some(first) = graded.next() else { return GroupSignal::Ungraded };
    let mut others = 0;
    for reward in graded {
        if reward != first {
            return GroupSignal::Mixed;
        }
        others += 1;
    }
    if others == 0 { GroupSignal::Ungraded } else { GroupSignal::Uniform }
}
