//! What can go wrong with a run's folder.

use std::{io, path::PathBuf};

/// Why a run's folder could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The folder already holds a run. Nothing was touched.
    #[error(
        "`{}` already holds a run; resume it, give another folder, or ask for it to be replaced",
        dir.display()
    )]
    Exists {
        /// The run's folder.
        dir: PathBuf,
    },
    /// There is no run to resume in the folder. Check the path, or start a new run.
    #[error("`{}` holds no run to resume; check the path or start a new run", dir.display())]
    Missing {
        /// The folder.
        dir: PathBuf,
    },
    /// A folder or file holds what r1 did not write. Nothing was touched.
    #[error(
        "`{}` is not known to be written by r1 and is left alone; choose another --out (--overwrite replaces only what r1 \
         wrote)",
        stray.display()
    )]
    NotOurs {
        /// What was to be replaced.
        path: PathBuf,
        /// What stands there.
        stray: PathBuf,
    },
    /// An earlier result stands there. Nothing was touched.
    #[error("`{}` is there already; choose another --out, or replace it with --overwrite", path.display())]
    Written {
        /// The result.
        path: PathBuf,
    },
    /// A result cannot be written to this place.
    #[error("cannot write `{}`: {reason}", path.display())]
    Destination {
        /// The place.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        reason: String,
    },
    /// Another process writes to the same place.
    #[error(
        "`{}` is being written by another r1 process{}; wait for it, or choose another --out",
        path.display(),
        process.map_or(String::new(), |id| format!(" ({id})"))
    )]
    Locked {
        /// The place.
        path: PathBuf,
        /// The other process, if it said so.
        process: Option<u32>,
    },
    /// What stands there was begun with something else. Nothing was touched.
    #[error("`{}` was begun with different {difference}; choose another --out", path.display())]
    OtherRun {
        /// The file or folder.
        path: PathBuf,
        /// What differs, and how.
        difference: String,
    },
    /// The description of a run is not readable. Choose another place, or delete what stands there.
    #[error("`{}` does not describe a run ({reason}); choose another --out", path.display())]
    Description {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A file or folder could not be read. Check the path and the permissions.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// What was to be read.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file or folder could not be written. Check the permissions and the room on the disk.
    #[error("cannot write `{}`", path.display())]
    Write {
        /// What was to be written.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The path has no last component to name a file or folder by, for example `/` or `..`.
    #[error("`{}` names no file or folder; give a path that ends in a name", path.display())]
    Unnamed {
        /// The path.
        path: PathBuf,
    },
    /// A value holds a number that JSON cannot: NaN or an infinity. The line was not written.
    #[error("`{field}` is {value}, which `{}` cannot hold; the run has gone wrong before this line", path.display())]
    NonFinite {
        /// The file it was meant for.
        path: PathBuf,
        /// Where in the value it stands, for example `rewards.accuracy.mean`.
        field: String,
        /// The number.
        value: f64,
    },
    /// The value does not serialise to a JSON object, so it cannot be a line.
    #[error("a line of `{}` must be an object with named fields; got `{found}`", path.display())]
    NotAnObject {
        /// The file it was meant for.
        path: PathBuf,
        /// The first characters of what it serialises to.
        found: String,
    },
    /// The value does not serialise.
    #[error("cannot serialise a line of `{}`", path.display())]
    Serialise {
        /// The file it was meant for.
        path: PathBuf,
        /// What the serialiser said.
        source: serde_json::Error,
    },
    /// A line of a file is not a JSON object. Delete the line, or the file.
    #[error("`{}` line {line} is not a JSON object", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What the parser said.
        source: serde_json::Error,
    },
    /// A checkpoint points to a place that the file does not have: they belong to different runs.
    #[error(
        "`{}` has {length} bytes and no line that ends at byte {position}; \
         the checkpoint belongs to another run, or the file was changed",
        path.display()
    )]
    Position {
        /// The file.
        path: PathBuf,
        /// The byte the checkpoint names.
        position: u64,
        /// The file's length in bytes.
        length: u64,
    },
    /// The folder is not a checkpoint. Check the path, or start a new run. A folder of weights alone is loaded as a
    /// model.
    #[error("`{}` holds no checkpoint of a run; check the path or start a new run", dir.display())]
    NoCheckpoint {
        /// The folder.
        dir: PathBuf,
    },
    /// A file of a checkpoint is missing, truncated, or not what the checkpoint says it is. Nothing was loaded.
    #[error("checkpoint file `{}` {reason}; use an earlier checkpoint", path.display())]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The settings are not those that the checkpoint was trained with. Nothing was loaded.
    #[error(
        "setting `{field}` is {given}, and {checkpoint} in the checkpoint; go on with the checkpoint's settings, or \
         start a new run from the weights in it"
    )]
    Setting {
        /// The first setting that differs.
        field: String,
        /// Its value now.
        given: String,
        /// Its value in the checkpoint.
        checkpoint: String,
    },
}

/// Attaches the path to a failed read.
pub(crate) fn reading(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> RunError {
    move |source| RunError::Read { path: path.into(), source }
}

/// Attaches the path to a failed write.
pub(crate) fn writing(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> RunError {
    move |source| RunError::Write { path: path.into(), source }
}
