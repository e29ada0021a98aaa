//! Rotary embedding: how a config asks for it, and what its angles are.

mod scaling;

use serde_json::{Map, Value};

use super::fields::Fields;
use crate::{ModelError, architecture::Defaults, kernels::RotaryTable};

pub use scaling::RopeScaling;

/// Rotary embedding of one kind of layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Rope {
    /// Base of the frequencies.
    pub theta: f64,
    /// How the frequencies are changed for long contexts.
    pub scaling: RopeScaling,
    /// The share of a head that is rotated, `partial_rotary_factor`.
    pub share: f64,
}

impl Default for Rope {
    /// Base 10,000, whole heads, no scaling.
    fn default() -> Self {
        Self { theta: 10_000.0, scaling: RopeScaling::None, share: 1.0 }
    }
}

impl Rope {
    /// How many dimensions of a head are rotated.
    pub fn rotated(&self, head_dim: usize) -> usize {
        (head_dim as f64 * self.share) as usize
    }

    /// Angular frequency of each rotated pair, in radians per token.
    ///
    /// # Source
    /// RoFormer (arXiv:2104.09864v5), section 3.2.2; the scalings as transformers computes them.
    pub fn frequencies(&self, head_dim: usize) -> Vec<f64> {
        let rotated = self.rotated(head_dim);
        let pairs = rotated / 2;
        let plain = (0..pairs).map(|i| self.theta.powf(-(i as f64) / pairs as f64)).collect();
        self.scaling.apply(plain, self.theta)
    }

    /// The angles of the first positions. Where only a share of a head is rotated, the other pairs stand still; a
    /// rotated pair is `(i, i + head_dim / 2)` all the same, see [`order`](Self::order).
    pub fn table(&self, head_dim: usize, positions: usize) -> RotaryTable {
        let mut frequencies = self.frequencies(head_dim);
        let pairs = frequencies.len();
        frequencies.resize(head_dim / 2, 0.0);
        let mut table = RotaryTable::new(&frequencies, positions);
        let factor = self.scaling.attention_factor() as f32;
        if factor != 1.0 {
            let half = (head_dim / 2).max(1);
            for values in [&mut table.cos, &mut table.sin] {
                for row in values.chunks_exact_mut(half) {
                    row[..pairs].iter_mut().for_each(|value| *value *= factor);
                }
            }
        }
        table
    }

    /// Where the dimensions of a head stand in a checkpoint, in the order in which [`table`](Self::table) pairs them;
    /// `None` when it is theirs. With `interleaved`, a pair are neighbours in the checkpoint.
    pub fn order(&self, head_dim: usize, interleaved: bool) -> Option<Vec<usize>> {
        let rotated = self.rotated(head_dim);
        if rotated == head_dim && !interleaved {
            return None;
        }
        let pairs = rotated / 2;
        let pair = |i: usize| match (i < pairs, interleaved) {
            (true, true) => (2 * i, 2 * i + 1),
            (true, false) => (i, i + pairs),
            (false, _) => (2 * i, 2 * i + 1),
        };
        let half = head_dim / 2;
        Some((0..half).map(|i| pair(i).0).chain((0..half).map(|i| pair(i).1)).collect())
    }
}

/// What the fields of a whole config say: `rope_scaling`, which goes before `rope_parameters`, and `rope_theta` where
/// neither has it, as in transformers 5. Parameters by kind of layer are left to the family.
pub(super) fn read(fields: &mut Fields<'_>, context: usize, defaults: &Defaults) -> Result<Rope, ModelError> {
    let filled = |value: &&Value| value.as_object().is_none_or(|map| !map.is_empty());
    let (scaling, parameters) = (fields.take("rope_scaling"), fields.take("rope_parameters"));
    match scaling.filter(filled).or(parameters) {
        None => Rope::read(fields, &Map::new(), context, defaults),
        Some(Value::Object(map)) if map.values().any(Value::is_object) => Ok(Rope::default()),
        Some(Value::Object(map)) => Rope::read(fields, map, context, defaults),
        Some(other) => Err((fields.fail)(format!("rope parameters are {other}; expected an object"))),
    }
}

