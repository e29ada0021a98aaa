//! Counts the words of text files that are in a language, and says how fast.
//!
//! ```sh
//! cargo run --release -p r1-rewards --features language --example language_share -- en README.md docs/*.md
//! ```
//!
//! Prints `README.md: 1234/1240 in 0.002 s` for each file, and megabytes a second at the end. A first argument such as
//! `en-script` tells languages by their scripts alone.

use std::{env, fs, time::Instant};

use r1_rewards::{Language, LanguageReward};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = env::args().skip(1);
    let code = arguments.next().ok_or("expected a language code and files")?;
    let language = Language::from_code(&code).ok_or_else(|| format!("`{code}` is no language"))?;
    let reward = LanguageReward::new(language).with_same_script(!code.ends_with("-script"));
    let (mut bytes, mut seconds) = (0, 0.0);
    for path in arguments {
        let text = fs::read_to_string(&path)?;
        let start = Instant::now();
        let count = reward.count_text(&text, language);
        let elapsed = start.elapsed().as_secs_f64();
        println!("{path}: {}/{} in {elapsed:.3} s", count.target, count.words);
        (bytes, seconds) = (bytes + text.len(), seconds + elapsed);
    }
    println!("{:.1} MB/s", bytes as f64 / 1e6 / seconds);
    Ok(())
}
