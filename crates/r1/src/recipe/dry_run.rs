//! What a recipe would do.

use std::{fs, time::Instant};

use r1_core::{Completion, FinishReason, Problem, ProblemSource, Reference, Reward, score_all};
use r1_grpo::{GrpoConfig, GrpoTrainer};
use r1_model::{LanguageModel, checkpoint::Slot};
use r1_train::plan::{MemoryPlan, TrainingRun};
use serde_json::{Value, json};

use super::{
    Method, Recipe, RecipeError, Registry,
    examination::Examination,
    job::{Job, Kind},
};

/// Tokens of a completion in the step that is measured, at most.
const MEASURED_TOKENS: usize = 64;

impl Recipe {
    /// Reads everything, renders a prompt, scores a scripted completion by each reward, and plans memory and time, by
    /// a small step that is measured and thrown away. Nothing is written.
    ///
    /// # Errors
    /// As [`run`](Self::run), before it trains.
    pub fn dry_run(&self, registry: &Registry) -> Result<Value, RecipeError> {
        if self.method == Method::RewardModel {
            return self.dry_run_reward_model();
        }
        let mut job = self.job(registry)?;
        let model = self.model.load(&self.base, self.seed)?;
        let model = self.check(&mut job, model)?;
        let Job { kind, data, evaluation } = job;
        let mut told = json!({
            "method": self.method,
            "model": {"path": self.base.join(&self.model.path), "context": model.config.context},
            "output": self.output.dir,
            "would": self.would(),
            "data": data,
        });
        if let Some(evaluation) = &evaluation {
            told["evaluation"] = json!({"problems": evaluation.problems.len(), "data": evaluation.data,
                                        "samples": evaluation.config.samples});
        }
        match kind {
            Kind::Grpo { config, updates, mut source, reward } => {
                let problem = source.next()?;
                told["prompt"] = prompt(&model, &config.template.render(&problem))?;
                told["problem"] = json!(problem);
                told["rewards"] = self.scored(registry, &reward, &problem)?;
                told["memory"] = json!(memory(&model, &config));
                told["time"] = time(model, &config, updates, source.as_mut(), &reward, evaluation.as_ref())?;
            }
            Kind::Sft { config, traces, held_out, .. } => {
                let config = r1_distill::SftConfig { traces: traces.len() as u64, ..*config };
                let mut tokens = 0;
                for trace in &traces {
                    tokens += r1_distill::encode_trace(&model, trace)?.ids().len();
                }
                told["traces"] = json!({"count": traces.len(), "tokens": tokens, "updates": config.updates(), "held_out": held_out.len()});
                if let Some(first) = traces.first() {
                    told["prompt"] = prompt(&model, &first.prompt)?;
                }
            }
            Kind::LabelSteps { config, problems, grader } => {
                told["problems"] = json!(problems.len());
                told["solutions"] = json!(problems.len() * config.samples);
                if let Some(problem) = problems.first() {
                    told["prompt"] = prompt(&model, &config.template.render(problem))?;
                    told["problem"] = json!(problem);
                    told["rewards"] = self.scored(registry, &grader, problem)?;
                }
            }
            Kind::Reject { config, problems, grader } => {
                told["problems"] = json!(problems.len());
                told["answers"] = json!(problems.len() * config.samples);
                if let Some(problem) = problems.first() {
                    told["prompt"] = prompt(&model, &config.template.render(problem))?;
                    told["problem"] = json!(problem);
                    told["rewards"] = self.scored(registry, &grader, problem)?;
                }
            }
        }
        Ok(told)
    }

