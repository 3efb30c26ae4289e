//! SIPp as the world around the desk: one for all callers, one for all agents.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use madoguchi_tests::free_port;
use tokio::process::Child;
use tokio::time::Instant;

use crate::desk::{NUMBER, quiet};

/// SIPp asks for 64 KiB by itself, which hold a hundred messages: what comes while it waits for its turn on
/// the processor would be lost, and each loss is half a second of waiting. The desk asks for as much.
const BUFFER_BYTES: &str = "4194304";

fn scenario(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("bench/calls")
        .join(name)
}

/// The phones of all agents on one port.
pub(super) fn agents(port: u16) -> anyhow::Result<Child> {
    let child = quiet("sipp")
        .arg("-sf")
        .arg(scenario("agent.xml"))
        .args(["-i", "127.0.0.1", "-p", &port.to_string(), "-nostdin"])
        .args(["-buff_size", BUFFER_BYTES])
        .spawn();
    child.context("sipp (Debian package sip-tester) did not start")
}

/// Calls at a rate; whether all of them succeeded, and whether the rate was kept.
pub(super) async fn calls(
    to: SocketAddr,
    rate: u32,
    calls: u32,
    call_ms: u32,
) -> anyhow::Result<(bool, bool)> {
    let lasts = Duration::from_secs(u64::from(calls / rate));
    let limit = lasts + Duration::from_secs(60);
    let began = Instant::now();
    let mut child = quiet("sipp")
        .arg(to.to_string())
        .arg("-sf")
        .arg(scenario("caller.xml"))
        .args(["-s", NUMBER, "-i", "127.0.0.1"])
        .args(["-p", &free_port().to_string(), "-nostdin"])
        .args(["-buff_size", BUFFER_BYTES])
        .args(["-r", &rate.to_string(), "-m", &calls.to_string()])
        .args(["-l", "8000", "-d", &call_ms.to_string()])
        .args(["-timeout", &limit.as_secs().to_string(), "-timeout_error"])
        .spawn()?;
    let succeeded = child.wait().await?.success();
    // A SIPp that cannot keep its rate takes longer.
    let in_time = lasts + Duration::from_secs(3) + Duration::from_millis(call_ms.into());
    Ok((succeeded, began.elapsed() < in_time))
}
