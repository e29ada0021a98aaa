//! What the bases read: documents of procedural tasks, in styles of which most are short and often wrong.

mod arithmetic;
mod bilingual;
mod slip;

use anyhow::{Result, bail};
use r1::core::{Key, KeyedStream, Message, Problem};
use r1::data::template::ChatTemplate;
use r1::tasks::{Task, is_held_out};

/// Characters that every base knows.
const ALPHABET: &str = "0123456789abcdefghijklmnopqrstuvwxyz +-*/=()<>,.:?\n";
/// Tokens of every base beside the characters.
const ADDED: [&str; 7] =
    ["<|end|>", "<think>", "</think>", "<answer>", "</answer>", "User: ", "\nAssistant:"];

/// A base: what it reads, and how wide it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Base {
    /// The base of `r1_zero`.
    Nano,
    /// The same corpus at a third of the size.
    Student,
    /// The base of the pipeline: sums in two languages, and thanks.
    Bilingual,
    /// Its student, which has never seen a problem worked out.
    Terse,
}

impl Base {
    pub(crate) fn named(name: &str) -> Result<Self> {
        Ok(match name {
            "nano" => Self::Nano,
            "student" => Self::Student,
            "bilingual" => Self::Bilingual,
            "terse" => Self::Terse,
            other => bail!("`{other}` is no base; expected nano, student, bilingual or terse"),
        })
    }

    /// Width, width of the feed-forward layer, and layers.
    pub(crate) fn shape(self) -> (usize, usize, usize) {
        match self {
            Self::Nano | Self::Bilingual => (128, 384, 4),
            Self::Student | Self::Terse => (96, 192, 3),
        }
    }

    pub(crate) fn alphabet(self) -> String {
        match self {
            Self::Nano | Self::Student => ALPHABET.into(),
            Self::Bilingual | Self::Terse => ALPHABET.to_owned() + bilingual::CHARACTERS,
        }
    }

    pub(crate) fn added(self) -> Vec<&'static str> {
        match self {
            Self::Nano | Self::Student => ADDED.to_vec(),
            Self::Bilingual | Self::Terse => [ADDED.as_slice(), &bilingual::WORDS].concat(),
        }
    }

    /// One document: a question that evaluation never asks, and an answer in one of the styles.
    pub(crate) fn document(self, template: &ChatTemplate, seed: u64, index: u64) -> Result<String> {
        let mut random = Key::new(seed).at_step(index).for_problem("pretrain_nano").stream();
        let (problem, answer) = match self {
            Self::Nano | Self::Student => arithmetic::answered(&mut random),
            Self::Bilingual => bilingual::answered(&mut random, true),
            Self::Terse => bilingual::answered(&mut random, false),
        };
        let prompt = template.render(&[Message::user(&problem.question)], true)?;
        Ok(format!("{prompt}{answer}<|end|>"))
    }
}

/// A problem of level 1 that is not held out.
fn training_problem(task: &dyn Task, random: &mut KeyedStream) -> Problem {
    loop {
        let problem = task.generate(random, 1);
        if !is_held_out(&problem.question) {
            return problem;
        }
    }
}
