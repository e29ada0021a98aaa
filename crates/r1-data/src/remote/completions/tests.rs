mod stub;
mod refusals;

use std::{error::Error, time::Duration};

use serde_json::{Value, json};

use super::*;
use r1_core::FinishReason;
use stub::{Stub, generated, models, prompt_of, seed_of, written};

/// A client whose pauses are short.
fn client(settings: RemoteSettings) -> CompletionsClient {
    CompletionsClient { pause: Duration::from_millis(1), ..CompletionsClient::new(settings).unwrap() }
}

fn requests(count: u32) -> Vec<RemoteRequest> {
    let key = |n: u32| Key::new(5).for_problem(&n.to_string());
    (0..count)
        .map(|n| RemoteRequest { ids: vec![100 + n, 7], key: key(n), think_prefilled: n % 2 == 1 })
        .collect()
}

/// All groups by their prompt, each delivered once.
fn ask(
    client: &CompletionsClient,
    prompts: u32,
    samples: usize,
    sampling: &Sampling,
) -> Result<Vec<Vec<Completion>>, String> {
    let mut groups = vec![None; prompts as usize];
    let result = client.completions(&requests(prompts), samples, sampling, &mut |prompt, group| {
        assert!(groups[prompt].replace(group).is_none(), "prompt {prompt} came twice");
    });
    result.map_err(|error| match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    })?;
    Ok(groups.into_iter().map(|group| group.expect("every prompt is delivered")).collect())
}

/// What a server that heeds the seed samples: ids and log-probabilities that name the prompt and the seed.
fn sampled(body: &Value) -> Vec<(u32, f64)> {
    let (prompt, seed) = (prompt_of(body)[0], seed_of(body));
    vec![(prompt as u32, -0.5), ((seed % 1000) as u32, -1.25), (2, 0.0)]
}

fn is_whole(groups: &[Vec<Completion>], samples: usize) {
    for (n, group) in groups.iter().enumerate() {
        assert_eq!(group.len(), samples);
        for (sample, completion) in group.iter().enumerate() {
            let seed = requests(n as u32 + 1)[n].key.for_sample(sample as u64).bits(0) >> 33;
            assert_eq!(completion.ids, [100 + n as u32, (seed % 1000) as u32, 2]);
            assert_eq!(completion.logprobs, [-0.5, -1.25, 0.0]);
            assert_eq!(completion.think_prefilled, n % 2 == 1);
            completion.check().unwrap();
        }
    }
}

#[test]
fn vllm_is_asked_for_the_whole_distribution_and_gives_groups() {
    let stub = Stub::start(|path, body| match path {
        "GET /v1/models" => models("policy", "vllm"),
        "POST /v1/completions" => written(body, &sampled(body)),
        other => panic!("{other}"),
    });
    let settings = RemoteSettings { weights_version: Some(4), ..RemoteSettings::new(stub.url() + "/v1/") };
    let mut client = client(settings);
    let sampling = Sampling { stop_ids: vec![2], stop: vec!["END".into()], ..Sampling::default() };
    let groups = ask(&client, 9, 4, &sampling.clone().with_max_tokens(50)).unwrap();
    is_whole(&groups, 4);
    assert!(groups.iter().flatten().all(|one| one.weights_version == Some(4)));
    client.set_weights_version(5);
    assert_eq!(ask(&client, 1, 1, &sampling).unwrap()[0][0].weights_version, Some(5));

    let asked = stub.asked();
    assert_eq!(asked.iter().filter(|(path, _)| path == "GET /v1/models").count(), 1);
    let (_, body) =
        asked.iter().find(|(path, body)| path.starts_with("POST") && prompt_of(body)[0] == 103).unwrap();
    let expected = json!({
        "model": "policy", "prompt": [103, 7], "n": 1, "seed": seed_of(body), "max_tokens": 50,
        "temperature": 1.0, "top_p": 1.0, "top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0,
        "presence_penalty": 0.0, "frequency_penalty": 0.0, "stop": ["END"], "stop_token_ids": [2],
        "logprobs": 1, "return_token_ids": true, "return_tokens_as_token_ids": true,
        "skip_special_tokens": true,
    });
    assert_eq!(*body, expected);
}

#[test]
fn sglang_is_recognised_and_says_its_version() {
    let stub = Stub::start(|path, body| match path {
        "GET /v1/models" => models("policy", "sglang"),
        "POST /generate" => generated(body, &sampled(body), json!("17")),
        other => panic!("{other}"),
    });
    // Its log-probabilities are those at the temperature.
    let sampling = Sampling::default().with_temperature(0.7);
    let settings = RemoteSettings { weights_version: Some(4), ..RemoteSettings::new(stub.url()) };
    let groups = ask(&client(settings), 5, 3, &sampling).unwrap();
    is_whole(&groups, 3);
    assert!(groups.iter().flatten().all(|one| one.weights_version == Some(17)));
    let asked = stub.asked();
    let (_, body) = asked.iter().find(|(path, _)| path == "POST /generate").unwrap();
    assert_eq!(body["return_logprob"], true);
    assert_eq!(body["sampling_params"]["temperature"], 0.7);
    assert_eq!(body["sampling_params"]["top_k"], -1);
    assert_eq!(body["sampling_params"]["skip_special_tokens"], true);
}

