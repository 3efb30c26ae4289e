//! Where log lines go: standard error, as text or JSON.

use tracing_subscriber::EnvFilter;

use super::CliError;
use crate::config::LogConfig;

pub(super) fn start(config: &LogConfig) -> Result<(), CliError> {
    let filter = EnvFilter::try_new(&config.level).map_err(|_| {
        let level = &config.level;
        CliError::Usage(format!(
            "設定「log.level」の値「{level}」は error、warn、info、debug のどれでもありません"
        ))
    })?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let started = if config.json {
        lines.json().try_init()
    } else {
        lines.try_init()
    };
    started.map_err(|error| CliError::Failed(anyhow::anyhow!("{error}")))
}
