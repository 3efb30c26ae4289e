//! `madoguchi stats`

use std::path::Path;

use chrono::NaiveDate;
use clap::ValueEnum;
use madoguchi_core::figures::Figures;
use madoguchi_core::id::{AgentId, LineName};
use madoguchi_core::stats::{By, RowKey, StatsQuery, StatsReport};
use madoguchi_core::time::Millis;

use super::data::open_store;
use super::error::CliError;
use super::output::{Format, print};
use crate::config::Config;
use crate::setup;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// 最初の日(YYYY-MM-DD)
    #[arg(long)]
    from: NaiveDate,
    /// 最後の日(YYYY-MM-DD)。この日を含みます
    #[arg(long)]
    to: NaiveDate,
    /// 集計の単位
    #[arg(long, value_enum, default_value = "total")]
    by: ByArg,
    /// この回線だけ
    #[arg(long)]
    line: Option<String>,
    /// この担当者が応答した呼だけ
    #[arg(long)]
    agent: Option<String>,
    /// 出力の形式
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ByArg {
    Total,
    Day,
    Month,
    Hour,
    Line,
    Agent,
}

pub(super) async fn run(args: Args, config: &Config, data_dir: &Path) -> Result<(), CliError> {
    if args.from > args.to {
        return Err(CliError::Usage(
            "--from は --to 以前の日にしてください".to_owned(),
        ));
    }
    let query = StatsQuery {
        from: args.from,
        to: args.to,
        by: match args.by {
            ByArg::Total => By::Total,
            ByArg::Day => By::Day,
            ByArg::Month => By::Month,
            ByArg::Hour => By::Hour,
            ByArg::Line => By::Line,
            ByArg::Agent => By::Agent,
        },
        line: args.line.map(LineName::new),
        agent: args.agent.map(AgentId::new),
    };
    let store = open_store(config, data_dir).await?;
    // Thresholds may be set on screens.
    let thresholds = setup::joined(config, &store).await?.figures_settings();
    let report = store.stats(query, thresholds).await;
    let report = report.map_err(anyhow::Error::from)?;
    store.close().await;
    match args.format {
        Format::Json => {
            let text = serde_json::to_string_pretty(&report).map_err(anyhow::Error::from)?;
            print(&format!("{text}\n"));
        }
        Format::Table => print(&table(&report)),
    }
    Ok(())
}

fn table(report: &StatsReport) -> String {
    let mut text = String::from(
        "区分\t着信\t応答\t放棄\t応答率\t時間外\t発信\t平均待ち\t平均通話\t平均後処理\n",
    );
    for row in &report.rows {
        let key = match &row.key {
            RowKey::Day(day) => day.to_string(),
            RowKey::Month(month) => month.format("%Y-%m").to_string(),
            RowKey::Hour(hour) => format!("{hour}時台"),
            RowKey::Line(line) => line.to_string(),
            RowKey::Agent(Some(agent)) => agent.to_string(),
            RowKey::Agent(None) => "(応答なし)".to_owned(),
        };
        text.push_str(&line(&key, &row.figures));
    }
    text.push_str(&line("合計", &report.total));
    text
}

fn line(key: &str, figures: &Figures) -> String {
    let rate = figures
        .answer_rate()
        .map_or("－".to_owned(), |rate| format!("{rate}%"));
    format!(
        "{key}\t{}\t{}\t{}\t{rate}\t{}\t{}\t{}\t{}\t{}\n",
        figures.offered,
        figures.answered,
        figures.abandoned(),
        figures.after_hours,
        figures.outbound,
        duration(figures.waits.mean()),
        duration(figures.talks.mean()),
        duration(figures.wrap_ups.mean()),
    )
}

/// 分:秒
fn duration(time: Option<Millis>) -> String {
    time.map_or("－".to_owned(), |time| {
        let secs = (time.0 + 500) / 1000;
        format!("{}:{:02}", secs / 60, secs % 60)
    })
}
