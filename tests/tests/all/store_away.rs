//! A start and a life without the database: away, gone, damaged or full. Calls are taken, counted
//! once, and nothing that is gone is replaced.

use anyhow::ensure;
use madoguchi_store::testing::{PostgresServer, SmallDisk};
use madoguchi_tests::desk::Setup;
use madoguchi_tests::free_port;
use madoguchi_tests::process::DeskProcess;
use madoguchi_tests::sipp::{Run, callee, caller};

type Outcome = anyhow::Result<()>;

fn agents(count: usize, port: u16) -> Setup {
    (0..count).fold(Setup::default(), |setup, n| {
        setup.agent(&format!("a{n}"), port)
    })
}

/// So many calls come, are answered, talk for a moment and end: by those who answered, since a caller who
/// counted the moment would be gone before a slow machine has answered.
async fn calls(desk: &DeskProcess, phones: u16, count: u32) -> Outcome {
    let agents = callee().ring().answer().pause(300).bye();
    let agents = agents.start(&Run::wait(phones).times(1_000_000, 50))?;
    let calls = caller().invite().expect(200).ack().receive("BYE");
    let run = Run::call(desk.sip, "5000").times(count, 20);
    calls.start(&run)?.succeed().await?;
    agents.kill().await?;
    Ok(())
}

