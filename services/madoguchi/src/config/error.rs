//! What is wrong with the settings.

use std::path::PathBuf;

use madoguchi_core::setup::PartFault;

/// What is wrong with the settings, in one line.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("設定ファイル {path} を読めません: {source}")]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
    /// The file is no TOML, or holds what it may not hold.
    #[error("設定ファイル {path} の{line}行目に誤りがあります: {message}")]
    Parse {
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        message: String,
    },
    /// A value makes no sense.
    #[error("設定「{key}」に誤りがあります: {message}")]
    Value {
        /// Which setting.
        key: String,
        /// What, and what to do.
        message: String,
    },
    /// A line, an agent or a trunk makes no sense.
    #[error(transparent)]
    Part(#[from] PartFault),
}

impl ConfigError {
    pub(super) fn value(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Value {
            key: key.into(),
            message: message.into(),
        }
    }
}
