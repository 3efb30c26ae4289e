//! `madoguchi retention`: what is past the time of retention, looked at or cleared.

use std::path::Path;

use madoguchi_core::clock::{Clock, SystemClock};
use madoguchi_core::ticket::TicketRetention;
use madoguchi_core::time::Instant;
use madoguchi_store::RetentionPreview;
use serde::Serialize;

use super::data::open_store;
use super::error::CliError;
use super::output::{Format, complain, print};
use crate::config::Config;
use crate::housekeeping;

#[derive(Debug, clap::Args)]
#[group(id = "what", required = true, multiple = false)]
pub(super) struct What {
    /// 何件が対象になるかを出力します。何も変えません
    #[arg(long)]
    dry_run: bool,
    /// 保存期間を過ぎたものから、氏名と電話番号を取り除きます。元に戻せません
    #[arg(long)]
    run: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    what: What,
    /// 保存期間の年数を、画面の設定に代えて指定します(--dry-run のとき)
    #[arg(long, value_name = "YEARS", conflicts_with = "run")]
    years: Option<u32>,
    /// 出力の形式(--dry-run のとき)
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

#[derive(Serialize)]
struct Answer {
    before: String,
    tickets: u64,
    oldest: Vec<Oldest>,
    call_notes: u64,
    people: u64,
    left_first: Option<String>,
    drafts: u64,
    still_open: u64,
}

#[derive(Serialize)]
struct Oldest {
    number: String,
    since: String,
}

pub(super) async fn run(args: &Args, config: &Config, data_dir: &Path) -> Result<(), CliError> {
    let now = SystemClock.now();
    let store = open_store(config, data_dir).await?;
    let kept = housekeeping::ticket_retention(&store).await;
    let kept = kept.map_err(anyhow::Error::from)?;
    let retention = TicketRetention {
        years: args.years.or(kept.years),
    };
    let fault = retention.check().err();
    let done = match (fault, retention.clears_before(now)) {
        (Some(fault), _) => Err(CliError::Usage(fault.to_string())),
        (None, None) => Err(CliError::Usage(
            "保存期間が定められていません。画面の「保存期間」で定めるか、--years で指定してください"
                .to_owned(),
        )),
        (None, Some(before)) if args.what.run => clear(&store, before, now).await,
        (None, Some(before)) => {
            let preview = store.retention_preview(before, now).await;
            preview
                .map_err(|error| CliError::Failed(error.into()))
                .and_then(|preview| told(args.format, before, &preview))
        }
    };
    store.close().await;
    done
}

/// Clears everything, however many runs that takes.
async fn clear(
    store: &madoguchi_store::Store,
    before: Instant,
    now: Instant,
) -> Result<(), CliError> {
    loop {
        let cleared = housekeeping::tickets::clear(store, before, now).await?;
        print(&format!(
            "匿名化した問合せ {}件、消した通話のメモ {}件、名簿から消した退職者 {}人\n",
            cleared.tickets, cleared.call_notes, cleared.people
        ));
        for number in &cleared.failed {
            complain(&format!(
                "{number} を匿名化できません。ログを確認してください"
            ));
        }
        if !cleared.failed.is_empty() {
            return Err(CliError::Partly);
        }
        if !cleared.more {
            return Ok(());
        }
    }
}

fn told(format: Format, before: Instant, preview: &RetentionPreview) -> Result<(), CliError> {
    let oldest = preview.oldest.iter().map(|one| Oldest {
        number: one.number.to_string(),
        since: one.since.date().to_string(),
    });
    let answer = Answer {
        before: before.date().to_string(),
        tickets: preview.tickets,
        oldest: oldest.collect(),
        call_notes: preview.call_notes,
        people: preview.people,
        left_first: preview.left_first.map(|day| day.to_string()),
        drafts: preview.drafts,
        still_open: preview.still_open,
    };
    match format {
        Format::Json => {
            let text = serde_json::to_string(&answer).map_err(anyhow::Error::from)?;
            print(&format!("{text}\n"));
        }
        Format::Table => print(&in_words(&answer)),
    }
    Ok(())
}

fn in_words(answer: &Answer) -> String {
    let mut text = format!(
        "{} より前に完了した問合せなどを対象にします。まだ何も変えていません。\n",
        answer.before
    );
    text.push_str(&format!("匿名化する問合せ {}件\n", answer.tickets));
    for one in &answer.oldest {
        text.push_str(&format!("  {}({} から)\n", one.number, one.since));
    }
    text.push_str(&format!("消す通話のメモ {}件\n", answer.call_notes));
    text.push_str(&format!("名簿から消す退職者 {}人", answer.people));
    if let Some(day) = &answer.left_first {
        text.push_str(&format!("(最も早い人は {day} に退職)"));
    }
    text.push_str(&format!(
        "\n消す入力の途中 {}件\n未完了なのでそのまま残す問合せ {}件\n",
        answer.drafts, answer.still_open
    ));
    text
}
