//! Somebody sets the machine's clock while calls go on: every figure stays true.

use anyhow::{Context as _, ensure};
use madoguchi_core::call::CallRecord;
use madoguchi_core::clock::Clock as _;
use madoguchi_core::live::AgentState;
use madoguchi_core::time::{Instant, Millis};
use madoguchi_tests::desk::Setup;
use madoguchi_tests::free_port;
use madoguchi_tests::sipp::{Run, callee, caller};

type Outcome = anyhow::Result<()>;

const TALK_MS: u32 = 2_000;
const CALLS: u32 = 60;

#[tokio::test(flavor = "multi_thread")]
async fn talks_last_as_long_as_they_last_though_the_clock_is_set_back_and_forward() -> Outcome {
    let port = free_port();
    let setup = (0..20).fold(Setup::default(), |setup, n| {
        setup.agent(&format!("a{n}"), port)
    });
    let desk = setup.running_from("2026-11-24T12:00:00").start().await?;
    desk.until_agent("a0", AgentState::Ready).await?;
    let now = desk.clock.now();
    let lately = |at: Instant| (0..60_000).contains(&(now - at).0);
    ensure!(desk.agents().iter().all(|agent| lately(agent.since)));
    let agents = callee().ring().answer().receive("BYE");
    let agents = agents.start(&Run::wait(port).times(1_000, 100))?;
    let calls = caller().invite().expect(200).ack().pause(TALK_MS.into());
    let calls = calls.bye();
    let calls = calls.start(&Run::call(desk.sip, "5000").times(CALLS, 5))?;
    for (answered, hours) in [(10, -1), (25, 2), (40, -1)] {
        desk.until("calls are answered", |figures| figures.answered >= answered)
            .await?;
        desk.clock.set_wall(Millis::from_secs(hours * 3_600));
    }
    calls.succeed().await?;
    agents.kill().await?;
    let figures = desk
        .until("all came", |figures| figures.offered == u64::from(CALLS))
        .await?;
    ensure!(figures.abandoned() == 0, "{figures:?}");
    let histories = desk.end().await?;
    ensure!(histories.len() == CALLS as usize);
    let mut hours = std::collections::BTreeSet::new();
    for events in histories {
        let record = CallRecord::fold(&events).context("a call begins")?;
        hours.insert(record.arrived_at.hour());
        let (wait, talk) = (record.wait(), record.talk());
        let lasted = |time: Option<Millis>, least: u32| {
            // Peers are slow on a machine that is busy, never quick.
            time.is_some_and(|time| (i64::from(least)..60_000).contains(&time.0))
        };
        ensure!(lasted(wait, 0) && lasted(talk, TALK_MS - 200), "{record:?}");
    }
    ensure!(
        hours == [11, 12, 13].into(),
        "new calls follow the clock: {hours:?}"
    );
    Ok(())
}
