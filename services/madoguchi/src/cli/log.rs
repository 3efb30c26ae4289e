//! Where log lines go: standard error, as text or JSON; those of the sample desk to a file, so that
//! the terminal says what its operator needs and nothing else.

use std::fs::OpenOptions;
use std::io::IsTerminal as _;
use std::path::Path;
use std::sync::Mutex;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::writer::BoxMakeWriter;

use super::error::CliError;
use crate::config::LogConfig;

pub(super) fn start(config: &LogConfig, file: Option<&Path>) -> Result<(), CliError> {
    let filter = EnvFilter::try_new(&config.level).map_err(|_| {
        let level = &config.level;
        CliError::Usage(format!(
            "設定「log.level」の値「{level}」は error、warn、info、debug のどれでもありません"
        ))
    })?;
    let (writer, is_terminal) = match file {
        None => {
            let writer = BoxMakeWriter::new(std::io::stderr);
            (writer, std::io::stderr().is_terminal())
        }
        Some(path) => {
            let file = OpenOptions::new().create(true).append(true).open(path);
            let file = file.map_err(|error| CliError::of_file(path, "に書き込めません", &error))?;
            (BoxMakeWriter::new(Mutex::new(file)), false)
        }
    };
    let mut lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer);
    // A terminal has colours unless its user wants none (NO_COLOR).
    if !is_terminal {
        lines = lines.with_ansi(false);
    }
    let started = if config.json {
        lines.json().try_init()
    } else {
        lines.try_init()
    };
    started.map_err(|error| CliError::Failed(anyhow::anyhow!("{error}")))
}
