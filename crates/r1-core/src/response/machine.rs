//! The state machine behind [`Response::parse`].

use super::{FormatError, Response};

/// The reader's state within the format.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// No tag was seen yet.
    Before,
    /// After `<think>`.
    Thoughts,
    /// After `</think>`.
    Between,
    /// After `<answer>`.
    Answer,
    /// After `</answer>`.
    After,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Tag {
    ThinkOpen,
    ThinkClose,
    AnswerOpen,
    AnswerClose,
}

const TAGS: [(&str, Tag); 4] = [
    ("<think>", Tag::ThinkOpen),
    ("</think>", Tag::ThinkClose),
    ("<answer>", Tag::AnswerOpen),
    ("</answer>", Tag::AnswerClose),
];

struct Machine<'a> {
    text: &'a str,
    state: State,
    /// Start of the current state's text, behind the tag that led to it.
    since: usize,
    /// Start of the thoughts, once they are known to begin.
    thoughts_start: Option<usize>,
    /// Start and end of the last `</think>`.
    close: Option<(usize, usize)>,
    tagged: Option<&'a str>,
    boxes: Boxes<'a>,
    strict: Option<FormatError>,
    soft: Option<FormatError>,
}

/// Reads the whole text once.
pub(super) fn parse(text: &str, think_prefilled: bool) -> Response<'_> {
    let mut machine = Machine {
        text,
        state: if think_prefilled { State::Thoughts } else { State::Before },
        since: 0,
        thoughts_start: think_prefilled.then_some(0),
        close: None,
        tagged: None,
        boxes: Boxes::default(),
        strict: None,
        soft: None,
    };
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        // Every byte looked for is ASCII, so `at` is always on a character's boundary there.
        at = match bytes[at] {
            b'<' => match TAGS.iter().find(|(name, _)| bytes[at..].starts_with(name.as_bytes())) {
                Some(&(name, tag)) => {
                    machine.tag(tag, at, at + name.len());
                    at + name.len()
                }
                None => at + 1,
            },
            b'\\' => machine.boxes.backslash(bytes, at),
            b'{' => machine.boxes.open(None, at + 1),
            b'}' => machine.boxes.close(text, at),
            _ => at + 1,
        };
    }
    machine.finish()
}

impl<'a> Machine<'a> {
    fn fail(&mut self, error: FormatError) {
        self.strict.get_or_insert(error);
        if error.concerns_thoughts() {
            self.soft.get_or_insert(error);
        }
    }

    fn fail_if(&mut self, wrong: bool, error: FormatError) {
        if wrong {
            self.fail(error);
        }
    }

    /// One step: the tag stands at `start..end`.
    fn tag(&mut self, tag: Tag, start: usize, end: usize) {
        let blank = self.text[self.since..start].trim().is_empty();
        match tag {
            Tag::ThinkOpen => {
                match self.state {
                    State::Before => self.fail_if(!blank, FormatError::TextBefore),
                    _ => self.fail(FormatError::DuplicateThink),
                }
                // A prompt that opened the thoughts and a completion that opens them again.
                if self.thoughts_start.is_none()
                    || self.state == State::Thoughts && self.close.is_none() && blank
                {
                    self.thoughts_start = Some(end);
                }
                self.state = State::Thoughts;
            }
            Tag::ThinkClose => {
                match self.state {
                    State::Before => self.fail(FormatError::MissingThinkOpen),
                    State::Thoughts => self.fail_if(blank, FormatError::EmptyReasoning),
                    _ => self.fail(FormatError::DuplicateThink),
                }
                self.thoughts_start.get_or_insert(0);
                self.close = Some((start, end));
                // Answers before the end of the thoughts do not count.
                self.tagged = None;
                self.state = State::Between;
            }
            Tag::AnswerOpen => match self.state {
                State::Thoughts => return self.fail(FormatError::AnswerInThoughts),
                State::Before => self.open_answer(FormatError::MissingThinkOpen, true),
                State::Between => self.open_answer(FormatError::TextBetween, !blank),
                State::Answer | State::After => self.open_answer(FormatError::DuplicateAnswer, true),
            },
            Tag::AnswerClose => match self.state {
                State::Thoughts => return self.fail(FormatError::AnswerInThoughts),
                State::Answer => {
                    self.fail_if(blank, FormatError::EmptyAnswer);
                    self.tagged = Some(self.text[self.since..start].trim());
                    self.state = State::After;
                }
                State::Before => return self.fail(FormatError::MissingThinkOpen),
                State::Between | State::After => return self.fail(FormatError::UnopenedAnswer),
            },
        }
        self.since = end;
        match tag {
            Tag::ThinkOpen | Tag::ThinkClose => self.boxes = Boxes::default(),
            Tag::AnswerOpen | Tag::AnswerClose => self.boxes.open.clear(),
        }
    }

