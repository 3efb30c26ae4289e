//! `madoguchi import people`

use std::path::{Path, PathBuf};

use madoguchi_core::audit::{Action, AuditEntry, Fields};
use madoguchi_core::clock::{Clock, SystemClock};
use madoguchi_core::roster;
use madoguchi_reports::rows::rows;

use super::data::open_store;
use super::error::CliError;
use super::output::{complain, print};
use crate::config::Config;

/// Rows of one file.
const ROWS: usize = 200_000;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// 職員名簿のファイル。1行目を列の名前にし、「職員番号」と「氏名」の列が必要です
    file: PathBuf,
    /// ファイルにない人を、退職・転出した人にします。全員の名簿を取り込むときに指定します
    #[arg(long)]
    others_left: bool,
}

pub(super) async fn run(args: Args, config: &Config, data_dir: &Path) -> Result<(), CliError> {
    let name = args.file.display();
    let failed = |what: String| CliError::Failed(anyhow::anyhow!("{name} を{what}"));
    let file = std::fs::read(&args.file)
        .map_err(|error| CliError::of_file(&args.file, "を読めません", &error))?;
    let read = rows(&file, ROWS).map_err(|error| failed(format!("読み取れません: {error}")))?;
    let roster =
        roster::read(&read.rows).map_err(|why| failed(format!("取り込めません: {why}")))?;
    for row in &read.unreadable {
        complain(&format!("{row}行目に、読み取れない文字があります"));
    }
    for fault in &roster.faults {
        complain(&fault.sentence());
    }
    let store = open_store(config, data_dir).await?;
    let now = SystemClock.now();
    let records = ("records".to_owned(), roster.people.len().to_string());
    let entry = AuditEntry::of_system(now, Action::PeopleImport, "", Fields::from([records]));
    let kept = async {
        let mut tx = store.begin(entry).await?;
        tx.save_people(&roster.people, now).await?;
        let mut left = 0;
        if args.others_left {
            left = tx.mark_people_left(now).await?;
            tx.describe("left", left.to_string());
        }
        tx.commit().await?;
        Ok::<_, madoguchi_store::StoreError>(left)
    };
    let left = kept.await.map_err(anyhow::Error::from)?;
    store.close().await;
    print(&format!(
        "取り込んだ人 {}、同じ内容の行 {}、退職・転出にした人 {left}、誤り {}\n",
        roster.people.len(),
        roster.repeated,
        roster.faults.len() + read.unreadable.len(),
    ));
    if roster.faults.is_empty() && read.unreadable.is_empty() {
        Ok(())
    } else {
        Err(CliError::Partly)
    }
}
