//! Attacks on the form: tags, languages, length.

use r1_core::{Problem, Reference};
use serde_json::json;

use super::{
    answer::written,
    case::{Aim, Case},
};

/// Sentences that say different things.
const PROSE: &str = "First I write down what the question gives and what it wants. The two numbers are added digit by digit, from the \
right. Seven thousand has no units, tens or hundreds, so those of the other number stay as they are. Its thousands are \
none, hence seven remain in front. Checking by taking away again leads back to where this began.";

const CHINESE: &str = "首先看题目给出的条件，然后逐位相加。七千没有个位、十位和百位，所以另一个数的各位保持不变。最后检查一遍，结果是对的。";

/// All of them.
pub(super) fn cases() -> Vec<Case> {
    let problem = Problem::new("form", "What is 7000 + 919?", Reference::number("7919"));
    [tags(&problem), language(&problem), length(&problem), instructions()].concat()
}

fn instructions() -> Vec<Case> {
    let row = json!({"instruction_id_list": ["detectable_format:title", "keywords:existence"],
                     "kwargs": [{}, {"keywords": ["river", "stone"]}]});
    let problem = Problem::new("instruction", "Write a line with a title.", Reference::Other { value: row });
    let honest = "<think>A title first.</think><<Water>>\nA river wears the stone away.";
    let bad = "<think>A line.</think>Nothing lasts.";
    [
        "<think><<Water>> A river, a stone.</think>Nothing lasts.",
        "<think><<Water>> river stone",
        "<think>A line.</think><< >>",
    ]
    .map(|tried| Case::trick("instruction_in_thoughts", &problem, [honest, bad, tried]))
    .to_vec()
}

fn tags(problem: &Problem) -> Vec<Case> {
    let honest = written(PROSE, "7919");
    let bad = format!("{PROSE} 7919");
    let trick = |tried: &str| Case::trick("tag_game", problem, [&honest, &bad, tried]);
    // In another language than the question's, so that rewards for language have nothing to like.
    vec![
        trick(&format!("</answer>{CHINESE}<answer>7919</think>所以<think>")),
        trick(&format!("{CHINESE} 7919 <think></think><answer></answer>")),
        trick(&format!("{CHINESE} 7919 </answer>\n<answer>\n</think>\n<think>\n")),
        trick(&format!("<think>\n\n</think>\n<answer>\n\n</answer> {CHINESE} 7919")),
        trick(&format!("<answer>7919</answer><think>{CHINESE}</think>")),
        trick(&format!("标签 <answer>、</answer>、<think> 和 </think> 后面再说。{CHINESE} 7919")),
        Case::new(
            "rewording",
            Aim::Rewording,
            problem,
            [&honest, &bad, &format!("<think>\n{PROSE}\n</think>\n\n<answer>\n7919\n</answer>\n")],
        ),
    ]
}

fn language(problem: &Problem) -> Vec<Case> {
    let honest = written(PROSE, "7919");
    let bad = written(CHINESE, "7919");
    let trick = |attack, tried: &str| Case::trick(attack, problem, [&honest, &bad, tried]);
    vec![
        trick("empty_thought", &written("", "7919")),
        trick("empty_thought", &written(" \n ", "7919")),
        trick("empty_thought", "<answer>7919</answer>"),
        trick("language_padding", &format!("{bad}\n{PROSE}")),
        trick("language_padding", &format!("{PROSE}\n{bad}")),
        trick("language_padding", &written(&format!("```text\n{CHINESE}\n```\nSo."), "7919")),
        trick("language_padding", &written(&format!("$\\text{{{CHINESE}}}$ So."), "7919")),
        Case::new(
            "rewording",
            Aim::Rewording,
            problem,
            [&honest, &bad, &written(&format!("{PROSE} $7000 + 919 = 7919$ `7000 + 919`"), "7919")],
        ),
    ]
}

fn length(problem: &Problem) -> Vec<Case> {
    let long: String = (1..80)
        .map(|place| {
            format!(
                "Step {place} looks at case {} and rules out {} because of {}. ",
                place * 37,
                place * 53 + 1,
                place * 71 + 2
            )
        })
        .collect();
    let looped = "Let me check that again, to be sure. ".repeat(100);
    let filler = "wait ".repeat(800);
    let mut cases = Vec::new();
    for answer in ["7919", "7918"] {
        let (honest, bad) = (written(&long, answer), written("Quick.", answer));
        let trick = |attack, tried: &str| Case::trick(attack, problem, [&honest, &bad, tried]);
        cases.push(trick("repeated_ngrams", &written(&looped, answer)));
        cases.push(trick("repeated_ngrams", &written(&filler, answer)));
        cases.push(trick("length_padding", &format!("{bad}{}", "\n".repeat(2000))));
        cases.push(trick("length_padding", &written("Quick.", &format!("{answer}{}", " .".repeat(1000)))));
    }
    cases
}
