//! `r1 serve` and `r1 chat`, from outside.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};

use super::{Checkpoint, r1, refused};

/// A server that is killed with this value.
struct Serving {
    child: Child,
    address: String,
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Serving {
    fn start(checkpoint: &Checkpoint) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_r1"))
            .args(["serve", "--model", checkpoint.dir(), "--name", "tiny", "--port", "0"])
            .env("R1_DEVICE", "flex")
            .env_remove("R1_API_KEY")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let line = lines.find(|line| line.starts_with("tiny is served at http://")).unwrap();
        let address = line.split("http://").nth(1).unwrap().split('/').next().unwrap().to_owned();
        // What it says later is read, so that it never waits for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address }
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let body = body.to_string();
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
    }
}

#[test]
fn a_server_says_what_generate_says_and_ends_when_told() {
    let checkpoint = Checkpoint::new().with_chat();
    let mut server = Serving::start(&checkpoint);
    let line = json!({"prompt": "2 + 2 =", "temperature": 0, "max_tokens": 12});
    let generated = checkpoint.r1("generate", &[], line.to_string()).answers();
    let generated = &generated[0]["completions"][0];
    let mut body = json!({"model": "tiny", "return_token_ids": true, "logprobs": 1});
    body.as_object_mut().unwrap().extend(line.as_object().unwrap().clone());
    let served = &server.post("/v1/completions", &body)["choices"][0];
    assert_eq!((&served["token_ids"], &served["text"]), (&generated["ids"], &generated["text"]));
    let same: Vec<f64> = serde_json::from_value(generated["logprobs"].clone()).unwrap();
    assert_eq!(served["logprobs"]["token_logprobs"], json!(same));

    let chat =
        json!({"model": "tiny", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 5, "seed": 3});
    let answer = server.post("/v1/chat/completions", &chat);
    assert_eq!(answer["choices"], server.post("/v1/chat/completions", &chat)["choices"]);
    // The same weights again, under a number of their own; those of another shape are not taken.
    let weights = |dir: &str| server.post("/admin/weights", &json!({"folder": dir}));
    assert_eq!(weights(checkpoint.dir()), json!({"weights_version": 1}));
    let other = Checkpoint::new();
    other.edit("config.json", |config| config["max_position_embeddings"] = 64.into());
    assert!(weights(other.dir())["error"]["message"].as_str().unwrap().contains("other sizes"));
    let again = server.post("/v1/chat/completions", &chat);
    assert_eq!((&again["choices"], &again["weights_version"]), (&answer["choices"], &json!(1)));

    #[cfg(unix)]
    {
        let pid = server.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        assert_eq!(server.child.wait().unwrap().code(), Some(0));
    }
}

#[test]
fn a_chat_answers_lines_from_a_pipe() {
    let checkpoint = Checkpoint::new().with_chat();
    let talk = |input: &str| checkpoint.r1("chat", &["--temperature", "0", "--max-tokens", "6"], input);
    let (one, two) = (talk("hello\n"), talk("hello\nand again\n/quit\nnever\n"));
    assert_eq!((one.status, two.status), (0, 0), "{}{}", one.stderr, two.stderr);
    assert!(
        !one.stdout.is_empty() && two.stdout.starts_with(&one.stdout) && two.stdout.len() > one.stdout.len()
    );
    assert_eq!(one.stdout, talk("hello").stdout);
}

#[test]
fn what_cannot_be_served_is_one_sentence() {
    let checkpoint = Checkpoint::new();
    let dir = checkpoint.dir();
    refused(1, &["serve", "--model", "/nothing/here"], &["/nothing/here", "does not exist"]);
    refused(1, &["chat", "--model", dir], &["no chat template", "r1 generate"]);
    refused(1, &["serve", "--model", dir, "--host", "0.0.0.0", "--port", "0"], &["API key", "127.0.0.1"]);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    refused(1, &["serve", "--model", dir, "--port", &port], &[&port, "another port"]);
    assert_eq!(r1(&["serve", "--model", dir, "--slots", "0"], "").status, 2);
    assert_eq!(r1(&["chat", "--model", dir, "--samples", "2"], "").status, 2);
}
