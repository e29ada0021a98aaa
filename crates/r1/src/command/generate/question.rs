//! A line of `r1 generate`: what is asked, and with which settings.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use r1_core::{Content, Key, Message, Role, Sampling};
use r1_model::LanguageModel;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::command::{checkpoint::prefilled, sampling::check};

/// Settings of other programs that change what is written, and that r1 does not have.
const REFUSED: [&str; 12] = [
    "n",
    "best_of",
    "logit_bias",
    "presence_penalty",
    "frequency_penalty",
    "repetition_penalty",
    "min_tokens",
    "max_new_tokens",
    "max_completion_tokens",
    "stop_token_ids",
    "system",
    "suffix",
];

/// A line of standard input.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Question {
    prompt: Option<String>,
    ids: Option<Vec<u32>>,
    messages: Option<Vec<Message>>,
    id: Option<Value>,
    #[serde(deserialize_with = "one_or_several")]
    stop: Option<Vec<String>>,
    max_tokens: Option<usize>,
    temperature: Option<f32>,
    top_p: Option<f32>,
    top_k: Option<usize>,
    min_p: Option<f32>,
    seed: Option<u64>,
    chat_template_kwargs: Option<Map<String, Value>>,
    #[serde(flatten)]
    others: BTreeMap<String, Value>,
}

fn one_or_several<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "`stop` is neither a text nor a list of texts")]
    enum Stop {
        One(String),
        Several(Vec<String>),
    }
    Ok(Option::<Stop>::deserialize(deserializer)?.map(|stop| match stop {
        Stop::One(text) => vec![text],
        Stop::Several(texts) => texts,
    }))
}

/// A prompt that can be written, with all that decides about its completions.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) id: Option<Value>,
    pub(super) ids: Vec<u32>,
    pub(super) think_prefilled: bool,
    pub(super) key: Key,
    pub(super) sampling: Sampling,
}

impl Question {
    /// A prompt of the command line, without settings of its own.
    pub(super) fn of_prompt(prompt: &str) -> Self {
        Self { prompt: Some(prompt.to_owned()), ..Self::default() }
    }

    /// Checks a line against the model; `chat` is the system's message, if any, where the chat template is used.
    pub(super) fn asked(
        self,
        model: &LanguageModel,
        sampling: &Sampling,
        seed: u64,
        chat: Option<Option<&str>>,
    ) -> Result<Asked, String> {
        self.check_others()?;
        let sampling = Sampling {
            stop: self.stop.clone().unwrap_or_else(|| sampling.stop.clone()),
            max_tokens: self.max_tokens.unwrap_or(sampling.max_tokens),
            temperature: self.temperature.unwrap_or(sampling.temperature),
            top_p: self.top_p.unwrap_or(sampling.top_p),
            top_k: self.top_k.or(sampling.top_k),
            min_p: self.min_p.unwrap_or(sampling.min_p),
            stop_ids: sampling.stop_ids.clone(),
            loop_guard: sampling.loop_guard,
        };
        check(&sampling)?;
        let (id, seed) = (self.id.clone(), self.seed.unwrap_or(seed));
        let variables = self.chat_template_kwargs.clone().unwrap_or_default();
        if chat.is_none() && !variables.is_empty() {
            return Err("`chat_template_kwargs` need the option --chat".into());
        }
        let content = self.content(chat)?;
        let most = model.config.context - 1;
        let (ids, think_prefilled) = match (&content, &model.template) {
            (Content::Messages(messages), Some(template)) if !variables.is_empty() => {
                let template = variables
                    .into_iter()
                    .fold(template.clone(), |template, (name, value)| template.with_variable(&name, value));
                let text = template.render(messages, true).map_err(|error| error.to_string())?;
                prefilled(model, &Content::Text(text), most)?
            }
            _ => prefilled(model, &content, most)?,
        };
        let key = key(seed, &ids);
        Ok(Asked { id, ids, think_prefilled, key, sampling })
    }

    fn content(self, chat: Option<Option<&str>>) -> Result<Content, String> {
        match (self.prompt, self.ids, self.messages, chat) {
            (Some(prompt), None, None, None) => Ok(Content::Text(prompt)),
            (Some(prompt), None, None, Some(system)) => conversation(system, vec![Message::user(prompt)]),
            (None, Some(ids), None, _) => Ok(Content::Ids(ids)),
            (None, None, Some(_), None) => Err("`messages` need the option --chat".into()),
            (None, None, Some(messages), _) if messages.is_empty() => {
                Err("`messages` is empty; give one turn".into())
            }
            (None, None, Some(messages), Some(system)) => conversation(system, messages),
            _ => Err("give one of `prompt`, `ids` and `messages`".into()),
        }
    }

    /// Refuses settings that would be ignored, and says once of each other field that it is.
    fn check_others(&self) -> Result<(), String> {
        static TOLD: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
        for name in self.others.keys() {
            if REFUSED.contains(&name.as_str()) {
                return Err(format!("r1 has no setting `{name}` of a line; leave it out"));
            }
            let new = TOLD.lock().is_ok_and(|mut told| told.insert(name.clone()));
            if new {
                eprintln!("warning: the field `{}` of a line is ignored", name.escape_debug());
            }
        }
        Ok(())
    }
}

fn conversation(system: Option<&str>, mut messages: Vec<Message>) -> Result<Content, String> {
    if let Some(system) = system {
        if messages.first().is_some_and(|first| first.role == Role::System) {
            return Err("`messages` begin with a system message; leave it or --system out".into());
        }
        messages.insert(0, Message::system(system));
    }
    Ok(Content::Messages(messages))
}

/// The key of a prompt's random numbers: the same wherever and beside whatever it stands.
fn key(seed: u64, ids: &[u32]) -> Key {
    let name: Vec<String> = ids.iter().map(u32::to_string).collect();
    Key::new(seed).for_problem(&name.join(","))
}
