//! Rules for what may be written next.

use std::fmt::Debug;

/// **A type that implements `Constraint` says which tokens may come next**: a grammar, a schema, a list of choices.
pub trait Constraint: Debug + Send {
    /// What may come next. Asked several times between two calls of [`accept`](Self::accept), so an answer that takes long
    /// is best kept.
    fn allowed(&mut self) -> Allowed<'_>;

    /// Learns the id that came.
    fn accept(&mut self, id: u32);

    /// The same rule in the same state, for another sample.
    fn fork(&self) -> Box<dyn Constraint>;
}

/// Token ids that may come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowed<'a> {
    /// All of them.
    All,
    /// Those whose bit is set: id `i` is bit `i % 32` of word `i / 32`; ids beyond the last word are not allowed.
    Mask(&'a [u32]),
    /// None: what was written is complete, or the rule has failed. The sequence ends with
    /// [`FinishReason::Stop`](crate::FinishReason::Stop).
    None,
}

impl Allowed<'_> {
    /// Whether an id may come next.
    pub fn allows(self, id: u32) -> bool {
        match self {
            Self::All => true,
            Self::Mask(words) => words.get(id as usize / 32).is_some_and(|word| word >> (id % 32) & 1 == 1),
            Self::None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Allowed;

    #[test]
    fn a_mask_has_a_bit_for_each_id() {
        let allowed = Allowed::Mask(&[1 << 31, 0b10]);
        let ids: Vec<u32> = (0..100).filter(|id| allowed.allows(*id)).collect();
        assert_eq!(ids, [31, 33]);
        assert!(Allowed::All.allows(7) && !Allowed::None.allows(7));
    }
}
