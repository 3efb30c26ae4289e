//! Nothing is lost: the process is killed, the database goes away, and every figure stays right.

use std::time::Duration;

use anyhow::ensure;
use madoguchi_store::testing::PostgresServer;
use madoguchi_tests::desk::Setup;
use madoguchi_tests::free_port;
use madoguchi_tests::process::DeskProcess;
use madoguchi_tests::sipp::{Run, callee, caller};

type Outcome = anyhow::Result<()>;

/// Agents of one SIPp, all on one port.
fn many_agents(count: usize, port: u16) -> Setup {
    (0..count).fold(Setup::default(), |setup, n| {
        setup.agent(&format!("a{n}"), port)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_of_200_calls_every_figure_stays_and_no_agent_is_stuck() -> Outcome {
    let port = free_port();
    let mut desk = DeskProcess::start(&many_agents(150, port)).await?;
    let agents = callee().ring().answer().receive("BYE");
    let agents = agents.start(&Run::wait(port).times(10_000, 100))?;
    let calls = caller().invite().expect(200).ack().pause(60_000);
    let calls = calls.start(&Run::call(desk.sip, "5000").times(200, 100))?;
    desk.until("200 calls are there, 150 of them answered", |today| {
        today["offered"] == 200 && today["answered"] == 150
    })
    .await?;
    desk.kill_and_restart().await?;
    calls.kill().await?;
    agents.kill().await?;
    let today = desk.today().await?;
    let counts = ["offered", "answered", "abandoned", "waiting", "recovered"];
    let counts: Vec<_> = counts.iter().map(|key| today[key].as_u64()).collect();
    ensure!(
        counts == [Some(200), Some(150), Some(50), Some(0), Some(150)],
        "{today:#}"
    );
    ensure!(today["abandoned_by_reason"]["system_error"] == 50);
    let agents = desk.get("/api/v1/agents").await?;
    let ready = agents.as_array().map(|agents| {
        agents
            .iter()
            .filter(|agent| agent["state"]["state"] == "ready")
            .count()
    });
    ensure!(ready == Some(150), "{agents:#}");
    // And they take calls again.
    let agents = callee().ring().answer().pause(300).bye();
    let agents = agents.start(&Run::wait(port).times(10, 10))?;
    let calls = caller().invite().expect(200).ack().receive("BYE");
    calls
        .start(&Run::call(desk.sip, "5000").times(10, 10))?
        .succeed()
        .await?;
    agents.succeed().await?;
    desk.until("ten more", |today| today["answered"] == 160)
        .await?;
    // The command line tells the same.
    let now = madoguchi_core::clock::Clock::now(&madoguchi_core::clock::SystemClock);
    let day = now.date().to_string();
    let wanted = |stats: &serde_json::Value| stats["offered"] == 210 && stats["answered"] == 160;
    for _ in 0..100 {
        let stats = [
            "stats", "--from", &day, "--to", &day, "--by", "day", "--format", "json",
        ];
        if wanted(&serde_json::from_str(&desk.command(&stats).await?)?) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    anyhow::bail!("the command line does not tell 210 offered and 160 answered calls")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_is_away_for_30_seconds_under_load_and_nothing_is_missing() -> Outcome {
    let server = PostgresServer::start()?;
    let port = free_port();
    let url = server.new_database().await?;
    let setup = Setup {
        store_url: Some(url),
        ..many_agents(40, port)
    };
    let desk = setup.start().await?;
    let agents = callee().ring().answer().pause(500).bye();
    let agents = agents.start(&Run::wait(port).times(1_000_000, 10))?;
    let calls = caller().invite().expect(200).ack().receive("BYE");
    let mut run = Run::call(desk.sip, "5000").times(360, 10);
    run.timeout = Duration::from_secs(90);
    let calls = calls.start(&run)?;
    desk.until("calls come in", |figures| figures.answered > 10)
        .await?;
    server.stop()?;
    tokio::time::sleep(Duration::from_secs(30)).await;
    server.start_again()?;
    calls.succeed().await?;
    agents.kill().await?;
    let figures = desk
        .until("all are over", |figures| figures.offered == 360)
        .await?;
    ensure!((figures.answered, figures.abandoned()) == (360, 0));
    let histories = desk.end().await?;
    ensure!(histories.len() == 360);
    Ok(())
}
