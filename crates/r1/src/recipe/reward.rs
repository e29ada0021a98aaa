//! The rewards of a recipe.

use std::path::Path;

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use toml::{Table, Value};

/// One term of a reward: a name of the [`Registry`](super::Registry), or a `command` or `url` of one's own, with its
/// weight and its parameters.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RewardRecipe {
    /// What the registry, reports and errors call it.
    pub name: String,
    /// What it is multiplied with.
    pub weight: f32,
    /// Everything else that its table says.
    #[serde(flatten)]
    pub parameters: Table,
}

/// The terms of a reward: one, or several that are added up.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(transparent)]
pub struct Rewards(pub Vec<RewardRecipe>);

impl Rewards {
    /// True without any term.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl RewardRecipe {
    /// A term of weight 1 without parameters.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), weight: 1.0, parameters: Table::new() }
    }
}

impl<'de> Deserialize<'de> for RewardRecipe {
    /// From a name, or a table with `name`, `command` or `url`.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut parameters = match Value::deserialize(deserializer)? {
            Value::String(name) => return Ok(Self::named(name)),
            Value::Table(table) => table,
            other => {
                return Err(D::Error::custom(format!(
                    "a reward is {}; expected a name or a table",
                    other.type_str()
                )));
            }
        };
        let weight = match parameters.remove("weight") {
            None => 1.0,
            Some(Value::Integer(weight)) => weight as f64,
            Some(Value::Float(weight)) if weight.is_finite() => weight,
            Some(other) => {
                return Err(D::Error::custom(format!("`weight` is {other}; expected a finite number")));
            }
        };
        let name = match parameters.remove("name") {
            Some(Value::String(name)) => name,
            Some(other) => return Err(D::Error::custom(format!("`name` is {other}; expected a text"))),
            None if parameters.contains_key("command") => program(&parameters["command"]),
            None if parameters.contains_key("url") => "url".into(),
            None => return Err(D::Error::custom("a reward has no `name`, and neither `command` nor `url`")),
        };
        Ok(Self { name, weight: weight as f32, parameters })
    }
}

/// The name of the program of a command: of its last word that looks like a file, without the ending.
fn program(command: &Value) -> String {
    let words = command.as_array().into_iter().flatten().filter_map(Value::as_str);
    let stem = |word: &str| Some(Path::new(word).file_stem()?.to_str()?.to_owned());
    let is_file = |word: &&str| {
        let ending = Path::new(word).extension().and_then(|ending| ending.to_str());
        let plain = |c: char| c.is_alphanumeric() || "._-/".contains(c);
        word.chars().all(plain) && ending.is_some_and(|ending| ending.starts_with(char::is_alphabetic))
    };
    let file = words.clone().rfind(is_file);
    file.or(words.clone().next()).and_then(stem).unwrap_or_else(|| "command".into())
}

impl<'de> Deserialize<'de> for Rewards {
    /// From one reward or a list of them.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let one_or_more = match Value::deserialize(deserializer)? {
            Value::Array(items) => items,
            one => vec![one],
        };
        let read = |value: Value| RewardRecipe::deserialize(value).map_err(D::Error::custom);
        let terms: Vec<RewardRecipe> = one_or_more.into_iter().map(read).collect::<Result<_, _>>()?;
        // Reports and errors tell terms apart by their names.
        for (index, term) in terms.iter().enumerate() {
            let is_external = term.parameters.contains_key("command") || term.parameters.contains_key("url");
            if is_external && terms[..index].iter().any(|other| other.name == term.name) {
                let name = &term.name;
                return Err(D::Error::custom(format!(
                    "two rewards are called `{name}`; give the command or URL another `name`"
                )));
            }
        }
        Ok(Self(terms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_called_by_its_program() {
        let name = |command: &str| {
            let table: Table = format!("reward = {{ command = {command} }}").parse().unwrap();
            RewardRecipe::deserialize(table["reward"].clone()).unwrap().name
        };
        assert_eq!(name("[\"python3\", \"rewards/brief.py\", \"0.5\"]"), "brief");
        assert_eq!(name("[\"python3\", \"-c\", \"print(1.5)\"]"), "python3");
        assert_eq!(name("[\"./judge\"]"), "judge");
        let two = "reward = [{ command = [\"a.py\"] }, { command = [\"b/a.py\"] }]".parse::<Table>().unwrap();
        let error = Rewards::deserialize(two["reward"].clone()).unwrap_err().to_string();
        assert!(error.contains("two rewards are called `a`"), "{error}");
    }
}
