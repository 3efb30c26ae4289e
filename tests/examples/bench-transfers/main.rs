//! `make bench-transfers`: callers who are handed on and picked up, with real phone programs, each way 500 times: is
//! anybody lost, and how long does the caller hear nothing at the change?
//!
//! Prints a report in Markdown; ends with an error if somebody is lost or silence is longer than allowed. Arguments
//! name the ways to be measured (all without), and how often.

mod attended;
mod caller;
mod rooms;
mod softphone;

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;

use anyhow::{Context, ensure};

use self::caller::Heard;
use self::rooms::Way;

/// So long may nothing be heard at the change.
const SILENCE_AT_MOST: Duration = Duration::from_millis(300);
/// Callers of each way.
const CALLERS: usize = 500;

/// What came of one way.
pub(crate) struct Outcome {
    pub(crate) what: &'static str,
    pub(crate) callers: usize,
    /// Those whose record tells what should have happened.
    pub(crate) right: usize,
    /// What each caller heard.
    pub(crate) heard: Vec<Heard>,
}

impl Outcome {
    fn silences(&self) -> Vec<Duration> {
        let mut all: Vec<_> = self.heard.iter().map(|heard| heard.longest_gap).collect();
        all.sort_unstable();
        all
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let (numbers, names): (Vec<_>, Vec<_>) = std::env::args()
        .skip(1)
        .partition(|text| text.parse::<usize>().is_ok());
    let callers = numbers.first().map_or(Ok(CALLERS), |text| text.parse())?;
    let wanted = |name: &str| names.is_empty() || names.iter().any(|one| one == name);
    let mut outcomes = Vec::new();
    for (name, way) in [
        ("blind", Way::Blind),
        ("busy", Way::Busy),
        ("pick-up", Way::PickUp),
    ] {
        if wanted(name) {
            outcomes.push(rooms::run(way, callers).await.context(name)?);
        }
    }
    if wanted("attended") {
        outcomes.push(attended::run(callers).await.context("attended")?);
    }
    if wanted("baresip") {
        outcomes.push(softphone::run(callers).await.context("baresip")?);
    }
    let report = report(&outcomes)?;
    std::io::stdout().write_all(report.as_bytes())?;
    for outcome in &outcomes {
        let what = outcome.what;
        ensure!(outcome.right == outcome.callers, "{what}: somebody is lost");
        let longest = outcome.silences().last().copied().unwrap_or_default();
        ensure!(longest <= SILENCE_AT_MOST, "{what}: silence of {longest:?}");
    }
    Ok(())
}

fn report(outcomes: &[Outcome]) -> anyhow::Result<String> {
    let mut text = String::from(
        "| way | callers | as they should | silence p50 | p99 | longest |\n\
         | --- | --- | --- | --- | --- | --- |\n",
    );
    for outcome in outcomes {
        let silences = outcome.silences();
        let nth = |percent: usize| {
            let at = (silences.len() * percent).div_ceil(100).saturating_sub(1);
            silences.get(at).map_or(0, Duration::as_millis)
        };
        let (what, callers, right) = (outcome.what, outcome.callers, outcome.right);
        writeln!(
            text,
            "| {what} | {callers} | {right} | {} ms | {} ms | {} ms |",
            nth(50),
            nth(99),
            nth(100)
        )?;
    }
    Ok(text)
}
