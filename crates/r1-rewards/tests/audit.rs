//! The audit names planted faults, and passes the rewards of this crate.

use r1_core::{Problem, Reference, Reward, RewardError, reward_fn};
use r1_rewards::{
    AccuracyReward, ChoiceReward, FormatReward, LoopReward, RepetitionReward, Rubric, TaskReward,
    audit::{Audit, AuditReport, Kind},
    compat,
    length::{CosineReward, CosineSchedule, KimiLengthReward, OverlongReward},
};

fn audit(reward: &impl Reward) -> AuditReport {
    Audit::new().run(reward)
}

/// The attacks that a reward fell for, each once.
fn fell_for(report: &AuditReport) -> Vec<&str> {
    let mut attacks: Vec<&str> = report
        .findings
        .iter()
        .filter(|finding| finding.kind == Kind::FalsePositive)
        .map(|finding| finding.attack.as_str())
        .collect();
    attacks.dedup();
    attacks
}

fn gold(problem: &Problem) -> String {
    problem.reference.to_string()
}

#[test]
fn a_verifier_that_takes_the_last_number_is_named() {
    let reward = reward_fn("last_number", |problem, completion| {
        let mut numbers = completion.text.split(|letter: char| !letter.is_ascii_digit());
        (numbers.rfind(|number| !number.is_empty()) == Some(gold(problem).as_str())) as u8 as f32
    });
    let report = audit(&reward);
    let attacks = fell_for(&report);
    assert!(attacks.contains(&"trailing_number") && attacks.contains(&"answer_spray"), "{attacks:?}");
    assert!(!attacks.contains(&"tag_game") && !attacks.contains(&"empty_thought"), "{attacks:?}");
    assert!(report.lines()[0].contains("`last_number`"), "{:?}", report.lines());
}

#[test]
fn a_format_reward_that_counts_tags_anywhere_is_named() {
    let reward = reward_fn("tags_anywhere", |_, completion| {
        let tags = ["<think>", "</think>", "<answer>", "</answer>"];
        tags.iter().filter(|tag| completion.text.contains(**tag)).count() as f32 / 4.0
    });
    assert_eq!(fell_for(&audit(&reward)), ["tag_game"]);
}

#[test]
fn a_language_reward_that_takes_an_empty_thought_is_named() {
    let reward = reward_fn("english", |_, completion| {
        let thoughts = completion.response().reasoning;
        let letters = || thoughts.chars().filter(|letter| letter.is_alphabetic());
        match letters().count() {
            0 => 1.0,
            all => letters().filter(char::is_ascii).count() as f32 / all as f32,
        }
    });
    assert_eq!(fell_for(&audit(&reward)), ["empty_thought"]);
}

#[test]
fn a_length_reward_paid_to_loops_is_named() {
    let reward = reward_fn("effort", |_, completion| (completion.ids.len() as f32 / 700.0).min(1.0));
    let attacks = audit(&reward);
    let attacks = fell_for(&attacks);
    assert!(attacks.contains(&"repeated_ngrams"), "{attacks:?}");
}

#[test]
fn a_code_reward_that_greps_for_pass_is_named() {
    let reward = reward_fn("greps", |problem, completion| match problem.reference {
        Reference::Tests { .. } => completion.text.contains("PASS") as u8 as f32,
        _ => 0.0,
    });
    assert_eq!(fell_for(&audit(&reward)), ["code_cheat"]);
}

#[test]
fn a_gold_that_nobody_can_read_must_not_pay() {
    let reward = reward_fn("forgiving", |problem, completion| {
        let readable = gold(problem).chars().any(|letter| letter.is_ascii_digit());
        (!readable || completion.response().answer == gold(problem)) as u8 as f32
    });
    let report = audit(&reward);
    assert!(fell_for(&report).contains(&"unreadable_gold"), "{:?}", report.lines());
}

#[test]
fn what_is_right_in_other_words_must_pay() {
    let reward = reward_fn("letter_by_letter", |problem, completion| {
        completion.text.ends_with(&format!("<answer>{}</answer>", gold(problem))) as u8 as f32
    });
    let report = audit(&reward);
    assert!(
        report.findings.iter().any(|finding| finding.kind == Kind::FalseNegative),
        "{:?}",
        report.lines()
    );
}

