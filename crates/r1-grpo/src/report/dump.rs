//! The batch of a step that went wrong, for people to look at.

use std::path::Path;

use serde_json::json;

use crate::{Group, GrpoError};

/// Writes the groups to `grpo-update-{update}.json` and says in an error what happened. A number that is not finite
/// is `null` in the file.
pub(crate) fn dump(what: &'static str, update: u64, groups: &[&Group], dir: &Path) -> GrpoError {
    let path = dir.join(format!("grpo-update-{update}.json"));
    let text = json!({ "update": update, "not_finite": what, "groups": groups }).to_string();
    match std::fs::create_dir_all(dir).and_then(|()| std::fs::write(&path, text)) {
        Ok(()) => GrpoError::NotFinite { update, what, dump: path },
        Err(source) => GrpoError::NotFiniteUnwritten { update, what, dump: path, source },
    }
}
