//! The priority of a card or an issue.

use crate::error::{Error, Result, one_of};
use serde::{Deserialize, Serialize};

/// A priority, the most urgent first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum Priority {
    /// Before everything else.
    Urgent,
    /// Above medium.
    High,
    /// The default.
    #[default]
    Medium,
    /// When there is time.
    Low,
}

impl Priority {
    /// Every priority, the most urgent first.
    pub const ALL: [Priority; 4] =
        [Priority::Urgent, Priority::High, Priority::Medium, Priority::Low];

    /// The priority as written in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Priority::Urgent => "urgent",
            Priority::High => "high",
            Priority::Medium => "medium",
            Priority::Low => "low",
        }
    }

    /// A priority as people write it.
    ///
    /// # Errors
    /// `Usage` for an unknown priority.
    pub fn parse(text: &str) -> Result<Priority> {
        one_of(&Self::ALL, Self::as_str, text, "priority")
    }
}

impl TryFrom<String> for Priority {
    type Error = Error;

    fn try_from(text: String) -> Result<Priority> {
        Priority::parse(&text)
    }
}

impl std::fmt::Display for Priority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
