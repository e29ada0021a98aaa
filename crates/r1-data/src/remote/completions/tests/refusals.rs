//! What is refused, and what is asked again.

use std::{
    io::Write,
    net::TcpListener,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use super::*;

fn settings(stub: &Stub, dialect: Dialect) -> RemoteSettings {
    RemoteSettings { dialect, model: Some("policy".into()), attempts: 3, ..RemoteSettings::new(stub.url()) }
}

/// The error of a server whose answer was changed like this, and how often it was asked.
fn error_after(dialect: Dialect, change: impl Fn(&mut Value) + Send + Sync + 'static) -> (String, usize) {
    let stub = Stub::start(move |_, body| {
        let (status, mut reply) = match dialect {
            Dialect::Generate => generated(body, &sampled(body), Value::Null),
            _ => written(body, &sampled(body)),
        };
        change(&mut reply);
        (status, reply)
    });
    let error = ask(&client(settings(&stub, dialect)), 1, 1, &Sampling::default()).unwrap_err();
    (error.replace(&stub.url(), "HOST"), stub.asked().len())
}

#[test]
fn an_answer_that_lacks_something_is_refused_with_the_way_out() {
    type Change = fn(&mut Value);
    let completions: [(Change, &str); 10] = [
        (
            |reply| {
                reply["choices"][0]["token_ids"] = Value::Null;
                reply["choices"][0]["logprobs"]["tokens"] = json!(["a", "b", "c"]);
            },
            "its answer has no token ids: start vLLM 0.10.2 or later",
        ),
        (|reply| reply["choices"][0]["logprobs"] = Value::Null, "has no `logprobs`: the server must give"),
        (|reply| reply["choices"][0]["token_ids"] = json!([1]), "has 1 ids and 3 log-probabilities"),
        (|reply| reply["choices"][0]["logprobs"]["token_logprobs"] = json!([]), "3 ids and 0 log-prob"),
        (
            |reply| reply["choices"][0]["logprobs"]["token_logprobs"] = json!([-1.0, null, -1.0]),
            "gives token 1, counted from 0, no log-probability",
        ),
        (
            |reply| reply["choices"][0]["logprobs"]["token_logprobs"] = json!([-1.0, -1.0, 0.5]),
            "gives token 2, counted from 0, the log-probability 0.5",
        ),
        (
            |reply| reply["choices"][0]["logprobs"]["token_logprobs"] = json!([-9999.0, -1.0, -1.0]),
            "gives token 0, counted from 0, the log-probability -9999",
        ),
        (
            |reply| reply["choices"][0]["prompt_token_ids"] = json!([1, 100, 7]),
            "to a prompt of other token ids",
        ),
        (|reply| reply["choices"] = json!([]), "has 0 choices, not one"),
        (|reply| reply["choices"][0]["finish_reason"] = json!("tool_calls"), "for the reason `tool_calls`"),
    ];
    for (change, part) in completions {
        let (error, asked) = error_after(Dialect::Completions, change);
        let start =
            "generation failed: `HOST/v1/completions` was asked for a completion of 2 token ids, with ids";
        assert!(error.starts_with(start) && error.contains(part), "{error}");
        assert_eq!(asked, 1, "{error}");
    }
    let generate: [(Change, &str); 5] = [
        (
            |reply| reply["meta_info"]["output_token_logprobs"] = Value::Null,
            "has no `meta_info.output_token_logprobs`",
        ),
        (|reply| reply["meta_info"]["output_token_logprobs"] = json!([-1.0, 3]), "are not lists of a number"),
        (|reply| reply["output_ids"] = json!([1, 2]), "`output_ids` and `output_token_logprobs` differ"),
        (|reply| reply["meta_info"]["prompt_tokens"] = json!(3), "is to a prompt of 3 tokens"),
        (
            |reply| {
                reply["output_ids"] = json!([]);
                reply["meta_info"]["output_token_logprobs"] = json!([]);
            },
            "has 0 tokens, and 1 to 256 were asked for",
        ),
    ];
    for (change, part) in generate {
        let (error, asked) = error_after(Dialect::Generate, change);
        assert!(error.contains("`HOST/generate` was asked for") && error.contains(part), "{error}");
        assert_eq!(asked, 1, "{error}");
    }
}

#[test]
fn trouble_that_may_pass_is_asked_again() {
    for trouble in [
        (500, json!({"error": {"message": "no memory"}})),
        (200, json!("<html>")),
        (200, json!({"meta_info": {"finish_reason": {"type": "abort"}, "output_token_logprobs": []}})),
    ] {
        let calls = AtomicUsize::new(0);
        let stub = Stub::start(move |_, body| match calls.fetch_add(1, Ordering::Relaxed) {
            0 => trouble.clone(),
            _ => generated(body, &sampled(body), Value::Null),
        });
        let groups = ask(&client(settings(&stub, Dialect::Generate)), 1, 1, &Sampling::default()).unwrap();
        is_whole(&groups, 1);
        assert_eq!(stub.asked().len(), 2);
    }
    // It does not pass.
    let (error, asked) = error_after(Dialect::Generate, |reply| *reply = json!("garbage"));
    assert!(error.contains("sent no completion in 3 tries: the reply is not as expected"), "{error}");
    assert_eq!(asked, 3);
    // A refusal is not repeated, and ends the others.
    let stub = Stub::start(|_, _| (400, json!({"error": {"message": "too long"}})));
    let settings = RemoteSettings { parallel: 1, ..settings(&stub, Dialect::Completions) };
    let error = ask(&client(settings), 5, 5, &Sampling::default()).unwrap_err();
    assert!(error.ends_with("answered 400 after 1 tries: too long"), "{error}");
    assert_eq!(stub.asked().len(), 1);
}

#[test]
fn a_silent_server_and_one_that_trickles_end_at_the_time_limit() {
    for trickles in [false, true] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            let mut held = Vec::new();
            for mut stream in listener.incoming().flatten() {
                if trickles {
                    thread::spawn(move || {
                        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n");
                        while stream.write_all(b" ").is_ok() {
                            thread::sleep(Duration::from_millis(5));
                        }
                    });
                } else {
                    held.push(stream);
                }
            }
        });
        let settings = RemoteSettings {
            dialect: Dialect::Generate,
            timeout_seconds: 0.1,
            attempts: 2,
            ..RemoteSettings::new(url)
        };
        let error = ask(&client(settings), 2, 2, &Sampling::default()).unwrap_err();
        assert!(error.contains("could not be reached in 2 tries: timeout"), "{error}");
    }
}

