//! kill −9 during 確定: afterwards there is no edition or the whole one, and its figures are the same.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, ensure};
use madoguchi_core::access::Role;
use madoguchi_core::clock::{Clock, SystemClock};
use madoguchi_core::month::Month;
use madoguchi_core::time::Instant;
use madoguchi_monthly::kept;
use madoguchi_store::Store;
use madoguchi_tests::desk::Setup;
use madoguchi_tests::process::DeskProcess;
use madoguchi_tests::visitor::Visitor;
use madoguchi_web::operator::{self, NewAccount};
use serde_json::{Map, Value};

use super::{Outcome, keep, month};

/// Calls of the month: its edition takes a while to be made and to be written.
const CALLS: u32 = 1_500;
/// What the write-ahead log grows by when an edition is written, at the least; other writes are smaller.
const GROWTH: u64 = 65_536;

/// When the program is killed.
#[derive(Debug, Clone, Copy)]
enum Kill {
    /// While the books are made, so many milliseconds after 確定 was asked for.
    Making(u64),
    /// As soon as the database begins to be written.
    Writing,
    /// Not at all.
    Never,
}

async fn open(data: &Path) -> anyhow::Result<Store> {
    let url = format!("sqlite://{}/madoguchi.sqlite", data.display());
    Ok(Store::open(&url).await?)
}

/// The figures of the edition, if there is one: whole, as its hash says.
async fn frozen(data: &Path, month: Month) -> anyhow::Result<Option<Map<String, Value>>> {
    let store = open(data).await?;
    let report = store.report_of(month).await?;
    // The schedule may have made its draft, which is edition 0.
    let frozen = report.editions.iter().filter(|one| one.number > 0);
    ensure!(frozen.count() <= 1, "{report:?}");
    let figures = match report.newest() {
        Some(_) => {
            let edition = kept(&store, month, 1).await?;
            ensure!(edition.books.len() >= 4 && !edition.drill.selections.is_empty());
            Some(edition.figures)
        }
        None => {
            let content = store.edition_content(month, 1).await?;
            ensure!(content.is_none(), "parts of an edition without its name");
            None
        }
    };
    store.close().await;
    Ok(figures)
}

/// Asks for 確定 and kills the program meanwhile.
async fn freeze_and_kill(
    desk: &mut DeskProcess,
    (password, month): (&str, Month),
    kill: Kill,
) -> Outcome {
    let mut visitor = Visitor::sign_in(desk.web, "hokoku", password).await?;
    let page = format!("/monthly/{month}/freeze");
    if let Kill::Never = kill {
        let answer = visitor.submit(&page, &page, "edition=1").await?;
        ensure!(answer.status == 303, "{}", answer.text());
        return Ok(());
    }
    // Whether it is answered is nobody's business here.
    let asking = tokio::spawn(async move { visitor.submit(&page, &page, "edition=1").await.ok() });
    match kill {
        Kill::Making(millis) => tokio::time::sleep(Duration::from_millis(millis)).await,
        Kill::Writing => until_written(&desk.data().join("madoguchi.sqlite-wal")).await?,
        Kill::Never => {}
    }
    desk.kill().await?;
    asking.abort();
    Ok(())
}

/// Waits until a file grows by more than little writes do.
async fn until_written(log: &PathBuf) -> Outcome {
    let length = || std::fs::metadata(log).map_or(0, |file| file.len());
    let mut last = length();
    #[expect(clippy::disallowed_methods, reason = "a deadline in the world outside")]
    let begun = std::time::Instant::now();
    while begun.elapsed() < Duration::from_secs(60) {
        let now = length();
        if now >= last + GROWTH {
            return Ok(());
        }
        // Sessions and records are written meanwhile, a few pages at a time.
        last = last.max(now);
        std::thread::sleep(Duration::from_micros(200));
    }
    anyhow::bail!("no edition was written")
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_during_確定_there_is_no_edition_or_the_whole_one_with_the_same_figures() -> Outcome
{
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    std::fs::create_dir_all(&data)?;
    let now: Instant = SystemClock.now();
    let last = Month::at(now).previous();
    let password = operator::one_time_password();
    let store = open(&data).await?;
    keep(&store, &month(&last.to_string(), CALLS)?).await?;
    let account = NewAccount {
        login: "hokoku",
        name: "報告",
        roles: &[Role::Reporter],
        agent: None,
        password: &password,
        must_change: false,
    };
    operator::add_account(&store, &account, now).await?;
    store.close().await;
    let mut desk = DeskProcess::start_in(&Setup::default(), folder).await?;
    let data = desk.data();

    let kills = [
        Kill::Making(50),
        Kill::Making(700),
        Kill::Writing,
        Kill::Writing,
    ];
    let mut whole = None;
    for kill in kills {
        freeze_and_kill(&mut desk, (&password, last), kill).await?;
        let found = frozen(&data, last).await?;
        desk.restart().await?;
        if found.is_some() {
            whole = found;
            break;
        }
    }
    let whole = match whole {
        Some(whole) => whole,
        None => {
            freeze_and_kill(&mut desk, (&password, last), Kill::Never).await?;
            desk.kill().await?;
            let figures = frozen(&data, last).await?;
            desk.restart().await?;
            figures.context("the edition")?
        }
    };
    // The month as it is now has the same figures as the edition that was kept.
    let out = data.join("now.json");
    let file = out.to_string_lossy().into_owned();
    let month = last.to_string();
    desk.command(&[
        "report", "--month", &month, "--format", "json", "--out", &file,
    ])
    .await?;
    let json: Value = serde_json::from_slice(&std::fs::read(out)?)?;
    for part in ["months", "service_levels", "payment"] {
        ensure!(json[part] == whole[part], "{part}: {}", json[part]);
    }
    Ok(())
}
