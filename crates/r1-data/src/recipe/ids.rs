//! Ids that are unique in a mixture: two files may number their rows alike.

use std::collections::HashMap;

use r1_core::{Problem, Trace};

use crate::DataError;

/// An item with an id.
pub(super) trait Named: PartialEq {
    fn id(&mut self) -> &mut String;
}

impl Named for Problem {
    fn id(&mut self) -> &mut String {
        &mut self.id
    }
}

impl Named for Trace {
    fn id(&mut self) -> &mut String {
        &mut self.id
    }
}

/// Joins the items of several sources, in order. An id that an earlier source has for another item gets its
/// source's name in front; the same item a second time is left out.
pub(super) fn join<T: Named>(parts: Vec<(String, Vec<T>)>) -> Result<Vec<(usize, T)>, DataError> {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut joined: Vec<(usize, T)> = Vec::new();
    for (source, (name, items)) in parts.into_iter().enumerate() {
        for mut item in items {
            if let Some(&place) = places.get(item.id()) {
                if joined[place].1 == item {
                    continue;
                }
                let id = format!("{name}/{}", item.id());
                if places.contains_key(&id) {
                    let reason = format!("are two that both have `{id}`; give each row an id");
                    return Err(DataError::Setting { name: "sources", reason });
                }
                *item.id() = id;
            }
            places.insert(item.id().clone(), joined.len());
            joined.push((source, item));
        }
    }
    Ok(joined)
}