#[test]
fn sampling_that_bends_the_distribution_is_refused_before_anything_is_asked() {
    let stub = Stub::start(|_, body| written(body, &sampled(body)));
    let settings = settings(&stub, Dialect::Completions);
    for (sampling, field) in [
        (Sampling { top_k: Some(5), ..Sampling::default() }, "top_k is 5"),
        (Sampling { top_p: 0.9, ..Sampling::default() }, "top_p is 0.9"),
        (Sampling { min_p: 0.1, ..Sampling::default() }, "min_p is 0.1"),
        (Sampling { max_tokens: 0, ..Sampling::default() }, "max_tokens is 0"),
        (Sampling::default().with_temperature(0.6), "temperature is 0.6"),
    ] {
        let error = ask(&client(settings.clone()), 1, 1, &sampling).unwrap_err();
        assert!(error.contains(field), "{error}");
    }
    let empty = RemoteRequest { ids: Vec::new(), key: Key::new(0), think_prefilled: false };
    let error = client(settings.clone()).completions(&[empty], 1, &Sampling::default(), &mut |_, _| ());
    assert!(matches!(error, Err(GenerateError::EmptyPrompt { index: 0 })));
    assert_eq!(stub.asked().len(), 0);
    let processed = RemoteSettings { processed_logprobs: true, ..settings };
    is_whole(&ask(&client(processed), 1, 1, &Sampling::default().with_temperature(0.6)).unwrap(), 1);
}

#[test]
fn settings_are_checked_and_a_model_has_to_be_chosen() {
    let fine = || RemoteSettings::new("http://localhost:1");
    for (settings, part) in [
        (RemoteSettings::default(), "`url` is empty"),
        (RemoteSettings::new("ftp://me:secret@host"), "`url` is `ftp://host`; expected `http://HOST:PORT`"),
        (RemoteSettings { timeout_seconds: f64::NAN, ..fine() }, "`timeout_seconds` is NaN"),
        (RemoteSettings { attempts: 0, ..fine() }, "`attempts` is 0"),
        (RemoteSettings { parallel: 0, ..fine() }, "`parallel` is 0"),
        (RemoteSettings { api_key_variable: Some("R1_NO_SUCH_KEY".into()), ..fine() }, "no `R1_NO_SUCH_KEY`"),
    ] {
        let error = CompletionsClient::new(settings).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
    let stub = Stub::start(|_, _| (200, json!({"data": [{"id": "base"}, {"id": "adapter"}]})));
    let error = ask(&client(RemoteSettings::new(stub.url())), 1, 1, &Sampling::default()).unwrap_err();
    assert!(error.contains("lists 2 models; expected the name of one of them (base, adapter)"), "{error}");
    assert!(toml::from_str::<RemoteSettings>("url = \"http://a\"\nmodell = \"x\"").is_err());
}
