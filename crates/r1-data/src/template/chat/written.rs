//! The parts of a rendered conversation that the model writes, for training on them alone.

use std::ops::Range;

use super::{ChatTemplate, generation::without_marks};
use crate::DataError;
use r1_core::{Content, Message, Role, Trace};

/// A rendered conversation and the places in it that the model writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The whole text.
    pub text: String,
    /// The bytes of each of the model's turns, with the token that ends the turn. Everything else is only
    /// read: prompts, and the tokens around them.
    pub written: Vec<Range<usize>>,
}

impl Rendered {
    /// The text before and the text of the last of the model's turns: two texts to encode by themselves, as
    /// the model has them when it writes.
    pub fn last(&self) -> Option<(&str, &str)> {
        let range = self.written.last()?;
        Some((&self.text[..range.start], &self.text[range.clone()]))
    }
}

impl ChatTemplate {
    /// The text of a conversation and of it what the model wrote.
    ///
    /// A template with `{% generation %}` blocks says so itself, and its word is taken. Of others, a turn of
    /// the model is what stands between the text that asks for it and the text that ends with it, up to the
    /// end-of-sequence token.
    ///
    /// # Errors
    /// [`DataError::Template`] when the template raises an error, when it changes a turn that it rendered
    /// before, or when its blocks are not as many as the model's turns. The template of DeepSeek-R1 changes
    /// turns: it drops the thoughts, even those of the last one, and so nobody learns to think from its
    /// renderings. Make a [`Trace`] of each turn and use [`render_trace`](Self::render_trace), which keeps
    /// them.
    pub fn render_written(&self, messages: &[Message]) -> Result<Rendered, DataError> {
        let turns: Vec<usize> =
            (0..messages.len()).filter(|&place| messages[place].role == Role::Assistant).collect();
        if self.tagged {
            let rendered = self.marked(messages)?;
            if rendered.written.len() != turns.len() {
                let (blocks, turns) = (rendered.written.len(), turns.len());
                return Err(refused(format!(
                    "it has {blocks} generation blocks for {turns} turns of the model"
                )));
            }
            return Ok(rendered);
        }
        let text = self.render(messages, false)?;
        let mut written = Vec::with_capacity(turns.len());
        for turn in turns {
            let before = self.render(&messages[..turn], true)?;
            let with = self.render(&messages[..=turn], false)?;
            if !(text.starts_with(&before) && text.starts_with(&with) && before.len() <= with.len()) {
                return Err(refused(format!(
                    "message {turn} is not rendered as the model writes it, for example without its thoughts; \
                     make a trace of each turn"
                )));
            }
            written.push(before.len()..self.end(&with));
        }
        Ok(Rendered { text, written })
    }

    /// The text of a trace, its completion as it is.
    ///
    /// A conversation is rendered up to where the model goes on, then comes the completion, outside of the
    /// template, and then what the template ends a turn with. So the thoughts stay whatever the template
    /// does with them. When the prompt opens the thoughts itself (`<think>`), a completion that does so too
    /// is continued behind it. A prompt of text is followed by the completion and the end-of-sequence token.
    ///
    /// ```
    /// use r1_core::{Content, Message, Trace};
    /// use r1_data::template::ChatTemplate;
    ///
    /// // In short what DeepSeek-R1's does: no thoughts in the history, and a prompt that opens them.
    /// let template = ChatTemplate::new(
    ///     "{% for m in messages %}<|{{ m.role }}|>{{ m.content.split('</think>')[-1] }}</s>{% endfor %}\
    ///      {% if add_generation_prompt %}<|assistant|><think>\n{% endif %}",
    ///     None,
    ///     Some("</s>"),
    /// )?;
    /// let prompt = Content::Messages(vec![Message::user("1 + 1?")]);
    /// let rendered = template.render_trace(&Trace::new("sum", prompt, "<think>\nEasy.\n</think>\n2"))?;
    /// assert_eq!(rendered.text, "<|user|>1 + 1?</s><|assistant|><think>\nEasy.\n</think>\n2</s>");
    /// assert_eq!(rendered.last().unwrap().1, "Easy.\n</think>\n2</s>");
    /// # Ok::<(), r1_data::DataError>(())
    /// ```
    ///
    /// # Errors
    /// [`DataError::Trace`] with the trace's name when the template raises an error or the prompt is of
    /// token ids.
    pub fn render_trace(&self, trace: &Trace) -> Result<Rendered, DataError> {
        let named = |error: DataError| DataError::Trace { trace: trace.name(), reason: error.to_string() };
        let (prompt, end) = match &trace.prompt {
            Content::Text(text) => (text.clone(), self.eos.clone()),
            Content::Messages(messages) => {
                (self.render(messages, true).map_err(named)?, self.end_of_turn(messages).map_err(named)?)
            }
            Content::Ids(_) => {
                let reason = "its prompt is of token ids, which no template renders".into();
                return Err(DataError::Trace { trace: trace.name(), reason });
            }
        };
        let mut completion = trace.completion.as_str();
        let is_open = prompt.trim_end().ends_with("<think>");
        if let Some(thoughts) = completion.trim_start().strip_prefix("<think>").filter(|_| is_open) {
            let line = thoughts.strip_prefix('\n').filter(|_| prompt.ends_with('\n'));
            completion = line.unwrap_or(thoughts);
        }
        let text = format!("{prompt}{completion}{end}");
        let written = std::iter::once(prompt.len()..text.len()).collect();
        Ok(Rendered { text, written })
    }

    /// The text behind the model's words in a finished turn, up to the end-of-sequence token.
    fn end_of_turn(&self, prompt: &[Message]) -> Result<String, DataError> {
        const PROBE: &str = "probe0of0the0turn";
        let messages: Vec<Message> = prompt.iter().cloned().chain([Message::assistant(PROBE)]).collect();
        let text = self.render(&messages, false)?;
        let place = text.rfind(PROBE).ok_or_else(|| refused("it does not show the model's turn".into()))?;
        Ok(text[place + PROBE.len()..self.end(&text).max(place + PROBE.len())].to_owned())
    }

    /// The end of the last end-of-sequence token when only white space follows, else the text's end.
    fn end(&self, text: &str) -> usize {
        let trimmed = text.trim_end();
        let ends = !self.eos.is_empty() && trimmed.ends_with(&self.eos);
        if ends { trimmed.len() } else { text.len() }
    }

    /// The text with the generation blocks' places.
    fn marked(&self, messages: &[Message]) -> Result<Rendered, DataError> {
        let plain = self.render(messages, false)?;
        // Marks that the text does not contain: some number is in none.
        let marks =
            |number: usize| [format!("\u{e000}{number}\u{e001}"), format!("\u{e002}{number}\u{e001}")];
        let [start, end] = (0..)
            .map(marks)
            .find(|marks| marks.iter().all(|mark| !plain.contains(mark.as_str())))
            .expect("a finite text does not contain every number");
        let marked = self.render_with(messages, false, [&start, &end])?;
        match without_marks(&marked, [&start, &end]) {
            Some((text, written)) if text == plain => Ok(Rendered { text, written }),
            _ => Err(refused("its generation blocks are nested, or their text is used elsewhere".into())),
        }
    }
}

fn refused(reason: String) -> DataError {
    DataError::Template { reason }
}
