//! How long it takes to take tickets out, and how much memory: by the command line and by the page.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use chrono::{Days, NaiveDate};
use futures::StreamExt as _;
use madoguchi_core::clock::{Clock, SystemClock};
use tokio::process::{Child, Command};
use tokio::time::Instant;

use super::tickets::DAYS;
use super::{Client, print};

/// Tickets that the page takes out at the most.
const BY_PAGE_AT_MOST: usize = 200_000;
/// A longer list may need so much more memory than a shorter one, in KiB: what comes and goes differs a little.
const SLACK_KIB: u64 = 16 * 1024;
/// As many as read the database at once.
const CONNECTIONS: usize = 8;
/// How often memory is looked at.
const LOOKED_EVERY: Duration = Duration::from_millis(20);

/// Takes out tenth parts and all of the tickets; notes what needs more memory the longer it is.
pub(super) async fn measure(
    folder: &Path,
    tickets: usize,
    (client, desk): (&Client, &Child),
    missed: &mut Vec<String>,
) -> anyhow::Result<()> {
    print(
        "\n# Export\n\n| what | tickets | time | size | memory at its highest |\n| --- | --- | --- | --- | --- |\n",
    )?;
    let lengths: Vec<usize> = [10_000, 100_000, 1_000_000]
        .into_iter()
        .filter(|length| *length <= tickets)
        .collect();
    warm_up(
        (client, desk),
        days(lengths.first().copied().unwrap_or(1), tickets),
    )
    .await?;
    for format in ["xlsx", "csv"] {
        let mut highest = Vec::new();
        for length in &lengths {
            let last_days = days(*length, tickets);
            let (took, size, kib) = by_command(folder, format, last_days).await?;
            let what = format!("madoguchi tickets export --format {format}");
            row(&what, *length, (took, size, kib))?;
            highest.push(kib);
        }
        grows(&highest, &format!("the export as {format}"), missed);
        let mut highest = Vec::new();
        for length in lengths.iter().filter(|length| **length <= BY_PAGE_AT_MOST) {
            let last_days = days(*length, tickets);
            let (took, size, kib) = by_page(client, desk, format, last_days).await?;
            let what = format!("/tickets/download?format={format}");
            row(&what, *length, (took, size, kib))?;
            highest.push(kib);
        }
        grows(&highest, &format!("the page's file as {format}"), missed);
    }
    Ok(())
}

/// Each of the desk's connections to its database keeps some pages at hand: all of them have read before memory is
/// compared.
async fn warm_up(
    (client, desk): (&Client, &Child),
    last_days: (NaiveDate, NaiveDate),
) -> anyhow::Result<()> {
    let all = (0..CONNECTIONS).map(|_| by_page(client, desk, "csv", last_days));
    futures::future::try_join_all(all).await?;
    Ok(())
}

fn row(what: &str, length: usize, (took, size, kib): (Duration, u64, u64)) -> anyhow::Result<()> {
    print(&format!(
        "| {what} | {length} | {:.1} s | {} KiB | {} MiB |\n",
        took.as_secs_f64(),
        size / 1024,
        kib / 1024
    ))
    .context("the report cannot be written")
}

fn grows(highest: &[u64], what: &str, missed: &mut Vec<String>) {
    let first = highest.first().copied().unwrap_or_default();
    if highest.iter().any(|kib| *kib > first + SLACK_KIB) {
        missed.push(format!("memory of {what}"));
    }
}

/// The last days in which about so many of the tickets were received.
fn days(length: usize, of: usize) -> (NaiveDate, NaiveDate) {
    let today = SystemClock.now().date();
    let days = (DAYS * length).div_ceil(of) as u64;
    let from = today.checked_sub_days(Days::new(days));
    (from.unwrap_or(today), today)
}

async fn by_command(
    folder: &Path,
    format: &str,
    (from, to): (NaiveDate, NaiveDate),
) -> anyhow::Result<(Duration, u64, u64)> {
    let file = folder.join(format!("ledger.{format}"));
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/release/madoguchi");
    let began = Instant::now();
    let mut child = Command::new(program)
        .arg("--config")
        .arg(folder.join("desk.toml"))
        .arg("--data-dir")
        .arg(folder.join("data"))
        .args(["tickets", "export", "--format", format])
        .args(["--from", &from.to_string(), "--to", &to.to_string()])
        .arg("--output")
        .arg(&file)
        .kill_on_drop(true)
        .spawn()?;
    let pid = child.id().context("it ended")?;
    let mut highest = 0;
    let status = loop {
        highest = highest.max(highest_kib(pid).unwrap_or_default());
        if let Ok(status) = tokio::time::timeout(LOOKED_EVERY, child.wait()).await {
            break status?;
        }
    };
    let took = began.elapsed();
    ensure!(status.success(), "the export as {format}: {status}");
    let size = std::fs::metadata(&file)?.len();
    std::fs::remove_file(&file)?;
    Ok((took, size, highest))
}

/// The same by a page: what counts is how much more memory the desk has meanwhile than it ever had before.
async fn by_page(
    client: &Client,
    desk: &Child,
    format: &str,
    (from, to): (NaiveDate, NaiveDate),
) -> anyhow::Result<(Duration, u64, u64)> {
    let pid = desk.id().context("the desk ended")?;
    // The kernel forgets how much memory it had at its highest.
    std::fs::write(format!("/proc/{pid}/clear_refs"), "5")?;
    let url = format!(
        "http://{}/tickets/download?format={format}&from={from}&to={to}",
        client.web
    );
    let began = Instant::now();
    let request = client.http.get(url).header("cookie", &client.cookie);
    let response = request.send().await?.error_for_status()?;
    let mut pieces = response.bytes_stream();
    let mut size = 0;
    while let Some(piece) = pieces.next().await {
        size += piece?.len() as u64;
    }
    Ok((began.elapsed(), size, highest_kib(pid)?))
}

/// How much memory a process had at its highest.
fn highest_kib(pid: u32) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    kib.context("no memory is told")?
        .trim()
        .parse()
        .context("no memory is told")
}
