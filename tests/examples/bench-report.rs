//! `make bench-report`: how long a month of 100,000 calls and 100,000 tickets takes as a report and as all books
//! in all their forms, and how much memory.
//!
//! Prints a report in Markdown; ends with an error if a requirement is missed. Three runs each, the longest
//! counts. `bench-report FOLDER` keeps the month in FOLDER for another measurement.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use madoguchi_core::hours::{Calendar, HoursSettings};
use madoguchi_core::month::Month;
use madoguchi_reports::month::sample::{SampleCounts, sample};
use madoguchi_store::Store;
use madoguchi_store::testing::add_histories;
use tokio::process::{Child, Command};
use tokio::time::Instant;

const CALLS: u32 = 100_000;
const MONTH: &str = "2024-04";
const RUNS: usize = 3;
/// What a form may take at the most, and the memory of each: the report for programs, and the archive of all books
/// as xlsx (to print, and as data), docx, PDF and CSV.
const FORMS: [(&str, &str, Duration); 2] = [
    ("json", "the report as JSON", Duration::from_secs(1)),
    ("zip", "all books", Duration::from_secs(20)),
];
const MEMORY_MIB: u64 = 300;
const DATABASE: &str = "madoguchi.sqlite";
/// Calls in one transaction.
const AT_ONCE: usize = 1_000;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let data = match std::env::args_os().nth(1) {
        Some(kept) => kept.into(),
        None => folder.path().join("data"),
    };
    if !data.join(DATABASE).exists() {
        std::fs::create_dir_all(&data)?;
        fill(&data).await?;
    }
    let mut report = format!(
        "# A month's report\n\n`make bench-report`: {CALLS} calls, {CALLS} tickets, SQLite, {} cores; the \
         longest of {RUNS} runs.\n\n| form | time | limit | memory | size |\n| --- | --- | --- | --- | --- |\n",
        std::thread::available_parallelism()?,
    );
    let mut missed = Vec::new();
    for (form, name, limit) in FORMS {
        let mut longest = Duration::ZERO;
        let mut memory = 0;
        let out = folder.path().join(form);
        for _ in 0..RUNS {
            let (time, most) = make(&data, form, &out).await?;
            longest = longest.max(time);
            memory = memory.max(most);
        }
        let size = std::fs::metadata(&out)?.len() / 1024;
        writeln!(
            report,
            "| {name} | {} ms | {} ms | {memory} MiB | {size} KiB |",
            longest.as_millis(),
            limit.as_millis()
        )?;
        if longest > limit || memory > MEMORY_MIB {
            missed.push(name);
        }
    }
    writeln!(report, "\nMemory: at the most {MEMORY_MIB} MiB.")?;
    std::io::stdout().write_all(report.as_bytes())?;
    ensure!(missed.is_empty(), "too slow or too large: {missed:?}");
    Ok(())
}

async fn fill(data: &Path) -> anyhow::Result<()> {
    let store = Store::open(&format!("sqlite://{}/{DATABASE}", data.display())).await?;
    let month: Month = MONTH.parse()?;
    let counts = SampleCounts {
        month,
        offered: CALLS,
        answered: CALLS - CALLS / 50,
        first_unanswered: CALLS / 20,
        escalations: CALLS / 50,
        unsolved: CALLS / 100,
        after_hours: CALLS / 100,
        portal: CALLS / 50,
    };
    let calendar = Calendar::new(HoursSettings::default());
    let made = sample(counts, &calendar, &"help".into(), 0);
    for calls in made.calls.chunks(AT_ONCE) {
        let events: Vec<_> = calls.iter().flatten().cloned().collect();
        store.append(&events).await?;
    }
    add_histories(&store, &made.tickets).await?;
    store.close().await;
    Ok(())
}

/// Makes a book; gives how long it took and the most memory in MiB.
async fn make(data: &Path, form: &str, out: &Path) -> anyhow::Result<(Duration, u64)> {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/release/madoguchi");
    let begun = Instant::now();
    let mut child = Command::new(&program)
        .args(["report", "--month", MONTH, "--format", form, "--out"])
        .arg(out)
        .arg("--data-dir")
        .arg(data)
        .spawn()
        .with_context(|| format!("{} cannot be started", program.display()))?;
    let memory = watch(&mut child).await?;
    Ok((begun.elapsed(), memory))
}

/// Waits for the end of a program; the most memory that it had, in MiB.
async fn watch(child: &mut Child) -> anyhow::Result<u64> {
    let status = child.id().map(|id| format!("/proc/{id}/status"));
    let mut most = 0;
    loop {
        if let Some(status) = &status
            && let Ok(text) = std::fs::read_to_string(status)
        {
            most = most.max(peak(&text).unwrap_or(0));
        }
        let ended = tokio::time::timeout(Duration::from_millis(5), child.wait()).await;
        if let Ok(ended) = ended {
            ensure!(ended?.success(), "the report failed");
            return Ok(most / 1024);
        }
    }
}

/// VmHWM in KiB.
fn peak(status: &str) -> Option<u64> {
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