#[test]
fn the_search_finds_a_fault_that_no_case_has() {
    // Pays whoever claims infinity in a box.
    let reward = reward_fn("infinite", |problem, completion| {
        let hole = completion.text.contains("inf") && completion.text.contains("\\boxed{");
        (completion.response().answer == gold(problem) || hole) as u8 as f32
    });
    let report = Audit::new().with_budget(20_000).run(&reward);
    let found =
        report.findings.iter().find(|finding| finding.attack == "search").expect("the search finds it");
    assert!(found.text.contains("inf") && report.searched <= 20_000);
    let unsearched = Audit::new().with_budget(0).run(&reward);
    assert_eq!(unsearched.searched, 0);
    assert!(!fell_for(&unsearched).contains(&"search"));
}

#[test]
fn the_same_seed_finds_the_same() {
    let reward = reward_fn("lenient", |_, completion| completion.text.contains("79") as u8 as f32);
    let run = || Audit::new().with_seed(5).run(&reward).findings;
    assert_eq!(run(), run());
}

#[test]
fn errors_and_abstentions_are_counted_not_paid() {
    struct Broken;
    impl Reward for Broken {
        fn name(&self) -> &str {
            "broken"
        }
        fn score(&self, problem: &Problem, _: &r1_core::Completion) -> Result<r1_core::Outcome, RewardError> {
            match problem.reference {
                Reference::Number { .. } => Err(RewardError::world("broken", "no disk")),
                Reference::Text { .. } => Ok(r1_core::Outcome::Score(f32::NAN)),
                _ => Ok(r1_core::Outcome::Abstain),
            }
        }
    }
    let report = audit(&Broken);
    assert!(report.findings.iter().all(|finding| finding.kind == Kind::Error));
    let text = report.lines().join("\n");
    assert!(text.contains("no disk") && text.contains("finite"), "{text}");
    assert!(report.attacks.values().any(|tally| tally.abstentions > 0 && tally.errors > 0));
}

#[test]
fn a_users_problems_are_attacked_too() {
    let problems =
        ["12", "35", "0"].map(|gold| Problem::new(gold, format!("Say {gold}."), Reference::number(gold)));
    let audit = Audit::new().with_problems(&problems);
    assert!(audit.len() > Audit::new().len() + 30);
    let report = audit.run(&AccuracyReward::new());
    assert_eq!(report.lines(), [] as [String; 0]);
}

#[test]
fn every_reward_of_this_crate_passes() {
    let schedule = CosineSchedule { max_tokens: 400, ..CosineSchedule::default() };
    let mut rewards: Vec<Box<dyn Reward>> = vec![
        Box::new(AccuracyReward::new()),
        Box::new(TaskReward::new()),
        Box::new(ChoiceReward::new()),
        Box::new(FormatReward::r1_zero()),
        Box::new(FormatReward::think()),
        Box::new(FormatReward::soft_tags()),
        Box::new(FormatReward::think_ids(98, 99)),
        Box::new(OverlongReward::new(900, 300)),
        Box::new(CosineReward::new(AccuracyReward::new(), schedule)),
        Box::new(KimiLengthReward::new(AccuracyReward::new())),
        Box::new(RepetitionReward::new()),
        Box::new(LoopReward::default()),
        Box::new(Rubric::new().with(1.0, AccuracyReward::new()).with(1.0, FormatReward::r1_zero())),
    ];
    #[cfg(feature = "language")]
    rewards.push(Box::new(r1_rewards::LanguageReward::of_question()));
    #[cfg(feature = "readability")]
    rewards.push(Box::new(r1_rewards::Readability::default()));
    #[cfg(feature = "instruction")]
    rewards.push(Box::new(r1_rewards::instruction::InstructionReward::new()));
    for reward in rewards {
        let report = Audit::new().run(&reward);
        assert_eq!(report.lines(), [] as [String; 0], "{}", report.reward);
    }
}

#[cfg(all(feature = "code", target_os = "linux"))]
#[test]
fn the_code_reward_passes() {
    use r1_rewards::code::{CodeReward, Judge, Language};

    let judge = match Judge::new() {
        Ok(judge) => judge,
        Err(error) => return eprintln!("skipped: {error}"),
    };
    let report = Audit::new().run(&CodeReward::new(judge, Language::PYTHON));
    assert_eq!(report.lines(), [] as [String; 0]);
    assert_eq!(report.span, 1.0, "it tells right programs from wrong ones");
}

#[test]
fn quirks_of_the_peers_are_found() {
    let tags = reward_fn("open_r1_tags", |_, completion| compat::open_r1::tag_count(&completion.text));
    // Its honest form has line breaks around the tags, as one of the rewordings.
    assert!(audit(&tags).findings.iter().any(|finding| finding.attack == "tag_game"));
    let think = reward_fn("trl_think", |_, completion| compat::trl::think_format(&completion.text));
    assert_eq!(fell_for(&audit(&think)), ["tag_game"]);
}
