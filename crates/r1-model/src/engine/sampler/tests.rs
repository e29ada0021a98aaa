//! What is drawn, and what is recorded of it.

use super::*;

const FREE: Choice = Choice { forbidden: &[], allowed: None };

const PLAIN: Sampler = Sampler { temperature: 1.0, top_k: None, top_p: 1.0, min_p: 0.0 };

fn frequencies(sampler: Sampler, logits: &[f32]) -> Vec<f64> {
    let key = Key::new(1);
    let mut counts = vec![0.0; logits.len()];
    for position in 0..20_000 {
        counts[sampler.draw(logits, &FREE, &key, position, 0).0.id as usize] += 1.0 / 20_000.0;
    }
    counts
}

#[test]
fn draws_follow_the_softmax() {
    // softmax of ln(1, 2, 5) / T at T = 1 is (1, 2, 5) / 8; at T = 0.5 it is (1, 4, 25) / 30.
    let logits = [0.0, 2.0f32.ln(), 5.0f32.ln()];
    for (temperature, expected) in [(1.0, [0.125, 0.25, 0.625]), (0.5, [1.0 / 30.0, 4.0 / 30.0, 25.0 / 30.0])]
    {
        let found = frequencies(Sampler { temperature, ..PLAIN }, &logits);
        for (found, expected) in found.iter().zip(expected) {
            // Four standard errors of a share of 20,000 draws are at most 0.0142.
            assert!((found - expected).abs() < 0.0142, "{found} {expected}");
        }
    }
}

#[test]
fn logprobs_are_of_the_whole_vocabulary_whatever_is_cut() {
    let logits = [0.0, 2.0f32.ln(), 5.0f32.ln()];
    let cut = Sampler { top_k: Some(1), ..PLAIN }.draw(&logits, &FREE, &Key::new(3), 0, 0).0;
    assert_eq!((cut.id, cut.sampled_logprob), (2, Some(0.0)));
    assert!((cut.logprob - (5.0f32 / 8.0).ln()).abs() < 1e-6);
    let greedy = Sampler { temperature: 0.0, ..PLAIN }.draw(&logits, &FREE, &Key::new(3), 0, 0).0;
    assert_eq!((greedy.id, greedy.sampled_logprob), (2, None));
    assert!((greedy.logprob - (5.0f32 / 8.0).ln()).abs() < 1e-6);
}

#[test]
fn cuts_keep_the_documented_tokens() {
    // Probabilities 0.1, 0.4, 0.2, 0.3.
    let logits: Vec<f32> = [1.0f32, 4.0, 2.0, 3.0].iter().map(|p| p.ln()).collect();
    let kept = |sampler: Sampler| -> Vec<usize> {
        let found = frequencies(sampler, &logits);
        (0..4).filter(|id| found[*id] > 0.0).collect()
    };
    assert_eq!(kept(Sampler { top_k: Some(2), ..PLAIN }), [1, 3]);
    assert_eq!(kept(Sampler { top_p: 0.69, ..PLAIN }), [1, 3]);
    assert_eq!(kept(Sampler { top_p: 0.71, ..PLAIN }), [1, 2, 3]);
    assert_eq!(kept(Sampler { min_p: 0.6, ..PLAIN }), [1, 3]);
    // Among the two of top-k, 0.4 is 57 %: less than 60 %, so both stay; at 50 % only one.
    assert_eq!(kept(Sampler { top_k: Some(2), top_p: 0.6, ..PLAIN }), [1, 3]);
    assert_eq!(kept(Sampler { top_k: Some(2), top_p: 0.5, ..PLAIN }), [1]);
}

#[test]
fn a_long_vocabulary_is_searched_in_order() {
    // Equal weights: the id at share u of n tokens is floor(u n).
    let (count, key) = (5000, Key::new(9));
    let logits = vec![0.0; count];
    for position in 0..2000 {
        let share = key.uniform(position) * count as f64;
        if (share - share.round()).abs() > 1e-6 {
            assert_eq!(PLAIN.draw(&logits, &FREE, &key, position, 0).0.id as usize, share as usize);
        }
    }
    assert_eq!(invert_all(&[0.0, 1.0, 0.0], 1.0), 1);
}

#[test]
fn forbidden_ids_are_never_drawn_and_the_record_says_so() {
    // Probabilities 1/8, 2/8, 5/8, of which the last is not to be drawn.
    let logits = [0.0, 2.0f32.ln(), 5.0f32.ln()];
    let (key, mut counts) = (Key::new(4), [0.0f64; 3]);
    let choice = Choice { forbidden: &[2], allowed: None };
    for position in 0..20_000 {
        let draw = PLAIN.draw(&logits, &choice, &key, position, 0).0;
        counts[draw.id as usize] += 1.0 / 20_000.0;
        let share = [1.0f32, 2.0][draw.id as usize];
        assert!((draw.logprob - (share / 8.0).ln()).abs() < 1e-6);
        assert!((draw.sampled_logprob.unwrap() - (share / 3.0).ln()).abs() < 1e-6);
    }
    assert!(counts[2] == 0.0 && (counts[1] - 2.0 / 3.0).abs() < 0.0142, "{counts:?}");
    let greedy = Sampler { temperature: 0.0, ..PLAIN };
    assert_eq!(greedy.draw(&logits, &choice, &key, 0, 0).0.id, 1);
    let cut = Sampler { min_p: 0.9, ..PLAIN };
    assert_eq!(cut.draw(&logits, &choice, &key, 0, 0).0.id, 1);
}

#[test]
fn a_rule_is_kept_even_where_nothing_that_it_allows_has_weight() {
    let logits = [0.0, 2.0f32.ln(), 5.0f32.ln(), -1e4, -2e4];
    for (words, expected) in [(0b011, [0, 1]), (0b11000, [3, 3])] {
        let words = [words];
        let choice = Choice { forbidden: &[], allowed: Some(Allowed::Mask(&words)) };
        let drawn: Vec<u32> =
            (0..50).map(|position| PLAIN.draw(&logits, &choice, &Key::new(1), position, 0).0.id).collect();
        assert!(drawn.iter().all(|id| expected.contains(id)) && expected.iter().all(|id| drawn.contains(id)));
        let draw = PLAIN.draw(&logits, &choice, &Key::new(1), 0, 0).0;
        assert!(draw.sampled_logprob.unwrap() > draw.logprob);
        let greedy = Sampler { temperature: 0.0, ..PLAIN };
        assert_eq!(greedy.draw(&logits, &choice, &Key::new(1), 0, 0).0.id, expected[1]);
    }
}

#[test]
fn the_most_probable_are_named_in_order() {
    let logits = [0.0, 2.0, 1.0, 2.0, -1.0];
    let ids: Vec<usize> = most_probable(&logits, 3).collect();
    assert_eq!(ids, [1, 3, 2]);
    assert_eq!(most_probable(&logits, 9).count(), 5);
    let (draw, top) = PLAIN.draw(&logits, &FREE, &Key::new(1), 0, 5);
    assert_eq!(top.iter().find(|(id, _)| *id == draw.id).unwrap().1, draw.logprob);
    assert!((top.iter().map(|(_, logprob)| logprob.exp()).sum::<f32>() - 1.0).abs() < 1e-6);
}

#[test]
fn ties_go_to_the_smallest_id() {
    let greedy = Sampler { temperature: 0.0, ..PLAIN };
    assert_eq!(greedy.draw(&[1.0, 3.0, 3.0], &FREE, &Key::new(0), 0, 0).0.id, 1);
}
