//! The report of a recipe's sources and filters.

use serde::{Deserialize, Serialize};

use crate::curate::{ContaminationReport, NearDuplicateReport, PassRateReport};

/// The sources as they were read, and what the filters dropped.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DataReport {
    /// The sources, in order.
    pub sources: Vec<SourceReport>,
    /// The result of decontamination.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decontamination: Option<ContaminationReport>,
    /// The dropped near-duplicates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub near_duplicates: Option<NearDuplicateReport>,
    /// Counts of problems by the window of pass rates.
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
    /// Number of items read, of a file within its split and limit; none for a task without end.
    pub read: Option<usize>,
    /// Number of them that the filters kept.
    pub kept: Option<usize>,
}