    /// What would happen in the folder of the run.
    pub(super) fn would(&self) -> &'static str {
        let dir = &self.output.dir;
        let holds_other = fs::read_dir(dir).is_ok_and(|mut files| files.next().is_some());
        match (dir.join("run.json").exists(), dir.join("checkpoints").exists()) {
            (true, true) => "go on from the newest checkpoint, if model, data and settings are the same",
            (true, false) => "start anew, if model, data and settings are the same",
            (false, _) if holds_other => "write into a folder that holds other files",
            (false, _) => "start in a new folder",
        }
    }

    /// What each reward says of a right and of a wrong answer in the strict format.
    fn scored(
        &self,
        registry: &Registry,
        whole: &dyn Reward,
        problem: &Problem,
    ) -> Result<Value, RecipeError> {
        let right = match &problem.reference {
            Reference::Tests { .. } | Reference::Preference { .. } | Reference::Other { .. } => None,
            reference => Some(reference.to_string()),
        };
        let wrong = Some("this is not an answer".to_owned());
        let mut told = serde_json::Map::new();
        for (name, answer) in [("right", right), ("wrong", wrong)] {
            let Some(answer) = answer else { continue };
            let text = format!("<think>This is what I think.</think>\n<answer>{answer}</answer>");
            let completion = [Completion::from_text(text, FinishReason::Stop)];
            let score = |reward: &dyn Reward| match score_all(reward, &[(problem, &completion)])
                .remove(0)
                .remove(0)
            {
                Ok(score) => json!(score.outcome),
                Err(error) => json!({"error": error.to_string()}),
            };
            let mut scores = serde_json::Map::new();
            for term in &self.reward.0 {
                scores.insert(term.name.clone(), score(registry.make(term, &self.base)?.as_ref()));
            }
            scores.insert("reward".into(), score(whole));
            told.insert(name.into(), json!({"completion": completion[0].text, "scores": scores}));
        }
        Ok(told.into())
    }
}

/// A prompt as text and as tokens.
fn prompt(model: &LanguageModel, content: &r1_core::Content) -> Result<Value, RecipeError> {
    let (ids, think_prefilled) = model.encode(content)?;
    let text = model.tokenizer.decode(&ids, false)?;
    Ok(json!({"text": text, "ids": ids, "tokens": ids.len(), "think_prefilled": think_prefilled}))
}

/// The memory that training would take, in bytes.
fn memory(model: &LanguageModel, config: &GrpoConfig) -> MemoryPlan {
    let sequence = config.sampling.max_tokens.min(model.config.context);
    let run = TrainingRun {
        batch_tokens: config.tokens_per_micro_batch,
        recompute: config.recompute,
        reference: config.objective.kl.coef != 0.0,
        adapter: model.adapter().map_or(0, |adapter| adapter.slots.iter().map(Slot::count).sum()),
        slots: (config.group_size * config.prompts_per_rollout()).min(model.engine.max_slots),
        sequence_tokens: sequence,
    };
    MemoryPlan::new(&model.config, &run)
}

/// The time that training would take, by a measured step of one group.
fn time(
    mut model: LanguageModel,
    config: &GrpoConfig,
    updates: u64,
    source: &mut dyn ProblemSource,
    reward: &dyn Reward,
    evaluation: Option<&Examination>,
) -> Result<Value, RecipeError> {
    let tokens = config.sampling.max_tokens.min(MEASURED_TOKENS);
    let small = config
        .clone()
        .with_prompts_per_step(1)
        .with_mini_batches_per_rollout(1)
        .with_max_tokens(tokens)
        .with_skip_zero_advantage(false);
    let mut seconds_of_evaluation = 0.0;
    if let Some(evaluation) = evaluation {
        let few = evaluation.problems.len().min(8);
        let started = Instant::now();
        let settings = evaluation
            .config
            .clone()
            .with_sampling(evaluation.config.sampling.clone().with_max_tokens(tokens));
        r1_eval::evaluate(&mut model, &evaluation.problems[..few], &evaluation.grader, &settings)?;
        let longer = evaluation.config.sampling.max_tokens as f64 / tokens as f64;
        let all = evaluation.problems.len() as f64 / few.max(1) as f64;
        seconds_of_evaluation = started.elapsed().as_secs_f64() * all * longer;
    }
    let mut trainer = GrpoTrainer::new(small, model)?;
    trainer.step(source, reward)?;
    let timings = trainer.timings();
    let longer = config.sampling.max_tokens as f64 / tokens as f64;
    let problems = config.prompts_per_rollout() as f64;
    let rollout = (timings.rollout_seconds + timings.reward_seconds) * problems * longer;
    let update =
        (timings.training_seconds + timings.scoring_seconds) * config.prompts_per_step as f64 * longer;
    let rollouts = updates.div_ceil(config.updates_per_rollout() as u64) as f64;
    let evaluations = match evaluation {
        Some(evaluation) if evaluation.every > 0 => 1.0 + (updates / evaluation.every) as f64 + 1.0,
        Some(_) => 2.0,
        None => 0.0,
    };
    let total = rollouts * rollout + updates as f64 * update + evaluations * seconds_of_evaluation;
    Ok(json!({
        "measured": {"tokens_per_completion": tokens, "completions": config.group_size, "timings": timings},
        "seconds_per_rollout": rollout, "seconds_per_update": update, "seconds_per_evaluation": seconds_of_evaluation,
        "updates": updates, "seconds_at_most": total,
    }))
}