/// How many calls were offered, answered, and cut off by a fault.
fn counts(today: &serde_json::Value) -> (u64, u64, u64) {
    let count = |name: &str| today[name].as_u64().unwrap_or(u64::MAX);
    (count("offered"), count("answered"), count("recovered"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_while_the_database_is_away_takes_calls_and_every_call_counts_once() -> Outcome {
    let server = PostgresServer::start()?;
    let port = free_port();
    let setup = Setup {
        store_url: Some(server.new_database().await?),
        ..agents(20, port)
    };
    let mut desk = DeskProcess::start(&setup).await?;
    calls(&desk, port, 20).await?;
    // Killed in the middle of ten talks, and the database goes away with it.
    let phones = callee().ring().answer().receive("BYE");
    let phones = phones.start(&Run::wait(port).times(1_000, 50))?;
    let talks = caller().invite().expect(200).ack().pause(60_000);
    let talks = talks.start(&Run::call(desk.sip, "5000").times(10, 20))?;
    desk.until("30 are answered", |today| today["answered"] == 30)
        .await?;
    desk.kill().await?;
    talks.kill().await?;
    phones.kill().await?;
    tokio::task::block_in_place(|| server.stop())?;
    desk.start_again()?;
    desk.alive().await?;
    let (status, said) = desk.page("/readyz").await?;
    ensure!(said.contains("database away"), "{status} {said}");
    calls(&desk, port, 40).await?;
    tokio::task::block_in_place(|| server.start_again())?;
    desk.ready_again().await?;
    let whole = |today: &serde_json::Value| counts(today) == (70, 70, 10);
    desk.until("every call is counted once", whole).await?;
    desk.kill_and_restart().await?;
    let today = desk.today().await?;
    ensure!(whole(&today), "{today:#}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_or_key_that_was_there_is_never_silently_replaced() -> Outcome {
    let port = free_port();
    let mut desk = DeskProcess::start(&agents(5, port)).await?;
    calls(&desk, port, 5).await?;
    desk.until("all are over", |today| today["answered"] == 5)
        .await?;
    desk.kill().await?;
    let (data, away) = (desk.data(), desk.data().with_extension("away"));
    let file = data.join("madoguchi.sqlite");
    std::fs::create_dir(&away)?;
    for entry in std::fs::read_dir(&data)? {
        let entry = entry?;
        if entry
            .file_name()
            .to_string_lossy()
            .starts_with("madoguchi.sqlite")
        {
            std::fs::rename(entry.path(), away.join(entry.file_name()))?;
        }
    }
    for empty in [false, true] {
        if empty {
            std::fs::write(&file, "")?;
        }
        let said = desk.failing_command(&["audit", "verify"]).await?;
        ensure!(said.contains("madoguchi restore"), "{said}");
        desk.start_again()?;
        desk.alive().await?;
        calls(&desk, port, 5).await?;
        let length = std::fs::metadata(&file).map(|found| found.len());
        ensure!(length.unwrap_or(0) == 0, "a database was made");
        desk.kill().await?;
    }
    for entry in std::fs::read_dir(&away)? {
        let entry = entry?;
        std::fs::rename(entry.path(), data.join(entry.file_name()))?;
    }
    desk.start_again()?;
    desk.ready_again().await?;
    let whole = |today: &serde_json::Value| counts(today).0 == 15;
    desk.until("nothing is lost", whole).await?;
    desk.kill().await?;

    // Without its key a desk does not start: what it sealed could not be opened with another.
    let key = data.join("web.key");
    std::fs::rename(&key, away.join("web.key"))?;
    let said = desk.failing_command(&["serve"]).await?;
    ensure!(said.contains("madoguchi forget key"), "{said}");
    ensure!(!key.exists());
    let done = desk.command(&["forget", "key"]).await?;
    ensure!(done.contains("新しい鍵"), "{done}");
    desk.start_again()?;
    desk.ready_again().await?;
    ensure!(std::fs::read(&key)? != std::fs::read(away.join("web.key"))?);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_database_stops_no_telephone() -> Outcome {
    let port = free_port();
    let mut desk = DeskProcess::start(&agents(5, port)).await?;
    calls(&desk, port, 5).await?;
    desk.until("all are over", |today| today["answered"] == 5)
        .await?;
    desk.kill().await?;
    let data = desk.data();
    for name in ["madoguchi.sqlite-wal", "madoguchi.sqlite-shm"] {
        // May be there or not.
        let _gone = std::fs::remove_file(data.join(name));
    }
    std::fs::write(data.join("madoguchi.sqlite"), "no database".repeat(1_000))?;
    let said = desk.failing_command(&["audit", "verify"]).await?;
    ensure!(said.contains("壊れています"), "{said}");
    desk.start_again()?;
    desk.alive().await?;
    calls(&desk, port, 5).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_stops_no_telephone_and_all_is_written_when_there_is_room_again() -> Outcome {
    let disk = SmallDisk::new(48 << 20)?;
    let folder = tempfile::tempdir()?;
    std::os::unix::fs::symlink(disk.path(), folder.path().join("data"))?;
    let port = free_port();
    let mut desk = DeskProcess::start_in(&agents(20, port).with_knowledge(), folder).await?;
    calls(&desk, port, 20).await?;
    disk.fill()?;
    calls(&desk, port, 100).await?;
    // Also one that starts while it is full.
    desk.kill().await?;
    desk.start_again()?;
    desk.alive().await?;
    calls(&desk, port, 40).await?;
    disk.free()?;
    desk.ready_again().await?;
    // Only then have the calls that were cut off ended, too, and the figures stand.
    writes_again(&desk).await?;
    // What waited in memory alone when the process was killed is what a full disk costs.
    let counted = desk
        .until("all is written", |today| counts(today).0 >= 60)
        .await?;
    ensure!(counts(&counted).0 <= 160, "{counted:#}");
    calls(&desk, port, 20).await?;
    // One that was cut off may be found a moment later.
    let whole = |today: &serde_json::Value| counts(today).0 - counts(today).2;
    let before = whole(&counted);
    let more = |today: &serde_json::Value| whole(today) == before + 20;
    desk.until("and goes on", more).await?;
    Ok(())
}

/// Waits until the database takes writes and nothing waits for it.
async fn writes_again(desk: &DeskProcess) -> anyhow::Result<()> {
    for _ in 0..600 {
        let (status, said) = desk.page("/readyz").await?;
        if status == 200 && said.contains("database up") && said.contains("backlog 0\n") {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    anyhow::bail!("not ready again")
}
