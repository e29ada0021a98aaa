//! A server as a reward, against a server of the test's own.
#![cfg(feature = "http")]

mod external;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    sync::{Arc, Mutex},
    time::Duration,
};

use external::*;
use r1_core::{Completion, Outcome, Reward, RewardError, RewardKind, score_all};
use r1_rewards::{ExternalError, ExternalSettings, UrlReward};
use serde_json::{Value, json};

type Reply = (u16, &'static str, String);

/// A server that answers what a function makes of the request's number and body.
struct Server {
    url: String,
    asked: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Server {
    /// Serves as long as the test runs; every connection has a thread and one request.
    fn start(answer: impl Fn(usize, &Value) -> Option<Reply> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/score", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (log, answer) = (asked.clone(), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (mut stream, log, answer) = (stream.unwrap(), log.clone(), answer.clone());
                std::thread::spawn(move || {
                    let mut reader = BufReader::new(stream.try_clone().unwrap());
                    let (mut head, mut length) = (String::new(), 0);
                    loop {
                        let mut line = String::new();
                        reader.read_line(&mut line).unwrap();
                        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                            length = value.trim().parse().unwrap();
                        }
                        if line.trim().is_empty() {
                            break;
                        }
                        head += &line;
                    }
                    let mut body = vec![0; length];
                    reader.read_exact(&mut body).unwrap();
                    let body: Value = serde_json::from_slice(&body).unwrap();
                    let number = {
                        let mut log = log.lock().unwrap();
                        log.push((head, body.clone()));
                        log.len() - 1
                    };
                    let Some((status, headers, reply)) = answer(number, &body) else {
                        // Silent until the other side gives up.
                        let _ = reader.read(&mut [0]);
                        return;
                    };
                    let length = reply.len();
                    let _ = write!(
                        stream,
                        "HTTP/1.1 {status} Said\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{reply}"
                    );
                });
            }
        });
        Self { url, asked }
    }

    fn says(status: u16, headers: &'static str, body: &'static str) -> Self {
        Self::start(move |_, _| Some((status, headers, body.into())))
    }

    fn reward(&self, settings: ExternalSettings) -> UrlReward {
        UrlReward::new(&self.url, settings).unwrap().with_pause(Duration::from_millis(1))
    }

    fn count(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

/// Scores an answer by its number.
fn number(_: usize, body: &Value) -> Option<Reply> {
    let score = |sample: &Value| match sample["completion"]["answer"].as_str().unwrap() {
        "abstain" => json!({"abstain": true}),
        "ungradable" => json!({"ungradable": "no gold"}),
        answer => json!({"score": answer.parse::<f32>().unwrap()}),
    };
    let mut answer = match body["batch"].as_array() {
        Some(batch) => json!({"batch": batch.iter().map(score).collect::<Vec<_>>()}),
        None => score(body),
    };
    answer["id"] = body["id"].clone();
    Some((200, "", answer.to_string()))
}

#[test]
fn scores_come_back_in_order_in_every_mode() {
    let server = Server::start(number);
    let group: Vec<Completion> = (0..23).map(completion).collect();
    let (first, second) = (problem("a"), problem("b"));
    for (batch, processes) in [(0, 1), (0, 5), (4, 1), (4, 5), (100, 1)] {
        let reward = server.reward(ExternalSettings { batch, processes, ..settings() });
        assert_eq!(reward.kind(), RewardKind::Blocking);
        let scores = score_all(&reward, &[(&first, &group[..9]), (&second, &group[9..])]);
        assert_eq!([scores[0].len(), scores[1].len()], [9, 14]);
        for (n, score) in scores.into_iter().flatten().enumerate() {
            assert_eq!(score.unwrap().outcome, Outcome::Score(n as f32));
        }
    }
    let (head, body) = server.asked.lock().unwrap().last().unwrap().clone();
    assert!(head.starts_with("POST /score HTTP/1.1\r\n"), "{head}");
    assert!(head.to_lowercase().contains("content-type: application/json"), "{head}");
    assert_eq!(body["batch"].as_array().unwrap().len(), 23);
    assert_eq!(body["batch"][22]["problem"]["id"], "b");
}

#[test]
fn abstaining_and_bad_references_are_no_trouble() {
    let reward = Server::start(number).reward(settings());
    assert_eq!(value(&reward, "abstain"), Ok(None));
    let error = reward.score(&problem("sum"), &completion("ungradable")).unwrap_err();
    assert!(matches!(error, RewardError::Ungradable { .. }), "{error}");
}

#[test]
fn trouble_that_may_pass_is_tried_again() {
    let server = Server::start(|number, body| match number {
        0 => Some((429, "retry-after: 0\r\n", "slow down".into())),
        1 => Some((503, "", String::new())),
        _ => self::number(number, body),
    });
    assert_eq!(value(&server.reward(settings()), "4"), Ok(Some(4.0)));
    assert_eq!(server.count(), 3);

    let server = Server::says(500, "", "out of\nmemory");
    let message = complaint(&server.reward(ExternalSettings { attempts: 2, ..settings() }));
    assert_eq!(
        message,
        format!("`{}` answered with status 500 in 2 attempt(s): out of\\nmemory", server.url)
    );
    assert_eq!(server.count(), 2);
}

#[test]
fn a_server_that_is_silent_or_gone_is_an_error_in_the_end() {
    let server = Server::start(|_, _| None);
    let error = value(&server.reward(ExternalSettings { attempts: 2, ..hurried() }), "4").unwrap_err();
    assert!(matches!(error, ExternalError::TimeLimit { .. }), "{error}");
    assert_eq!(server.count(), 2);

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let reward = UrlReward::new(url, settings()).unwrap().with_pause(Duration::from_millis(1));
    let message = complaint(&reward);
    assert!(message.contains("could not be reached, 3 of 3 times: "), "{message}");
}

#[test]
fn trouble_that_lasts_is_told_at_once() {
    for (status, body, said) in [
        (404, "no such page", "answered with status 404 in 1 attempt(s): no such page"),
        (401, "", "answered with status 401 in 1 attempt(s): nothing more"),
        (200, "<html>", "answered `<html>`: it is no JSON"),
        (200, "{\"score\": NaN}", "a score must be a finite number"),
        (200, "{\"batch\": [{\"score\": 1}]}", "the request was for one sample"),
    ] {
        let server = Server::says(status, "", body);
        let message = complaint(&server.reward(settings()));
        assert!(message.starts_with(&format!("`{}`", server.url)), "{message}");
        assert!(message.contains(said), "{message}");
        assert_eq!(server.count(), 1);
    }
    let server = Server::says(200, "", "{\"batch\": [{\"score\": 1}]}");
    let reward = server.reward(ExternalSettings { batch: 2, ..settings() });
    assert_eq!(value(&reward, "4"), Ok(Some(1.0)));
    let scores = reward.score_group(&problem("sum"), &[completion(1), completion(2)]);
    for score in scores {
        assert!(cause(score.unwrap_err()).to_string().contains("`batch` has 1 results for 2 samples"));
    }
}

#[test]
fn only_addresses_are_taken() {
    for url in ["", "localhost:8000", "ftp://x/", "http://", "http://a b", "file:///etc/passwd"] {
        let message = UrlReward::new(url, settings()).unwrap_err().to_string();
        assert!(message.contains("expected an address such as http://localhost:8000/score"), "{message}");
    }
}

#[test]
fn a_password_in_the_address_is_not_shown() {
    let server = Server::says(404, "", "");
    let url = server.url.replace("http://", "http://me:secret@");
    let reward = UrlReward::new(url, settings()).unwrap();
    assert!(!format!("{reward:?}").contains("secret"));
    assert_eq!(
        complaint(&reward),
        format!("`{}` answered with status 404 in 1 attempt(s): nothing more", server.url)
    );
}
