use std::{
    error::Error,
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    thread::JoinHandle,
};

use super::*;
use r1_core::FinishReason;

/// A server that gives each call the next of its replies, `(status, more headers, body)`, and tells what it was asked.
struct Server {
    url: String,
    thread: JoinHandle<Vec<(String, Value)>>,
}

impl Server {
    fn start(replies: Vec<(u16, &'static str, String)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/v1/", listener.local_addr().unwrap());
        let thread = std::thread::spawn(move || {
            let mut asked = Vec::new();
            for (status, headers, body) in replies {
                let (mut stream, _) = listener.accept().unwrap();
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
                let mut sent = vec![0; length];
                reader.read_exact(&mut sent).unwrap();
                asked.push((head, serde_json::from_slice(&sent).unwrap()));
                let length = body.len();
                let reply = format!(
                    "HTTP/1.1 {status} Said\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
                );
                stream.write_all(reply.as_bytes()).unwrap();
            }
            asked
        });
        Self { url, thread }
    }

    fn client(&self) -> ChatClient {
        ChatClient::new(&self.url, "teacher").with_retries(2, Duration::from_millis(1)).with_parallel(1)
    }

    /// What it was asked, once it has given every reply.
    fn asked(self) -> Vec<(String, Value)> {
        self.thread.join().unwrap()
    }
}

fn said(content: &str, finish: &str) -> (u16, &'static str, String) {
    let body =
        json!({"choices": [{"message": {"role": "assistant", "content": content}, "finish_reason": finish}]});
    (200, "", body.to_string())
}

fn prompts(count: usize) -> Vec<Prompt> {
    (0..count)
        .map(|n| {
            let content = Content::Messages(vec![Message::system("Think."), Message::user(format!("{n}?"))]);
            Prompt { content, key: Key::new(7).for_problem(&n.to_string()) }
        })
        .collect()
}

fn ask(client: &mut ChatClient, count: usize) -> Result<Vec<Vec<Completion>>, String> {
    client.generate(&prompts(count), 1, &Sampling::default()).map_err(|error| {
        let cause = error.source().map(ToString::to_string);
        format!("{error}: {}", cause.unwrap_or_default())
    })
}

#[test]
fn a_call_says_what_the_prompt_and_the_sampling_say() {
    let thoughts = json!({"choices": [{"message": {"content": "\n\n4", "reasoning_content": "2 and 2\n"}}]});
    let server = Server::start(vec![
        said("<think>a</think>b", "stop"),
        said("cut", "length"),
        (200, "", thoughts.to_string()),
        said("", "content_filter"),
    ]);
    let sampling =
        Sampling { temperature: 0.6, top_p: 0.95, stop: vec!["\n\n\n".into()], ..Sampling::default() };
    let mut client = server.client();
    let written = client.generate(&prompts(2), 2, &sampling.with_max_tokens(99)).unwrap();
    let texts: Vec<Vec<(&str, FinishReason)>> = written
        .iter()
        .map(|group| group.iter().map(|completion| (completion.text.as_str(), completion.finish)).collect())
        .collect();
    assert_eq!(texts[0], [("<think>a</think>b", FinishReason::Stop), ("cut", FinishReason::Length)]);
    assert_eq!(
        texts[1],
        [("<think>\n2 and 2\n</think>\n\n4", FinishReason::Stop), ("", FinishReason::Cancelled)]
    );
    assert!(written.iter().flatten().all(|completion| completion.ids.is_empty()));
    let asked = server.asked();
    assert!(asked[0].0.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"), "{}", asked[0].0);
    assert!(!asked[0].0.to_lowercase().contains("authorization"));
    let seeds: Vec<u64> = asked.iter().map(|(_, body)| body["seed"].as_u64().unwrap()).collect();
    assert!(seeds.iter().all(|seed| *seed < 1 << 31) && seeds[0] != seeds[1] && seeds[1] != seeds[2]);
    let expected = json!({
        "model": "teacher", "max_tokens": 99, "temperature": 0.6, "top_p": 0.95, "stop": ["\n\n\n"], "seed": seeds[2],
        "messages": [{"role": "system", "content": "Think."}, {"role": "user", "content": "1?"}],
    });
    assert_eq!(asked[2].1, expected);
}

#[test]
fn trouble_that_passes_is_waited_for() {
    let server = Server::start(vec![
        (429, "retry-after: 0\r\n", "{\"error\": {\"message\": \"slow down\"}}".into()),
        (500, "", "oops".into()),
        said("at last", "stop"),
        (200, "", "{\"choices\": [".into()),
        said("whole", "stop"),
    ]);
    let mut client = server.client();
    assert_eq!(ask(&mut client, 1).unwrap()[0][0].text, "at last");
    assert_eq!(ask(&mut client, 1).unwrap()[0][0].text, "whole");
    assert_eq!(server.asked().len(), 5);
}

#[test]
fn trouble_that_lasts_is_told_with_what_the_server_said() {
    let busy = || (429, "", "{\"error\": {\"message\": \"slow\\n down\"}}".to_owned());
    let server = Server::start(vec![busy(), busy(), busy()]);
    let url = format!("{}chat/completions", server.url);
    let error = ask(&mut server.client(), 1).unwrap_err();
    assert_eq!(error, format!("generation failed: `{url}` answered 429 after 3 tries: slow down"));
    server.asked();

    // A refusal is not repeated, and nobody goes on with the next prompt.
    let server = Server::start(vec![(401, "", "{\"message\": \"who are you?\"}".into())]);
    let error = ask(&mut server.client(), 3).unwrap_err();
    assert!(error.ends_with("answered 401 after 1 tries: who are you?"), "{error}");
    assert_eq!(server.asked().len(), 1);

    for (body, reason) in [
        ("<html>", "the reply is not as expected (expected value at line 1 column 1)"),
        ("{\"choices\": []}", "the reply has no choice"),
        ("{\"object\": \"list\"}", "the reply is not as expected (missing field `choices`"),
    ] {
        let server = Server::start(vec![(200, "", body.into()); 3]);
        let error = ask(&mut server.client(), 1).unwrap_err();
        assert!(error.contains(&format!("sent no completion in 3 tries: {reason}")), "{error}");
        server.asked();
    }
}

#[test]
fn a_server_that_is_silent_or_gone_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let client = ChatClient::new(&url, "teacher").with_retries(1, Duration::from_millis(1));
    let error = ask(&mut client.clone().with_timeout(Duration::from_millis(50)), 1).unwrap_err();
    assert!(error.contains("could not be reached in 2 tries: timeout"), "{error}");
    drop(listener);
    let error = ask(&mut client.clone(), 1).unwrap_err();
    assert!(error.contains("could not be reached in 2 tries: "), "{error}");
    let error = ask(&mut ChatClient::new("no address", "teacher"), 1).unwrap_err();
    assert!(error.contains("could not be reached in 1 tries: "), "{error}");
}

#[test]
fn many_calls_at_a_time_come_back_in_order() {
    // Each reply repeats its question, so that an exchange would show.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        for _ in 0..40 {
            let (mut stream, _) = listener.accept().unwrap();
            std::thread::spawn(move || {
                let mut sent = Vec::new();
                let mut buffer = [0; 4096];
                while !sent.ends_with(b"}") {
                    let read = stream.read(&mut buffer).unwrap();
                    sent.extend_from_slice(&buffer[..read]);
                }
                let start = sent.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
                let body: Value = serde_json::from_slice(&sent[start..]).unwrap();
                let question = body["messages"][1]["content"].as_str().unwrap();
                let (_, _, reply) = said(question, "stop");
                let length = reply.len();
                let head =
                    format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
                stream.write_all((head + &reply).as_bytes()).unwrap();
            });
        }
    });
    let written = ask(&mut ChatClient::new(url, "teacher").with_parallel(8), 40).unwrap();
    for (n, group) in written.iter().enumerate() {
        assert_eq!(group[0].text, format!("{n}?"));
    }
    server.join().unwrap();
}

