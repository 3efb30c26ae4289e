//! `madoguchi import calls`: a table of calls as some exchange writes it, by the columns that were named
//! on the screen.

use std::path::Path;

use madoguchi_core::call_table::{CALL_TABLE, CallTableColumns};
use madoguchi_core::id::LineName;
use madoguchi_core::time::Instant;
use madoguchi_observe::call_table::CallTable;
use madoguchi_observe::counting::IsOpen;
use madoguchi_observe::queue_log::Import;
use madoguchi_reports::rows::{FileRow, each_row};

use super::super::data::open_store;
use super::super::error::CliError;
use super::{CallImport, read};
use crate::config::Config;
use crate::{housekeeping, setup};

/// Rows that a file may have.
const ROWS_AT_MOST: usize = 2_000_000;
/// What a workbook may unfold to.
const UNFOLDED_BYTES_AT_MOST: u64 = 4 * 1024 * 1024 * 1024;

pub(in crate::cli) async fn run(
    args: super::RecordArgs,
    config: &Config,
    data_dir: &Path,
) -> Result<(), CliError> {
    let bytes = read(&args.file)?;
    let store = open_store(config, data_dir).await?;
    let columns: CallTableColumns = housekeeping::read_setting(&store, CALL_TABLE)
        .await
        .map_err(anyhow::Error::from)?;
    if !columns.faults().is_empty() {
        return Err(CliError::Usage(
            "どの列に何があるかを、画面の「窓口の設定」の「通話の表の列」で定めてください"
                .to_owned(),
        ));
    }
    let joined = setup::joined(config, &store).await?;
    let (rules, calendars) = (joined.observe_rules(), joined.calendars()?);
    let is_open = |line: &LineName, at: Instant| calendars.of_line(line).status(at).open;
    let import = import(&bytes, &columns, &rules, &is_open)?;
    CallImport::new(store).keep(&import).await
}

fn import(
    bytes: &[u8],
    columns: &CallTableColumns,
    rules: &madoguchi_observe::counting::Rules,
    is_open: IsOpen<'_>,
) -> Result<Import, CliError> {
    let mut table = None;
    let mut fault = None;
    let limits = (ROWS_AT_MOST, UNFOLDED_BYTES_AT_MOST);
    let read = each_row(bytes, limits, |FileRow { number, cells, .. }| {
        match &mut table {
            None => match CallTable::new(&cells, columns, rules) {
                Ok(begun) => table = Some(begun),
                Err(missing) => {
                    fault = Some(missing);
                    return false;
                }
            },
            Some(table) => table.take(number, &cells, is_open),
        }
        true
    });
    if let Some(missing) = fault {
        return Err(CliError::Failed(anyhow::anyhow!("{missing}")));
    }
    read.map_err(|error| CliError::Failed(anyhow::anyhow!("ファイルを読めません: {error}")))?;
    let table = table.ok_or_else(|| CliError::Failed(anyhow::anyhow!("行がありません")))?;
    Ok(table.finish())
}
