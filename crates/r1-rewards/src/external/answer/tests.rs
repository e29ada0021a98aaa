use super::*;

fn single(line: &str) -> Result<Answer, String> {
    decode(line.as_bytes(), 7, 1, false)
        .map(|mut answers| answers.remove(0))
        .map_err(|unusable| format!("{}; expected {}", unusable.problem, unusable.expected))
}

fn batch(line: &str, samples: usize) -> Result<Vec<Answer>, String> {
    decode(line.as_bytes(), 7, samples, true).map_err(|unusable| unusable.problem)
}

#[test]
fn each_kind_of_answer_is_read() {
    for (line, answer) in [
        (r#"{"score": 0.5}"#, Answer::Score(0.5, vec![])),
        (r#" {"score":-3}  "#, Answer::Score(-3.0, vec![])),
        (r#"{"score": true}"#, Answer::Score(1.0, vec![])),
        (r#"{"score": false, "id": 7}"#, Answer::Score(0.0, vec![])),
        (r#"{"score": 1e-300}"#, Answer::Score(0.0, vec![])),
        (
            r#"{"score": 1, "steps": [{"end": 3, "reward": 0.5}]}"#,
            Answer::Score(1.0, vec![StepScore { end: 3, reward: 0.5 }]),
        ),
        (r#"{"abstain": true}"#, Answer::Abstain),
        (r#"{"ungradable": "no gold"}"#, Answer::Ungradable("no gold".into())),
        (r#"{"error": "no disk"}"#, Answer::Error("no disk".into())),
    ] {
        assert_eq!(single(line), Ok(answer), "{line}");
    }
    let answers = batch(r#"{"batch": [{"score": 1}, {"abstain": true}, {"error": "x"}]}"#, 3).unwrap();
    assert_eq!(answers, [Answer::Score(1.0, vec![]), Answer::Abstain, Answer::Error("x".into())]);
    assert_eq!(batch(r#"{"id": 7, "batch": []}"#, 0), Ok(vec![]));
}

#[test]
fn an_answer_that_cannot_be_used_says_why() {
    for (line, problem) in [
        ("", "it is empty"),
        ("ready", "it is no JSON (expected value at line 1 column 1); standard output is for answers"),
        (r#"{"score": NaN}"#, "a score must be a finite number"),
        (r#"{"score": -Infinity}"#, "a score must be a finite number"),
        (r#"{"score": 1e999}"#, "a score must be a finite number"),
        (r#"{"score": 1e39}"#, "more than 32 bits hold"),
        (r#"{"score": "0.5"}"#, "`score` is a text, not a number"),
        (r#"{"score": null}"#, "not a number (to give no score, answer {\"abstain\": true})"),
        (r#"{"score": [1]}"#, "`score` is a list, not a number"),
        (r#"{"scor": 1}"#, "`scor` is no known field"),
        (r#"{"score": 1, "abstain": true}"#, "only one of them can hold"),
        (r#"{"steps": []}"#, "`steps` stands without `score`"),
        (r#"{"score": 1, "steps": 3}"#, "`steps` is a number, not a list"),
        (
            r#"{"score": 1, "steps": [{"end": -1, "reward": 1}]}"#,
            "step 0 is {\"end\":-1,\"reward\":1}; expected",
        ),
        (r#"{"score": 1, "steps": [{"end": 1, "reward": "x"}]}"#, "step 0: `score` is a text"),
        (r#"{"abstain": false}"#, "`abstain` is false"),
        (r#"{"error": 3}"#, "`error` is a number, not a text"),
        (r#"{"score": 1, "id": 6}"#, "its id is 6 and the request's is 7"),
        (r#"{"score": 1, "id": "7"}"#, "so it answers another request"),
        (r#"{"batch": [{"score": 1}]}"#, "the request was for one sample"),
        ("{}", "it is empty"),
        ("0.5", "it is a number, not an object"),
        (r#"[{"score": 1}]"#, "it is a list, not an object"),
        (r#"{"score": 1} {"score": 1}"#, "trailing characters"),
    ] {
        let error = single(line).unwrap_err();
        assert!(error.contains(problem), "{line}: {error}");
        assert!(
            error.contains("expected {\"score\": 0.5}") || error.contains("expected the answer"),
            "{error}"
        );
    }
    for (line, problem) in [
        (r#"{"score": 1}"#, "it has no `batch`"),
        (r#"{"batch": [{"score": 1}]}"#, "`batch` has 1 results for 2 samples"),
        (r#"{"batch": {"score": 1}}"#, "`batch` is an object, not a list"),
        (r#"{"batch": [1, 2]}"#, "result 0, counted from 0: it is a number, not an object"),
        (r#"{"batch": [{"score": 1}, {"score": "x"}]}"#, "result 1, counted from 0: `score` is a text"),
        (r#"{"batch": [], "score": 1}"#, "`score` stands beside `batch`"),
    ] {
        let error = batch(line, 2).unwrap_err();
        assert!(error.contains(problem), "{line}: {error}");
    }
    // Depth is bounded.
    assert!(single(&"[".repeat(100_000)).is_err());
}

#[test]
fn steps_end_behind_characters_and_become_bytes() {
    let problem = Problem::new("a", "?", r1_core::Reference::text("x"));
    let completion = Completion::from_text("αβc", r1_core::FinishReason::Stop);
    let at = |end| {
        Answer::Score(0.0, vec![StepScore { end, reward: 1.0 }]).into_score("r", "r", &problem, &completion)
    };
    let ends: Vec<usize> = (0..4).map(|end| at(end).unwrap().steps[0].end).collect();
    assert_eq!(ends, [0, 2, 4, 5]);
    let error = at(4).unwrap_err();
    assert!(matches!(error, RewardError::World { .. }), "{error}");
}
