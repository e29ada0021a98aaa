//! The programs of docs/rewards.md do what the page says.
#![cfg(unix)]

mod external;

use std::{path::Path, process::Command};

use external::*;
use r1_core::{Completion, FinishReason, Outcome, Reward};
use r1_rewards::CommandReward;

/// The part of the page about rewards of one's own.
fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/rewards.md");
    let page = std::fs::read_to_string(path).unwrap();
    page.split_once("# Rewards of your own, without Rust\n").unwrap().1.to_owned()
}

/// The blocks of the page in a language.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let open = format!("```{language}\n");
    page.split(&open).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

#[test]
fn ten_lines_of_python_are_a_reward() {
    if no_python() {
        return;
    }
    let page = page();
    let program = &blocks(&page, "python")[0];
    assert!(program.lines().count() <= 10, "{program}");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("my_reward.py"), program).unwrap();

    let output =
        Command::new("sh").args(["-c", &blocks(&page, "sh")[0]]).current_dir(folder.path()).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "{\"score\": 1.0}\n");

    let reward =
        CommandReward::new(["python3", "my_reward.py"], settings()).unwrap().with_folder(folder.path());
    for (text, expected) in [
        ("<think>2 and 2 is 4, surely.</think>4", 1.0),
        ("<think>4</think>4", 0.9),
        ("<think>2 and 2 is 5, surely.</think>5", 0.0),
        ("", -0.1),
    ] {
        let completion = Completion::from_text(text, FinishReason::Stop);
        assert_eq!(reward.score(&problem("sum"), &completion).unwrap(), Outcome::Score(expected), "{text}");
    }
}

#[test]
fn each_setting_and_default_of_the_page_is_the_programs() {
    let page = page();
    let table = page.split("## Settings").nth(1).unwrap().split("## ").next().unwrap();
    let rows: Vec<(String, String)> = table
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            let mut cells = line.split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).skip(1);
            (cells.next().unwrap(), cells.next().unwrap())
        })
        .collect();
    let serde_json::Value::Object(defaults) = serde_json::to_value(settings()).unwrap() else {
        unreachable!()
    };
    assert_eq!(rows.len(), defaults.len());
    for (name, default) in rows {
        let expected: serde_json::Value = serde_json::from_str(&default).unwrap();
        assert_eq!(defaults[&name].as_f64(), expected.as_f64(), "{name}");
        assert_eq!(defaults[&name].as_bool(), expected.as_bool(), "{name}");
    }
}

#[test]
#[cfg(feature = "http")]
fn the_server_of_the_page_is_a_reward() {
    use std::net::TcpListener;

    if no_python() {
        return;
    }
    // Free now, and nobody else asks for it by number.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let program = blocks(&page(), "python")[1].replace("8000", &port.to_string());
    let mut server = Command::new("python3").args(["-c", &program]).spawn().unwrap();
    let settings = r1_rewards::ExternalSettings { attempts: 100, ..settings() };
    let reward = r1_rewards::UrlReward::new(format!("http://127.0.0.1:{port}/score"), settings)
        .unwrap()
        .with_pause(std::time::Duration::from_millis(20));
    let scores = [value(&reward, &"x".repeat(50)), value(&reward, "x")];
    server.kill().unwrap();
    server.wait().unwrap();
    assert_eq!(scores, [Ok(Some(0.5)), Ok(Some(0.01))]);
}