#[test]
fn a_version_is_a_number_or_nobody_has_said_it() {
    for (said, known, expected) in [
        (json!("40"), None, Ok(Some(40))),
        (json!(40), Some(3), Ok(Some(40))),
        (json!("default"), None, Ok(None)),
        (json!("default"), Some(3), Ok(Some(3))),
        (Value::Null, Some(3), Ok(Some(3))),
        (json!("step-40"), Some(3), Ok(Some(3))),
        (json!("step-40"), None, Err("its `weight_version` \"step-40\" is no number: push weights")),
    ] {
        let stub = Stub::start(move |_, body| generated(body, &sampled(body), said.clone()));
        let dialect = Dialect::Generate;
        let settings = RemoteSettings { weights_version: known, dialect, ..RemoteSettings::new(stub.url()) };
        match (ask(&client(settings), 1, 1, &Sampling::default()), expected) {
            (Ok(groups), Ok(version)) => assert_eq!(groups[0][0].weights_version, version),
            (Err(error), Err(part)) => assert!(error.contains(part), "{error}"),
            (found, expected) => panic!("{found:?} instead of {expected:?}"),
        }
    }
}

#[test]
fn the_text_keeps_a_stop_text_and_loses_no_reason() {
    let stub = Stub::start(|_, body| {
        let (status, mut reply) = written(body, &[(1, -1.0)]);
        reply["choices"][0]["stop_reason"] = if prompt_of(body)[0] == 100 { json!("END") } else { json!(2) };
        reply["choices"][0]["finish_reason"] =
            json!(if prompt_of(body)[0] == 102 { "length" } else { "stop" });
        (status, reply)
    });
    let settings = RemoteSettings {
        dialect: Dialect::Completions,
        model: Some("policy".into()),
        ..RemoteSettings::new(stub.url())
    };
    let groups = ask(&client(settings), 3, 1, &Sampling::default()).unwrap();
    let ends: Vec<_> = groups.iter().map(|group| (group[0].text.as_str(), group[0].finish)).collect();
    assert_eq!(ends[0], ("said 1END", FinishReason::Stop));
    assert_eq!(ends[1], ("said 1", FinishReason::Stop));
    assert_eq!(ends[2], ("said 1", FinishReason::Length));
}

#[test]
fn ids_are_read_from_the_names_of_tokens_too() {
    let stub = Stub::start(|_, body| {
        let (status, mut reply) = written(body, &sampled(body));
        reply["choices"][0].as_object_mut().unwrap().remove("token_ids");
        (status, reply)
    });
    let settings = RemoteSettings {
        dialect: Dialect::Completions,
        model: Some("policy".into()),
        ..RemoteSettings::new(stub.url())
    };
    is_whole(&ask(&client(settings), 2, 2, &Sampling::default()).unwrap(), 2);
}

#[test]
fn groups_are_delivered_as_they_get_whole() {
    // The first prompt is answered only after another group was delivered.
    let (open, opened) = std::sync::mpsc::channel::<()>();
    let opened = std::sync::Mutex::new(opened);
    let stub = Stub::start(move |_, body| {
        if prompt_of(body)[0] == 100 {
            let wait = Duration::from_secs(60);
            opened.lock().unwrap().recv_timeout(wait).expect("another group is delivered first");
        }
        generated(body, &sampled(body), Value::Null)
    });
    let settings =
        RemoteSettings { dialect: Dialect::Generate, parallel: 2, ..RemoteSettings::new(stub.url()) };
    let mut order = Vec::new();
    let mut deliver = |prompt, _| {
        order.push(prompt);
        let _ = open.send(());
    };
    client(settings).completions(&requests(3), 1, &Sampling::default(), &mut deliver).unwrap();
    order.sort_unstable();
    assert_eq!(order, [0, 1, 2]);
}

#[test]
fn servers_are_asked_in_turn_and_stand_in_for_one_another() {
    let serve = |_: &str, body: &Value| generated(body, &sampled(body), Value::Null);
    let (one, two) = (Stub::start(serve), Stub::start(serve));
    let broken = Stub::start(|_, _| (500, json!({"error": "no memory"})));
    let settings = |stubs: &[&Stub]| RemoteSettings {
        url: stubs.iter().map(|stub| stub.url()).collect(),
        dialect: Dialect::Generate,
        attempts: 2,
        ..RemoteSettings::default()
    };
    let both = ask(&client(settings(&[&one, &two])), 4, 2, &Sampling::default()).unwrap();
    is_whole(&both, 2);
    assert_eq!((one.asked().len(), two.asked().len()), (4, 4));
    // What is written does not depend on who writes it.
    let other = ask(&client(settings(&[&broken, &one])), 4, 2, &Sampling::default()).unwrap();
    assert_eq!(other, both);
    assert_eq!(broken.asked().len(), 4);
}
