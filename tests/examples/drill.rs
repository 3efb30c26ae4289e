//! `make drill`: what takes minutes to prove. The desk is killed again and again under load, and its
//! database is away for minutes; every caller must be counted once all the same.
//!
//! Prints a report in Markdown; ends with an error if a figure is wrong.

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;

use anyhow::ensure;
use madoguchi_store::testing::PostgresServer;
use madoguchi_tests::desk::Setup;
use madoguchi_tests::free_port;
use madoguchi_tests::process::DeskProcess;
use madoguchi_tests::sipp::{Run, Sipp, callee, caller};

const KILLS: u32 = 10;
const KILL_EVERY: Duration = Duration::from_secs(6);
/// Calls a second while the desk is killed.
const KILL_RATE: u32 = 200;
/// Calls a second while the database is away.
const AWAY_RATE: u32 = 20;
const AWAY: Duration = Duration::from_secs(300);
const AGENTS: usize = 500;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut report = String::from(
        "## Drills\n\n| drill | callers | counted | answered | abandoned |\n| --- | --- | --- | --- | --- |\n",
    );
    let mut wrong = Vec::new();
    let drills = [
        (
            format!("killed {KILLS} times under {KILL_RATE} calls/s"),
            killed().await?,
        ),
        (
            format!(
                "PostgreSQL away for {} s under {AWAY_RATE} calls/s",
                AWAY.as_secs()
            ),
            database_away().await?,
        ),
    ];
    for (drill, counts) in drills {
        let Counts {
            callers,
            offered,
            answered,
            abandoned,
        } = counts;
        writeln!(
            report,
            "| {drill} | {callers} | {offered} | {answered} | {abandoned} |"
        )?;
        if offered != callers || answered + abandoned != callers {
            wrong.push(drill);
        }
    }
    std::io::stdout().write_all(report.as_bytes())?;
    ensure!(
        wrong.is_empty(),
        "not every caller was counted once: {}",
        wrong.join("; ")
    );
    Ok(())
}

struct Counts {
    callers: u64,
    offered: u64,
    answered: u64,
    abandoned: u64,
}

impl Counts {
    async fn of(desk: &DeskProcess, callers: u32) -> anyhow::Result<Self> {
        let count = |today: &serde_json::Value, key: &str| {
            today
                .get(key)
                .and_then(serde_json::Value::as_u64)
                .unwrap_or_default()
        };
        let all = u64::from(callers);
        // What is wrong is to be seen in the report: waiting ends, whatever was counted.
        let over = desk.until("every call is over", |today| {
            count(today, "waiting") == 0
                && count(today, "answered") + count(today, "abandoned") >= all
        });
        let today = match over.await {
            Ok(today) => today,
            Err(_) => desk.today().await?,
        };
        Ok(Self {
            callers: all,
            offered: count(&today, "offered"),
            answered: count(&today, "answered"),
            abandoned: count(&today, "abandoned"),
        })
    }
}

fn setup(port: u16) -> Setup {
    (0..AGENTS).fold(Setup::default(), |setup, n| {
        setup.agent(&format!("a{n}"), port)
    })
}

/// The phones of all agents, as long as they are needed.
fn agents(port: u16) -> anyhow::Result<Sipp> {
    let mut waiting = Run::wait(port).times(1_000_000, 10);
    waiting.timeout = Duration::from_secs(3_600);
    callee().ring().answer().receive("BYE").start(&waiting)
}

/// Calls of half a second.
fn calls(run: &Run) -> anyhow::Result<Sipp> {
    let call = caller().invite().expect(200).ack().pause(500).bye();
    call.start(run)
}

async fn killed() -> anyhow::Result<Counts> {
    let port = free_port();
    let mut desk = DeskProcess::start(&setup(port)).await?;
    let agents = agents(port)?;
    let callers = KILL_RATE * (KILLS + 1) * u32::try_from(KILL_EVERY.as_secs())?;
    let mut run = Run::call(desk.sip, "5000").times(callers, KILL_RATE);
    run.timeout = Duration::from_secs(300);
    let calls = calls(&run)?;
    for _ in 0..KILLS {
        tokio::time::sleep(KILL_EVERY).await;
        desk.kill_and_restart().await?;
    }
    calls.finish().await?;
    agents.kill().await?;
    Counts::of(&desk, callers).await
}

async fn database_away() -> anyhow::Result<Counts> {
    let server = PostgresServer::start()?;
    let port = free_port();
    let setup = Setup {
        store_url: Some(server.new_database().await?),
        ..setup(port)
    };
    let desk = DeskProcess::start(&setup).await?;
    let agents = agents(port)?;
    let callers = AWAY_RATE * (u32::try_from(AWAY.as_secs())? + 20);
    let mut run = Run::call(desk.sip, "5000").times(callers, AWAY_RATE);
    run.timeout = AWAY + Duration::from_secs(120);
    let calls = calls(&run)?;
    tokio::time::sleep(Duration::from_secs(10)).await;
    server.stop()?;
    tokio::time::sleep(AWAY).await;
    server.start_again()?;
    calls.succeed().await?;
    agents.kill().await?;
    Counts::of(&desk, callers).await
}
