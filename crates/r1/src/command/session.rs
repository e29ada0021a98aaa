//! A model that stays ready, for `serve` and `chat`.

use std::{io::IsTerminal, path::Path};

use clap::{Args, value_parser};
use r1_core::LoopGuard;
use r1_model::{LanguageModel, ModelSession, Transformer};
use r1_serve::{Served, ServedModel};

use crate::command::{
    checkpoint::ModelArguments,
    failure::{Failure, sentence},
};

/// The model, its cache, and limits of its thoughts.
#[derive(Debug, Args)]
pub(crate) struct SessionArguments {
    #[command(flatten)]
    pub(crate) model: ModelArguments,
    /// Name of the model [default: that of its folder]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Most memory for keys and values, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 2048, value_parser = value_parser!(u32).range(1..))]
    cache_mb: u32,
    /// Close thoughts after this many tokens [default: never]
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    max_thinking_tokens: Option<u32>,
    /// End answers that repeat themselves word for word
    #[arg(long)]
    loop_guard: bool,
}

impl SessionArguments {
    /// Loads the model for so many sequences at a time, beside which so many may wait.
    pub(crate) fn open(
        &self,
        slots: usize,
        waiting: usize,
    ) -> Result<Served<ModelSession<Transformer>>, Failure> {
        if std::io::stderr().is_terminal() {
            eprintln!("loading {} ..", self.model.path.display());
        }
        let mut model = self.model.load()?;
        model.engine.max_slots = slots;
        model.engine.max_waiting = waiting;
        model.engine.cache_bytes = (self.cache_mb as usize) << 20;
        let path = self.model.path.canonicalize().ok();
        let named =
            path.and_then(|path| Some(path.file_name()?.to_str()?.trim_end_matches(".gguf").to_owned()));
        let served = ServedModel {
            name: self.name.clone().or(named).unwrap_or_else(|| "model".into()),
            tokenizer: model.tokenizer.clone(),
            template: model.template.clone(),
            stop_ids: model.stop_ids.clone(),
            context: model.config.context,
        };
        Ok(Served { session: model.into_session(), load_weights, model: served })
    }

    pub(crate) fn max_thinking_tokens(&self) -> Option<usize> {
        self.max_thinking_tokens.map(|tokens| tokens as usize)
    }

    pub(crate) fn loop_guard(&self) -> Option<LoopGuard> {
        self.loop_guard.then(LoopGuard::default)
    }
}

/// Puts the weights of a folder in the place of those that a session works with.
fn load_weights(session: &mut ModelSession<Transformer>, folder: &Path) -> Result<(), String> {
    let because = |reason: String| format!("the weights of `{}` are not taken: {reason}", folder.display());
    let (engine, device) = (session.model().engine, session.model().device.clone());
    let mut model = LanguageModel::load(folder, &device).map_err(|error| because(sentence(&error)))?;
    model.engine = engine;
    match session.replace(model) {
        Ok(_) => Ok(()),
        Err(_) => Err(because("its layers, context or vocabulary have other sizes".into())),
    }
}
