//! One completion on its way from tokens to text: where it stops, and when its thoughts are closed.

use r1_core::{
    FinishReason,
    session::{SequenceId, Session, Token},
};
use r1_data::tokenizer::Tokenizer;

use crate::{Piece, Reader, Thoughts};

/// What is forced where thoughts have grown too long.
const CLOSE: &str = "\n</think>\n\n";

/// Turns the tokens of a sequence into text, ends it at a stop text, and closes thoughts that grow too long.
///
/// A session may write several tokens a step. Those behind a stop text, and those in whose place the end of the thoughts was
/// put, do not count.
#[derive(Debug)]
pub struct OutputProcessor<'a> {
    tokenizer: &'a Tokenizer,
    reader: Reader<'a>,
    sequence: SequenceId,
    written: usize,
    max_thinking_tokens: Option<usize>,
    state: State,
    thoughts_cut: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Writing,
    /// The end of the thoughts was forced; the tokens before it come from a step that did not know.
    Closing,
    Stopped,
}

/// The end of a completion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// The reason.
    pub finish: FinishReason,
    /// Whether its thoughts were closed by the limit.
    pub thoughts_cut: bool,
}

impl<'a> OutputProcessor<'a> {
    /// For a sequence that has no token yet. Thoughts are closed after `max_thinking_tokens`, if that is given.
    pub fn new(
        tokenizer: &'a Tokenizer,
        sequence: SequenceId,
        stops: Vec<String>,
        thoughts: Thoughts,
        max_thinking_tokens: Option<usize>,
    ) -> Self {
        let reader = Reader::new(tokenizer, stops, thoughts);
        Self {
            tokenizer,
            reader,
            sequence,
            written: 0,
            max_thinking_tokens,
            state: State::Writing,
            thoughts_cut: false,
        }
    }

    /// Takes a token and gives the text that became certain; none when the token does not count. Has the session end the
    /// sequence, or go on behind its thoughts.
    pub fn push(&mut self, token: &Token, session: &mut dyn Session) -> Option<Vec<Piece>> {
        match self.state {
            State::Stopped => return None,
            State::Closing if !token.forced => return None,
            State::Closing => {
                self.thoughts_cut = true;
                self.state = State::Writing;
            }
            State::Writing => {}
        }
        self.written += 1;
        // A token without text is better than an answer without end.
        let reading = self.reader.push(token.id).unwrap_or_default();
        let most = self.max_thinking_tokens.unwrap_or(usize::MAX);
        if reading.stopped {
            self.state = State::Stopped;
            session.end(self.sequence, self.written, FinishReason::Stop);
        } else if !self.thoughts_cut
            && self.reader.open_thoughts() >= most
            && let Ok(close) = self.tokenizer.encode(CLOSE)
        {
            self.state = State::Closing;
            session.force(self.sequence, self.written, &close);
        }
        Some(reading.pieces)
    }

    /// Takes the end, and gives the text that became certain by it.
    pub fn finish(mut self, finish: FinishReason) -> (Vec<Piece>, Ended) {
        let pieces = self.reader.finish().unwrap_or_default().pieces;
        // The session may have ended it for another reason in the step in which its stop text was complete.
        let finish = if self.state == State::Stopped { FinishReason::Stop } else { finish };
        (pieces, Ended { finish, thoughts_cut: self.thoughts_cut })
    }
}
