//! A model's tokens as a grammar sees them.

use llguidance::{
    ParserFactory,
    toktrie::{ApproximateTokEnv, InferenceCapabilities, TokRxInfo, TokTrie},
};

use crate::ServedModel;

/// The end of an answer in the trie; no token of the model has these bytes.
const END: &[u8] = b"\xff<|end of the answer|>";

/// Tokens by their bytes, and the ids that have a part to play.
pub(super) struct Vocabulary {
    pub(super) factory: ParserFactory,
    /// The text of added tokens, which are marks; none for the others.
    marks: Vec<Option<Vec<u8>>>,
    /// Ids that end an answer.
    pub(super) end_ids: Vec<u32>,
    /// Line breaks that may stand between thoughts and answer.
    pub(super) breaks: Vec<u32>,
    /// Ids with something other than white space behind a `>`: behind a closing tag they would begin the answer.
    pub(super) beginners: Vec<u32>,
}

impl Vocabulary {
    /// Reads the tokens of a model.
    ///
    /// # Errors
    /// A sentence that says why they cannot be read.
    pub(super) fn new(model: &ServedModel) -> Result<Self, String> {
        let mut words = model.tokenizer.token_bytes().map_err(|error| error.to_string())?;
        let mark = |(id, word): (usize, &Vec<u8>)| {
            if word.is_empty() { Some(model.tokenizer.id_to_token(id as u32)?.into_bytes()) } else { None }
        };
        let marks: Vec<_> = words.iter().enumerate().map(mark).collect();
        let eos = model.tokenizer.eos().and_then(|eos| model.tokenizer.token_to_id(eos));
        let mut end_ids: Vec<u32> = model.stop_ids.iter().copied().chain(eos).collect();
        end_ids.retain(|id| (*id as usize) < words.len());
        end_ids.sort_unstable();
        end_ids.dedup();
        for id in &end_ids {
            words[*id as usize].clear();
        }
        let having = |wanted: &dyn Fn(&[u8]) -> bool| -> Vec<u32> {
            let found = words.iter().enumerate().filter(|(_, word)| wanted(word));
            found.map(|(id, _)| id as u32).collect()
        };
        let breaks = having(&|word| matches!(word, b"\n" | b"\n\n"));
        let beginners = having(&|word| {
            let behind = word.iter().position(|byte| *byte == b'>').map(|place| &word[place + 1..]);
            behind.is_some_and(|behind| !behind.iter().all(u8::is_ascii_whitespace))
        });
        words.push(END.to_vec());
        let info = TokRxInfo::new(words.len() as u32, words.len() as u32 - 1);
        let environment: llguidance::toktrie::TokEnv =
            std::sync::Arc::new(ApproximateTokEnv::new(TokTrie::from(&info, &words)));
        let slices = llguidance::earley::SlicedBiasComputer::general_slices();
        let mut factory = ParserFactory::new(&environment, InferenceCapabilities::default(), &slices)
            .map_err(|error| error.to_string())?;
        factory.quiet();
        *factory.limits_mut() = super::limits();
        Ok(Self { factory, marks, end_ids, breaks, beginners })
    }

    /// How many ids there are, without the end in the trie.
    pub(super) fn size(&self) -> usize {
        self.marks.len()
    }

    /// The bytes of a token, of an added one its text.
    pub(super) fn bytes(&self, id: u32) -> &[u8] {
        match self.marks.get(id as usize) {
            None => &[],
            Some(Some(mark)) => mark,
            Some(None) => self.factory.tok_env().tok_trie().token(id),
        }
    }
}
