//! Text from tokens as they come: stop texts, thoughts, and the answer.

use r1_data::{
    DataError,
    tokenizer::{TokenStream, Tokenizer},
};

/// Text that became certain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// A part of the thoughts, without their tags.
    Thought(String),
    /// A part of the answer.
    Answer(String),
}

/// What a token brought.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reading {
    /// Text that became certain, in order.
    pub pieces: Vec<Piece>,
    /// Whether a stop text is complete; no further token is read.
    pub stopped: bool,
}

const OPEN: &str = "<think>";
const CLOSE: &str = "</think>";

/// Where a completion's thoughts are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thoughts {
    /// Nowhere: all text is the answer, tags included.
    Plain,
    /// Between `<think>` and `</think>`, if the completion begins with them.
    Tagged,
    /// From the start to `</think>`: the prompt opened them.
    Prefilled,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing but white space so far.
    Start,
    Thoughts,
    Answer,
}

/// Reads a completion token by token.
///
/// Text is given as soon as it is certain: what may be the beginning of a stop text or of a tag is held back until the next
/// token tells. A stop text is left out.
///
/// ```
/// # use r1_data::tokenizer::Tokenizer;
/// use r1_serve::{Piece, Reader, Thoughts};
///
/// # let folder = tempfile::tempdir()?;
/// # let tokenizer = Tokenizer::characters("abc.", &["<think>", "</think>"], folder.path())?;
/// let mut reader = Reader::new(&tokenizer, vec!["c.".into()], Thoughts::Tagged);
/// let mut pieces = Vec::new();
/// for id in tokenizer.encode("<think>ab</think>bc.a")? {
///     let reading = reader.push(id)?;
///     pieces.extend(reading.pieces);
///     if reading.stopped {
///         break;
///     }
/// }
/// let text = |piece: &str| piece.to_owned();
/// assert_eq!(pieces, [Piece::Thought(text("a")), Piece::Thought(text("b")), Piece::Answer(text("b"))]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Reader<'a> {
    stream: Option<TokenStream<'a>>,
    stops: Vec<String>,
    /// Text before the stop texts are known not to be there.
    held: String,
    /// Text before the tags are known not to be there.
    unsorted: String,
    state: State,
    thinking_tokens: usize,
    stopped: bool,
}

impl<'a> Reader<'a> {
    /// A reader of a completion that ends before any of the stop texts.
    pub fn new(tokenizer: &'a Tokenizer, stops: Vec<String>, thoughts: Thoughts) -> Self {
        let state = match thoughts {
            Thoughts::Plain => State::Answer,
            Thoughts::Tagged => State::Start,
            Thoughts::Prefilled => State::Thoughts,
        };
        Self {
            stream: Some(tokenizer.stream(true)),
            stops,
            held: String::new(),
            unsorted: String::new(),
            state,
            thinking_tokens: 0,
            stopped: false,
        }
    }

    /// Tokens read inside the thoughts, while they are open; 0 outside of them.
    pub fn open_thoughts(&self) -> usize {
        if self.state == State::Thoughts { self.thinking_tokens } else { 0 }
    }

    /// Takes the next token.
    ///
    /// # Errors
    /// When the tokenizer's decoder fails.
    pub fn push(&mut self, id: u32) -> Result<Reading, DataError> {
        let Some(stream) = &mut self.stream else { return Ok(Reading::default()) };
        let text = stream.push(id)?;
        // The token that opens the thoughts is not one of them.
        self.thinking_tokens += usize::from(self.state == State::Thoughts);
        let reading = self.take(&text, false);
        Ok(reading)
    }

    /// Takes the end: what was held back is certain now.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub fn finish(&mut self) -> Result<Reading, DataError> {
        let Some(stream) = self.stream.take() else { return Ok(Reading::default()) };
        let text = stream.finish()?;
        Ok(self.take(&text, true))
    }

    fn take(&mut self, text: &str, last: bool) -> Reading {
        if self.stopped {
            return Reading::default();
        }
        self.held += text;
        let first = self.stops.iter().filter_map(|stop| self.held.find(stop.as_str())).min();
        self.stopped = first.is_some();
        let ends = last || self.stopped;
        let certain = match first {
            Some(place) => place,
            None if last => self.held.len(),
            None => {
                self.held.len() - self.stops.iter().map(|stop| overlap(&self.held, stop)).max().unwrap_or(0)
            }
        };
        self.unsorted.extend(self.held.drain(..certain));
        Reading { pieces: self.sort(ends), stopped: self.stopped }
    }

    /// Divides the text that holds no stop text into thoughts and answer.
    fn sort(&mut self, last: bool) -> Vec<Piece> {
        let mut pieces = Vec::new();
        loop {
            match self.state {
                State::Start => {
                    let text = self.unsorted.trim_start();
                    if text.starts_with(OPEN) {
                        let tag = self.unsorted.len() - text.len() + OPEN.len();
                        self.unsorted.drain(..tag);
                        self.state = State::Thoughts;
                    } else if !last && OPEN.starts_with(text) {
                        return pieces;
                    } else {
                        self.state = State::Answer;
                    }
                }
                State::Thoughts => {
                    let close = self.unsorted.find(CLOSE);
                    let kept = if last { 0 } else { overlap(&self.unsorted, CLOSE) };
                    let certain = close.unwrap_or(self.unsorted.len() - kept);
                    let text: String = self.unsorted.drain(..certain).collect();
                    if !text.is_empty() {
                        pieces.push(Piece::Thought(text));
                    }
                    if close.is_none() {
                        return pieces;
                    }
                    self.unsorted.drain(..CLOSE.len());
                    self.state = State::Answer;
                }
                State::Answer => {
                    if !self.unsorted.is_empty() {
                        pieces.push(Piece::Answer(std::mem::take(&mut self.unsorted)));
                    }
                    return pieces;
                }
            }
        }
    }
}