    fn open_answer(&mut self, error: FormatError, wrong: bool) {
        self.fail_if(wrong, error);
        self.state = State::Answer;
    }

    fn finish(mut self) -> Response<'a> {
        let text = self.text;
        let rest_blank = text[self.since..].trim().is_empty();
        match self.state {
            State::Before => self.fail(FormatError::MissingThinkOpen),
            State::Thoughts => self.fail(FormatError::MissingThinkClose),
            State::Between => self.fail(FormatError::MissingAnswer),
            State::Answer => self.fail(FormatError::UnclosedAnswer),
            State::After => self.fail_if(!rest_blank, FormatError::TextAfter),
        }
        let thoughts_start = self.thoughts_start.unwrap_or(0);
        let unclosed = self.state == State::Thoughts;
        let nothing = &text[text.len()..];
        let (reasoning, after_thoughts) = match self.close {
            _ if unclosed => (&text[thoughts_start..], nothing),
            Some((start, end)) => (&text[thoughts_start.min(start)..start], &text[end..]),
            None => (nothing, text),
        };
        if after_thoughts.trim().is_empty() {
            self.soft.get_or_insert(FormatError::MissingAnswer);
        }
        let tagged = self.tagged.filter(|_| !unclosed);
        let boxed = self.boxes.last.map(|(_, content)| content).filter(|_| !unclosed);
        let fallback = if self.state == State::Answer { nothing } else { after_thoughts.trim() };
        Response {
            reasoning: reasoning.trim(),
            after_thoughts,
            answer: tagged.or(boxed).unwrap_or(fallback),
            tagged,
            boxed,
            strict: self.strict,
            soft: self.soft,
        }
    }
}

/// The open braces, and the last box that was closed.
#[derive(Default)]
struct Boxes<'a> {
    /// For each open brace: where the content of its box begins, or `None` for a plain brace.
    open: Vec<Option<usize>>,
    /// Of the closed boxes the one that begins last: where it begins, and its content.
    last: Option<(usize, &'a str)>,
}

impl<'a> Boxes<'a> {
    /// Opens a brace and goes on at `next`.
    fn open(&mut self, content: Option<usize>, next: usize) -> usize {
        self.open.push(content);
        next
    }

    /// Closes the innermost brace, which ends at `at`.
    fn close(&mut self, text: &'a str, at: usize) -> usize {
        if let Some(Some(start)) = self.open.pop()
            && self.last.is_none_or(|(last, _)| start > last)
        {
            self.last = Some((start, text[start..at].trim()));
        }
        at + 1
    }

    /// A backslash: `\boxed{`, `\fbox{`, an escaped brace, or nothing of interest.
    fn backslash(&mut self, bytes: &[u8], at: usize) -> usize {
        let rest = &bytes[at + 1..];
        if matches!(rest.first(), Some(b'{' | b'}' | b'\\')) {
            return at + 2;
        }
        for name in ["boxed", "fbox"] {
            if rest.starts_with(name.as_bytes()) {
                let after = at + 1 + name.len();
                let spaces = bytes[after..].iter().take_while(|&&byte| byte == b' ').count();
                let brace = after + spaces;
                return match bytes.get(brace) {
                    Some(b'{') => self.open(Some(brace + 1), brace + 1),
                    _ => brace,
                };
            }
        }
        at + 1
    }
}
