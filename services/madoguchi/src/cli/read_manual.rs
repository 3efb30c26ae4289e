//! `madoguchi read-manual`: a manual from standard input, read to JSON. The desk starts it for each manual, so that a
//! file made to do harm ends this process alone.

use std::io::Read as _;

use madoguchi_reports::manual;
use rustix::process::{Resource, Rlimit, nice, setrlimit};

use super::error::CliError;
use super::output::print;

/// Addresses that may be used (bytes).
const MEMORY: u64 = 4 * 1024 * 1024 * 1024;
/// The time of a processor that may be used (seconds).
const SECS: u64 = 60;
/// The largest file (bytes).
const FILE_BYTES: u64 = 64 * 1024 * 1024;
/// Calls and pages come first.
const NICE: i32 = 10;

pub(super) fn run() -> Result<(), CliError> {
    read().map_err(CliError::Failed)
}

fn read() -> anyhow::Result<()> {
    for (resource, most) in [
        (Resource::As, MEMORY),
        (Resource::Cpu, SECS),
        (Resource::Core, 0),
    ] {
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        // What was narrower before stays.
        let _limited = setrlimit(resource, limit);
    }
    let _slower = nice(NICE);
    let mut file = Vec::new();
    let input = std::io::stdin().lock();
    input.take(FILE_BYTES).read_to_end(&mut file)?;
    print(&serde_json::to_string(&manual::read(&file))?);
    Ok(())
}
