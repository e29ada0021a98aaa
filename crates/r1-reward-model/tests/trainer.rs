//! The trainer teaches, reports, and refuses what cannot be learnt.

mod tiny;

use std::error::Error;

use r1_core::{Content, Cursor, Message};
use r1_data::dataset::RewardRow;
use r1_reward_model::{RewardModelError, RewardModelTrainer, Scope};
use tiny::{labelled, pair};

fn whole(error: &RewardModelError) -> String {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("{error}{cause}")
}

#[test]
fn preferences_and_labels_are_learnt() {
    let mut trainer = RewardModelTrainer::new(tiny::config(), tiny::model(1)).unwrap();
    let mut source = tiny::source();
    let before = trainer.evaluate(&tiny::rows()).unwrap();
    let updates = trainer.config().updates();
    assert_eq!(updates, 110);
    let mut reports = Vec::new();
    while trainer.updates() < updates {
        reports.push(trainer.step(&mut source).unwrap());
    }
    let after = trainer.evaluate(&tiny::rows()).unwrap();
    assert!((before.loss - std::f64::consts::LN_2).abs() < 0.2, "{before:?}");
    assert!(after.loss < 0.05 && after.accuracy == 1.0 && after.margin.unwrap() > 2.0, "{after:?}");
    assert_eq!((after.rows, after.standard_error), (11, 0.0));
    let last = &reports[109];
    assert_eq!((last.step, last.epoch, last.accuracy), (110, 40.0, 1.0));
    assert!((last.learning_rate - 1e-3).abs() < 1e-9, "{}", last.learning_rate);
    assert_eq!(last.num_tokens, reports.iter().map(|report| report.tokens).sum::<u64>());
    // Two tokens of prompt, and of each response a letter and the end.
    let model = trainer.into_model();
    let trainer = RewardModelTrainer::new(tiny::config(), model).unwrap();
    assert_eq!(trainer.check(&pair("p", "a=", "b", "cd")).unwrap(), 2 + 2 + 3);
    assert_eq!(trainer.check(&labelled("l", "a=", "b", 1.0)).unwrap(), 2 + 2);
}

#[test]
fn the_standard_error_is_that_of_a_share() {
    let trainer = RewardModelTrainer::new(tiny::config(), tiny::model(1)).unwrap();
    // A pair and its reverse: exactly one of them is judged right.
    let rows = [pair("a", "a=", "b", "c"), pair("b", "a=", "c", "b")];
    let found = trainer.evaluate(&rows).unwrap();
    assert_eq!((found.accuracy, found.standard_error), (0.5, 0.125f64.sqrt()));
    assert!(found.margin.unwrap().abs() < 1e-6, "{found:?}");
}

#[test]
fn margins_of_rows_count_when_they_are_asked_for() {
    let row = |margin| {
        let RewardRow::Pair(pair) = pair("p", "a=", "b", "c") else { unreachable!() };
        RewardRow::Pair(r1_data::dataset::PreferenceRow { margin, ..pair })
    };
    let loss = |row_margins: bool, row: RewardRow| {
        let config = tiny::config().with_row_margins(row_margins);
        let trainer = RewardModelTrainer::new(config, tiny::model(1)).unwrap();
        trainer.evaluate(&[row]).map(|found| found.loss)
    };
    let plain = loss(false, row(Some(5.0))).unwrap();
    assert_eq!(plain, loss(true, row(Some(0.0))).unwrap());
    // Far below the margin, the loss is the margin less what there is of it.
    let with = loss(true, row(Some(50.0))).unwrap();
    let difference = -(plain.exp() - 1.0).ln();
    assert!((with - (50.0 - difference)).abs() < 1e-4, "{with} {difference}");
    assert_eq!(
        loss(true, row(None)).unwrap_err().to_string(),
        "row `p` has no margin, and `row_margins` asks for one; add the column `margin`, or switch it off"
    );
}

#[test]
fn a_failed_step_leaves_weights_and_source_alone() {
    let mut rows = tiny::rows();
    rows[4] = pair("long", "a=", "b", &"a".repeat(30));
    let mut source = Cursor::new(rows, 0).unwrap();
    let mut trainer = RewardModelTrainer::new(tiny::config().with_batch_size(11), tiny::model(1)).unwrap();
    let before = trainer.evaluate(&tiny::rows()).unwrap();
    let error = trainer.step(&mut source).unwrap_err();
    assert_eq!(
        whole(&error),
        "row `long` has 33 tokens, more than the 24 allowed; leave it out or raise `max_tokens`"
    );
    assert_eq!((source.position(), trainer.updates()), (0, 0));
    assert_eq!(trainer.evaluate(&tiny::rows()).unwrap(), before);
}

#[test]
fn a_loss_that_is_not_finite_names_its_rows() {
    let config = tiny::config().with_learning_rate(1e30).with_warmup(0);
    let mut trainer = RewardModelTrainer::new(config, tiny::model(1)).unwrap();
    let mut source = tiny::source();
    let error = loop {
        match trainer.step(&mut source) {
            Ok(report) => assert!(report.step < 20, "{report:?}"),
            Err(error) => break error,
        }
    };
    assert!(matches!(&error, RewardModelError::NotFinite { rows, .. } if rows.len() == 4), "{error}");
    assert!(error.to_string().contains("is not finite, so nothing was changed; its rows are `"), "{error}");
}

#[test]
fn what_cannot_be_judged_is_refused_by_name() {
    let refusal = |scope: Scope, row: &RewardRow| {
        let trainer = RewardModelTrainer::new(tiny::config().with_scope(scope), tiny::model(1)).unwrap();
        trainer.check(row).map_err(|error| whole(&error))
    };
    let endless = pair("t", "a=", "b", "<think>c");
    assert_eq!(refusal(Scope::Response, &endless), Ok(2 + 2 + 3));
    let error = refusal(Scope::Summary, &endless).unwrap_err();
    assert!(error.starts_with("row `t` has a response without anything to judge"), "{error}");
    assert_eq!(
        refusal(Scope::Summary, &pair("t", "", "b", "c")).unwrap_err(),
        "row `t` has no token of prompt; leave it out"
    );
    let RewardRow::Pair(mut chat) = pair("t", "", "b", "c") else { unreachable!() };
    chat.prompt = Content::Messages(vec![Message::user("a")]);
    let error = refusal(Scope::Summary, &RewardRow::Pair(chat)).unwrap_err();
    assert!(error.contains("the checkpoint has no chat template; add chat_template.jinja"), "{error}");
    let trainer = RewardModelTrainer::new(tiny::config(), tiny::model(1)).unwrap();
    assert!(matches!(trainer.evaluate(&[]), Err(RewardModelError::Empty)));
}
