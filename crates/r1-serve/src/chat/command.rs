//! What is typed behind a `/`.

use std::{fs::OpenOptions, io::Write};

use r1_core::Message;

pub(super) const HELP: &str = "\
/system TEXT        what the model is told before the conversation; nothing forgets it
/temperature T      0 for the most probable answer
/max-tokens N       most tokens of an answer
/think on|off       whether the model is asked to think, where its template can
/thoughts show|hide whether thoughts are shown or only counted
/retry              another answer to the last message
/save FILE          the conversation as JSON; a file that exists is kept
/clear              begins anew
/quit               ends, as Ctrl-D does
A line that ends with \\ goes on; between lines of \"\"\" all is one message.";

/// A command of the chat.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Command {
    Help,
    System(String),
    Temperature(f32),
    MaxTokens(usize),
    Think(bool),
    Show(bool),
    Clear,
    Retry,
    Save(String),
    Quit,
}

impl Command {
    /// The command of a line that begins with `/`, or what is wrong with it.
    pub(super) fn parse(line: &str) -> Option<Result<Self, String>> {
        let line = line.strip_prefix('/')?;
        let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        let choice = |yes: &str, no: &str| match rest {
            _ if rest == yes => Ok(true),
            _ if rest == no => Ok(false),
            _ => Err(format!("expected /{name} {yes} or /{name} {no}")),
        };
        Some(match name {
            "help" | "?" => Ok(Self::Help),
            "system" => Ok(Self::System(rest.to_owned())),
            "temperature" => rest
                .parse()
                .ok()
                .filter(|temperature: &f32| (0.0..=100.0).contains(temperature))
                .map(Self::Temperature)
                .ok_or_else(|| "expected a number from 0 to 100, as in /temperature 0.6".to_owned()),
            "max-tokens" => rest
                .parse()
                .ok()
                .filter(|tokens| *tokens > 0)
                .map(Self::MaxTokens)
                .ok_or_else(|| "expected a whole number, as in /max-tokens 512".to_owned()),
            "think" => choice("on", "off").map(Self::Think),
            "thoughts" => choice("show", "hide").map(Self::Show),
            "clear" => Ok(Self::Clear),
            "retry" => Ok(Self::Retry),
            "save" if rest.is_empty() => Err("expected a file, as in /save talk.json".to_owned()),
            "save" => Ok(Self::Save(rest.to_owned())),
            "quit" | "exit" | "bye" => Ok(Self::Quit),
            _ => Err(format!("there is no command /{name}; /help lists them")),
        })
    }
}

/// Writes a conversation to a new file.
pub(super) fn save(path: &str, messages: Vec<Message>) -> Result<(), String> {
    let cannot = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => format!("`{path}` exists and is kept; name another file"),
        _ => format!("cannot write `{path}`: {error}"),
    };
    let text = serde_json::to_string_pretty(&messages).map_err(|error| error.to_string())?;
    let mut file = OpenOptions::new().write(true).create_new(true).open(path).map_err(cannot)?;
    writeln!(file, "{text}").map_err(cannot)
}
