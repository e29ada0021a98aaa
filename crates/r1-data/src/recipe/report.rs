//! What a recipe read and what it dropped.

use serde::{Deserialize, Serialize};

use crate::curate::{ContaminationReport, NearDuplicateReport, PassRateReport};

/// What a recipe read and what its filters dropped.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DataReport {
    /// The sources, in order.
    pub sources: Vec<SourceReport>,
    /// What decontamination dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decontamination: Option<ContaminationReport>,
    /// Which near-duplicates were dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub near_duplicates: Option<NearDuplicateReport>,
    /// How many problems the window of pass rates dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pass_rate: Option<PassRateReport>,
}

/// One source as it was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceReport {
    /// The task and its level, or the file.
    pub name: String,
    /// The layout of a file, `task` for a task.
    pub format: String,
    /// How many items were read, of a file its split and limit; none for a task without end.
    pub read: Option<usize>,
    /// How many of them the filters kept.
    pub kept: Option<usize>,
}