impl Rope {
    /// What one set of rope parameters says, with the config's own fields behind it.
    pub(crate) fn read(
        fields: &mut Fields<'_>,
        inner: &Map<String, Value>,
        context: usize,
        defaults: &Defaults,
    ) -> Result<Self, ModelError> {
        let outer = ["rope_theta", "partial_rotary_factor"].map(|name| fields.take(name));
        let original = fields.take("original_max_position_embeddings");
        let given = |name: &str| inner.get(name).filter(|value| !value.is_null());
        let positive = |name: &str, value: Option<&Value>, default: f64| match value {
            None => Ok(default),
            Some(value) => {
                value.as_f64().filter(|number| *number > 0.0 && number.is_finite()).ok_or_else(|| {
                    (fields.fail)(format!("field `{name}` is {value}; expected a positive number"))
                })
            }
        };
        let theta = positive("rope_theta", given("rope_theta").or(outer[0]), defaults.theta)?;
        let share = given("partial_rotary_factor").or(outer[1]);
        let share = positive("partial_rotary_factor", share, defaults.share)?;
        if share > 1.0 {
            return Err((fields.fail)(format!(
                "field `partial_rotary_factor` is {share}; expected at most 1"
            )));
        }
        let original = positive(
            "original_max_position_embeddings",
            original.or(given("original_max_position_embeddings")),
            defaults.original_context.unwrap_or(context) as f64,
        )?;
        let scaling = scaling::read(inner, context, original).map_err(|reason| (fields.fail)(reason))?;
        Ok(Self { theta, scaling, share })
    }

    /// Refuses what does not fit heads of this width.
    pub(super) fn check(&self, head_dim: usize) -> Result<(), String> {
        let rotated = self.rotated(head_dim);
        if !rotated.is_multiple_of(2) {
            return Err(format!("{rotated} of {head_dim} dimensions are rotated; they turn in pairs"));
        }
        match &self.scaling {
            RopeScaling::LongRope { short, .. } if short.len() != rotated / 2 => Err(format!(
                "short_factor has {} numbers, one for each of {} pairs",
                short.len(),
                rotated / 2
            )),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::tests::parse;

    #[test]
    fn both_spellings_of_rope_are_read_alike() {
        let scaling = json!({"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                             "original_max_position_embeddings": 32});
        let old = parse(|raw| {
            raw.insert("rope_theta".into(), json!(5e5));
            raw.insert("rope_scaling".into(), scaling.clone());
        });
        let new = parse(|raw| {
            let mut scaling = scaling.clone();
            scaling["rope_theta"] = json!(5e5);
            raw.insert("rope_parameters".into(), scaling);
        });
        let (old, new) = (old.unwrap(), new.unwrap());
        assert_eq!(old.rope, new.rope);
        assert_eq!(old.rope.frequencies(8), new.rope.frequencies(8));
    }

    #[test]
    fn what_is_said_twice_is_read_as_transformers_reads_it() {
        let theta = |change: fn(&mut Map<String, Value>)| parse(change).unwrap().rope.theta;
        assert_eq!(theta(|_| ()), 1e4);
        // The inner one goes before the outer one.
        let twice = |raw: &mut Map<String, Value>| {
            raw.insert("rope_theta".into(), json!(1e6));
            raw.insert("rope_parameters".into(), json!({"rope_type": "default", "rope_theta": 500.0}));
        };
        assert_eq!(theta(twice), 500.0);
        // `rope_scaling` goes before `rope_parameters`, unless it is empty.
        let both = parse(|raw| {
            raw.insert("rope_scaling".into(), json!({"type": "linear", "factor": 2.0}));
            raw.insert("rope_parameters".into(), json!({"rope_type": "default", "rope_theta": 500.0}));
        });
        assert_eq!(
            both.unwrap().rope,
            Rope { scaling: RopeScaling::Linear { factor: 2.0 }, ..Rope::default() }
        );
        let empty = |raw: &mut Map<String, Value>| {
            raw.insert("rope_scaling".into(), json!({}));
            raw.insert("rope_parameters".into(), json!({"rope_theta": 500.0}));
        };
        assert_eq!(theta(empty), 500.0);
        let negative = parse(|raw| drop(raw.insert("rope_theta".into(), json!(-1))));
        assert!(negative.unwrap_err().to_string().contains("`rope_theta` is -1; expected a positive number"));
    }

    #[test]
    fn a_share_of_a_head_is_rotated_and_the_rest_stands_still() {
        let rope = Rope { share: 0.5, ..Rope::default() };
        assert_eq!(rope.frequencies(8), [1.0, 0.01]);
        assert_eq!(rope.order(8, false), Some(vec![0, 1, 4, 6, 2, 3, 5, 7]));
        assert_eq!(rope.order(8, true), Some(vec![0, 2, 4, 6, 1, 3, 5, 7]));
        assert_eq!(Rope::default().order(8, false), None);
        let table = rope.table(8, 3);
        assert_eq!((&table.cos[10..12], &table.sin[10..12]), (&[1.0; 2][..], &[0.0; 2][..]));
    }
}
