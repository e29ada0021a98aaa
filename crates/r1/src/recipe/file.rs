//! A recipe's file, and assignments on top of it.

use std::{fs, path::Path};

use r1_data::did_you_mean;
use serde::Deserialize;
use toml::{Table, Value};

use super::{Recipe, RecipeError};

impl Recipe {
    /// Reads a recipe and applies assignments such as `grpo.group_size=8` to it, in order.
    ///
    /// The value of an assignment is read as TOML, and taken as a text when it is none.
    ///
    /// # Errors
    /// [`RecipeError::Read`], [`RecipeError::Syntax`] with what is wrong and where, [`RecipeError::Assignment`].
    pub fn read<S: AsRef<str>>(path: impl AsRef<Path>, assignments: &[S]) -> Result<Self, RecipeError> {
        let path = path.as_ref();
        Self::parse(&read_text(path)?, path, folder(path), assignments)
    }

    /// A recipe from its text. `name` is what errors call it, `base` the folder that paths are relative to.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn parse<S: AsRef<str>>(
        text: &str,
        name: &Path,
        base: &Path,
        assignments: &[S],
    ) -> Result<Self, RecipeError> {
        let syntax = |error: &toml::de::Error| RecipeError::Syntax {
            path: name.to_owned(),
            reason: did_you_mean(error.to_string().trim_end()),
        };
        if assignments.is_empty() {
            // From the text itself, so that an error can point at the line.
            let recipe: Self = toml::from_str(text).map_err(|error| syntax(&error))?;
            return Ok(recipe.within(base));
        }
        let mut table: Table = toml::from_str(text).map_err(|error| syntax(&error))?;
        for assignment in assignments {
            assign(&mut table, assignment.as_ref()).map_err(|reason| RecipeError::Assignment {
                assignment: assignment.as_ref().to_owned(),
                reason,
            })?;
        }
        let recipe = Self::deserialize(table).map_err(|error| syntax(&error))?;
        Ok(recipe.within(base))
    }

    /// The recipe of a file in this folder, which its own `base` is relative to.
    fn within(mut self, folder: &Path) -> Self {
        self.base =
            if self.base.as_os_str().is_empty() { folder.to_owned() } else { folder.join(&self.base) };
        self
    }
}

/// The text of a recipe's file, which may be a pipe and is read once.
pub(crate) fn read_text(path: &Path) -> Result<String, RecipeError> {
    fs::read_to_string(path).map_err(|source| RecipeError::Read { path: path.to_owned(), source })
}

/// The folder that a recipe's paths are relative to.
pub(crate) fn folder(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

/// Puts a value in its place, and makes the tables on the way to it.
pub(super) fn assign(table: &mut Table, assignment: &str) -> Result<(), String> {
    let (path, value) = assignment.split_once('=').ok_or("expected NAME=VALUE, such as grpo.group_size=8")?;
    let value = value.trim();
    let value = match format!("value = {value}").parse::<Table>() {
        Ok(mut table) => table.remove("value").unwrap_or_else(|| Value::String(value.to_owned())),
        Err(_) => Value::String(value.to_owned()),
    };
    let names: Vec<&str> = path.trim().split('.').collect();
    if names.iter().any(|name| name.is_empty()) {
        return Err("a name is empty; expected NAME=VALUE, such as grpo.group_size=8".into());
    }
    place(&mut Value::Table(std::mem::take(table)), &names, value).map(|whole| *table = whole)
}

fn place(whole: &mut Value, names: &[&str], value: Value) -> Result<Table, String> {
    let mut here = &mut *whole;
    for (index, name) in names.iter().enumerate() {
        let last = index + 1 == names.len();
        here = match here {
            Value::Table(table) => {
                let empty = if last { value.clone() } else { Value::Table(Table::new()) };
                table.entry(*name).or_insert(empty)
            }
            Value::Array(items) => {
                let count = items.len();
                let item = name.parse::<usize>().ok().and_then(|index| items.get_mut(index));
                item.ok_or_else(|| format!("`{name}` is no index of a list of {count}; the first is 0"))?
            }
            _ => return Err(format!("`{}` is no table", names[..index].join("."))),
        };
    }
    *here = value;
    match std::mem::replace(whole, Value::Boolean(false)) {
        Value::Table(table) => Ok(table),
        _ => Err("the recipe is no table".into()),
    }
}
