//! Settings that differ from a preset.

use r1_data::did_you_mean;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use toml::Table;

/// `base` with the fields of `table` in place of its own; tables within it are overlaid field by field.
///
/// # Errors
/// What is wrong with the first field that does not fit.
pub(super) fn overlay<C: Serialize + DeserializeOwned>(base: &C, table: &Table) -> Result<C, String> {
    let mut value = serde_json::to_value(base).map_err(|error| error.to_string())?;
    let over = serde_json::to_value(table).map_err(|error| error.to_string())?;
    match (&mut value, over) {
        // The settings themselves are no choice: a name that is not known stays beside the others and is refused by name.
        (Value::Object(base), Value::Object(over)) => {
            for (name, value) in over {
                merge(base.entry(name).or_insert(Value::Null), value);
            }
        }
        (base, over) => *base = over,
    }
    serde_json::from_value(value).map_err(|error| did_you_mean(&error.to_string()))
}

fn merge(base: &mut Value, over: Value) {
    match (base, over) {
        // Another variant of a choice, or a name that is not known, replaces the whole.
        (Value::Object(base), Value::Object(over)) if over.keys().all(|name| base.contains_key(name)) => {
            for (name, value) in over {
                base.get_mut(&name).into_iter().for_each(|base| merge(base, value.clone()));
            }
        }
        (base, over) => *base = over,
    }
}

#[cfg(test)]
mod tests {
    use r1_grpo::{GrpoConfig, Objective};

    use super::*;

    fn over(text: &str) -> Result<GrpoConfig, String> {
        overlay(&GrpoConfig::r1(), &text.parse::<Table>().unwrap())
    }

    #[test]
    fn fields_replace_those_of_the_preset() {
        let config = over("group_size = 4\n[sampling]\nmax_tokens = 7\n[objective.kl]\ncoef = 0.25").unwrap();
        let mut objective = Objective::r1();
        objective.kl.coef = 0.25;
        assert_eq!(config, GrpoConfig::r1().with_group_size(4).with_max_tokens(7).with_objective(objective));
        let cosine = over("[schedule]\nkind = \"cosine\"\nwarmup = 1\ntotal = 9\nfloor = 0.1").unwrap();
        assert_eq!(cosine.schedule, r1_train::Schedule::Cosine { warmup: 1, total: 9, floor: 0.1 });
        assert_eq!(over("").unwrap(), GrpoConfig::r1());
    }

    #[test]
    fn what_is_not_known_is_refused_by_name() {
        for (text, expected) in [
            ("groupsize = 4", "unknown field `groupsize`; did you mean `group_size`?"),
            ("[sampling]\ntemprature = 1.0", "unknown field `temprature`; did you mean `temperature`?"),
            (
                "groupsize = 4\n[objective.kl]\ncoef = 0.1",
                "unknown field `groupsize`; did you mean `group_size`?",
            ),
            ("group_size = \"four\"", "invalid type: string \"four\", expected usize"),
        ] {
            let error = over(text).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
