//! `make bench-calls`: load through the queue, memory over many calls, delay of the voice, and what encryption
//! costs.
//!
//! Prints a report in Markdown; ends with an error if a requirement is missed. Agents, callers and
//! the desk share the machine, all on 127.0.0.1.
//!
//! Arguments name the parts to be measured (all without): `plain`, `queue`, `memory`, `delay`, `encryption`,
//! `streams`. A number measures the queue for ten seconds at that rate.

mod delay;
mod desk;
mod encryption;
mod party;
mod queue;
mod sdp;
mod sipp;
mod streams;
mod voice;
mod wire;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};

const PARTS: [&str; 6] = ["plain", "queue", "memory", "delay", "encryption", "streams"];

/// What is to be measured.
struct Wanted {
    parts: Vec<String>,
    /// Of the queue, instead of all its loads.
    rates: Vec<u32>,
}

impl Wanted {
    fn of(arguments: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let (parts, rates): (Vec<_>, Vec<_>) =
            arguments.partition(|argument| PARTS.contains(&argument.as_str()));
        let rate = |text: &String| {
            text.parse()
                .with_context(|| format!("{text}: no part, and no rate"))
        };
        Ok(Self {
            parts,
            rates: rates.iter().map(rate).collect::<anyhow::Result<_>>()?,
        })
    }

    fn has(&self, part: &str) -> bool {
        let all = self.parts.is_empty() && self.rates.is_empty();
        all || self.parts.iter().any(|wanted| wanted == part)
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args_os().skip(1);
    if let (Some(first), Some(file), Some(data)) =
        (arguments.next(), arguments.next(), arguments.next())
        && first == desk::WITHOUT_SEARCH
    {
        return desk::serve_without_search(Path::new(&file), Path::new(&data)).await;
    }
    let wanted = Wanted::of(std::env::args().skip(1))?;
    let mut failures = Vec::new();
    let mut report = machine();
    if wanted.has("plain") {
        queue::plain(&mut report).await?;
    }
    if wanted.has("queue") || !wanted.rates.is_empty() {
        queue::queue(&wanted.rates, &mut report, &mut failures).await?;
    }
    if wanted.has("memory") {
        queue::memory(&mut report, &mut failures).await?;
    }
    if wanted.has("delay") {
        delay::delay(&mut report, &mut failures).await?;
    }
    if wanted.has("encryption") {
        encryption::encryption(&mut report, &mut failures).await?;
    }
    if wanted.has("streams") {
        streams::streams(&mut report, &mut failures).await?;
    }
    if failures.is_empty() {
        report.push_str("\nAll requirements are met.\n");
    } else {
        writeln!(report, "\nMissed: {}.", failures.join("; "))?;
    }
    std::io::stdout().write_all(report.as_bytes())?;
    ensure!(failures.is_empty(), "a requirement is missed");
    Ok(())
}

fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    output
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        .unwrap_or_default()
}

fn machine() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .unwrap_or("unknown");
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let memory = memory
        .lines()
        .next()
        .unwrap_or_default()
        .replace("MemTotal:", "");
    format!(
        "# Calls: load, memory, delay, encryption\n\n`make bench-calls`, {}. {} cores ({}), memory {}, Linux {}. \
         SIPp {}. Callers, agents and desk share the machine.\n",
        output("date", &["+%Y-%m-%d"]),
        output("nproc", &[]),
        model.trim_start_matches([' ', '\t', ':']),
        memory.trim(),
        output("uname", &["-r"]),
        output("dpkg-query", &["-W", "-f=${Version}", "sip-tester"]),
    )
}