#[test]
fn keys_are_sent_and_not_shown() {
    let error = ChatClient::new("x", "y").with_key_of("R1_NO_SUCH_KEY").unwrap_err().to_string();
    assert_eq!(error, "the environment has no `R1_NO_SUCH_KEY`; set it to the key of the endpoint");
    let server = Server::start(vec![said("yes", "stop")]);
    // A variable that every environment has.
    let mut client = server.client().with_key_of("PATH").unwrap();
    let path = std::env::var("PATH").unwrap();
    assert!(!format!("{client:?}").contains(&path));
    ask(&mut client, 1).unwrap();
    assert!(server.asked()[0].0.contains(&format!("Bearer {path}")));
}

#[test]
fn token_ids_are_refused() {
    let mut client = ChatClient::new("http://127.0.0.1:9", "teacher");
    let prompt = Prompt { content: Content::Ids(vec![1]), key: Key::new(0) };
    let error = client.generate(&[prompt], 1, &Sampling::default()).unwrap_err();
    let cause = error.source().unwrap().to_string();
    assert_eq!(cause, "token ids of a prompt mean nothing to a remote writer; give a conversation or a text");
    let sampling = Sampling { stop_ids: vec![3], ..Sampling::default() };
    assert!(client.generate(&prompts(1), 1, &sampling).is_err());
}
