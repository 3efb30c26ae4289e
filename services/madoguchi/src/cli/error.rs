//! Why a command ended without success.

use crate::config::ConfigError;

/// Why a command ended without success.
#[derive(Debug, thiserror::Error)]
pub(super) enum CliError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("{0}")]
    Usage(String),
    #[error("{0:#}")]
    Failed(#[from] anyhow::Error),
    /// Everything was said already.
    #[error("")]
    Partly,
}
