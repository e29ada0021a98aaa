//! What a recipe says about a term beside its weight: when it counts, and its bounds.

use r1_core::Reward;
use r1_rewards::combination::{Clipped, Scheduled};
use toml::{Table, Value};

/// `from_update`, `until_update` and `clip` of a term.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Shaping {
    from: Option<u64>,
    until: Option<u64>,
    clip: Option<(f32, f32)>,
}

impl Shaping {
    /// Takes the three out of a term's parameters.
    pub(super) fn take(parameters: &mut Table) -> Result<Self, String> {
        let mut update = |name: &str| match parameters.remove(name) {
            None => Ok(None),
            Some(Value::Integer(update)) if update >= 0 => Ok(Some(update as u64)),
            Some(other) => Err(format!("`{name}` is {other}; expected a number of updates")),
        };
        let (from, until) = (update("from_update")?, update("until_update")?);
        if let (Some(from), Some(until)) = (from, until)
            && from >= until
        {
            return Err(format!(
                "`from_update` is {from} and `until_update` {until}; the term would never count"
            ));
        }
        let clip = match parameters.remove("clip") {
            None => None,
            Some(value) => {
                let shown = value.to_string();
                let bounds: Option<(f32, f32)> = value.try_into().ok();
                let bounds = bounds.filter(|(low, high)| low <= high);
                Some(
                    bounds
                        .ok_or_else(|| format!("`clip` is {shown}; expected two numbers such as [-1, 1]"))?,
                )
            }
        };
        Ok(Self { from, until, clip })
    }

    /// The reward within its bounds and its window.
    pub(super) fn apply(self, reward: Box<dyn Reward>) -> Box<dyn Reward> {
        let reward = match self.clip {
            Some((low, high)) => Box::new(Clipped::new(reward, low, high)),
            None => reward,
        };
        if self.from.is_none() && self.until.is_none() {
            return reward;
        }
        let scheduled = Scheduled::new(reward).from_update(self.from.unwrap_or(0));
        Box::new(match self.until {
            Some(until) => scheduled.until_update(until),
            None => scheduled,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terms_window_and_bounds_are_taken_from_its_table() {
        let take = |text: &str| {
            let mut table: Table = text.parse().unwrap();
            Shaping::take(&mut table).map(|shaping| (shaping.from, shaping.until, shaping.clip, table.len()))
        };
        let taken = take("from_update = 1300\nclip = [-1, 1.5]\nmode = \"strict\"").unwrap();
        assert_eq!(taken, (Some(1300), None, Some((-1.0, 1.5)), 1));
        for wrong in [
            "from_update = -1",
            "until_update = \"last\"",
            "clip = [2, 1]",
            "clip = 3",
            "from_update = 5\nuntil_update = 5",
        ] {
            assert!(take(wrong).is_err(), "{wrong}");
        }
    }
}
