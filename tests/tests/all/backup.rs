//! A backup is taken while calls go on, and a desk that starts from it counts the same.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use madoguchi_core::call::CallRecord;
use madoguchi_store::{CallFilter, Store};
use madoguchi_tests::desk::Setup;
use madoguchi_tests::free_port;
use madoguchi_tests::process::DeskProcess;
use madoguchi_tests::sipp::{Run, callee, caller};

type Outcome = anyhow::Result<()>;

async fn calls_of(data: &Path) -> anyhow::Result<Vec<CallRecord>> {
    let file = data.join("madoguchi.sqlite");
    let store = Store::open(&format!("sqlite://{}", file.display())).await?;
    let all = CallFilter {
        limit: 100_000,
        ..CallFilter::default()
    };
    let calls = store.list_calls(&all).await?.calls;
    store.close().await;
    Ok(calls)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_that_starts_from_a_backup_taken_under_load_has_the_same_figures() -> Outcome {
    let port = free_port();
    let mut setup = (0..30).fold(Setup::default(), |setup, n| {
        setup.agent(&format!("a{n}"), port)
    });
    // Each copy waits so long until it may have the name of the original.
    setup.node_lease_s = 5;
    let desk = DeskProcess::start(&setup).await?;
    let phones = callee().ring().answer().pause(500).bye();
    let phones = phones.start(&Run::wait(port).times(1_000_000, 50))?;
    let load = caller().invite().expect(200).ack().receive("BYE");
    let load = load.start(&Run::call(desk.sip, "5000").times(240, 20))?;
    let kept = tempfile::tempdir()?;
    let mut backups = Vec::new();
    for n in 0..6 {
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        let dir = kept.path().join(format!("under-load-{n}"));
        desk.command(&["backup", &dir.to_string_lossy()]).await?;
        backups.push(dir);
    }
    load.succeed().await?;
    phones.kill().await?;
    desk.until("all were answered", |today| today["answered"] == 240)
        .await?;
    while !desk.page("/readyz").await?.1.contains("backlog 0\n") {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let quiet = kept.path().join("quiet");
    desk.command(&["backup", &quiet.to_string_lossy()]).await?;
    let day = ["stats", "--from", "2000-01-01", "--to", "2100-01-01"];
    let stats = [&day[..], &["--format", "json"]].concat();
    let expected = desk.command(&stats).await?;
    let originals = calls_of(&desk.data()).await?;
    ensure!(originals.len() == 240);

    let (mut before, mut in_the_middle) = (0, false);
    for dir in backups {
        let restored = DeskProcess::start_from_backup(&setup, &dir, &desk).await?;
        let today = restored.today().await?;
        let verified = restored.command(&["audit", "verify"]).await?;
        ensure!(verified.contains("正しい記録"), "{verified}");
        let calls = calls_of(&restored.data()).await?;
        ensure!(calls.len() >= before, "later backups hold more");
        before = calls.len();
        in_the_middle |= (1..240).contains(&before);
        ensure!(today["offered"] == calls.len(), "{today:#}");
        let whole = |call: &&CallRecord| !call.is_recovered() && call.abandoned.is_none();
        for call in calls.iter().filter(whole) {
            let original = originals.iter().find(|other| other.call == call.call);
            let original = original.context("no call is made up")?;
            ensure!(original == call, "{original:?}\n{call:?}");
        }
    }
    ensure!(in_the_middle, "a backup was taken while calls went on");
    let restored = DeskProcess::start_from_backup(&setup, &quiet, &desk).await?;
    ensure!(restored.command(&stats).await? == expected);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_tells_of_a_running_desk_what_is_well_and_what_is_not() -> Outcome {
    let mut desk = DeskProcess::start(&Setup::default()).await?;
    let health = |said: &str, subject: &str| -> anyhow::Result<String> {
        let findings: Vec<serde_json::Value> = serde_json::from_str(said)?;
        let of = |finding: &&serde_json::Value| finding["subject"] == subject;
        let found = findings.iter().find(of).context("it is looked at")?;
        Ok(found["health"].as_str().unwrap_or_default().to_owned())
    };
    let said = desk.output(&["doctor", "--format", "json"]).await?;
    for subject in [
        "動作",
        "データベース",
        "記録ファイル(journal)",
        "鍵(web.key)",
    ] {
        ensure!(health(&said, subject)? == "good", "{said}");
    }
    desk.kill().await?;
    std::fs::write(
        desk.data().join("madoguchi.sqlite"),
        "nothing".repeat(2_000),
    )?;
    let said = desk.output(&["doctor", "--format", "json"]).await?;
    ensure!(health(&said, "データベース")? == "bad", "{said}");
    ensure!(said.contains("madoguchi restore"), "{said}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_desk_keeps_is_for_its_own_user_alone() -> Outcome {
    use std::os::unix::fs::PermissionsExt as _;
    fn look(path: &Path) -> Outcome {
        let mode = std::fs::symlink_metadata(path)?.permissions().mode() & 0o777;
        let most = if path.is_dir() { 0o700 } else { 0o600 };
        ensure!(mode & !most == 0, "{} {mode:o}", path.display());
        if path.is_dir() {
            for entry in std::fs::read_dir(path)? {
                look(&entry?.path())?;
            }
        }
        Ok(())
    }
    let mut desk = DeskProcess::start(&Setup::default()).await?;
    look(&desk.data())?;
    // Files of before are tightened, too.
    desk.kill().await?;
    for (name, mode) in [("", 0o755), ("madoguchi.sqlite", 0o644), ("journal", 0o755)] {
        let loose = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(desk.data().join(name), loose)?;
    }
    desk.start_again()?;
    desk.ready_again().await?;
    look(&desk.data())
}
