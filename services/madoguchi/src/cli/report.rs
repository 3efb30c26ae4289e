//! `madoguchi report`

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use madoguchi_core::clock::{Clock, SystemClock};
use madoguchi_core::month::Month;
use madoguchi_monthly::{MonthSettings, help_desk_report, help_desk_report_and_drill};
use madoguchi_reports::month::MonthReport;

use super::data::open_store;
use super::error::CliError;
use super::output::print;
use crate::config::Config;
use crate::{private_file, setup};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// 対象月(YYYY-MM)
    #[arg(long, value_name = "MONTH")]
    month: Month,
    /// 出力の形式
    #[arg(long, value_enum, default_value = "json")]
    format: BookFormat,
    /// 出力先のファイル。省略時は標準出力に書きます
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// 数値ごとに、数えた通話と問合せの番号をJSONで書き出すファイル
    #[arg(long, value_name = "FILE")]
    rows: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum BookFormat {
    /// プログラム用
    Json,
}

pub(super) async fn run(args: &Args, config: &Config, data_dir: &Path) -> Result<(), CliError> {
    let store = open_store(config, data_dir).await?;
    let (desk, calendars) = setup::desk(config, &store).await?;
    let figures = setup::joined(config, &store).await?.figures_settings();
    let settings = MonthSettings {
        calendars,
        categories: desk.categories,
        figures,
    };
    let now = SystemClock.now();
    let made = match &args.rows {
        None => help_desk_report(&store, args.month, &settings, now)
            .await
            .map(|report| (report, None)),
        Some(file) => help_desk_report_and_drill(&store, args.month, &settings, now)
            .await
            .map(|(report, drill)| (report, Some((file, drill)))),
    };
    store.close().await;
    let (report, drill) = made.map_err(anyhow::Error::from)?;
    if let Some((file, drill)) = drill {
        let rows = serde_json::to_vec(&drill).map_err(anyhow::Error::from)?;
        save(file, &rows)?;
    }
    let book = book(&report, args.format)?;
    match &args.out {
        Some(file) => save(file, &book),
        None => {
            print(&String::from_utf8_lossy(&book));
            Ok(())
        }
    }
}

fn book(report: &MonthReport, format: BookFormat) -> Result<Vec<u8>, CliError> {
    match format {
        BookFormat::Json => {
            let mut text = report.json().map_err(anyhow::Error::from)?;
            text.push('\n');
            Ok(text.into_bytes())
        }
    }
}

fn save(file: &Path, content: &[u8]) -> Result<(), CliError> {
    private_file::replace(file, content).map_err(|error| {
        let file = file.display();
        CliError::Failed(anyhow::anyhow!("{file} に書けません: {error}"))
    })
}
