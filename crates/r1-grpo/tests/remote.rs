//! Training on the rollouts of a server: the same weights behind HTTP give the same bits.

mod tiny;

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::Arc,
    thread,
};

use r1_core::{Completion, Generate, Key, reward_fn};
use r1_data::remote::{CompletionsClient, Dialect, RemoteSettings};
use r1_grpo::{GrpoTrainer, PolicyRollouts, RecordingRollouts, RemoteRollouts};
use serde_json::{Value, json};

/// Completions by the seed that asks for them.
type Written = HashMap<u64, Completion>;

fn serve(mut stream: TcpStream, written: &Written) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap() == 0 || line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    let completion = &written[&body["seed"].as_u64().unwrap()];
    let choice = json!({
        "index": 0, "text": "not what is used", "finish_reason": completion.finish, "stop_reason": null,
        "token_ids": completion.ids, "prompt_token_ids": body["prompt"],
        "logprobs": {"token_logprobs": completion.logprobs},
    });
    let reply = json!({"object": "text_completion", "choices": [choice]}).to_string();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", reply.len());
    stream.write_all((head + &reply).as_bytes()).unwrap();
}

/// A server of these completions, and its address.
fn server(written: Written) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let written = Arc::new(written);
    // It ends with the tests' process.
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let written = written.clone();
            thread::spawn(move || serve(stream, &written));
        }
    });
    url
}

#[test]
fn the_rollouts_of_a_server_give_the_bits_of_the_policys_own() {
    let letter = reward_fn("letter", |_, completion| completion.text.matches('a').count() as f32);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rollouts.jsonl");
    let mut recording = RecordingRollouts::append(&file, PolicyRollouts::default()).unwrap();
    let mut own = GrpoTrainer::new(tiny::config(), tiny::model(1)).unwrap();
    let mut source = tiny::source();
    let expected: Vec<_> =
        (0..3).map(|_| own.step_with(&mut source, &mut recording, &letter).unwrap()).collect();

    let mut written = Written::new();
    for row in r1_run::read_lines(&file).unwrap() {
        let key: Key = serde_json::from_value(row["key"].clone()).unwrap();
        let completions: Vec<Completion> = serde_json::from_value(row["completions"].clone()).unwrap();
        for (sample, completion) in completions.into_iter().enumerate() {
            written.insert(key.for_sample(sample as u64).bits(0) >> 33, completion);
        }
    }
    let settings = RemoteSettings {
        dialect: Dialect::Completions,
        model: Some("policy".into()),
        ..RemoteSettings::new(server(written))
    };
    let mut remote = RemoteRollouts::new(CompletionsClient::new(settings).unwrap());
    let mut trainer = GrpoTrainer::new(tiny::config(), tiny::model(1)).unwrap();
    let mut source = tiny::source();
    for expected in expected {
        assert_eq!(trainer.step_with(&mut source, &mut remote, &letter).unwrap(), expected);
    }
    // The reports have no room for every weight, so the policies are asked, too.
    let prompts = [r1_core::Prompt::text("efgh?", Key::new(3))];
    let sampling = r1_core::Sampling::default().with_max_tokens(6);
    let ask = |trainer: &mut GrpoTrainer| trainer.policy_mut().generate(&prompts, 4, &sampling).unwrap();
    assert_eq!(ask(&mut trainer), ask(&mut own));
}
