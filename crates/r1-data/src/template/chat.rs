//! Chat templates of models, rendered as the `transformers` library does.

mod python;
mod methods;
mod printf;
mod generation;
mod written;

use std::{collections::BTreeMap, fmt, io, path::Path, sync::Arc, time::SystemTime};

use minijinja::{Environment, Value, value::Serde};
use serde::Deserialize;

use crate::{DataError, tokenizer_config::SpecialTokens};
use r1_core::Message;

/// A model's chat template: a Jinja program that turns a conversation into text.
///
/// It has what `transformers` gives such programs: `messages`, `add_generation_prompt`, `bos_token`,
/// `eos_token`, `raise_exception(text)`, `strftime_now(format)`, Python's methods on texts, lists and
/// maps, `tojson` as Python writes JSON, and `{% generation %}` blocks, see
/// [`render_written`](Self::render_written).
///
/// ```
/// use r1_core::Message;
/// use r1_data::template::ChatTemplate;
///
/// let source = "{% for message in messages %}<|{{ message.role }}|>{{ message.content }}{{ eos_token }}{% endfor %}\
///               {% if add_generation_prompt %}<|assistant|>{% endif %}";
/// let template = ChatTemplate::new(source, None, Some("</s>"))?;
/// assert_eq!(template.render(&[Message::user("Hi")], true)?, "<|user|>Hi</s><|assistant|>");
/// # Ok::<(), r1_data::DataError>(())
/// ```
#[derive(Clone)]
pub struct ChatTemplate {
    environment: Arc<Environment<'static>>,
    bos: String,
    eos: String,
    variables: BTreeMap<String, serde_json::Value>,
    tagged: bool,
}

pub use written::Rendered;

const NAME: &str = "chat_template";

impl ChatTemplate {
    /// Compiles a template. A token that the model has not is the empty text in the template.
    ///
    /// # Errors
    /// [`DataError::Template`] when the template is no Jinja.
    pub fn new(source: &str, bos: Option<&str>, eos: Option<&str>) -> Result<Self, DataError> {
        let mut environment = python::environment();
        let (source, tagged) = generation::with_marks(source);
        let source = printf::with_filter(&source);
        environment.add_template_owned(NAME, source).map_err(explain)?;
        Ok(Self {
            environment: Arc::new(environment),
            bos: bos.unwrap_or_default().to_owned(),
            eos: eos.unwrap_or_default().to_owned(),
            variables: BTreeMap::new(),
            tagged,
        })
    }

    /// The same template with a variable of its own, such as Qwen3's `enable_thinking`.
    pub fn with_variable(mut self, name: &str, value: impl Into<serde_json::Value>) -> Self {
        self.variables.insert(name.to_owned(), value.into());
        self
    }

    /// The same template at a fixed time. Some templates print the date (Llama 3.2), and without a fixed one
    /// the prompts of a run change at midnight.
    pub fn with_time(mut self, now: SystemTime) -> Self {
        let mut environment = Environment::clone(&self.environment);
        python::set_clock(&mut environment, move || now);
        self.environment = Arc::new(environment);
        self
    }

    /// Reads the template of a model's folder: `chat_template.jinja`, else the field `chat_template`
    /// of `tokenizer_config.json`, of several named ones the one called `default`. The special tokens
    /// are those of `tokenizer_config.json`.
    ///
    /// # Errors
    /// [`DataError::Read`] and [`DataError::Tokenizer`] when a file cannot be read, and
    /// [`DataError::Template`] when there is no template or it is no Jinja.
    pub fn load(folder: impl AsRef<Path>) -> Result<Self, DataError> {
        let config = folder.as_ref().join("tokenizer_config.json");
        let missing = || DataError::Template {
            reason: format!(
                "neither `chat_template.jinja` nor `{}` has one; use a plain prompt with this model",
                config.display()
            ),
        };
        Self::find(folder.as_ref())?.ok_or_else(missing)
    }

    /// As [`load`](Self::load), and none for a model without a template: no file has one, or it is null.
    ///
    /// # Errors
    /// As [`load`](Self::load) for files that are there.
    pub fn find(folder: impl AsRef<Path>) -> Result<Option<Self>, DataError> {
        let folder = folder.as_ref();
        let config = folder.join("tokenizer_config.json");
        let special = SpecialTokens::load(&config)?;
        let file = folder.join("chat_template.jinja");
        let source = match std::fs::read_to_string(&file) {
            Ok(source) => Some(source),
            Err(error) if error.kind() == io::ErrorKind::NotFound => from_config(&config)?,
            Err(source) => return Err(DataError::Read { path: file, source }),
        };
        source.map(|source| Self::new(&source, special.bos.as_deref(), special.eos.as_deref())).transpose()
    }

    /// The text of a conversation; with `add_generation_prompt` it ends where the model goes on.
    ///
    /// # Errors
    /// [`DataError::Template`] when the template raises an error, for example because it does not
    /// allow two turns of the same role in a row.
    pub fn render(&self, messages: &[Message], add_generation_prompt: bool) -> Result<String, DataError> {
        self.render_with(messages, add_generation_prompt, ["", ""])
    }

    /// As [`render`](Self::render), with something at the start and the end of each generation block.
    fn render_with(
        &self,
        messages: &[Message],
        add_generation_prompt: bool,
        marks: [&str; 2],
    ) -> Result<String, DataError> {
        // As `transformers` calls a template without tools; a variable of one's own goes before.
        let none = ["tools", "documents"].into_iter().map(|name| (name, Value::from(())));
        let own = self.variables.iter().map(|(name, value)| (name.as_str(), Value::from(Serde(value))));
        let marks = generation::MARKS.into_iter().zip(marks.map(Value::from));
        let variables: BTreeMap<&str, Value> = none
            .chain(own)
            .chain(marks)
            .chain([
                ("messages", Value::from(Serde(messages))),
                ("add_generation_prompt", add_generation_prompt.into()),
                ("bos_token", self.bos.as_str().into()),
                ("eos_token", self.eos.as_str().into()),
            ])
            .collect();
        self.environment.get_template(NAME).and_then(|template| template.render(variables)).map_err(explain)
    }
}

impl fmt::Debug for ChatTemplate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ChatTemplate")
            .field("bos", &self.bos)
            .field("eos", &self.eos)
            .finish_non_exhaustive()
    }
}

/// One template, or several with names.
#[derive(Deserialize)]
#[serde(untagged)]
enum Field {
    One(String),
    Named(Vec<Named>),
}

#[derive(Deserialize)]
struct Named {
    name: String,
    template: String,
}

#[derive(Deserialize)]
struct Config {
    #[serde(default)]
    chat_template: Option<Field>,
}

fn from_config(path: &Path) -> Result<Option<String>, DataError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(DataError::Read { path: path.to_owned(), source }),
    };
    let config: Config = serde_json::from_slice(&bytes)
        .map_err(|error| DataError::Tokenizer { path: path.to_owned(), reason: error.to_string() })?;
    Ok(match config.chat_template {
        Some(Field::One(template)) => Some(template),
        Some(Field::Named(templates)) => {
            templates.into_iter().find(|named| named.name == "default").map(|named| named.template)
        }
        None => None,
    })
}

/// The engine's error and what caused it, in one line.
fn explain(error: minijinja::Error) -> DataError {
    let mut reason = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        reason += &format!(": {error}");
        cause = error.source();
    }
    DataError::Template { reason }
}

#[cfg(test)]
mod tests;