/// Bytes at the end of a text that are the beginning of another.
pub(crate) fn overlap(text: &str, other: &str) -> usize {
    let longest = other.len().saturating_sub(1).min(text.len());
    (1..=longest)
        .rev()
        .find(|length| {
            text.is_char_boundary(text.len() - length) && other.starts_with(&text[text.len() - length..])
        })
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALPHABET: &str = "abcdefghijklmnopqrstuvwxyz </>\n.é";

    fn tokenizer() -> (tempfile::TempDir, Tokenizer) {
        let folder = tempfile::tempdir().unwrap();
        let tokenizer = Tokenizer::characters(ALPHABET, &["<|end|>"], folder.path()).unwrap();
        (folder, tokenizer)
    }

    /// Thoughts, answer, whether a stop text ended it, and the tokens that were read.
    fn read(text: &str, stops: &[&str], thoughts: Thoughts) -> (String, String, bool, usize) {
        let (_folder, tokenizer) = tokenizer();
        let stops = stops.iter().map(|stop| (*stop).to_owned()).collect();
        let mut reader = Reader::new(&tokenizer, stops, thoughts);
        let (mut thought, mut answer, mut stopped, mut tokens) = (String::new(), String::new(), false, 0);
        let mut take = |reading: Reading| {
            for piece in reading.pieces {
                match piece {
                    Piece::Thought(text) => thought += &text,
                    Piece::Answer(text) => answer += &text,
                }
            }
            reading.stopped
        };
        for id in tokenizer.encode(text).unwrap() {
            tokens += 1;
            stopped = take(reader.push(id).unwrap());
            if stopped {
                break;
            }
        }
        take(reader.finish().unwrap());
        (thought, answer, stopped, tokens)
    }

    fn parts(text: &str, thoughts: Thoughts) -> (String, String) {
        let (thought, answer, ..) = read(text, &[], thoughts);
        (thought, answer)
    }

    #[test]
    fn thoughts_and_answer_come_apart() {
        let own = |thoughts: &str, answer: &str| (thoughts.to_owned(), answer.to_owned());
        assert_eq!(parts("<think>a b</think>c", Thoughts::Tagged), own("a b", "c"));
        assert_eq!(parts("\n <think>a", Thoughts::Tagged), own("a", ""));
        assert_eq!(parts("a</think>\nb</think>c", Thoughts::Prefilled), own("a", "\nb</think>c"));
        assert_eq!(parts("a <think>b</think>", Thoughts::Tagged), own("", "a <think>b</think>"));
        assert_eq!(parts("<thin", Thoughts::Tagged), own("", "<thin"));
        assert_eq!(parts(" <thinx", Thoughts::Tagged), own("", " <thinx"));
        assert_eq!(parts("ab</thi", Thoughts::Prefilled), own("ab</thi", ""));
        assert_eq!(parts("", Thoughts::Tagged), own("", ""));
        assert_eq!(parts("<think>a</think>b", Thoughts::Plain), own("", "<think>a</think>b"));
    }

    #[test]
    fn the_first_stop_text_ends_and_is_left_out() {
        let cases: [(&str, &[&str], &str, bool, usize); 6] = [
            ("ab.cd", &[".c"], "ab", true, 4),
            ("ab.", &[".c"], "ab.", false, 3),
            ("aab", &["ab"], "a", true, 3),
            ("abcabd", &["abd", "cx"], "abc", true, 6),
            ("éé.é", &["é.é"], "é", true, 4),
            ("<think>a.b</think>c", &["."], "", true, 9),
        ];
        for (text, stops, answer, stopped, tokens) in cases {
            let found = read(text, stops, Thoughts::Tagged);
            assert_eq!((found.1.as_str(), found.2, found.3), (answer, stopped, tokens), "{text}");
        }
    }
}
