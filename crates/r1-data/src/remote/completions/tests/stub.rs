//! A server of the tests' own.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use serde_json::{Value, json};

type Reply = (u16, Value);
type Asked = Arc<Mutex<Vec<(String, Value)>>>;

/// Answers every request by a function of `"METHOD /path"` and its body. A text as the reply's body is sent raw.
pub(super) struct Stub {
    url: String,
    asked: Asked,
}

impl Stub {
    pub(super) fn start(answer: impl Fn(&str, &Value) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (asked, answer) = (Asked::default(), Arc::new(answer));
        let seen = asked.clone();
        // It ends with the tests' process.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answer, seen) = (answer.clone(), seen.clone());
                thread::spawn(move || serve(stream, &seen, &*answer));
            }
        });
        Self { url, asked }
    }

    pub(super) fn url(&self) -> String {
        self.url.clone()
    }

    /// What it has been asked so far.
    pub(super) fn asked(&self) -> Vec<(String, Value)> {
        self.asked.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, asked: &Asked, answer: &dyn Fn(&str, &Value) -> Reply) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut first, mut length) = (String::new(), 0);
    reader.read_line(&mut first).unwrap();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap() == 0 || line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut sent = vec![0; length];
    reader.read_exact(&mut sent).unwrap();
    let body: Value = serde_json::from_slice(&sent).unwrap_or_default();
    let path = first.trim().trim_end_matches(" HTTP/1.1").to_owned();
    asked.lock().unwrap().push((path.clone(), body.clone()));
    let (status, reply) = answer(&path, &body);
    let reply = reply.as_str().map_or_else(|| reply.to_string(), str::to_owned);
    let head =
        format!("HTTP/1.1 {status} Said\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", reply.len());
    // A client that gave up no longer listens.
    let _ = stream.write_all((head + &reply).as_bytes());
}

pub(super) fn prompt_of(body: &Value) -> Vec<u64> {
    let ids = body.get("prompt").or_else(|| body.get("input_ids")).and_then(Value::as_array);
    ids.unwrap().iter().map(|id| id.as_u64().unwrap()).collect()
}

pub(super) fn seed_of(body: &Value) -> u64 {
    body.get("seed").or_else(|| body.pointer("/sampling_params/sampling_seed")).unwrap().as_u64().unwrap()
}

/// A list of one model.
pub(super) fn models(name: &str, owner: &str) -> Reply {
    (200, json!({"object": "list", "data": [{"id": name, "object": "model", "owned_by": owner}]}))
}

/// vLLM's answer with these ids and log-probabilities.
pub(super) fn written(body: &Value, tokens: &[(u32, f64)]) -> Reply {
    let ids: Vec<u32> = tokens.iter().map(|(id, _)| *id).collect();
    let logprobs: Vec<f64> = tokens.iter().map(|(_, logprob)| *logprob).collect();
    let names: Vec<String> = ids.iter().map(|id| format!("token_id:{id}")).collect();
    let choice = json!({
        "index": 0, "text": format!("said {}", tokens.len()), "finish_reason": "stop", "stop_reason": null,
        "token_ids": ids, "prompt_token_ids": prompt_of(body), "prompt_logprobs": null,
        "logprobs": {"tokens": names, "token_logprobs": logprobs, "text_offset": [], "top_logprobs": []},
    });
    (200, json!({"id": "cmpl-1", "object": "text_completion", "choices": [choice], "usage": {}}))
}

/// SGLang's answer with these ids and log-probabilities.
pub(super) fn generated(body: &Value, tokens: &[(u32, f64)], weight_version: Value) -> Reply {
    let ids: Vec<u32> = tokens.iter().map(|(id, _)| *id).collect();
    let triples: Vec<Value> = tokens.iter().map(|(id, logprob)| json!([logprob, id, null])).collect();
    let meta_info = json!({
        "id": "a", "finish_reason": {"type": "stop", "matched": 2}, "prompt_tokens": prompt_of(body).len(),
        "weight_version": weight_version, "completion_tokens": ids.len(), "output_token_logprobs": triples,
    });
    (200, json!({"text": format!("said {}", ids.len()), "output_ids": ids, "meta_info": meta_info}))
}
