use r1_core::Reference;

use super::*;
use crate::graded_sample::tests::row;

/// The rows of problems with so many correct of so many samples.
fn rows(problems: &[(&'static str, usize, usize)]) -> Vec<GradedSample> {
    let of = |&(id, correct, samples): &(&'static str, usize, usize)| {
        (0..samples).map(move |sample| row(id, sample, Some(sample < correct)))
    };
    problems.iter().flat_map(of).collect()
}

#[test]
fn the_figures_are_those_worked_by_hand() {
    let a = rows(&[("p", 1, 4), ("q", 4, 4), ("r", 2, 4), ("only a", 4, 4)]);
    // Another order, and another number of samples.
    let b = rows(&[("r", 1, 2), ("only b", 0, 2), ("q", 0, 2), ("p", 2, 2)]);
    let found = compare(&a, &b, Key::new(1)).unwrap();
    assert_eq!(found.problems, 3);
    // (1/4 + 1 + 1/2) / 3 and (1 + 0 + 1/2) / 3.
    assert!((found.a - 1.75 / 3.0).abs() < 1e-12 && (found.b - 0.5).abs() < 1e-12);
    // The differences 3/4, -1 and 0: mean -1/12, squares 25/36, 121/144 and 1/144, s² = 222/288.
    assert!((found.difference + 1.0 / 12.0).abs() < 1e-12);
    assert!((found.difference_stderr.unwrap() - (222.0f64 / 288.0 / 3.0).sqrt()).abs() < 1e-12);
    // Of 27 resamples one has only -1 and one only 3/4, more than the tails of 2.5%.
    assert_eq!(found.difference_interval, (-1.0, 0.75));
    assert_eq!(found.gained, [Flip { id: "p".into(), a: 0.25, b: 1.0 }]);
    assert_eq!(found.lost, [Flip { id: "q".into(), a: 1.0, b: 0.0 }]);
    assert_eq!(found.flip_p_value, 1.0);
    assert_eq!((found.only_a, found.only_b), (vec!["only a".to_owned()], vec!["only b".to_owned()]));
}

#[test]
fn an_evaluation_equals_itself_and_the_other_way_round_changes_the_sign() {
    let a = rows(&[("p", 1, 3), ("q", 3, 3), ("r", 0, 3)]);
    let same = compare(&a, &a, Key::new(1)).unwrap();
    assert_eq!((same.difference, same.difference_stderr), (0.0, Some(0.0)));
    assert_eq!((same.difference_interval, same.gained, same.lost), ((0.0, 0.0), vec![], vec![]));
    let b = rows(&[("p", 3, 3), ("q", 3, 3), ("r", 1, 3)]);
    let (there, back) = (compare(&a, &b, Key::new(1)).unwrap(), compare(&b, &a, Key::new(1)).unwrap());
    assert_eq!((there.difference, there.difference_stderr), (-back.difference, back.difference_stderr));
    assert_eq!((there.gained.len(), there.lost.len()), (back.lost.len(), back.gained.len()));
}

#[test]
fn pairing_removes_what_the_problems_have_in_common() {
    // Half of the problems are easy for both; the second is right on one more in twenty.
    let ids: Vec<String> = (0..200).map(|i| format!("p{i:03}")).collect();
    let evaluation = |better: bool| -> Vec<GradedSample> {
        ids.iter()
            .enumerate()
            .map(|(i, id)| row(id, 0, Some(i % 2 == 0 || (better && i % 20 == 1))))
            .collect()
    };
    let found = compare(&evaluation(false), &evaluation(true), Key::new(1)).unwrap();
    assert!((found.difference - 0.05).abs() < 1e-12);
    // s² = 0.05 * 0.95 * 200/199, so the paired error is 0.0154; unpaired it would be 0.05.
    assert!((found.difference_stderr.unwrap() - (0.0475f64 / 199.0).sqrt()).abs() < 1e-12);
    let unpaired = (found.a_stderr.unwrap().powi(2) + found.b_stderr.unwrap().powi(2)).sqrt();
    assert!(unpaired > 3.0 * found.difference_stderr.unwrap());
    assert!(found.difference_interval.0 > 0.0 && found.difference_interval.1 < 0.1);
    assert_eq!((found.gained.len(), found.lost.len()), (10, 0));
    // Ten of ten the same way: 2 / 2^10.
    assert!((found.flip_p_value - 2.0 / 1024.0).abs() < 1e-15);
}

#[test]
fn problems_that_one_side_could_not_grade_are_named_and_left_out() {
    let mut a = rows(&[("p", 1, 2), ("q", 1, 2)]);
    a[2].correct = None;
    let found = compare(&a, &rows(&[("p", 1, 2), ("q", 2, 2)]), Key::new(1)).unwrap();
    assert_eq!((found.problems, found.ungraded), (1, vec!["q".to_owned()]));
    assert_eq!(found.difference_stderr, None);
}

#[test]
fn what_cannot_be_compared_is_named() {
    let check = |a: &[GradedSample], b: &[GradedSample], expected: &str| {
        assert_eq!(compare(a, b, Key::new(1)).unwrap_err().to_string(), expected);
    };
    let a = rows(&[("p", 1, 2)]);
    let mut twice = a.clone();
    twice.push(a[1].clone());
    check(&a, &twice, "sample 1 of problem `p` is there twice; compare one evaluation's samples at a time");
    let mut other = a.clone();
    other[0].reference = Reference::number("2");
    other[1].reference = Reference::number("2");
    check(&a, &other, "problem `p` has two questions or references; compare evaluations of the same data");
    let nothing = "no problem was graded on both sides (1 and 1 problems, 0 of them shared but ungraded); \
                   compare evaluations of the same data";
    check(&a, &rows(&[("q", 1, 1)]), nothing);
    check(&[], &[], &nothing.replace("1 and 1", "0 and 0"));
}
