//! A stage that is stopped goes on, and one that is done is only loaded.

use std::{fs, path::Path};

use r1::core::{Content, Cursor, Problem, Reference, Trace, template::PromptTemplate};
use r1::data::tokenizer::Tokenizer;
use r1::distill::SftConfig;
use r1::grpo::GrpoConfig;
use r1::model::{LanguageModel, ModelConfig};
use r1::pipeline::{PipelineError, Stage};
use r1::rewards::reward_fn;

fn model() -> LanguageModel {
    let folder = tempfile::tempdir().unwrap();
    Tokenizer::characters("abcdefghijkl?=", &["<|end|>"], folder.path()).unwrap();
    let raw = serde_json::json!({
        "model_type": "llama", "vocab_size": 16, "hidden_size": 32, "intermediate_size": 64,
        "num_hidden_layers": 2, "num_attention_heads": 4, "max_position_embeddings": 64, "rms_norm_eps": 1e-5,
        "rope_theta": 10000.0, "tie_word_embeddings": true, "hidden_act": "silu", "eos_token_id": 1,
    });
    let config = raw.as_object().cloned().unwrap();
    let config = ModelConfig::parse(config, &folder.path().join("config.json")).unwrap();
    LanguageModel::random(config, folder.path(), 1, &r1::model::device().unwrap()).unwrap()
}

fn reinforce(dir: &Path, updates: u64, learning_rate: f64) -> Result<(), PipelineError> {
    let problems = ["a?", "bc?", "d=?"].map(|text| Problem::new(text, text, Reference::text("a")));
    let mut source = Cursor::new(problems.to_vec(), 3).unwrap();
    let reward = reward_fn("letter", |_, completion| completion.text.matches('a').count() as f32);
    let config = GrpoConfig::r1_zero()
        .with_template(PromptTemplate::Plain)
        .with_group_size(4)
        .with_prompts_per_step(2)
        .with_mini_batches_per_rollout(2)
        .with_max_tokens(4)
        .with_learning_rate(learning_rate);
    let stage = Stage::new(dir).with_save_every(2);
    stage.reinforce(config, updates, model(), &mut source, &reward).map(drop)
}

fn fine_tune(dir: &Path, epochs: u64) -> Result<(), PipelineError> {
    let trace = |text: &str| Trace::new(text, Content::Text(format!("{text}=")), "b");
    let traces = ["a", "c", "d", "e", "f"].map(trace).to_vec();
    let config = SftConfig::r1(0).with_batch_size(2).with_epochs(epochs).with_learning_rate(1e-3);
    Stage::new(dir).with_save_every(2).fine_tune(config, model(), traces, &[], 1).map(drop)
}

fn files(dir: &Path) -> Vec<Vec<u8>> {
    ["metrics.jsonl", "model/model.safetensors"].map(|name| fs::read(dir.join(name)).unwrap()).to_vec()
}

#[test]
fn reinforcement_goes_on_where_it_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, broken) = (folder.path().join("whole"), folder.path().join("broken"));
    reinforce(&whole, 6, 1e-3).unwrap();
    // Three updates: the third is behind the last checkpoint but one, and in the middle of a rollout.
    reinforce(&broken, 3, 1e-3).unwrap();
    assert_ne!(files(&broken), files(&whole));
    reinforce(&broken, 6, 1e-3).unwrap();
    assert_eq!(files(&broken), files(&whole));
    // Done, it is only loaded; with other settings it is refused.
    reinforce(&broken, 6, 1e-3).unwrap();
    assert_eq!(files(&broken), files(&whole));
    let error = reinforce(&broken, 6, 2e-3).unwrap_err().to_string();
    assert!(error.starts_with("setting `learning_rate` is 0.002, and 0.001 in the checkpoint"), "{error}");
}

#[test]
fn fine_tuning_goes_on_from_its_newest_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, broken) = (folder.path().join("whole"), folder.path().join("broken"));
    fine_tune(&whole, 3).unwrap();
    fine_tune(&broken, 3).unwrap();
    // As if it had been killed before the last two of eight updates were saved.
    fs::remove_dir_all(broken.join("checkpoints/step-000008")).unwrap();
    fs::remove_dir_all(broken.join("model")).unwrap();
    fine_tune(&broken, 3).unwrap();
    assert_eq!(files(&broken), files(&whole));
    let error = fine_tune(&broken, 4).unwrap_err().to_string();
    assert!(error.starts_with("setting `epochs` is 4, and 3 in the checkpoint"), "{error}");
}
