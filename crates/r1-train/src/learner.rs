//! A model with its optimizer.

use std::path::Path;

use r1_model::{CausalLm, GradientStore, LanguageModel, ModelError, Transformer, checkpoint::WeightType};
use r1_run::{Checkpoint, RunError};

use crate::{AdamW, AdamWConfig};

const MODEL: &str = "model";
const OPTIMIZER: &str = "optimizer.safetensors";

/// A language model that is trained, its optimizer, and how many updates it has had.
#[derive(Debug)]
pub struct Learner<M: CausalLm = Transformer> {
    /// Taken out only inside [`update`](Self::update), so that the optimizer alone holds the weights.
    model: Option<LanguageModel<M>>,
    optimizer: AdamW,
    updates: u64,
}

impl<M: CausalLm> Learner<M> {
    /// A learner that has made no update. The optimizer's moments are made at once, so that they do not lie between what
    /// passes keep.
    ///
    /// # Panics
    /// When the model's weights are [packed](LanguageModel::is_packed).
    pub fn new(model: LanguageModel<M>, config: AdamWConfig) -> Self {
        assert!(!model.is_packed(), "packed weights serve generation only; load the model without packing");
        let mut optimizer = AdamW::new(config);
        optimizer.reserve(&model.model);
        Self { model: Some(model), optimizer, updates: 0 }
    }

    /// Makes one optimizer update and returns the norm of the gradient before it is clipped. When the norm is not
    /// finite, nothing changes and no update is counted.
    pub fn update(&mut self, gradients: GradientStore, learning_rate: f64) -> f64 {
        let mut model = self.model.take().expect("the model is only away inside an update");
        model.forget_cast();
        let (weights, norm) = self.optimizer.step(model.model, gradients, learning_rate);
        model.model = weights;
        model.recast();
        self.model = Some(model);
        self.updates += u64::from(norm.is_finite());
        norm
    }

    /// The model.
    pub fn model(&self) -> &LanguageModel<M> {
        self.model.as_ref().expect("the model is only away inside an update")
    }

    /// The model, to generate with.
    pub fn model_mut(&mut self) -> &mut LanguageModel<M> {
        self.model.as_mut().expect("the model is only away inside an update")
    }

    /// Ends training and gives the model back.
    pub fn into_model(self) -> LanguageModel<M> {
        self.model.expect("the model is only away inside an update")
    }

    /// How many updates were made.
    pub fn updates(&self) -> u64 {
        self.updates
    }

    /// How many steps the optimizer has made.
    pub fn optimizer_steps(&self) -> u64 {
        self.optimizer.steps()
    }

    /// The optimizer.
    pub fn optimizer(&self) -> &AdamW {
        &self.optimizer
    }

    /// Writes the model in Hugging Face layout, of one with an adapter the adapter (`model/`, in f32), and the optimizer's
    /// moments into a folder.
    pub(crate) fn save<E: From<ModelError> + From<RunError>>(&self, dir: &Path) -> Result<(), E> {
        self.model().save(dir.join(MODEL), WeightType::F32)?;
        Ok(self.optimizer.save(&dir.join(OPTIMIZER))?)
    }

    /// Goes on from a checkpoint with a model of one's own, which gives architecture and tokenizer; its weights become
    /// the checkpoint's.
    ///
    /// # Errors
    /// When a file is missing, damaged, or of another model.
    pub fn resume<E: From<ModelError> + From<RunError>>(
        model: LanguageModel<M>,
        checkpoint: &Checkpoint,
        config: AdamWConfig,
        optimizer_steps: u64,
    ) -> Result<Self, E> {
        let model = model.reloaded(&checkpoint.dir().join(MODEL))?;
        let path = checkpoint.dir().join(OPTIMIZER);
        let optimizer = AdamW::load(&path, config, optimizer_steps, model.trained_slots(), &model.device)?;
        Ok(Self { model: Some(model), optimizer, updates: checkpoint.updates() })
    }
}

impl Learner<Transformer> {
    /// The model of a checkpoint, for [`resume`](Learner::resume) when there is no other.
    ///
    /// # Errors
    /// Those of [`LanguageModel::load`].
    pub fn saved_model(
        checkpoint: &Checkpoint,
        device: &burn::tensor::Device,
    ) -> Result<LanguageModel, ModelError> {
        LanguageModel::load(checkpoint.dir().join(MODEL), device)
    }
}
