//! Against the definition in double precision.

use super::*;
use crate::check::Device;

/// The probabilities at a temperature, and their logarithms.
fn distribution(logits: &[f32], temperature: f32) -> (Vec<f64>, Vec<f64>) {
    let temperature = if temperature == 0.0 { 1.0 } else { temperature as f64 };
    let scaled: Vec<f64> = logits.iter().map(|logit| *logit as f64 / temperature).collect();
    let most = scaled.iter().fold(f64::MIN, |a, b| a.max(*b));
    let lse = most + scaled.iter().map(|z| (z - most).exp()).sum::<f64>().ln();
    let logs: Vec<f64> = scaled.iter().map(|z| z - lse).collect();
    (logs.iter().map(|log| log.exp()).collect(), logs)
}

fn check(logits: &[f32], one: &Wanted, forbidden: &[u32], drawn: &Drawn) {
    let (mut shares, logs) = distribution(logits, one.temperature);
    let allowed = |id: usize| !forbidden.contains(&(id as u32));
    let id = drawn.id as usize;
    assert!(id < logits.len() && allowed(id), "{drawn:?}");
    let error = (drawn.logprob as f64 - logs[id]).abs();
    assert!(error < 1e-5, "{one:?}: {drawn:?} is not {}", logs[id]);
    for id in forbidden {
        shares[*id as usize] = 0.0;
    }
    let total: f64 = shares.iter().sum();
    let error = (drawn.allowed_logprob as f64 - (logs[id] - total.ln())).abs();
    assert!(one.temperature == 0.0 || error < 1e-5, "{one:?}: {drawn:?} among the allowed");
    if one.temperature == 0.0 {
        let better =
            |other: &usize| logits[*other] > logits[id] || (logits[*other] == logits[id] && *other < id);
        assert!((0..logits.len()).filter(|id| allowed(*id)).all(|other| !better(&other)), "{drawn:?}");
    } else {
        let before: f64 = shares[..id].iter().sum::<f64>() / total;
        let behind = before + shares[id] / total;
        let inside = before - 1e-5 <= one.uniform && one.uniform <= behind + 1e-5;
        assert!(inside, "{one:?}: {drawn:?} lies at {before}..{behind}");
        assert!(shares[id] > 0.0);
    }
}

#[test]
fn draws_equal_their_definition() {
    let device = Device::new();
    for (rows, vocab, spread) in [(1, 1, 1.0), (2, 5, 1.0), (3, 1000, 3.0), (4, 70_001, 12.0)] {
        let logits: Vec<f32> =
            device.random(rows * vocab, 7).host.iter().map(|x| (x * spread * 64.0).round() / 64.0).collect();
        let on = device.put(logits.clone()).on;
        let uniforms = [0.0, 1e-7, 0.1, 0.37, 0.5, 0.77, 0.999, 1.0 - f64::EPSILON];
        let mut wanted = Vec::new();
        for (index, uniform) in uniforms.iter().enumerate() {
            for temperature in [0.0, 0.6, 1.0, 2.5] {
                wanted.push(Wanted { row: index % rows, temperature, uniform: *uniform });
            }
        }
        let some: Vec<u32> = (0..vocab as u32).filter(|id| id % 3 == 1).collect();
        for forbidden in [&[][..], &some] {
            let drawn = draw(&device.client, &on, vocab, &wanted, forbidden, device.f32());
            assert_eq!(drawn.len(), wanted.len());
            for (one, drawn) in wanted.iter().zip(&drawn) {
                check(&logits[one.row * vocab..][..vocab], one, forbidden, drawn);
            }
            assert_eq!(draw(&device.client, &on, vocab, &wanted[3..5], forbidden, device.f32()), drawn[3..5]);
        }
    }
}

#[test]
fn what_is_certain_or_impossible_is_drawn_always_or_never() {
    let device = Device::new();
    let mut logits = vec![-200.0; 3000];
    logits[1234] = 300.0;
    let on = device.put(logits).on;
    for uniform in [0.0, 0.5, 1.0 - f64::EPSILON] {
        let wanted = [Wanted { row: 0, temperature: 1.0, uniform }];
        let drawn = draw(&device.client, &on, 3000, &wanted, &[], device.f32());
        assert_eq!(drawn, [Drawn { id: 1234, logprob: 0.0, allowed_logprob: 0.0 }]);
    }
}
