//! `madoguchi hours`

use std::path::Path;

use chrono::DateTime;
use madoguchi_core::clock::{Clock, SystemClock};
use madoguchi_core::hours::HoursReason;
use madoguchi_core::id::LineName;
use madoguchi_core::time::Instant;
use serde::Serialize;

use super::data::open_store;
use super::error::CliError;
use super::output::{Format, print};
use crate::config::Config;
use crate::setup;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// 日時(RFC 3339)。省略時は現在
    instant: Option<String>,
    /// この回線の受付時間。省略時は窓口全体
    #[arg(long, value_name = "NAME")]
    line: Option<String>,
    /// 出力の形式
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

#[derive(Serialize)]
struct Answer {
    open: bool,
    reason: HoursReason,
    closes_at: Option<String>,
    opens_at: Option<String>,
}

pub(super) async fn run(args: &Args, config: &Config, data_dir: &Path) -> Result<(), CliError> {
    let at = match &args.instant {
        Some(text) => DateTime::parse_from_rfc3339(text)
            .map(|at| Instant(at.timestamp_millis()))
            .map_err(|_| {
                CliError::Usage(format!(
                    "「{text}」は日時として読めません。2026-12-29T09:00:00+09:00 のように指定してください"
                ))
            })?,
        None => SystemClock.now(),
    };
    let store = open_store(config, data_dir).await?;
    let joined = setup::joined(config, &store).await;
    store.close().await;
    let joined = joined?;
    let calendars = joined.calendars()?;
    let status = match &args.line {
        None => calendars.desk().status(at),
        Some(name) if joined.lines.iter().any(|line| line.name == *name) => {
            calendars.of_line(&LineName::new(name)).status(at)
        }
        Some(name) => {
            return Err(CliError::Usage(format!("「{name}」という回線はありません")));
        }
    };
    let shown = |at: Option<Instant>| at.map(|at| at.in_tokyo().to_rfc3339());
    let answer = Answer {
        open: status.open,
        reason: status.reason,
        closes_at: shown(status.closes_at),
        opens_at: shown(status.opens_at),
    };
    match args.format {
        Format::Json => {
            let text = serde_json::to_string(&answer).map_err(anyhow::Error::from)?;
            print(&format!("{text}\n"));
        }
        Format::Table => print(&in_words(&answer)),
    }
    Ok(())
}

fn in_words(answer: &Answer) -> String {
    match (answer.open, &answer.closes_at, &answer.opens_at) {
        (true, Some(closes), _) => format!("受付時間内です({closes} まで)。\n"),
        (true, None, _) => "受付時間内です。\n".to_owned(),
        (false, _, Some(opens)) => format!("受付時間外です(次の受付開始は {opens})。\n"),
        (false, _, None) => "受付時間外です。\n".to_owned(),
    }
}
