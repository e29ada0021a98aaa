//! Answers that are held to a form: a JSON schema, or a call of a tool.
//!
//! Schemas become grammars of llguidance on threads of their own, one after the other, within limits of size, time and memory.

mod constraint;
mod thoughts;
mod vocabulary;

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use llguidance::{
    Matcher,
    api::{ParserLimits, TopLevelGrammar},
};
use r1_core::session::Constraint;
use serde_json::{Value, json};
use tokio::sync::{Semaphore, oneshot};

use crate::ServedModel;
use constraint::{AnswerConstraint, Branch};
use vocabulary::Vocabulary;

/// Most bytes of a schema.
const MAX_SCHEMA_BYTES: usize = 128 << 10;
/// Deepest nesting of a schema.
const MAX_SCHEMA_DEPTH: usize = 64;
/// Grammars that are kept for requests with the same schema.
const KEPT: usize = 16;
/// Bytes of the stack on which schemas are read: reading goes as deep as references do.
const STACK: usize = 64 << 20;
/// White space between the parts of a value. Models that lose their way write it without end.
const WHITESPACE: &str = r"[\x20\x0A\x0D\x09]{1,40}";

/// Limits of a grammar's time and memory, of which a schema in use needs a small part.
fn limits() -> ParserLimits {
    ParserLimits {
        max_lexer_states: 20_000,
        max_grammar_size: 200_000,
        verbose_errors: false,
        // It walks all tokens for each of the larger lexemes.
        precompute_large_lexemes: false,
        ..ParserLimits::default()
    }
}

/// A form that an answer may have: a text, a value of a schema, and a text.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    pub(crate) lead: String,
    pub(crate) schema: Value,
    pub(crate) tail: String,
}

/// The form that cannot be held, by its place in the list, and why.
#[derive(Debug)]
pub(crate) struct FormError {
    pub(crate) form: usize,
    pub(crate) reason: String,
}

/// Makes constraints for a model, and keeps what it made last.
pub(crate) struct Grammars {
    model: Arc<ServedModel>,
    vocabulary: OnceLock<Result<Arc<Vocabulary>, String>>,
    /// Grammars in which nothing is written, by their schema; the one used last is the last.
    kept: Mutex<Vec<(String, Matcher)>>,
    compiling: Arc<Semaphore>,
}

impl std::fmt::Debug for Grammars {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Grammars").finish_non_exhaustive()
    }
}

impl Grammars {
    pub(crate) fn new(model: Arc<ServedModel>) -> Self {
        let compiling = Arc::new(Semaphore::new(1));
        Self { model, vocabulary: OnceLock::new(), kept: Mutex::default(), compiling }
    }

    /// A constraint that holds an answer to one of the forms; with `thoughts` only behind the tag that closes them.
    ///
    /// # Errors
    /// The form that cannot be held.
    pub(crate) async fn constraint(
        self: &Arc<Self>,
        forms: Vec<Form>,
        thoughts: bool,
    ) -> Result<Box<dyn Constraint>, FormError> {
        let (tell, told) = oneshot::channel();
        // A place is kept until the thread ends, whether somebody waits for it or not.
        let place = Arc::clone(&self.compiling).acquire_owned().await;
        let grammars = Arc::clone(self);
        let compile = move || {
            let _place = place;
            // Nobody may wait for it any more.
            let _ = tell.send(grammars.compile(&forms, thoughts));
        };
        let failed = |reason: String| FormError { form: 0, reason };
        let thread = std::thread::Builder::new().name("schema".into()).stack_size(STACK);
        thread.spawn(compile).map_err(|error| failed(format!("the system gives no thread: {error}")))?;
        let constraint = told.await.map_err(|_| failed("the schema cannot be read".into()))??;
        Ok(Box::new(constraint))
    }

