//! `madoguchi import months`

use std::path::{Path, PathBuf};

use madoguchi_core::audit::{Action, AuditEntry, Fields};
use madoguchi_core::clock::{Clock, SystemClock};
use madoguchi_core::month::read_published;
use madoguchi_reports::rows::rows;

use super::data::open_store;
use super::error::CliError;
use super::output::{complain, print};
use crate::config::Config;

/// Rows of one file: more than a hundred years.
const ROWS: usize = 2_000;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// 公表値のファイル(Excel、またはUTF-8かシフトJISのCSV)。列の名前は別紙8-2のとおりにします
    file: PathBuf,
}

pub(super) async fn run(args: Args, config: &Config, data_dir: &Path) -> Result<(), CliError> {
    let path = args.file.display();
    let failed = |what: String| CliError::Failed(anyhow::anyhow!("{path} を{what}"));
    let file = std::fs::read(&args.file)
        .map_err(|error| CliError::of_file(&args.file, "を読めません", &error))?;
    let read = rows(&file, ROWS).map_err(|error| failed(format!("読み取れません: {error}")))?;
    let name = args.file.file_name().unwrap_or_default();
    let name = name.to_string_lossy().into_owned();
    let published = read_published(&read.rows, &name)
        .map_err(|why| failed(format!("取り込めません: {why}")))?;
    for row in &read.unreadable {
        complain(&format!("{row}行目に、読み取れない文字があります"));
    }
    for fault in &published.faults {
        complain(&fault.sentence());
    }
    let store = open_store(config, data_dir).await?;
    let now = SystemClock.now();
    let told = [
        ("file".to_owned(), name),
        ("records".to_owned(), published.months.len().to_string()),
    ];
    let entry = AuditEntry::of_system(now, Action::PublishedImport, "", Fields::from(told));
    let kept = async {
        let mut tx = store.begin(entry).await?;
        let outcome = tx.save_published_months(&published.months).await?;
        tx.describe("new", outcome.new.to_string());
        tx.describe("changed", outcome.changed.to_string());
        tx.commit().await?;
        Ok::<_, madoguchi_store::StoreError>(outcome)
    };
    let outcome = kept.await.map_err(anyhow::Error::from)?;
    store.close().await;
    print(&format!(
        "追加 {}、変更 {}、変更なし {}、誤り {}\n",
        outcome.new,
        outcome.changed,
        outcome.same,
        published.faults.len() + read.unreadable.len(),
    ));
    if published.faults.is_empty() && read.unreadable.is_empty() {
        Ok(())
    } else {
        Err(CliError::Partly)
    }
}
