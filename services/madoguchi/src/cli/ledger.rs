//! `madoguchi tickets export` and `madoguchi import tickets`

use std::collections::BTreeSet;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use chrono::{Datelike, Days, NaiveDate};
use clap::ValueEnum;
use madoguchi_core::audit::{Action, AuditEntry};
use madoguchi_core::clock::{Clock, SystemClock};
use madoguchi_core::ledger::{Columns, LEDGER_NAME_LETTERS, LedgerField, Mapping};
use madoguchi_core::time::Instant;
use madoguchi_reports::stream::{RowBook, RowText, TextFormat, missing_in_cp932};
use madoguchi_reports::table::Cell;
use madoguchi_store::LedgerReading;
use madoguchi_web::ledger::{Ledger, LedgerFault, LedgerImport, LedgerLimits, beginning, words};

use super::data::open_store;
use super::error::CliError;
use super::output::{complain, print};
use crate::config::Config;
use crate::setup;

#[derive(Debug, clap::Subcommand)]
pub(super) enum TicketsCommand {
    /// 問合せ管理台帳を出力します
    Export(ExportArgs),
}

#[derive(Debug, clap::Args)]
pub(super) struct ExportArgs {
    /// 受付の最初の日(YYYY-MM-DD、日本時間)
    #[arg(long, value_name = "DATE", value_parser = day)]
    from: NaiveDate,
    /// 受付の最後の日(YYYY-MM-DD、日本時間)。この日を含みます
    #[arg(long, value_name = "DATE", value_parser = day)]
    to: NaiveDate,
    /// 出力の形式
    #[arg(long, value_enum)]
    format: LedgerFormat,
    /// CSVの文字コード
    #[arg(long, value_enum, default_value = "utf-8")]
    encoding: Encoding,
    /// 出力先のファイル。省略時は標準出力に書きます
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LedgerFormat {
    /// Excel
    Xlsx,
    /// CSV
    Csv,
    /// JSON
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Encoding {
    /// UTF-8(BOM付き)
    #[value(name = "utf-8")]
    Utf8,
    /// シフトJIS(Windowsの文字)。ない文字は〓に置き換え、最後の列に示します
    #[value(name = "cp932")]
    Cp932,
}

fn day(text: &str) -> Result<NaiveDate, String> {
    let read: Option<NaiveDate> = text.parse().ok();
    let read = read.filter(|day| (2000..=9000).contains(&day.year()));
    read.ok_or_else(|| {
        format!("「{text}」は日付ではありません。2026-11-24 のように指定してください")
    })
}

fn failed(error: impl Into<anyhow::Error>) -> CliError {
    CliError::Failed(error.into())
}

pub(super) async fn export(
    args: ExportArgs,
    config: &Config,
    data_dir: &Path,
) -> Result<(), CliError> {
    if args.from > args.to {
        let message = "--from は --to 以前の日にしてください";
        return Err(CliError::Usage(message.to_owned()));
    }
    if args.encoding == Encoding::Cp932 && args.format != LedgerFormat::Csv {
        let message = "--encoding cp932 は --format csv のときだけ指定できます";
        return Err(CliError::Usage(message.to_owned()));
    }
    let store = open_store(config, data_dir).await?;
    let (desk, calendars) = setup::desk(config, &store).await?;
    let until = args.to.checked_add_days(Days::new(1)).unwrap_or(args.to);
    let period = (Instant::start_of(args.from), Instant::start_of(until));
    let now = SystemClock.now();
    let ledger = Ledger::open(&store, period, (desk, &calendars), now);
    let mut ledger = ledger.await.map_err(failed)?;
    let records = ledger.count().await.map_err(failed)?;
    let after = [
        ("period", format!("{}/{}", args.from, args.to)),
        ("records", records.to_string()),
    ];
    let entry = entry(now, Action::TicketExport, "tickets", after);
    store.append_audit(&[entry]).await.map_err(failed)?;
    let replaced = write(&args, &mut ledger).await?;
    store.close().await;
    if replaced.rows > 0 {
        let letters = replaced
            .letters
            .iter()
            .map(|it| format!("U+{:04X}", u32::from(*it)));
        complain(&format!(
            "シフトJISにない文字を〓に置き換えました: {}行({})。行ごとの文字は、最後の列にあります",
            replaced.rows,
            letters.collect::<Vec<_>>().join(" ")
        ));
    }
    Ok(())
}

fn entry<const N: usize>(
    at: Instant,
    action: Action,
    object: &str,
    after: [(&str, String); N],
) -> AuditEntry {
    AuditEntry::of_system(
        at,
        action,
        object,
        after.map(|(name, value)| (name.to_owned(), value)).into(),
    )
}

/// What CP932 could not hold.
#[derive(Default)]
struct Replaced {
    rows: usize,
    letters: BTreeSet<char>,
}

/// Where the ledger goes.
enum Target {
    File(std::fs::File),
    Out,
}

impl Target {
    fn open(args: &ExportArgs) -> Result<Self, CliError> {
        let Some(path) = &args.output else {
            return Ok(Self::Out);
        };
        std::fs::File::create(path)
            .map(Self::File)
            .map_err(|error| CliError::of_file(path, "に書けません", &error))
    }

    fn writer(&mut self) -> Box<dyn Write + Send + '_> {
        match self {
            Self::File(file) => Box::new(BufWriter::new(file)),
            Self::Out => Box::new(BufWriter::new(std::io::stdout())),
        }
    }
}

async fn write(args: &ExportArgs, ledger: &mut Ledger<'_>) -> Result<Replaced, CliError> {
    let mut target = Target::open(args)?;
    let mut out = target.writer();
    let columns = Ledger::columns();
    match args.format {
        LedgerFormat::Xlsx => {
            let columns: Vec<_> = columns.into_iter().map(|(column, _)| column).collect();
            let mut book = RowBook::new("問合せ管理台帳", &columns).map_err(failed)?;
            while let Some(rows) = ledger.next_rows().await.map_err(failed)? {
                book.add(&rows).map_err(failed)?;
            }
            book.finish(&mut out).map_err(failed)?;
            out.flush().map_err(failed)?;
            Ok(Replaced::default())
        }
        LedgerFormat::Csv | LedgerFormat::Json => {
            let format = match (args.format, args.encoding) {
                (LedgerFormat::Json, _) => TextFormat::Json,
                (_, Encoding::Utf8) => TextFormat::Csv,
                (_, Encoding::Cp932) => TextFormat::Cp932,
            };
            let is_json = format == TextFormat::Json;
            let names = columns.into_iter().map(|(column, key)| match is_json {
                true => key.into(),
                false => column.name,
            });
            let text = RowText::new(format, names.collect());
            text_file(&text, format, ledger, &mut out).await
        }
    }
}

async fn text_file(
    text: &RowText,
    format: TextFormat,
    ledger: &mut Ledger<'_>,
    out: &mut (dyn Write + Send),
) -> Result<Replaced, CliError> {
    let mut replaced = Replaced::default();
    let mut is_first = true;
    out.write_all(&text.head().map_err(failed)?)
        .map_err(failed)?;
    while let Some(rows) = ledger.next_rows().await.map_err(failed)? {
        if rows.is_empty() {
            continue;
        }
        if !std::mem::take(&mut is_first) {
            out.write_all(text.between()).map_err(failed)?;
        }
        out.write_all(&text.rows(&rows).map_err(failed)?)
            .map_err(failed)?;
        if format == TextFormat::Cp932 {
            replaced.count(&rows);
        }
    }
    out.write_all(text.foot()).map_err(failed)?;
    out.flush().map_err(failed)?;
    Ok(replaced)
}

impl Replaced {
    fn count(&mut self, rows: &[Vec<Cell>]) {
        for row in rows {
            let missing = missing_in_cp932(row);
            self.rows += usize::from(!missing.is_empty());
            self.letters.extend(missing);
        }
    }
}

/// What is taken at the command line.
const LIMITS: LedgerLimits = LedgerLimits {
    rows: 1_000_000,
    unfolded: 2 * 1024 * 1024 * 1024,
};

#[derive(Debug, clap::Args)]
pub(super) struct ImportArgs {
    /// 前の台帳のファイル(Excel、またはUTF-8かシフトJISのCSV)。1行目を列の名前にします
    file: PathBuf,
    /// 台帳の名前。どこから取り込んだかを問合せに残します。同じ台帳には、いつも同じ名前を指定します
    #[arg(long, value_name = "NAME")]
    ledger: String,
    /// 列の割当てのファイル(JSON。列の名前から項目の名前へ。null は取り込みません)
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// 取り込まずに、何が起きるかだけを出力します
    #[arg(long)]
    dry_run: bool,
}

fn read_file(path: &Path) -> Result<Vec<u8>, CliError> {
    std::fs::read(path).map_err(|error| CliError::of_file(path, "を読めません", &error))
}

pub(super) async fn import(
    args: ImportArgs,
    config: &Config,
    data_dir: &Path,
) -> Result<(), CliError> {
    let ledger = args.ledger.trim().to_owned();
    if !(1..=LEDGER_NAME_LETTERS).contains(&ledger.chars().count()) {
        let message = format!("--ledger は{LEDGER_NAME_LETTERS}文字以内で指定してください");
        return Err(CliError::Usage(message));
    }
    let file = read_file(&args.file)?;
    let (heads, _) = beginning(&file, LIMITS).map_err(|error| unreadable(&args.file, &error))?;
    let store = open_store(config, data_dir).await?;
    let mapping = match &args.mapping {
        None => store.ledger_mapping(&ledger).await.map_err(failed)?,
        Some(path) => read_mapping(path)?,
    };
    let columns = columns(&mapping, &heads)?;
    let (desk, _) = setup::desk(config, &store).await?;
    let now = SystemClock.now();
    let import = LedgerImport {
        reading: LedgerReading {
            words: words(&store, &desk.categories).await.map_err(failed)?,
            ledger: ledger.clone(),
            columns,
            at: now,
        },
        store: &store,
        file: file.into(),
        limits: LIMITS,
    };
    let outcome = if args.dry_run {
        import.plan().await
    } else {
        let name = args.file.file_name().unwrap_or_default();
        let name = name.to_string_lossy().into_owned();
        let entry = entry(now, Action::TicketImport, &ledger, [("file", name)]);
        import.take(entry, None).await
    };
    let outcome = outcome.map_err(|error| match error {
        LedgerFault::File(error) => unreadable(&args.file, &error),
        error => failed(error),
    })?;
    drop(import);
    store.close().await;
    for fault in &outcome.faults {
        complain(&fault.sentence());
    }
    if outcome.more_faults > 0 {
        complain(&format!(
            "ほかに{}か所の誤りがあります",
            outcome.more_faults
        ));
    }
    print(&format!(
        "追加 {}、変更 {}、変更なし {}、誤り {}\n",
        outcome.new,
        outcome.changed,
        outcome.same,
        outcome.fault_count(),
    ));
    if outcome.fault_count() == 0 {
        Ok(())
    } else {
        Err(CliError::Partly)
    }
}

fn unreadable(path: &Path, error: &dyn std::fmt::Display) -> CliError {
    failed(anyhow::anyhow!(
        "{} を読み取れません: {error}",
        path.display()
    ))
}

fn read_mapping(path: &Path) -> Result<Mapping, CliError> {
    let text = read_file(path)?;
    serde_json::from_slice(&text).map_err(|error| {
        let names: Vec<_> = LedgerField::ALL
            .map(|field| format!("{}({})", field.as_str(), field.label()))
            .into();
        CliError::Usage(format!(
            "{} は列の割当てとして読めません: {error}。項目の名前: {}",
            path.display(),
            names.join("、")
        ))
    })
}

/// The columns; those that are needed must be there.
fn columns(mapping: &Mapping, heads: &[String]) -> Result<Columns, CliError> {
    let columns = mapping.columns(heads);
    let missing: Vec<_> = columns
        .missing()
        .into_iter()
        .map(LedgerField::label)
        .collect();
    if missing.is_empty() {
        return Ok(columns);
    }
    let found = columns.list().map(|(head, field)| {
        let field = field.map_or("取り込まない", LedgerField::label);
        format!("{head}→{field}")
    });
    Err(CliError::Usage(format!(
        "「{}」にする列が分かりません。--mapping で指定してください。いまの割当て: {}",
        missing.join("、"),
        found.collect::<Vec<_>>().join("、")
    )))
}
