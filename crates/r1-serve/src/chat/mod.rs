//! A conversation in the terminal.

mod command;
mod reply;

use std::io::{self, BufRead, Write};

use r1_core::{Key, LoopGuard, Message, Sampling, session::Session};

use crate::ServedModel;
use command::Command;

/// How a chat begins; commands change it as it goes on.
#[derive(Debug, Clone)]
pub struct ChatOptions {
    /// How tokens are drawn.
    pub sampling: Sampling,
    /// Answer `n` draws with `key.at_step(n)`.
    pub key: Key,
    /// What the model is told before the conversation.
    pub system: Option<String>,
    /// Whether thoughts are shown, or only counted.
    pub show_thoughts: bool,
    /// Tokens of thoughts after which they are closed.
    pub max_thinking_tokens: Option<usize>,
    /// Ends answers that are caught in a loop.
    pub loop_guard: Option<LoopGuard>,
    /// Whether a person sits in front of it: with a prompt and figures.
    pub interactive: bool,
    /// Whether thoughts and figures are dimmed.
    pub color: bool,
}

/// A conversation, line by line.
pub struct Chat<'a> {
    session: &'a mut dyn Session,
    model: ServedModel,
    options: ChatOptions,
    messages: Vec<Message>,
    answers: u64,
    /// True once after each time that somebody asked to stop the answer.
    stop: &'a dyn Fn() -> bool,
}

impl std::fmt::Debug for Chat<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Chat").field("messages", &self.messages).finish_non_exhaustive()
    }
}

impl<'a> Chat<'a> {
    /// A conversation in which nothing was said yet. `stop` is asked while an answer is written; true ends it.
    pub fn new(
        session: &'a mut dyn Session,
        model: ServedModel,
        options: ChatOptions,
        stop: &'a dyn Fn() -> bool,
    ) -> Self {
        Self { session, model, options, messages: Vec::new(), answers: 0, stop }
    }

    /// The conversation so far, without what the model was told before.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// Talks until the input ends or `/quit`.
    ///
    /// A line that ends with `\` goes on with the next one, and what stands between lines of `"""` is one message. A line
    /// that begins with `/` is a command; `/help` lists them.
    ///
    /// # Errors
    /// When the input cannot be read or the output not be written.
    pub fn run(&mut self, input: &mut dyn BufRead, output: &mut dyn Write) -> io::Result<()> {
        if self.options.interactive {
            writeln!(
                output,
                "{}: /help lists commands, Ctrl-C stops an answer, Ctrl-D ends.",
                self.model.name
            )?;
        }
        while let Some(text) = self.message(input, output)? {
            let text = text.trim();
            if text.is_empty() {
                continue;
            }
            match Command::parse(text) {
                None => self.say(text, output)?,
                Some(Ok(Command::Quit)) => break,
                Some(Ok(command)) => self.obey(command, output)?,
                Some(Err(problem)) => writeln!(output, "{problem}")?,
            }
        }
        Ok(())
    }

    /// The next message, of one or more lines; none at the end of the input.
    fn message(&self, input: &mut dyn BufRead, output: &mut dyn Write) -> io::Result<Option<String>> {
        let (mut text, mut quoted) = (String::new(), false);
        loop {
            if self.options.interactive {
                write!(output, "{}", if text.is_empty() && !quoted { ">>> " } else { "... " })?;
                output.flush()?;
            }
            let mut line = Vec::new();
            if input.read_until(b'\n', &mut line)? == 0 {
                return Ok((!text.is_empty()).then_some(text));
            }
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end_matches(['\n', '\r']);
            if line.trim() == "\"\"\"" {
                if quoted {
                    return Ok(Some(text));
                }
                quoted = true;
                continue;
            }
            match line.strip_suffix('\\') {
                Some(line) if !quoted => {
                    text.extend([line, "\n"]);
                }
                _ => {
                    text += line;
                    if !quoted {
                        return Ok(Some(text));
                    }
                    text.push('\n');
                }
            }
        }
    }

    fn say(&mut self, text: &str, output: &mut dyn Write) -> io::Result<()> {
        self.messages.push(Message::user(text));
        if !self.reply(output)? {
            self.messages.pop();
        }
        Ok(())
    }

    fn obey(&mut self, command: Command, output: &mut dyn Write) -> io::Result<()> {
        match command {
            Command::Help => writeln!(output, "{}", command::HELP),
            Command::System(text) => {
                self.options.system = (!text.is_empty()).then_some(text);
                writeln!(output, "The model is told this from the next answer on.")
            }
            Command::Temperature(temperature) => {
                self.options.sampling.temperature = temperature;
                writeln!(output, "temperature {temperature}")
            }
            Command::MaxTokens(tokens) => {
                self.options.sampling.max_tokens = tokens;
                writeln!(output, "at most {tokens} tokens an answer")
            }
            Command::Think(on) => {
                let template = self.model.template.take();
                self.model.template = template.map(|template| template.with_variable("enable_thinking", on));
                writeln!(output, "enable_thinking is {on} in the template; templates without it ignore that")
            }
            Command::Show(show) => {
                self.options.show_thoughts = show;
                writeln!(output, "thoughts are {}", if show { "shown" } else { "folded" })
            }
            Command::Clear => {
                self.messages.clear();
                writeln!(output, "The conversation begins anew.")
            }
            Command::Retry => {
                match self.messages.iter().rposition(|message| message.role == r1_core::Role::User) {
                    None => writeln!(output, "Nothing was asked yet."),
                    Some(last) => {
                        let before = self.messages.split_off(last + 1);
                        if !self.reply(output)? {
                            self.messages.extend(before);
                        }
                        Ok(())
                    }
                }
            }
            Command::Save(path) => match command::save(&path, self.conversation()) {
                Ok(()) => writeln!(output, "saved in `{path}`"),
                Err(problem) => writeln!(output, "{problem}"),
            },
            Command::Quit => Ok(()),
        }
    }

    /// All that the model is shown.
    fn conversation(&self) -> Vec<Message> {
        let system = self.options.system.iter().map(|text| Message::system(text.as_str()));
        system.chain(self.messages.iter().cloned()).collect()
    }
}
