//! Answers that are held to a form, whatever the model would like to write.

mod support;

use serde_json::{Value, json};
use support::{ScriptServer, dice, post};

const QWEN: &str = r#"<tool_call>{"name": "{{ t.function.name }}", "arguments": {{ t.function.arguments | tojson }}}</tool_call>"#;
const LLAMA: &str = r#"{"name": "{{ t.function.name }}", "parameters": {{ t.function.arguments | tojson }}}"#;
const R1: &str = "{{ '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>' + t.function.name + '\\n```json\\n' + t.function.arguments }}";
const V31: &str = "{{ '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>' + t.function.name + '<｜tool▁sep｜>' + t.function.arguments }}";

fn ask(server: &ScriptServer, more: &Value) -> support::Answer {
    let mut body =
        json!({"model": "script", "messages": [{"role": "user", "content": "now"}], "max_tokens": 1500});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    post(server.address, "/v1/chat/completions", &body)
}

fn choices(server: &ScriptServer, more: &Value) -> Vec<Value> {
    let answer = ask(server, more);
    assert_eq!(answer.status, 200, "{more}: {}", answer.body);
    answer.json()["choices"].as_array().unwrap().clone()
}

fn format(schema: &Value) -> Value {
    json!({"type": "json_schema", "json_schema": {"name": "it", "schema": schema, "strict": true}})
}

