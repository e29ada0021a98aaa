//! Instructions that a program can check: the 25 of IFEval.

mod read;
mod check;
mod keyword;
mod count;
mod layout;
mod case;
mod variant;
mod reward;

pub use read::{Instruction, Relation, UnknownInstruction};
pub use reward::{InstructionReward, Leniency};
