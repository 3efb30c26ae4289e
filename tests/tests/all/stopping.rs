//! How the desk ends and changes by signals: SIGTERM drains and hangs up, a second one hurries,
//! SIGHUP reads the settings file again.

use std::time::Duration;

use anyhow::{Context, ensure};
use madoguchi_sip::message::{HeaderName, Response};
use madoguchi_tests::desk::Setup;
use madoguchi_tests::free_port;
use madoguchi_tests::process::DeskProcess;
use madoguchi_tests::raw::Peer;
use madoguchi_tests::sipp::{Run, Sipp, callee, caller};

type Outcome = anyhow::Result<()>;

/// Longer than the last announcement and the last BYE take.
const ENDS_WITHIN: Duration = Duration::from_secs(60);

/// A desk with one agent, who talks to one of two callers while the other waits.
async fn busy(grace_s: u32) -> anyhow::Result<(DeskProcess, [Sipp; 2])> {
    let port = free_port();
    let setup = Setup::default()
        .agent("a", port)
        .sip(&format!("stop_grace_s = {grace_s}"));
    let desk = DeskProcess::start(&setup).await?;
    let agent = callee().ring().answer().receive("BYE");
    let agent = agent.start(&Run::wait(port))?;
    let callers = caller().invite().expect(200).ack().receive("BYE");
    let callers = callers.start(&Run::call(desk.sip, "5000").times(2, 10))?;
    desk.until("one talks and one waits", |today| {
        today["answered"] == 1 && today["waiting"] == 1
    })
    .await?;
    Ok((desk, [agent, callers]))
}

async fn ask(desk: &DeskProcess, method: &str, number: &str) -> anyhow::Result<Response> {
    let peer = Peer::new(desk.sip).await?;
    let call = format!("{method}-{number}-{}", peer.address()?.port());
    peer.send(&peer.request(method, number, &call, 1, ""))
        .await?;
    peer.final_response().await
}

/// What the command line tells of today, after the desk has ended.
async fn stats(desk: &DeskProcess) -> anyhow::Result<serde_json::Value> {
    let now = madoguchi_core::clock::Clock::now(&madoguchi_core::clock::SystemClock);
    let day = now.date().to_string();
    let command = ["stats", "--from", &day, "--to", &day, "--format", "json"];
    Ok(serde_json::from_str(&desk.command(&command).await?)?)
}

async fn all_were_hung_up(desk: &DeskProcess, peers: [Sipp; 2]) -> Outcome {
    for peer in peers {
        peer.succeed().await.context("every peer gets its BYE")?;
    }
    let stats = stats(desk).await?;
    let told = ["offered", "answered", "abandoned", "waiting", "recovered"];
    let told = told.map(|key| stats[key].as_u64());
    ensure!(
        told == [Some(2), Some(1), Some(1), Some(0), Some(0)],
        "{stats:#}"
    );
    let reasons = &stats["abandoned_by_reason"];
    ensure!(reasons["desk_closed_while_waiting"] == 1, "{stats:#}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_that_stops_sends_callers_elsewhere_tells_who_waits_and_hangs_up_at_last() -> Outcome
{
    let (mut desk, peers) = busy(15).await?;
    desk.signal("TERM").await?;
    desk.until("who waits is told", |today| today["abandoned"] == 1)
        .await?;
    for method in ["INVITE", "OPTIONS"] {
        let refusal = ask(&desk, method, "5000").await?;
        ensure!(refusal.status == 503, "{method}: {}", refusal.status);
        let wait = refusal.headers.get(&HeaderName::RetryAfter);
        let wait: u64 = wait.context("when to come again")?.parse()?;
        ensure!(wait >= 5);
    }
    let ready = reqwest::get(format!("http://{}/readyz", desk.web)).await?;
    ensure!(ready.status() == 503, "{}", ready.status());
    let today = desk.today().await?;
    ensure!(today["answered"] == 1 && today["offered"] == 2, "{today:#}");
    desk.ended(ENDS_WITHIN).await?;
    all_were_hung_up(&desk, peers).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_ends_the_desk_at_once_and_in_order() -> Outcome {
    let (mut desk, peers) = busy(3_600).await?;
    desk.signal("TERM").await?;
    desk.until("the desk stops", |today| today["abandoned"] == 1)
        .await?;
    desk.signal("INT").await?;
    desk.ended(ENDS_WITHIN).await?;
    all_were_hung_up(&desk, peers).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hang_up_signal_takes_the_file_up_and_a_wrong_file_changes_nothing() -> Outcome {
    let desk = DeskProcess::start(&Setup::default()).await?;
    ensure!(ask(&desk, "INVITE", "5100").await?.status == 404);
    desk.change_file(|text| {
        let line = "[[line]]\nname = \"night\"\nnumbers = [\"5100\"]\ngreeting = false\n";
        format!("{text}\n{line}")
    })?;
    desk.signal("HUP").await?;
    let mut status = 0;
    for _ in 0..100 {
        status = ask(&desk, "INVITE", "5100").await?.status;
        if status == 200 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    ensure!(status == 200, "{status}");
    desk.change_file(|text| format!("{text}\nnonsense = ["))?;
    desk.signal("HUP").await?;
    desk.signal("HUP").await?;
    tokio::time::sleep(Duration::from_millis(500)).await;
    ensure!(ask(&desk, "INVITE", "5100").await?.status == 200);
    desk.today().await?;
    Ok(())
}
