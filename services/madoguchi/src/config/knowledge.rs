//! `[knowledge]`: what the search reads besides the articles.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// `[knowledge]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "explained in the sample file")]
pub struct KnowledgeConfig {
    pub dictionary: Option<PathBuf>,
    pub synonyms: PathBuf,
}

impl Default for KnowledgeConfig {
    /// Where `scripts/install-synonyms.sh` puts them.
    fn default() -> Self {
        Self {
            dictionary: None,
            synonyms: "/usr/local/share/madoguchi/synonyms.json".into(),
        }
    }
}
