//! `madoguchi kb manual`: a manual becomes articles, one a section.

use std::path::{Path, PathBuf};

use madoguchi_core::article::Line;
use madoguchi_core::audience::Audience;
use madoguchi_core::id::CategoryId;
use madoguchi_reports::manual::{self, ManualDetails};

use crate::cli::error::CliError;
use crate::cli::output::{complain, print};
use crate::config::Config;

/// Faults that are told one by one.
const FAULTS: usize = 20;
/// The largest file (bytes).
const FILE_BYTES: u64 = 64 * 1024 * 1024;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ManualArguments {
    /// Word(.docx)、PDF、HTML のファイル
    file: PathBuf,
    /// 資料の名前(省略すると、ファイルの表題か名前)
    #[arg(long)]
    title: Option<String>,
    /// 分類のID
    #[arg(long, default_value = "")]
    category: String,
    /// 窓口の中だけに見せます(省略すると職員にも公開)
    #[arg(long)]
    desk: bool,
    /// 取り込まずに、章と節だけを出力します
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(
    arguments: ManualArguments,
    config: &Config,
    data_dir: &Path,
) -> Result<(), CliError> {
    let lines = lines(&arguments).map_err(CliError::Failed)?;
    let faults = Line::faults(&lines);
    for fault in faults.iter().take(FAULTS) {
        complain(fault);
    }
    if !faults.is_empty() {
        return Err(CliError::Failed(anyhow::anyhow!(
            "{} を取り込めません。何も取り込んでいません",
            arguments.file.display()
        )));
    }
    if arguments.dry_run {
        for line in &lines {
            let letters = line.answer.chars().count();
            print(&format!("{} ({letters}文字)\n", line.question));
        }
        print(&format!("{}件\n", lines.len()));
        return Ok(());
    }
    super::keep(&lines, config, data_dir).await
}

fn lines(arguments: &ManualArguments) -> anyhow::Result<Vec<Line>> {
    let shown = arguments.file.display();
    let told = |error: &dyn std::fmt::Display| anyhow::anyhow!("{shown} を読めません: {error}");
    let size = std::fs::metadata(&arguments.file).map_err(|error| told(&error))?;
    if size.len() > FILE_BYTES {
        return Err(told(&"64MB以内のファイルに分けてください。"));
    }
    let file = std::fs::read(&arguments.file).map_err(|error| told(&error))?;
    if !manual::is_manual(&file) {
        return Err(told(&"Word(.docx)、PDF、HTMLのファイルではありません。"));
    }
    let manual = manual::read(&file).map_err(|error| told(&error))?;
    let stem = arguments.file.file_stem().unwrap_or_default();
    let title = arguments.title.clone().or_else(|| manual.title.clone());
    let details = ManualDetails {
        title: title.unwrap_or_else(|| stem.to_string_lossy().into_owned()),
        category: CategoryId::new(&arguments.category),
        audience: if arguments.desk {
            Audience::Desk
        } else {
            Audience::Portal
        },
    };
    Ok(manual.articles(&details))
}
