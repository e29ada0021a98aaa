//! The server as a client sees it.

mod support;

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use r1_serve::ServeOptions;
use serde_json::{Value, json};
use support::{ask, get, post, start};

fn quick() -> support::ScriptServer {
    start(ServeOptions::default(), Duration::ZERO)
}

fn chat(content: &str, more: Value) -> Value {
    let mut body = json!({"model": "script", "messages": [{"role": "user", "content": content}]});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// The texts of a stream's deltas, thoughts and answer.
fn joined(events: &[Value]) -> (String, String) {
    let text = |field: &str| {
        let deltas = events.iter().filter_map(|event| event["choices"][0]["delta"][field].as_str());
        deltas.collect::<String>()
    };
    (text("reasoning_content"), text("content"))
}

#[test]
fn a_chat_is_answered_whole_and_in_parts() {
    let server = quick();
    let whole =
        post(server.address, "/v1/chat/completions", &chat("<think>so it is</think>yes.", json!({}))).json();
    assert_eq!(whole["object"], "chat.completion");
    let choice = &whole["choices"][0];
    assert_eq!(
        (&choice["message"]["content"], &choice["message"]["reasoning_content"]),
        (&json!("yes."), &json!("so it is"))
    );
    assert_eq!(choice["finish_reason"], "stop");
    let usage = &whole["usage"];
    assert_eq!((&usage["completion_tokens"], &usage["prompt_tokens"]), (&json!(27), &json!(37)));

    let options = json!({"stream": true, "stream_options": {"include_usage": true}});
    let parts = post(server.address, "/v1/chat/completions", &chat("<think>so it is</think>yes.", options));
    assert!(parts.head.contains("text/event-stream"), "{}", parts.head);
    let events = parts.events();
    assert_eq!(joined(&events), ("so it is".to_owned(), "yes.".to_owned()));
    assert_eq!(events[0]["choices"][0]["delta"]["role"], "assistant");
    let last = &events[events.len() - 1];
    assert_eq!((&last["choices"], &last["usage"]), (&json!([]), usage));
    assert_eq!(events[events.len() - 2]["choices"][0]["finish_reason"], "stop");
}

#[test]
fn plain_events_are_those_that_are_built() {
    let server = quick();
    let events = |more: Value| {
        let mut body = json!({"stream": true, "stream_options": {"include_usage": true}});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let text = "<think>a \"thought\"\n</think>\n<b> \"c\": {d}";
        let mut events = post(server.address, "/v1/chat/completions", &chat(text, body)).events();
        for event in &mut events {
            for name in ["id", "created", "prompt_token_ids"] {
                event.as_object_mut().unwrap().remove(name);
            }
            if let Some(choice) = event["choices"].get_mut(0) {
                choice.as_object_mut().unwrap().remove("token_ids");
            }
        }
        // Ids come with each token, also with one that has no text yet.
        events.retain(|event| event["choices"][0]["delta"] != json!({"content": ""}));
        events
    };
    let plain = events(json!({}));
    assert_eq!(plain, events(json!({"return_token_ids": true})));
    assert!(plain.len() > 20, "{plain:?}");
}

#[test]
fn what_is_asked_for_is_honoured() {
    let server = quick();
    let ask = |content: &str, more: Value| {
        let answer = post(server.address, "/v1/chat/completions", &chat(content, more));
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    };
    let cut = ask("abcdef", json!({"max_tokens": 3}));
    assert_eq!(
        (&cut["choices"][0]["message"]["content"], &cut["choices"][0]["finish_reason"]),
        (&json!("abc"), &json!("length"))
    );
    let stopped = ask("abcdef", json!({"stop": ["de"]}));
    assert_eq!(
        (&stopped["choices"][0]["message"]["content"], &stopped["choices"][0]["finish_reason"]),
        (&json!("abc"), &json!("stop"))
    );
    let several = ask("ab", json!({"n": 3, "user": "me", "temperature": 0, "logit_bias": {}}));
    assert_eq!(several["choices"].as_array().unwrap().len(), 3);
    let logprobs = ask("ab", json!({"logprobs": true, "top_logprobs": 2, "return_token_ids": true}));
    let choice = &logprobs["choices"][0];
    assert_eq!(choice["logprobs"]["content"][0]["token"], "a");
    assert_eq!(choice["logprobs"]["content"][1]["top_logprobs"].as_array().unwrap().len(), 2);
    assert_eq!(choice["token_ids"].as_array().unwrap().len(), 2);
    let prefilled = ask("why</think>so", json!({"chat_template_kwargs": {"thinking": true}}));
    // The template wrote the tag behind the text that the script repeats.
    assert_eq!(prefilled["choices"][0]["message"]["reasoning_content"], "why");
    // The limit comes with the last token, and nothing waits for thoughts that are over.
    let last = ask("<think>abcdefgh", json!({"max_thinking_tokens": 4, "max_tokens": 11}));
    let choice = &last["choices"][0];
    assert_eq!(
        (&choice["thoughts_cut"], &choice["message"]["reasoning_content"]),
        (&Value::Null, &json!("abcd"))
    );
    let thoughts = ask("<think>abcdefgh", json!({"max_thinking_tokens": 4}));
    let choice = &thoughts["choices"][0];
    assert_eq!(
        (&choice["thoughts_cut"], &choice["message"]["reasoning_content"]),
        (&json!(true), &json!("abcd\n"))
    );
}

#[test]
fn calls_of_tools_come_apart_from_the_text() {
    let server = quick();
    let tools = json!([{"type": "function", "function": {"name": "sum", "parameters": {"type": "object"}}}]);
    let text = "I see.<tool_call>{'name': 'sum', 'arguments': {'a': 2}}</tool_call>";
    let ask = |text: &str, more: Value| {
        let mut more = more;
        more["tools"] = tools.clone();
        let answer = post(server.address, "/v1/chat/completions", &chat(&text.replace('\'', "\""), more));
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer
    };
    let choice = &ask(text, json!({})).json()["choices"][0];
    let call = &choice["message"]["tool_calls"][0];
    assert_eq!(
        (&call["function"], &call["type"]),
        (&json!({"name": "sum", "arguments": "{\"a\":2}"}), &json!("function"))
    );
    assert_eq!(
        (&choice["finish_reason"], &choice["message"]["content"]),
        (&json!("tool_calls"), &json!("I see."))
    );
    let events = ask(text, json!({"stream": true})).events();
    assert_eq!(joined(&events).1, "I see.");
    let calls: Vec<&Value> = events
        .iter()
        .map(|event| &event["choices"][0]["delta"]["tool_calls"])
        .filter(|calls| !calls.is_null())
        .collect();
    assert_eq!(
        (calls.len(), &calls[0][0]["function"], &calls[0][0]["index"]),
        (1, &call["function"], &json!(0))
    );
    assert_eq!(events[events.len() - 1]["choices"][0]["finish_reason"], "tool_calls");

    let twice = text.to_owned() + &text[6..];
    assert_eq!(
        ask(&twice, json!({})).json()["choices"][0]["message"]["tool_calls"].as_array().unwrap().len(),
        2
    );
    let one = ask(&twice, json!({"parallel_tool_calls": false})).json();
    assert_eq!(one["choices"][0]["message"]["tool_calls"].as_array().unwrap().len(), 1);
    let none = ask(text, json!({"tool_choice": "none"})).json();
    assert_eq!(none["choices"][0]["finish_reason"], "stop");
    // What began like a call and is none is text.
    assert_eq!(joined(&ask("a <tool", json!({"stream": true})).events()).1, "a <tool");
}

#[test]
fn completions_take_texts_and_ids() {
    let server = quick();
    let ask = |more: Value| {
        let mut body = json!({"model": "script"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        post(server.address, "/v1/completions", &body)
    };
    let one = ask(json!({"prompt": "x|abc", "echo": true})).json();
    assert_eq!(one["choices"][0]["text"], "x|abcabc");
    let one = ask(json!({"prompt": "x|abc", "logprobs": 1})).json();
    assert_eq!(one["choices"][0]["logprobs"]["text_offset"], json!([0, 1, 2]));
    assert_eq!(ask(json!({"prompt": "x|abc", "logprobs": 1, "echo": true})).json()["error"]["param"], "echo");
    assert_eq!(
        ask(json!({"prompt": "x|abc", "max_thinking_tokens": 3})).json()["error"]["param"],
        "max_thinking_tokens"
    );
    // Tags are text here, whole and in parts.
    let tagged = "x| <think>a</think>b";
    assert_eq!(ask(json!({"prompt": tagged})).json()["choices"][0]["text"], tagged[2..]);
    let parts = ask(json!({"prompt": tagged, "stream": true})).events();
    let text: String = parts.iter().filter_map(|event| event["choices"][0]["text"].as_str()).collect();
    assert_eq!(text, tagged[2..]);
    let several = ask(json!({"prompt": ["x|ab", "x|cd"], "n": 2})).json();
    let texts: Vec<&str> = several["choices"]
        .as_array()
        .unwrap()
        .iter()
        .map(|choice| choice["text"].as_str().unwrap())
        .collect();
    assert_eq!(texts, ["ab", "ab", "cd", "cd"]);
    let ids = ask(json!({"prompt": [2, 3], "stream": true})).events();
    let text: String = ids.iter().filter_map(|event| event["choices"][0]["text"].as_str()).collect();
    assert_eq!(text.len(), 2);
    assert_eq!(ask(json!({"prompt": [2, "a"]})).status, 400);
}

#[test]
fn what_cannot_be_answered_is_refused_by_name() {
    let server = quick();
    let refused = |body: &Value, status: u16, param: Value| {
        let answer = post(server.address, "/v1/chat/completions", body);
        let error = answer.json();
        assert_eq!((answer.status, &error["error"]["param"]), (status, &param), "{body}: {error}");
    };
    for (field, value) in [
        ("temperature", json!(-1)),
        ("temperature", json!("hot")),
        ("top_p", json!(0)),
        ("top_k", json!(-2)),
        ("max_tokens", json!(0)),
        ("n", json!(0)),
        ("n", json!(1_000_000)),
        ("stop", json!([""])),
        ("seed", json!("x")),
        ("tools", json!([{"type": "function"}])),
        ("tools", json!({})),
        ("tool_choice", json!("required")),
        ("response_format", json!({"type": "yaml"})),
        ("response_format", json!("json_object")),
        ("response_format", json!({"type": "json_schema"})),
        ("response_format", json!({"type": "json_schema", "json_schema": {"schema": 3}})),
        ("response_format", json!({"type": "json_schema", "json_schema": {"schema": {}, "strikt": true}})),
        ("response_format", json!({"type": "json_object", "schema": {}})),
        ("frequency_penalty", json!(0.5)),
        ("temprature", json!(1)),
        ("top_logprobs", json!(3)),
        ("stream_options", json!(3)),
        ("loop_guard", json!({"repeat": 1})),
        ("loop_guard", json!({"repeats": 1})),
        ("loop_guard", json!({"max_period": 1_000_000_000})),
        ("temperature", json!(1e-9)),
        ("parallel_tool_calls", json!("no")),
        ("add_generation_prompt", json!(1)),
        ("chat_template_kwargs", json!({"tools": []})),
    ] {
        refused(&chat("a", json!({field: value})), 400, json!(field));
    }
    refused(&json!({"model": "script"}), 400, json!("messages"));
    refused(&json!({"model": "script", "messages": []}), 400, json!("messages"));
    refused(
        &json!({"model": "script", "messages": [{"role": "robot", "content": "a"}]}),
        400,
        json!("messages"),
    );
    refused(&json!({"model": "gpt-4", "messages": [{"role": "user", "content": "a"}]}), 404, json!("model"));
    refused(&json!({"messages": [{"role": "user", "content": "a"}]}), 400, json!("model"));
    refused(&chat(&"a".repeat(3000), json!({})), 400, json!("prompt"));
    refused(&chat(&"a".repeat(3000 * 256), json!({})), 400, json!("messages"));
    for body in ["", "{", "[]", "\"a\"", "\u{0}", "{\"model\": \"script\"} x"] {
        assert_eq!(ask(server.address, "POST", "/v1/chat/completions", "", body).status, 400, "{body}");
    }
    assert_eq!(get(server.address, "/v1/chat/completions").status, 405);
    assert_eq!(get(server.address, "/v2").status, 404);
    assert_eq!(get(server.address, "/v1/models/other").status, 404);
    assert_eq!(get(server.address, "/v1/models").json()["data"][0]["id"], "script");
    let page = get(server.address, "/");
    assert!(page.head.contains("text/html") && page.body.contains("v1/chat/completions"), "{}", page.head);
}

#[test]
fn limits_hold() {
    let options =
        ServeOptions { api_key: Some("secret".into()), max_body_bytes: 2000, ..ServeOptions::default() };
    let server = start(options, Duration::ZERO);
    let body = chat("abc", json!({})).to_string();
    let ask =
        |headers: &str, body: &str| ask(server.address, "POST", "/v1/chat/completions", headers, body).status;
    assert_eq!(ask("", &body), 401);
    assert_eq!(ask("Authorization: Bearer secre\r\n", &body), 401);
    assert_eq!(ask("Authorization: Bearer secret\r\n", &body), 200);
    assert_eq!(ask("Authorization: Bearer secret\r\n", &" ".repeat(3000)), 413);
    assert_eq!(get(server.address, "/v1/models").status, 401);
    assert_eq!(get(server.address, "/health").status, 200);
}

#[test]
fn a_full_queue_says_when_to_come_back() {
    let server = start(ServeOptions::default(), Duration::from_millis(5));
    let full = post(server.address, "/v1/chat/completions", &chat("abc", json!({"n": 100})));
    assert_eq!(full.status, 429, "{}", full.body);
    assert!(full.head.to_lowercase().contains("retry-after: 1"));
    let full = post(server.address, "/v1/chat/completions", &chat("abc", json!({"n": 100, "stream": true})));
    assert_eq!(full.status, 429, "{}", full.body);
    assert_eq!(post(server.address, "/v1/chat/completions", &chat("abc", json!({"n": 60}))).status, 200);
}

#[test]
fn pages_of_other_sites_may_not_ask() {
    let server = quick();
    let body = json!({"folder": std::env::temp_dir()}).to_string();
    for headers in ["Origin: http://evil.example\r\n", "Origin: null\r\n"] {
        assert_eq!(ask(server.address, "POST", "/admin/weights", headers, &body).status, 403, "{headers}");
        assert_eq!(ask(server.address, "GET", "/v1/models", headers, "").status, 403, "{headers}");
    }
    assert_eq!(get(server.address, "/health").json()["weights_version"], 0);
}

#[test]
fn a_model_that_panics_is_no_longer_healthy() {
    let server = quick();
    let broken = chat("abc", json!({"top_logprobs": 13, "logprobs": true}));
    assert_eq!(post(server.address, "/v1/chat/completions", &broken).status, 503);
    until(|| get(server.address, "/health").status == 503);
    assert_eq!(post(server.address, "/v1/chat/completions", &chat("abc", json!({}))).status, 503);
}

fn until(condition: impl Fn() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < Duration::from_secs(30), "it does not come");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_client_that_leaves_frees_its_place() {
    let server = start(ServeOptions::default(), Duration::from_millis(5));
    for stream in [true, false] {
        let body = chat(&"a".repeat(1500), json!({"stream": stream})).to_string();
        let mut client = TcpStream::connect(server.address).unwrap();
        let length = body.len();
        write!(
            client,
            "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        until(|| server.busy.load(Ordering::SeqCst) == 1);
        if stream {
            client.read_exact(&mut [0; 50]).unwrap();
        }
        drop(client);
        until(|| server.busy.load(Ordering::SeqCst) == 0);
    }
    until(|| get(server.address, "/metrics").body.contains("r1_requests_cancelled_total 2\n"));
}

#[test]
fn weights_are_replaced_between_requests_and_named() {
    let server = quick();
    let folder = std::env::temp_dir();
    let replaced = post(server.address, "/admin/weights", &json!({"folder": folder})).json();
    assert_eq!(replaced, json!({"weights_version": 1}));
    let answer = post(server.address, "/v1/chat/completions", &chat("abc", json!({}))).json();
    assert_eq!(answer["weights_version"], 1);
    assert_eq!(post(server.address, "/admin/weights", &json!({"folder": "/nothing/here"})).status, 400);
    assert_eq!(post(server.address, "/admin/weights", &json!({})).status, 400);
}

#[test]
fn answers_under_way_are_finished_at_the_end() {
    let server = start(ServeOptions::default(), Duration::from_millis(2));
    let address = server.address;
    let asking =
        std::thread::spawn(move || post(address, "/v1/chat/completions", &chat(&"a".repeat(200), json!({}))));
    until(|| server.busy.load(Ordering::SeqCst) == 1);
    drop(server);
    assert_eq!(asking.join().unwrap().json()["choices"][0]["message"]["content"], "a".repeat(200));
    assert!(TcpStream::connect(address).is_err());
}

/// What comes until the connection is closed.
fn rest(mut client: TcpStream) -> String {
    client.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut text = Vec::new();
    // A connection that is torn down has said what it said.
    match client.read_to_end(&mut text) {
        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => panic!("it is not closed"),
        _ => String::from_utf8_lossy(&text).into_owned(),
    }
}

fn slow() -> ServeOptions {
    let short = Duration::from_millis(200);
    ServeOptions {
        head_timeout: short,
        body_timeout: short,
        reader_timeout: short,
        ..ServeOptions::default()
    }
}

#[test]
fn slow_heads_bodies_and_idle_connections_are_closed() {
    let server = start(slow(), Duration::ZERO);
    let send = |text: &str| {
        let mut client = TcpStream::connect(server.address).unwrap();
        client.write_all(text.as_bytes()).unwrap();
        client
    };
    let silent = send("");
    let head = send("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n");
    let body = send(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{\"model\":",
    );
    let idle = send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(rest(silent), "");
    assert!(!rest(head).contains("200 OK"));
    let late = rest(body);
    assert!(late.starts_with("HTTP/1.1 408") && late.contains("did not come within 0.2 s"), "{late}");
    assert!(rest(idle).starts_with("HTTP/1.1 200"));
    // A head that comes byte by byte has no more time than one that does not come.
    let mut dripping = send("");
    let mut closed = false;
    for byte in "GET /health HTTP/1.1\r\nHost: localhost\r\n".repeat(20).bytes() {
        std::thread::sleep(Duration::from_millis(10));
        closed = dripping.write_all(&[byte]).is_err();
        if closed {
            break;
        }
    }
    assert!(closed || !rest(dripping).contains("200 OK"));
    let long =
        send(&format!("GET /health HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "x".repeat(200_000)));
    assert!(!rest(long).contains("200 OK"));
    assert_eq!(get(server.address, "/health").status, 200);
}

#[test]
fn connections_beyond_the_limit_wait_for_a_place() {
    let options = ServeOptions { max_connections: 2, ..ServeOptions::default() };
    let server = start(options, Duration::ZERO);
    let held: Vec<TcpStream> = (0..2)
        .map(|_| {
            let mut client = TcpStream::connect(server.address).unwrap();
            client.write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
            client.read_exact(&mut [0; 15]).unwrap();
            client
        })
        .collect();
    let address = server.address;
    let waiting = std::thread::spawn(move || get(address, "/health").status);
    std::thread::sleep(Duration::from_millis(100));
    assert!(!waiting.is_finished());
    drop(held);
    assert_eq!(waiting.join().unwrap(), 200);
}

#[test]
fn a_client_that_reads_slowly_holds_nobody_back() {
    let server = start(
        ServeOptions { reader_timeout: Duration::from_secs(600), ..slow() },
        Duration::from_micros(500),
    );
    let body = chat(&"a".repeat(1900), json!({"stream": true, "n": 30, "logprobs": true})).to_string();
    let mut client = TcpStream::connect(server.address).unwrap();
    let length = body.len();
    write!(client, "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}")
        .unwrap();
    until(|| server.busy.load(Ordering::SeqCst) == 30);
    for _ in 0..20 {
        let answer = post(server.address, "/v1/chat/completions", &chat("abc", json!({}))).json();
        assert_eq!(answer["choices"][0]["message"]["content"], "abc");
    }
    // The model has long written what nobody took.
    until(|| server.busy.load(Ordering::SeqCst) == 0);
    let text = rest(client);
    assert!(text.contains("data: [DONE]") && text.matches("finish_reason\":\"stop").count() == 30);
}

#[test]
fn a_client_that_never_reads_is_left() {
    let server = start(slow(), Duration::from_micros(500));
    let body =
        chat(&"a".repeat(1900), json!({"stream": true, "n": 60, "logprobs": true, "top_logprobs": 20}))
            .to_string();
    let mut client = TcpStream::connect(server.address).unwrap();
    let length = body.len();
    write!(
        client,
        "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    // All is written long before a kernel would take so much for one connection.
    until(|| server.busy.load(Ordering::SeqCst) == 60);
    until(|| server.busy.load(Ordering::SeqCst) == 0);
    std::thread::sleep(Duration::from_secs(1));
    assert!(!rest(client).contains("[DONE]"));
}
