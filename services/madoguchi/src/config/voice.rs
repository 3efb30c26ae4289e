//! `[voice]`: the program that speaks texts of announcements.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// `[voice]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VoiceConfig {
    pub program: PathBuf,
    pub dictionary: PathBuf,
    pub model: PathBuf,
}

impl Default for VoiceConfig {
    /// Where Debian's packages and `scripts/install-voice.sh` put them.
    fn default() -> Self {
        Self {
            program: "open_jtalk".into(),
            dictionary: "/var/lib/mecab/dic/open-jtalk/naist-jdic".into(),
            model: "/usr/local/share/madoguchi/mei_normal.htsvoice".into(),
        }
    }
}
