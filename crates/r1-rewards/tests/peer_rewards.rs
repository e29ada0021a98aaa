//! The rewards of TRL and open-r1, held against what the originals give (`golden/rewards.py`).

use r1_rewards::{
    compat::{open_r1, trl},
    length::{CosineSchedule, cosine, kimi, overlong},
    repetition::repetition,
};
use serde::Deserialize;

/// Whether each completion is right, and its length.
type Group = Vec<(bool, usize)>;

#[derive(Deserialize)]
struct Golden {
    formats: Vec<(String, f32, f32, f32, f32)>,
    repetition: Vec<(Vec<u32>, usize, f64, f32)>,
    word_repetition: Vec<(String, usize, f32)>,
    overlong: Vec<(usize, usize, usize, f32)>,
    cosine: Vec<(bool, usize, f32, f32)>,
    kimi: Vec<(Group, Vec<f32>)>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("golden/rewards.json")).unwrap()
}

fn assert_close(ours: f32, theirs: f32, what: impl std::fmt::Debug) {
    assert!((ours - theirs).abs() <= 1e-6, "{what:?}: {ours} for {theirs}");
}

#[test]
fn formats_are_judged_as_by_trl_and_open_r1() {
    let formats = golden().formats;
    let some_pass = |column: fn(&(String, f32, f32, f32, f32)) -> f32| {
        formats.iter().filter(|row| column(row) == 1.0).count() >= 5
    };
    assert!(
        some_pass(|row| row.1) && some_pass(|row| row.2) && some_pass(|row| row.3) && some_pass(|row| row.4)
    );
    for (text, think, format, tags, steps) in &formats {
        assert_close(trl::think_format(text), *think, text);
        assert_close(open_r1::format(text), *format, text);
        assert_close(open_r1::tag_count(text), *tags, text);
        assert_close(open_r1::reasoning_steps(text), *steps, text);
    }
}

#[test]
fn repetition_is_punished_as_by_trl_and_open_r1() {
    for (ids, size, penalty, theirs) in golden().repetition {
        assert_close(repetition(&ids, size, penalty), theirs, (ids, size));
    }
    for (text, size, theirs) in golden().word_repetition {
        assert_close(open_r1::repetition(&text, size, -1.0), theirs, (text, size));
    }
}

#[test]
fn lengths_are_paid_as_by_trl_and_open_r1() {
    for (tokens, most, cache, theirs) in golden().overlong {
        assert_close(overlong(tokens, most, cache), theirs, (tokens, most, cache));
    }
    let schedule = CosineSchedule { max_tokens: 100, ..CosineSchedule::default() };
    for (right, length, of_trl, of_open_r1) in golden().cosine {
        assert_close(cosine(right, length, &schedule), of_trl, (right, length));
        assert_close(open_r1::cosine(right, length, 100), of_open_r1, (right, length));
    }
    for (group, theirs) in golden().kimi {
        for (ours, theirs) in kimi(&group).into_iter().zip(theirs) {
            assert_close(ours, theirs, &group);
        }
    }
}