    fn compile(&self, forms: &[Form], thoughts: bool) -> Result<AnswerConstraint, FormError> {
        let made = self.vocabulary.get_or_init(|| Vocabulary::new(&self.model).map(Arc::new));
        let vocabulary = made.clone().map_err(|reason| FormError { form: 0, reason })?;
        let branch = |(place, form): (usize, &Form)| {
            let branch = || {
                let value = self.value(&vocabulary, &form.schema)?;
                Ok(Branch { lead: self.ids(&form.lead)?, value, tail: self.ids(&form.tail)? })
            };
            branch().map_err(|reason| FormError { form: place, reason })
        };
        let branches = forms.iter().enumerate().map(branch).collect::<Result<_, _>>()?;
        Ok(AnswerConstraint::new(vocabulary, branches, thoughts))
    }

    /// The ids of a fixed text, which must say it.
    fn ids(&self, text: &str) -> Result<Vec<u32>, String> {
        let tokenizer = &self.model.tokenizer;
        let ids = tokenizer.encode(text).map_err(|error| error.to_string())?;
        let said = tokenizer.decode(&ids, false).map_err(|error| error.to_string())?;
        if said.trim() == text.trim() { Ok(ids) } else { Err(format!("the tokenizer cannot write {text:?}")) }
    }

    /// A grammar of a schema, with nothing written and nothing shared.
    fn value(&self, vocabulary: &Vocabulary, schema: &Value) -> Result<Matcher, String> {
        let name = schema.to_string();
        let kept = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept().iter().position(|(kept, _)| *kept == name);
        let entry = match known {
            // Only one thread at a time compiles, so that the place is still right.
            Some(place) => kept().remove(place),
            None => {
                let grammar = compile(vocabulary, schema, &name)?;
                (name, grammar)
            }
        };
        let fresh = entry.1.deep_clone();
        let mut kept = kept();
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        kept.push(entry);
        Ok(fresh)
    }
}

fn compile(vocabulary: &Vocabulary, schema: &Value, written: &str) -> Result<Matcher, String> {
    if written.len() > MAX_SCHEMA_BYTES {
        return Err(format!("the schema has {} bytes; at most {MAX_SCHEMA_BYTES} are read", written.len()));
    }
    if !is_shallow(schema, MAX_SCHEMA_DEPTH) {
        return Err(format!("the schema is nested deeper than {MAX_SCHEMA_DEPTH} levels"));
    }
    let mut schema = match schema {
        Value::Bool(true) => json!({}),
        Value::Object(_) => schema.clone(),
        _ => return Err("the schema is no object".into()),
    };
    if schema.get("x-guidance").is_some() {
        return Err("the schema has the unknown keyword x-guidance".into());
    }
    schema["x-guidance"] = json!({"whitespace_pattern": WHITESPACE});
    let grammar = Matcher::new(vocabulary.factory.create_parser(TopLevelGrammar::from_json_schema(schema)));
    // What the first token costs is found out here, and not on the model's thread.
    let first = grammar.deep_clone().compute_mask();
    let error = grammar.get_error().or_else(|| match &first {
        Ok(mask) if mask.is_zero() => Some("no value fulfils the schema".into()),
        Ok(_) => None,
        Err(error) => Some(error.to_string()),
    });
    match error {
        // What llguidance calls a state from which nothing leads on.
        Some(error) if error.starts_with("NoExtension") => Err("no value fulfils the schema".into()),
        Some(error) => Err(sentence(&error)),
        None => Ok(grammar),
    }
}

fn is_shallow(value: &Value, levels: usize) -> bool {
    match value {
        Value::Object(object) => levels > 0 && object.values().all(|value| is_shallow(value, levels - 1)),
        Value::Array(list) => levels > 0 && list.iter().all(|value| is_shallow(value, levels - 1)),
        _ => true,
    }
}

/// An error of llguidance without its inner state, and short.
fn sentence(error: &str) -> String {
    let lines = error.lines().map(str::trim).take_while(|line| !line.starts_with('<'));
    let text: String = lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ");
    if text.chars().count() <= 300 { text } else { text.chars().take(300).chain("...".chars()).collect() }
}
