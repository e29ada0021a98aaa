//! What somebody may have meant by a command that there is not.

use strsim::damerau_levenshtein;

/// Words of the field and of other programs, and the commands that do it, the best first.
const MEANINGS: &[(&[&str], &[&str])] = &[
    (
        &["grpo", "rl", "rlvr", "ppo", "dapo", "gspo", "reinforce", "r1-zero", "zero", "rlhf"],
        &["grpo", "train"],
    ),
    (&["fine-tune", "finetune", "tune", "learn", "fit", "sft-train", "distill", "dpo"], &["sft", "train"]),
    (&["training", "run", "start", "launch", "resume", "recipe", "pretrain"], &["train", "sft"]),
    (
        &["complete", "completion", "infer", "inference", "predict", "prompt", "ask", "sample", "rollout"],
        &["generate"],
    ),
    (&["talk", "repl", "converse", "dialogue"], &["chat", "generate"]),
    (&["server", "api", "openai", "http", "host", "daemon"], &["serve"]),
    (&["score", "perplexity", "ppl", "loss", "likelihood", "logits"], &["logprobs"]),
    (&["verify", "check", "judge", "mark", "reward", "math"], &["grade"]),
    (
        &[
            "test",
            "bench",
            "benchmark",
            "evaluate",
            "evaluation",
            "measure",
            "validate",
            "lm-eval",
            "aime",
            "gsm8k",
        ],
        &["eval"],
    ),
    (&["debug", "doctor", "why", "explain", "inspect"], &["diagnose"]),
    (&["reproduce", "rerun", "verify-run", "determinism"], &["replay"]),
    (&["diff", "versus", "vs", "significance"], &["compare"]),
    (&["export", "quantize", "quantise", "quant", "save", "merge", "shard", "cast"], &["convert"]),
    (&["exec", "execute", "sandbox", "code", "python"], &["run-code", "grade-code"]),
    (&["data", "dataset", "tasks", "task", "puzzles"], &["problems"]),
    (&["dedup", "deduplicate", "contamination", "clean", "overlap"], &["decontaminate"]),
    (&["filter", "traces", "rejection", "best-of-n", "teacher", "synthesize"], &["reject"]),
    (&["memory", "estimate", "size", "vram", "fits"], &["plan"]),
    (&["completion-script", "bash", "zsh", "fish"], &["completions"]),
    (&["manual", "manpage", "docs"], &["man"]),
];

/// The command that was meant: by what the word means, else by its spelling.
pub(crate) fn command<'a>(word: &str, commands: &[&'a str]) -> Option<&'a str> {
    let word = word.to_lowercase().replace('_', "-");
    let there = |name: &str| commands.iter().copied().find(|command| *command == name);
    if let Some(same) = there(&word) {
        return Some(same);
    }
    if let Some((_, meant)) = MEANINGS.iter().find(|(words, _)| words.contains(&word.as_str())) {
        return meant.iter().find_map(|name| there(name));
    }
    // A slip of the fingers: one letter in three at most.
    let near = |name: &str| damerau_levenshtein(&word, name);
    let spelt = commands.iter().copied().min_by_key(|name| near(name))?;
    if near(spelt) * 3 <= spelt.len() {
        return Some(spelt);
    }
    let misspelt =
        MEANINGS.iter().find(|(words, _)| words.iter().any(|known| known.len() > 3 && near(known) < 2));
    misspelt.and_then(|(_, meant)| meant.iter().find_map(|name| there(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMANDS: [&str; 7] = ["eval", "generate", "logprobs", "grade", "sft", "compare", "run-code"];

    #[test]
    fn meaning_comes_before_spelling() {
        let check = |word, expected| assert_eq!(command(word, &COMMANDS), expected, "{word}");
        check("predict", Some("generate"));
        check("finetune", Some("sft"));
        check("verify", Some("grade"));
        check("score", Some("logprobs"));
        check("benchmark", Some("eval"));
        check("benchmrk", Some("eval"));
        check("run_code", Some("run-code"));
        check("EVAL", Some("eval"));
        check("evl", Some("eval"));
        check("genrate", Some("generate"));
        check("gardE", Some("grade"));
        // There is nothing that trains by GRPO here, and what is spelt a little like it is something else.
        check("grpo", None);
        check("frobnicate", None);
        check("", None);
        assert_eq!(command("grpo", &["logprobs", "train", "sft"]), Some("train"));
        assert_eq!(command("rl", &["grpo", "train", "sft"]), Some("grpo"));
    }

    #[test]
    fn no_word_has_two_meanings() {
        let mut words: Vec<&str> = MEANINGS.iter().flat_map(|(words, _)| words.iter().copied()).collect();
        let count = words.len();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), count);
    }
}
