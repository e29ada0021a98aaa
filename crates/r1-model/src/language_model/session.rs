//! A model that stays ready and writes whatever comes.

use r1_core::{
    FinishReason,
    session::{Event, Load, Refused, Request, RequestId, SequenceId, Session},
};

use super::LanguageModel;
use crate::{CausalLm, Engine};

/// A model with an engine that lives as long as it: for chats and servers.
///
/// ```no_run
/// use r1_core::{Content, Key, session::{Event, Request, Session}};
/// use r1_model::LanguageModel;
///
/// let mut session = LanguageModel::load("checkpoints/smollm2-135m", &r1_model::device()?)?.into_session();
/// let (ids, _) = session.model().encode(&Content::Text("The capital of France is".into()))?;
/// session.add(Request::new(ids, Key::new(1)))?;
/// while session.load().running + session.load().waiting > 0 {
///     for event in session.step() {
///         if let Event::Token { token, .. } = event {
///             print!("{}", session.model().tokenizer.decode(&[token.id], true)?);
///         }
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct ModelSession<M> {
    model: LanguageModel<M>,
    engine: Engine,
}

impl<M: CausalLm> LanguageModel<M> {
    /// The model with an engine of the sizes that [`engine`](Self::engine) says.
    pub fn into_session(self) -> ModelSession<M> {
        let engine = Engine::new(&self.model.cache_spec(), self.vocabulary(), self.engine, &self.device);
        ModelSession { model: self, engine }
    }
}

impl<M: CausalLm> ModelSession<M> {
    /// The model.
    pub fn model(&self) -> &LanguageModel<M> {
        &self.model
    }

    /// Goes on with the weights of another model of the same shape; what is being written goes on, too. Returns the model
    /// that was there.
    ///
    /// # Errors
    /// The new model, when its cache has another shape or its vocabulary another size.
    pub fn replace(&mut self, model: LanguageModel<M>) -> Result<LanguageModel<M>, Box<LanguageModel<M>>> {
        let shape = |model: &LanguageModel<M>| {
            let spec = model.model.cache_spec();
            let layers: Vec<usize> = spec.layers.iter().map(|layer| layer.page_bytes()).collect();
            (layers, spec.context, spec.vocab)
        };
        if shape(&model) != shape(&self.model) {
            return Err(Box::new(model));
        }
        self.engine.forget();
        Ok(std::mem::replace(&mut self.model, model))
    }
}

impl<M: CausalLm> Session for ModelSession<M> {
    fn add(&mut self, request: Request) -> Result<RequestId, Refused> {
        self.engine.add(request)
    }

    fn step(&mut self) -> Vec<Event> {
        self.engine.step(self.model.working())
    }

    fn end(&mut self, sequence: SequenceId, written: usize, finish: FinishReason) {
        self.engine.end(sequence, written, finish);
    }

    fn force(&mut self, sequence: SequenceId, written: usize, ids: &[u32]) {
        self.engine.force(sequence, written, ids);
    }

    fn cancel(&mut self, request: RequestId) {
        self.engine.cancel(request);
    }

    fn load(&self) -> Load {
        self.engine.load()
    }
}
