//! Benchmarks by name: which file, which prompt, how it is sampled and graded.

use r1_core::{Sampling, template::PromptTemplate};
use r1_data::dataset::Format;
use r1_rewards::Mode;

use crate::{EvalConfig, SameAnswer};

/// The sentence that DeepSeek-R1 wants behind a mathematical question.
const BOXED: &str = "Please reason step by step, and put your final answer within \\boxed{}.";
/// The same in Chinese.
const BOXED_ZH: &str = "请逐步推理，并将最终答案放在 \\boxed{} 中。";

/// A benchmark as it is run here.
///
/// All share DeepSeek-R1's sampling: temperature 0.6, top-p 0.95, at most 32,768 tokens, no example
/// before the question and no system prompt; greedy decoding is rejected there. Models with a chat
/// template get the question and a directive; others, which are base models, the paragraph of
/// DeepSeek-R1-Zero, that has directions of its own.
///
/// # Examples
/// ```
/// use r1_eval::Benchmark;
///
/// let math = Benchmark::by_name("math500").unwrap();
/// let config = math.config(true);
/// assert_eq!((config.samples, config.sampling.temperature, config.sampling.max_tokens), (16, 0.6, 32_768));
/// assert_eq!(config.provenance["benchmark"], "math500");
/// ```
///
/// # Source
/// Sampling and directive: the README of DeepSeek-R1 (github.com/deepseek-ai/DeepSeek-R1), "Usage
/// Recommendations". Length and samples of a problem: arXiv:2501.12948v2, section D.1. What neither
/// says is marked in [`source`](Self::source).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Benchmark {
    /// Its name, as commands spell it.
    pub name: &'static str,
    /// The layout of its file.
    pub format: Format,
    /// Number of problems.
    pub problems: usize,
    /// The instruction behind a question in a chat.
    pub directive: &'static str,
    /// Completions for each problem.
    pub samples: usize,
    /// The places in which an answer counts.
    pub mode: Mode,
    /// The rule by which answers vote together.
    pub same_answer: SameAnswer,
    /// The source of its settings.
    pub source: &'static str,
}

/// Every benchmark.
pub const BENCHMARKS: [Benchmark; 6] = [
    Benchmark {
        name: "aime24",
        format: Format::Aime,
        problems: 30,
        directive: BOXED,
        samples: 64,
        mode: Mode::Strict,
        same_answer: SameAnswer::Number,
        source: "arXiv:2501.12948v2, section D.1: 64 samples, cons@64",
    },
    Benchmark {
        name: "aime25",
        format: Format::Aime,
        problems: 30,
        directive: BOXED,
        samples: 64,
        mode: Mode::Strict,
        same_answer: SameAnswer::Number,
        source: "arXiv:2501.12948v2, section D.1: 64 samples on AIME, taken over from 2024",
    },
    Benchmark {
        name: "math500",
        format: Format::Math,
        problems: 500,
        directive: BOXED,
        samples: 16,
        mode: Mode::Strict,
        same_answer: SameAnswer::Value,
        source: "arXiv:2501.12948v2, section D.1: 16 samples",
    },
    Benchmark {
        name: "gsm8k",
        format: Format::Gsm8k,
        problems: 1_319,
        directive: BOXED,
        samples: 4,
        mode: Mode::Strict,
        same_answer: SameAnswer::Number,
        source: "not in the paper; inferred: 4 samples, the fewest of arXiv:2501.12948v1, section 3",
    },
    Benchmark {
        name: "svamp",
        format: Format::Svamp,
        problems: 300,
        directive: BOXED,
        samples: 4,
        mode: Mode::Strict,
        same_answer: SameAnswer::Number,
        source: "not in the paper; inferred: 4 samples, the fewest of arXiv:2501.12948v1, section 3",
    },
    Benchmark {
        name: "mgsm_zh",
        format: Format::Mgsm,
        problems: 250,
        directive: BOXED_ZH,
        samples: 4,
        mode: Mode::Strict,
        same_answer: SameAnswer::Number,
        source: "not in the paper; inferred: 4 samples as above, the directive is our translation",
    },
];

impl Benchmark {
    /// The benchmark with this name, if there is one.
    pub fn by_name(name: &str) -> Option<&'static Self> {
        BENCHMARKS.iter().find(|benchmark| benchmark.name == name)
    }

    /// Its settings; `chat` says whether the model has a chat template. Name, source and the grader's
    /// mode become part of the [`provenance`](EvalConfig::provenance) of every sample.
    pub fn config(&self, chat: bool) -> EvalConfig {
        let sampling = Sampling { temperature: 0.6, top_p: 0.95, max_tokens: 32_768, ..Sampling::default() };
        let template = match chat {
            true => PromptTemplate::Directed { directive: self.directive.to_owned() },
            false => PromptTemplate::R1Zero,
        };
        EvalConfig {
            samples: self.samples,
            sampling,
            template,
            same_answer: self.same_answer,
            ..EvalConfig::new()
        }
        .with_provenance("benchmark", self.name)
        .with_provenance("source", self.source)
        .with_provenance("mode", serde_json::json!(self.mode))
    }
}

#[cfg(test)]
mod tests {
    use r1_core::{Content, Message, Problem, Reference};

    use super::*;

    #[test]
    fn every_benchmark_is_found_by_its_name_and_has_settings_that_hold() {
        for benchmark in &BENCHMARKS {
            assert_eq!(Benchmark::by_name(benchmark.name), Some(benchmark));
            for chat in [true, false] {
                benchmark.config(chat).validate().unwrap();
            }
        }
        assert_eq!(Benchmark::by_name("gpqa"), None);
    }

    #[test]
    fn chats_are_directed_and_base_models_get_the_paragraph() {
        let problem = Problem::new("p", "2 + 2?", Reference::number("4"));
        let config = Benchmark::by_name("gsm8k").unwrap().config(true);
        let asked = "2 + 2?\nPlease reason step by step, and put your final answer within \\boxed{}.";
        assert_eq!(config.template.render(&problem), Content::Messages(vec![Message::user(asked)]));
        assert_eq!(Benchmark::by_name("gsm8k").unwrap().config(false).template, PromptTemplate::R1Zero);
        assert_eq!(config.provenance["mode"], "strict");
    }
}
