//! `[knowledge]`: what the search reads besides the articles.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// `[knowledge]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KnowledgeConfig {
    pub dictionary: Option<PathBuf>,
    pub synonyms: PathBuf,
    pub encoder: PathBuf,
}

impl Default for KnowledgeConfig {
    /// Where `scripts/install-synonyms.sh` and `scripts/install-encoder.sh` put things.
    fn default() -> Self {
        Self {
            dictionary: None,
            synonyms: "/usr/local/share/madoguchi/synonyms.json".into(),
            encoder: "/usr/local/share/madoguchi/encoder".into(),
        }
    }
}