/// Holds a value against a schema by another's reading of JSON Schema.
fn check(schema: &Value, text: &str) -> Value {
    let value: Value = match serde_json::from_str(text) {
        Ok(value) => value,
        // JSON has numbers that this parser has not; nothing else is wrong with the text.
        Err(error) if error.to_string().starts_with("number out of range") => {
            serde_json::from_str::<serde::de::IgnoredAny>(text).unwrap();
            return Value::Null;
        }
        Err(error) => panic!("{error}: {text:?}"),
    };
    let validator = jsonschema::options().should_validate_formats(true).build(schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{schema}\n{value}\n{errors:?}");
    value
}

fn schemas() -> Vec<Value> {
    let closed = |properties: Value, required: Value| json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false});
    vec![
        closed(
            json!({"name": {"type": "string"}, "age": {"type": "integer", "minimum": 0, "maximum": 150}}),
            json!(["name", "age"]),
        ),
        closed(
            json!({"a": {"type": "number", "minimum": -2.5, "maximum": 1e6}, "b": {"type": "boolean"}, "c": {"type": "null"}}),
            json!(["b"]),
        ),
        closed(
            json!({"tags": {"type": "array", "items": {"type": "string", "maxLength": 4}, "minItems": 1, "maxItems": 3}}),
            json!(["tags"]),
        ),
        closed(json!({"kind": {"enum": ["a", "bb", 3, null, {"x": [1]}]}}), json!(["kind"])),
        closed(
            json!({"when": {"type": "string", "format": "ipv4"}, "id": {"type": "string", "format": "uuid"}}),
            json!(["when", "id"]),
        ),
        closed(json!({"code": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]{3}$"}}), json!(["code"])),
        json!({"$defs": {"node": {"type": "object", "properties": {"v": {"type": "integer"}, "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}}, "required": ["v", "next"], "additionalProperties": false}}, "$ref": "#/$defs/node"}),
        json!({"anyOf": [{"type": "string", "minLength": 2, "maxLength": 9}, {"type": "integer", "multipleOf": 7}, {"const": {"é": "ü\n\"\\"}}]}),
        json!({"type": "array", "prefixItems": [{"type": "boolean"}, {"type": "string"}], "items": false, "minItems": 2}),
        json!({"type": "integer", "exclusiveMinimum": -5, "exclusiveMaximum": 1000}),
        json!({"type": "number", "minimum": 0.5, "maximum": 2.25}),
        json!({"type": "string", "enum": ["red", "green"]}),
        json!({"allOf": [{"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}, {"type": "object", "properties": {"b": {"type": "string"}}, "required": ["b"]}]}),
        json!({"type": "object", "additionalProperties": {"type": "integer"}}),
        json!({"type": ["string", "null"], "maxLength": 5}),
        json!({"type": "object", "patternProperties": {"^x": {"type": "integer"}}, "additionalProperties": false}),
        json!({"oneOf": [{"type": "integer"}, {"type": "string"}]}),
        json!({"type": "object"}),
        json!({}),
        json!({"type": "array", "items": {"type": "array", "items": {"type": "boolean"}, "maxItems": 2}, "maxItems": 4}),
    ]
}

#[test]
fn every_answer_is_of_its_schema() {
    let server = dice::start(QWEN);
    let (mut whole, mut cut) = (0, 0);
    for (number, schema) in schemas().iter().enumerate() {
        for choice in choices(&server, &json!({"response_format": format(schema), "seed": number, "n": 12})) {
            let text = choice["message"]["content"].as_str().unwrap();
            match choice["finish_reason"].as_str() {
                Some("stop") => {
                    check(schema, text);
                    whole += 1;
                }
                Some("length") => cut += 1,
                other => panic!("{other:?}"),
            }
        }
    }
    // Dice write some texts without end.
    assert!(whole >= 200 && whole + cut == 240, "{whole} {cut}");
    let objects = choices(&server, &json!({"response_format": {"type": "json_object"}, "seed": 5, "n": 20}));
    for choice in objects.iter().filter(|choice| choice["finish_reason"] == "stop") {
        let value = check(&json!({}), choice["message"]["content"].as_str().unwrap());
        assert!(value.is_object() || value.is_null(), "{value}");
    }
}

#[test]
fn streams_seeds_and_cuts() {
    let server = dice::start(QWEN);
    let schema = json!({"type": "object", "properties": {"name": {"type": "string", "minLength": 9, "maxLength": 30}}, "required": ["name"], "additionalProperties": false});
    for seed in 0..5 {
        let body = |more: Value| {
            let mut body = json!({"response_format": format(&schema), "seed": seed});
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body
        };
        let choice = &choices(&server, &body(json!({})))[0];
        let text = choice["message"]["content"].as_str().unwrap();
        assert_eq!(choice["finish_reason"], "stop", "{choice}");
        check(&schema, text);
        let events = ask(&server, &body(json!({"stream": true}))).events();
        let streamed: String =
            events.iter().filter_map(|event| event["choices"][0]["delta"]["content"].as_str()).collect();
        assert_eq!(streamed, text);
        assert_eq!(events.last().unwrap()["choices"][0]["finish_reason"], "stop");
        for more in
            [json!({"max_tokens": 6}), json!({"stop": ["na"]}), json!({"stop": [":"], "stream": true})]
        {
            let answer = ask(&server, &body(more.clone()));
            let last = if more["stream"] == true { answer.events().pop().unwrap() } else { answer.json() };
            assert_eq!(last["choices"][0]["finish_reason"], "length", "{more}");
        }
    }
}

#[test]
fn thoughts_come_before_the_form() {
    let server = dice::start(QWEN);
    let schema = json!({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": false});
    let thinking = json!({"thinking": true});
    for (more, cut) in [(json!({}), false), (json!({"max_thinking_tokens": 1}), true)] {
        let mut body =
            json!({"response_format": format(&schema), "chat_template_kwargs": thinking, "seed": 4, "n": 20});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let choices = choices(&server, &body);
        let mut thought = 0;
        for choice in &choices {
            assert_eq!(choice["finish_reason"], "stop", "{choice}");
            check(&schema, choice["message"]["content"].as_str().unwrap());
            thought += usize::from(choice["message"]["reasoning_content"].is_string());
            assert!(
                !cut || choice["message"]["reasoning_content"].as_str().is_none_or(|text| text.len() < 9)
            );
        }
        assert!(thought > 10, "{thought}");
    }
    let body = json!({"response_format": format(&schema), "chat_template_kwargs": thinking, "max_tokens": 1, "seed": 9});
    assert_eq!(choices(&server, &body)[0]["finish_reason"], "length");
}

#[test]
fn demanded_calls_are_made_in_the_models_form() {
    let point = json!({"type": "object", "properties": {"x": {"type": "integer"}, "unit": {"enum": ["m", "km"]}}, "required": ["x", "unit"], "additionalProperties": false});
    let word = json!({"type": "object", "properties": {"word": {"type": "string", "maxLength": 5}}, "required": ["word"], "additionalProperties": false});
    let tool = |name: &str, schema: &Value| json!({"type": "function", "function": {"name": name, "parameters": schema}});
    let tools = json!([tool("go", &point), tool("say", &word), tool("say_it", &word), {"type": "function", "function": {"name": "wait"}}]);
    for form in [QWEN, LLAMA, R1, V31, ""] {
        let server = dice::start(form);
        let named = json!({"type": "function", "function": {"name": "go"}});
        for (choice, parallel) in [(named, true), (json!("required"), true), (json!("required"), false)] {
            let body = json!({"tools": tools, "tool_choice": choice, "parallel_tool_calls": parallel, "seed": 3, "n": 12, "max_tokens": 3000});
            let mut names = std::collections::BTreeSet::new();
            for found in choices(&server, &body) {
                let calls =
                    found["message"]["tool_calls"].as_array().unwrap_or_else(|| panic!("{form} {found}"));
                assert_eq!((calls.len(), &found["finish_reason"]), (1, &json!("tool_calls")));
                assert_eq!(found["message"]["content"], Value::Null);
                let (name, arguments) = (&calls[0]["function"]["name"], &calls[0]["function"]["arguments"]);
                let name = name.as_str().unwrap();
                let schema = match name {
                    "go" => point.clone(),
                    "wait" => json!({"type": "object"}),
                    _ => word.clone(),
                };
                check(&schema, arguments.as_str().unwrap());
                names.insert(name.to_owned());
            }
            assert!(
                if choice == "required" { names.len() > 1 } else { names.iter().eq(["go"]) },
                "{names:?}"
            );
        }
        let events = ask(&server, &json!({"tools": tools, "tool_choice": "required", "seed": 1, "stream": true, "max_tokens": 3000})).events();
        assert_eq!(events.last().unwrap()["choices"][0]["finish_reason"], "tool_calls");
        let cut = &choices(&server, &json!({"tools": tools, "tool_choice": "required", "max_tokens": 4}))[0];
        assert_eq!((&cut["finish_reason"], &cut["message"]["tool_calls"]), (&json!("length"), &Value::Null));
    }
}

#[test]
fn what_cannot_be_held_is_refused_by_name() {
    let server = dice::start(QWEN);
    let refused = |more: Value, param: &str, part: &str| {
        let answer = ask(&server, &more);
        assert_eq!(answer.status, 400, "{more}: {}", answer.body);
        let error = &answer.json()["error"];
        let message = error["message"].as_str().unwrap();
        assert!(error["param"] == param && message.contains(part), "{more}: {error}");
    };
    for (schema, part) in [
        (json!({"type": "array", "uniqueItems": true}), "uniqueItems"),
        (json!({"type": "object", "propertyNames": {"pattern": "a"}}), "propertyNames"),
        (json!({"not": {"type": "string"}}), "not"),
        (json!({"type": "string", "pattern": "(?=a)b"}), ""),
        (json!({"type": "string", "pattern": "("}), ""),
        (json!({"type": "strange"}), ""),
        (json!({"$ref": "#/$defs/missing"}), ""),
        (json!({"$ref": "https://example.org/schema"}), ""),
        (json!({"type": "object", "properties": {"a": false}, "required": ["a"]}), ""),
        (json!({"x-guidance": {"lenient": true}}), "x-guidance"),
        (json!({"enum": []}), ""),
    ] {
        refused(json!({"response_format": format(&schema)}), "response_format", part);
    }
    let bad =
        json!([{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "not": {}}}}]);
    refused(json!({"tools": bad, "tool_choice": "required"}), "tools", "tools[0].function.parameters");
    let f = json!([{"type": "function", "function": {"name": "f", "parameters": {"type": "string"}}}]);
    refused(json!({"tools": f, "tool_choice": "required"}), "tools", "an object");
    let f = json!([{"type": "function", "function": {"name": "f"}}]);
    refused(
        json!({"tools": f, "tool_choice": {"type": "function", "function": {"name": "g"}}}),
        "tool_choice",
        "g",
    );
    refused(json!({"tools": f, "tool_choice": "always"}), "tool_choice", "required");
    refused(json!({"tool_choice": "required"}), "tool_choice", "offer tools");
    refused(json!({"tools": f, "response_format": {"type": "json_object"}}), "response_format", "tools");
    let both = json!({"tools": f, "tool_choice": "none", "response_format": format(&json!({"enum": [1]}))});
    assert_eq!(choices(&server, &both)[0]["message"]["content"], "1");
}

/// What grows without bound where nobody watches.
fn bombs() -> Vec<(&'static str, Value)> {
    let deep = |levels: usize| {
        (0..levels).fold(json!({"type": "null"}), |inside, _| json!({"type": "array", "items": inside}))
    };
    let many = |count: usize| {
        let properties: serde_json::Map<String, Value> =
            (0..count).map(|number| (format!("p{number}"), json!({"type": "string"}))).collect();
        json!({"type": "object", "properties": properties, "additionalProperties": false})
    };
    let doubling = |levels: usize, word: &str| {
        let defs: serde_json::Map<String, Value> = (0..levels)
            .map(|level| {
                let next = json!({"$ref": format!("#/$defs/d{}", level + 1)});
                (format!("d{level}"), json!({word: [next, next]}))
            })
            .chain([(
                format!("d{levels}"),
                json!({"type": "object", "properties": {"a": {"type": "integer"}}}),
            )])
            .collect();
        json!({"$defs": defs, "$ref": "#/$defs/d0"})
    };
    let product: Vec<Value> = (0..12)
        .map(|part| {
            let options: Vec<Value> = (0..10).map(|option| json!({"properties": {format!("k{part}_{option}"): {"const": option}}, "required": [format!("k{part}_{option}")], "type": "object"})).collect();
            json!({"anyOf": options})
        })
        .collect();
    let chain: serde_json::Map<String, Value> = (0..1500)
        .map(|level| {
            (format!("c{level}"), json!({"allOf": [{"$ref": format!("#/$defs/c{}", (level + 1) % 1500)}]}))
        })
        .collect();
    vec![
        ("deep", deep(60)),
        ("deeper than JSON is read", deep(63)),
        ("many properties", many(1500)),
        ("doubling allOf", doubling(40, "allOf")),
        ("doubling anyOf", doubling(40, "anyOf")),
        ("product", json!({"allOf": product})),
        ("chain in a circle", json!({"$defs": chain, "$ref": "#/$defs/c0"})),
        ("itself", json!({"$ref": "#"})),
        ("repeats", json!({"type": "string", "pattern": "^((((a{1,99}){1,99}){1,99}){1,99}){1,99}$"})),
        ("states", json!({"type": "string", "pattern": "^.*a.{900}$"})),
        ("many states", json!({"type": "string", "pattern": "^(.*a.{20}|.*b.{21}|.*c.{22})$"})),
        ("long", json!({"type": "string", "minLength": 100_000_000, "maxLength": 200_000_000})),
        ("many items", json!({"type": "array", "items": {"type": "boolean"}, "minItems": 50_000_000})),
        (
            "big numbers",
            json!({"type": "integer", "minimum": -1e300, "maximum": 1e300, "multipleOf": 1e-300}),
        ),
        ("multiple", json!({"type": "integer", "multipleOf": 2_147_483_647})),
        ("long enum", json!({"enum": (0..9000).map(|number| format!("{number:05}")).collect::<Vec<_>>()})),
    ]
}

#[test]
fn a_schema_that_is_a_bomb_is_refused_or_harmless() {
    let server = dice::start(QWEN);
    for (name, schema) in bombs() {
        let begun = std::time::Instant::now();
        let answer = ask(&server, &json!({"response_format": format(&schema), "max_tokens": 60, "seed": 1}));
        let error =
            if answer.status == 200 { String::new() } else { answer.json()["error"]["message"].to_string() };
        println!("{name}: {} in {:?} {error}", answer.status, begun.elapsed());
        assert!(answer.status == 200 || answer.status == 400, "{name}: {}", answer.status);
    }
    // The server is as it was.
    let small = json!({"response_format": format(&json!({"enum": [7]}))});
    assert_eq!(choices(&server, &small)[0]["message"]["content"], "7");
}

/// `R1_TOKENIZER=tokenizer.json cargo test --release -p r1-serve --test structured costs -- --ignored --nocapture`
#[test]
#[ignore = "measures, on the tokenizer that R1_TOKENIZER names"]
fn costs_of_a_large_vocabulary() {
    use std::{sync::atomic::Ordering, time::Instant};
    let tokenizer = r1_data::tokenizer::Tokenizer::load(std::env::var("R1_TOKENIZER").unwrap()).unwrap();
    println!("{} tokens", tokenizer.vocab_size());
    let server = dice::start_with(tokenizer, tempfile::tempdir().unwrap(), QWEN, 0);
    let timed = |name: &str, body: &Value| {
        let begun = Instant::now();
        assert_eq!(ask(&server, body).status, 200);
        println!("{name}: {:?}", begun.elapsed());
    };
    timed("without a form", &json!({"max_tokens": 1}));
    timed(
        "first form, with the vocabulary",
        &json!({"max_tokens": 1, "response_format": {"type": "json_object"}}),
    );
    for (number, schema) in schemas().iter().enumerate() {
        let body = json!({"max_tokens": 1, "response_format": format(schema)});
        timed(&format!("schema {number}"), &body);
        timed(&format!("schema {number} again"), &body);
        let masks = || (dice::MASKS.load(Ordering::Relaxed), dice::MASK_NANOSECONDS.load(Ordering::Relaxed));
        let before = masks();
        choices(&server, &json!({"max_tokens": 100, "response_format": format(schema), "n": 8, "seed": 1}));
        let (count, time) = (masks().0 - before.0, masks().1 - before.1);
        println!("schema {number}: {count} masks of {:.0} us", time as f64 / 1e3 / count as f64);
    }
}

/// `R1_PORT=8123 cargo test --release -p r1-serve --test structured dice_are_served -- --ignored`, for clients of other makers.
#[test]
#[ignore = "serves until it is ended"]
fn dice_are_served() {
    let folder = tempfile::tempdir().unwrap();
    let tokenizer = dice::tokenizer(folder.path());
    let port = std::env::var("R1_PORT").unwrap().parse().unwrap();
    let _server = dice::start_with(tokenizer, folder, QWEN, port);
    loop {
        std::thread::park();
    }
}
