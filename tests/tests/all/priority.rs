//! Calls go first where the processors are not enough for all.

use anyhow::{bail, ensure};
use madoguchi_tests::desk::Setup;
use madoguchi_tests::free_port;
use madoguchi_tests::process::DeskProcess;

#[tokio::test(flavor = "multi_thread")]
async fn pages_and_database_give_way_to_calls() -> anyhow::Result<()> {
    let setup = Setup::default().agent("a", free_port());
    let desk = DeskProcess::start(&setup).await?;
    // Pages and database were asked.
    desk.today().await?;
    let threads = desk.threads()?;
    let nice_of = |name: &str| -> Vec<i64> {
        let named = threads.iter().filter(|(known, _)| known == name);
        named.map(|(_, nice)| *nice).collect()
    };
    let sip = nice_of("sip");
    let [calls] = sip.as_slice() else {
        bail!("{threads:?}");
    };
    for name in ["media", "events", "journal"] {
        ensure!(nice_of(name) == [*calls], "{name}: {threads:?}");
    }
    let runtime = nice_of("tokio-rt-worker");
    ensure!(!runtime.is_empty(), "{threads:?}");
    ensure!(runtime.iter().all(|nice| nice > calls), "{threads:?}");
    let database = nice_of("sqlx-sqlite-wor");
    ensure!(database.iter().any(|nice| nice > calls), "{threads:?}");
    Ok(())
}
