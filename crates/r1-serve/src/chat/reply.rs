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
use crate::{Piece, Reader};

const DIM: &str = "\x1b[2m";
const PLAIN: &str = "\x1b[0m";

/// An answer while it is written.
#[derive(Default)]
struct Written {
    thoughts: String,
    answer: String,
    thinking: bool,
    tokens: usize,
    stopped: bool,
}

impl Chat<'_> {
    /// Answers the conversation; false when it could not be, with the reason on the output.
    pub(super) fn reply(&mut self, output: &mut dyn Write) -> io::Result<bool> {
        let Some(template) = &self.model.template else {
            writeln!(output, "the model has no chat template; use `r1 generate` with a plain prompt")?;
            return Ok(false);
        };
        let rendered = template.render(&self.conversation(), true);
        let text = match rendered {
            Ok(text) => text,
            Err(error) => {
                writeln!(output, "{error}")?;
                return Ok(false);
            }
        };
        let ids = match self.model.tokenizer.encode(&text) {
            Ok(ids) => ids,
            Err(error) => {
                writeln!(output, "{error}")?;
                return Ok(false);
            }
        };
        let sampling = self.options.sampling.clone();
        let stops = sampling.stop.clone();
        let mut request = Request::new(ids, self.options.key.at_step(self.answers)).with_sampling(sampling);
        request.loop_guard = self.options.loop_guard;
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
        let mut reader = Reader::new(&tokenizer, stops, text.trim_end().ends_with("<think>"));
        let (mut written, begun) = (Written::default(), Instant::now());
        let mut cut = false;
        let finish = 'answer: loop {
            if (self.stop)() {
                self.session.cancel(request);
            }
            for event in self.session.step() {
                match event {
                    Event::Token { token, .. } if !written.stopped => {
                        written.tokens += 1;
                        let reading = reader.push(token.id).unwrap_or_default();
                        written.stopped = reading.stopped;
                        self.show(reading.pieces, &mut written, output)?;
                        if written.stopped {
                            self.session.end(sequence, written.tokens, FinishReason::Stop);
                            continue;
                        }
                        let most = self.options.max_thinking_tokens;
                        if !cut && !token.forced && most.is_some_and(|most| reader.open_thoughts() >= most) {
                            cut = true;
                            if let Ok(close) = tokenizer.encode("\n</think>\n\n") {
                                self.session.force(sequence, written.tokens, &close);
                                break;
                            }
                        }
                    }
                    Event::Finished { finish, .. } => {
                        break 'answer if written.stopped { FinishReason::Stop } else { finish };
                    }
                    _ => {}
                }
            }
        };
        let rest = reader.finish().unwrap_or_default().pieces;
        self.show(rest, &mut written, output)?;
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
            let cut = if cut { ", thoughts closed" } else { "" };
            writeln!(output, "{DIM}{} tokens, {rate:.1} tokens/s{cut}{end}{PLAIN}", written.tokens)?;
        }
        let mut message = Message::assistant(written.answer.trim());
        message.reasoning_content = Some(written.thoughts).filter(|thoughts| !thoughts.is_empty());
        self.messages.push(message);
        Ok(true)
    }

    fn show(&self, pieces: Vec<Piece>, written: &mut Written, output: &mut dyn Write) -> io::Result<()> {
        for piece in pieces {
            match piece {
                Piece::Thought(text) => {
                    if !written.thinking && self.options.interactive {
                        write!(output, "{DIM}")?;
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
        if self.options.interactive { write!(output, "{PLAIN}") } else { Ok(()) }
    }
}

/// Text without the characters that steer a terminal.
fn harmless(text: &str) -> String {
    text.chars().filter(|character| !character.is_control() || matches!(character, '\n' | '\t')).collect()
}
