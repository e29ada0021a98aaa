//! What decides about the numbers of a recipe's run.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use r1_data::recipe::DataRecipe;
use r1_run::{Digest, Fingerprint};

use super::{
    EvaluationRecipe, Method, ModelRecipe, OutputRecipe, Recipe, RecipeError, RewardRecipe, Rewards,
    learnt_rewards,
};

impl Recipe {
    /// Model, data and rewards by their contents, and every setting but how often the run is saved and up to which update
    /// it goes.
    pub(super) fn fingerprint(&self) -> Result<Fingerprint, RecipeError> {
        let path = self.base.join(&self.model.path);
        let mut fingerprint = Fingerprint::new("train").with_input("model", &path, Digest::of_model(&path)?);
        let (rows, held_out) = match self.method {
            Method::Sft => ("traces", "held-out traces"),
            Method::Grpo | Method::Reject | Method::LabelSteps => ("data", "held-out traces"),
            Method::RewardModel => ("rows", "held-out rows"),
        };
        let evaluated = self.evaluation.iter().map(|evaluation| ("evaluation data", &evaluation.data));
        let held_out = self.held_out.iter().map(|data| (held_out, data));
        let data = [(rows, &self.data)].into_iter().chain(held_out).chain(evaluated);
        let data =
            data.flat_map(|(what, data)| data.files(&self.base).into_iter().map(move |file| (what, file)));
        let commands =
            self.reward.0.iter().filter_map(|term| term.parameters.get("command")?.as_array()).flatten();
        let programs =
            commands.map(|argument| ("reward", self.base.join(argument.as_str().unwrap_or_default())));
        // By number and not by path: the same contents under another name are the same run.
        let mut counts = BTreeMap::new();
        for (what, file) in data.chain(programs).filter(|(_, file)| file.is_file()) {
            let count = counts.entry(what).or_insert(0);
            *count += 1;
            let name = if *count == 1 { what.to_owned() } else { format!("{what} {count}") };
            fingerprint = fingerprint.with_input(&name, &file, Digest::of_file(&file)?);
        }
        let graders = self.evaluation.iter().filter_map(|evaluation| evaluation.grader.as_ref());
        let judges = self.reward.0.iter().chain(graders).filter_map(learnt_rewards::folder_of);
        for (number, path) in (1..).zip(judges) {
            let path = self.base.join(path);
            let name = if number == 1 { "reward model".to_owned() } else { format!("reward model {number}") };
            fingerprint = fingerprint.with_input(&name, &path, Digest::of_model(&path)?);
        }
        // Digests have no part in it, and a run that was begun without them goes on with them.
        let output = OutputRecipe { dir: "".into(), model: String::new(), save_every: 0, digests: None };
        let decisive = Self {
            description: String::new(),
            source: String::new(),
            updates: None,
            model: ModelRecipe { path: "".into(), ..self.model.clone() },
            data: unnamed(&self.data, &self.base),
            held_out: self.held_out.as_ref().map(|data| unnamed(data, &self.base)),
            reward: Rewards(self.reward.0.iter().map(unplaced).collect()),
            evaluation: self.evaluation.as_ref().map(|evaluation| EvaluationRecipe {
                data: unnamed(&evaluation.data, &self.base),
                grader: evaluation.grader.as_ref().map(unplaced),
                ..evaluation.clone()
            }),
            output,
            base: PathBuf::new(),
            ..self.clone()
        };
        Ok(fingerprint.with_settings(&decisive))
    }
}

/// The same without the folder of a reward model, whose contents are an input of their own.
fn unplaced(term: &RewardRecipe) -> RewardRecipe {
    let mut term = term.clone();
    if learnt_rewards::folder_of(&term).is_some() {
        term.parameters.remove("path");
    }
    term
}

/// The same without the names of files that are there, whose contents are inputs of their own.
fn unnamed(data: &DataRecipe, base: &Path) -> DataRecipe {
    let mut data = data.clone();
    for file in data.sources.iter_mut().filter_map(|source| source.file.as_mut()) {
        if base.join(&*file).is_file() {
            file.clear();
        }
    }
    data
}
