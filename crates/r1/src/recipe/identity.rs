//! What decides about the numbers of a recipe's run.

use r1_run::{Digest, Fingerprint};

use super::{ModelRecipe, OutputRecipe, Recipe, RecipeError};

impl Recipe {
    /// Model, data and rewards by their contents, and every setting but how often the run is saved and up to which update
    /// it goes.
    pub(super) fn fingerprint(&self) -> Result<Fingerprint, RecipeError> {
        let path = self.base.join(&self.model.path);
        let mut fingerprint = Fingerprint::new("train").with_input("model", &path, Digest::of_model(&path)?);
        let evaluated = self.evaluation.iter().map(|evaluation| &evaluation.data);
        let data = [&self.data].into_iter().chain(&self.held_out).chain(evaluated);
        let data = data.flat_map(|data| data.files(&self.base)).map(|file| ("data", file));
        let commands =
            self.reward.0.iter().filter_map(|term| term.parameters.get("command")?.as_array()).flatten();
        let programs =
            commands.map(|argument| ("reward", self.base.join(argument.as_str().unwrap_or_default())));
        for (what, file) in data.chain(programs).filter(|(_, file)| file.is_file()) {
            let name = format!("{what} `{}`", file.display());
            fingerprint = fingerprint.with_input(&name, &file, Digest::of_file(&file)?);
        }
        let decisive = Self {
            description: String::new(),
            source: String::new(),
            updates: None,
            model: ModelRecipe { path: "".into() },
            output: OutputRecipe { dir: "".into(), model: String::new(), save_every: 0 },
            ..self.clone()
        };
        Ok(fingerprint.with_settings(&decisive))
    }
}
