//! An answer, as it comes.

use std::{
    io::{self, Write},
    time::Instant,
};

use r1_core::{
    FinishReason, Message,
    session::{Event, Request, SequenceId},
};

use super::Chat;
use crate::{Ended, OutputProcessor, Piece, Thoughts};

/// An answer while it is written.
#[derive(Default)]
struct Written {
    thoughts: String,
    answer: String,
    thinking: bool,
    tokens: usize,
}

impl Chat<'_> {
    /// Answers the conversation; false when it could not be, with the reason on the output.
    pub(super) fn reply(&mut self, output: &mut dyn Write) -> io::Result<bool> {
        let (text, ids) = match self.prompt() {
            Ok(prompt) => prompt,
            Err(problem) => {
                writeln!(output, "{problem}")?;
                return Ok(false);
            }
        };
        let sampling = self.options.sampling.clone();
        let stops = sampling.stop.clone();
        let mut request = Request::new(ids, self.options.key.at_step(self.answers)).with_sampling(sampling);
        request.sampling.loop_guard = self.options.loop_guard;
        let request = match self.session.add(request) {
            Ok(request) => request,
            Err(refused) => {
                writeln!(output, "{refused}; /clear begins anew")?;
                return Ok(false);
            }
        };
        self.answers += 1;
        let sequence = SequenceId { request, sample: 0 };
        let tokenizer = self.model.tokenizer.clone();
        let prefilled = text.trim_end().ends_with("<think>");
        let thoughts = if prefilled { Thoughts::Prefilled } else { Thoughts::Tagged };
        let most = self.options.max_thinking_tokens;
        let mut answer = OutputProcessor::new(&tokenizer, sequence, stops, thoughts, most);
        let (mut written, begun) = (Written::default(), Instant::now());
        let finish = 'answer: loop {
            if (self.stop)() {
                self.session.cancel(request);
            }
            for event in self.session.step() {
                match event {
                    Event::Token { token, .. } => {
                        if let Some(pieces) = answer.push(&token, self.session) {
                            written.tokens += 1;
                            self.show(pieces, &mut written, output)?;
                        }
                    }
                    Event::Finished { finish, .. } => break 'answer finish,
                    _ => {}
                }
            }
        };
        let (pieces, Ended { finish, thoughts_cut }) = answer.finish(finish);
        self.show(pieces, &mut written, output)?;
        self.fold(&mut written, output)?;
        writeln!(output)?;
        if self.options.interactive {
            let rate = written.tokens as f64 / begun.elapsed().as_secs_f64().max(1e-9);
            let end = match finish {
                FinishReason::Stop => "",
                FinishReason::Length => ", cut off at the limit",
                FinishReason::Loop => ", ended in a loop",
                FinishReason::Cancelled => ", stopped",
            };
            let cut = if thoughts_cut { ", thoughts closed" } else { "" };
            let (dim, plain) = self.dimmed();
            writeln!(output, "{dim}{} tokens, {rate:.1} tokens/s{cut}{end}{plain}", written.tokens)?;
        }
        let mut message = Message::assistant(written.answer.trim());
        message.reasoning_content = Some(written.thoughts).filter(|thoughts| !thoughts.is_empty());
        self.messages.push(message);
        Ok(true)
    }

    /// The conversation in the template, and its token ids.
    fn prompt(&self) -> Result<(String, Vec<u32>), String> {
        let missing = "the model has no chat template; use `r1 generate` with a plain prompt";
        let template = self.model.template.as_ref().ok_or(missing)?;
        let text = template.render(&self.conversation(), true).map_err(|error| error.to_string())?;
        let ids = self.model.tokenizer.encode(&text).map_err(|error| error.to_string())?;
        Ok((text, ids))
    }

    fn show(&self, pieces: Vec<Piece>, written: &mut Written, output: &mut dyn Write) -> io::Result<()> {
        for piece in pieces {
            match piece {
                Piece::Thought(text) => {
                    if !written.thinking {
                        write!(output, "{}", self.dimmed().0)?;
                    }
                    written.thinking = true;
                    written.thoughts += &text;
                    if self.options.show_thoughts {
                        write!(output, "{}", harmless(&text))?;
                    }
                }
                Piece::Answer(text) => {
                    self.fold(written, output)?;
                    // The lines between the thoughts and the answer say nothing.
                    let text = if written.answer.is_empty() { text.trim_start() } else { &text };
                    written.answer += text;
                    write!(output, "{}", harmless(text))?;
                }
            }
        }
        output.flush()
    }

    /// Ends the thoughts on the screen.
    fn fold(&self, written: &mut Written, output: &mut dyn Write) -> io::Result<()> {
        if !std::mem::take(&mut written.thinking) {
            return Ok(());
        }
        if self.options.show_thoughts {
            writeln!(output)?;
        } else {
            writeln!(output, "[thoughts: {} tokens; /thoughts show]", written.tokens)?;
        }
        write!(output, "{}", self.dimmed().1)
    }

    /// What begins and what ends dimmed text.
    fn dimmed(&self) -> (&'static str, &'static str) {
        if self.options.color { ("\x1b[2m", "\x1b[0m") } else { ("", "") }
    }
}

/// Text without the characters that steer a terminal.
fn harmless(text: &str) -> String {
    text.chars().filter(|character| !character.is_control() || matches!(character, '\n' | '\t')).collect()
}
