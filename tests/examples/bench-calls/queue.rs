//! Load through the queue, and memory over many calls.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use madoguchi_tests::free_port;

use crate::desk::{Desk, Shape};
use crate::sipp;

/// The requirement for a minute and longer: so many new calls a second.
const RATE: u32 = 450;
/// What must be connected wholly for ten seconds, too.
const MOST: u32 = 1_200;
const AGENTS: usize = 2_000;
/// How long a caller stays connected, at rates for which the agents suffice then.
const CALL_MS: u32 = 2_000;
/// At higher rates.
const SHORT_CALL_MS: u32 = 1_500;
/// From this rate on.
const SHORT_FROM: u32 = 1_000;
const CALLS: u32 = 100_000;
/// What the desk may hold of its own, in MiB: with the search, and without.
const MEMORY_MIB: u64 = 200;
const MEMORY_WITHOUT_SEARCH_MIB: u64 = 150;

/// How a load went.
struct Row {
    connected: u64,
    /// Of all calls until then.
    longest_wait_ms: u64,
    succeeded: bool,
    /// The highest memory of each second, in KiB.
    memory: Vec<u64>,
}

/// The highest rate at which SIPp calls SIPp without a failure.
pub(super) async fn plain(report: &mut String) -> anyhow::Result<()> {
    report.push_str(
        "\n## Plain SIPp to SIPp, 10 s each\n\n| calls/s | all succeeded |\n| --- | --- |\n",
    );
    for rate in [450, 900, 1_350, 1_800] {
        let port = free_port();
        let _agents = sipp::agents(port)?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let to = SocketAddr::from(([127, 0, 0, 1], port));
        let (succeeded, kept) = sipp::calls(to, rate, rate * 10, CALL_MS).await?;
        writeln!(report, "| {rate} | {} |", succeeded && kept)?;
        if !(succeeded && kept) {
            break;
        }
    }
    Ok(())
}

/// The rate of the requirement for 60 s, then on to 100,000 calls, then as fast as it goes; or ten seconds of each of
/// these rates.
pub(super) async fn queue(
    rates: &[u32],
    report: &mut String,
    failures: &mut Vec<String>,
) -> anyhow::Result<()> {
    let ten_seconds = |rate: u32| (rate, rate * 10);
    let loads: Vec<(u32, u32)> = if rates.is_empty() {
        let long = [(RATE, RATE * 60), (RATE, CALLS - RATE * 60)];
        let short = [600, 800, 1_000, MOST].map(ten_seconds);
        long.into_iter().chain(short).collect()
    } else {
        rates.iter().copied().map(ten_seconds).collect()
    };
    writeln!(
        report,
        "\n## Through the queue: {AGENTS} agents\n\n\
         | calls/s | of | calls | connected | longest wait until then | SIPp saw no failure |\n\
         | --- | --- | --- | --- | --- | --- |"
    )?;
    let port = free_port();
    let _agents = sipp::agents(port)?;
    let desk = Desk::start(&shape(port)).await?;
    let mut before = 0;
    let mut memory = Vec::new();
    for (rate, calls) in loads {
        let row = load(&desk, rate, calls, &mut before).await?;
        let call_ms = call_ms(rate);
        writeln!(
            report,
            "| {rate} | {call_ms} ms | {calls} | {} | {} ms | {} |",
            row.connected, row.longest_wait_ms, row.succeeded
        )?;
        let whole = row.succeeded && row.connected == u64::from(calls);
        if !whole || rate == RATE && row.longest_wait_ms > 1_000 {
            failures.push(format!("{rate} calls/s"));
        }
        if rate == RATE {
            memory.extend(row.memory);
        }
        // What the one leaves to the database is not to be done beside the next.
        desk.until_at_rest().await?;
    }
    if rates.is_empty() {
        memory_report(&memory, report, failures)?;
    }
    Ok(())
}

/// What a desk of so many agents holds that searches nothing, under the load of the requirement.
pub(super) async fn memory(report: &mut String, failures: &mut Vec<String>) -> anyhow::Result<()> {
    let port = free_port();
    let _agents = sipp::agents(port)?;
    let shape = Shape {
        without_search: true,
        ..shape(port)
    };
    let desk = Desk::start(&shape).await?;
    let at_rest = desk.own_memory_kib()? / 1024;
    let row = load(&desk, RATE, RATE * 60, &mut 0).await?;
    let most = row.memory.iter().copied().max().unwrap_or_default() / 1024;
    writeln!(
        report,
        "\nMemory of its own with {AGENTS} agents, without search: {at_rest} MiB at rest, {most} MiB at most over {} \
         calls at {RATE}/s.",
        RATE * 60
    )?;
    if most >= MEMORY_WITHOUT_SEARCH_MIB {
        failures.push(format!("memory without search {most} MiB"));
    }
    Ok(())
}

fn shape(port: u16) -> Shape {
    Shape {
        phones: vec![Some(port); AGENTS],
        ..Shape::default()
    }
}

fn call_ms(rate: u32) -> u32 {
    if rate >= SHORT_FROM {
        SHORT_CALL_MS
    } else {
        CALL_MS
    }
}

async fn load(desk: &Desk, rate: u32, calls: u32, before: &mut u64) -> anyhow::Result<Row> {
    let running = sipp::calls(desk.sip, rate, calls, call_ms(rate));
    tokio::pin!(running);
    let mut memory = Vec::new();
    let (succeeded, _) = loop {
        tokio::select! {
            done = &mut running => break done?,
            () = tokio::time::sleep(Duration::from_secs(1)) => memory.push(desk.own_memory_kib()?),
        }
    };
    tokio::time::sleep(Duration::from_secs(1)).await;
    let total = desk.total().await?;
    let answered = count(&total, "answered");
    let connected = answered - std::mem::replace(before, answered);
    Ok(Row {
        connected,
        longest_wait_ms: count(&total, "max_wait_ms"),
        succeeded,
        memory,
    })
}

fn count(figures: &serde_json::Value, key: &str) -> u64 {
    figures
        .get(key)
        .and_then(serde_json::Value::as_u64)
        .unwrap_or_default()
}

fn memory_report(
    memory: &[u64],
    report: &mut String,
    failures: &mut Vec<String>,
) -> anyhow::Result<()> {
    let quarter = (memory.len() / 4).max(1);
    let most = |part: &[u64]| part.iter().copied().max().unwrap_or_default() / 1024;
    let quarters: Vec<u64> = memory.chunks(quarter).take(4).map(most).collect();
    let whole = most(memory);
    writeln!(
        report,
        "\nMemory of its own over {CALLS} calls (MiB, highest of each quarter): {quarters:?}."
    )?;
    if whole >= MEMORY_MIB {
        failures.push(format!("memory {whole} MiB"));
    }
    if let [_, second, .., last] = quarters.as_slice()
        && *last > second + second / 10 + 2
    {
        failures.push(format!("memory grows: {quarters:?}"));
    }
    Ok(())
}
