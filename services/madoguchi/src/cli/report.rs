//! `madoguchi report`

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use madoguchi_core::clock::{Clock, SystemClock};
use madoguchi_core::month::Month;
use madoguchi_core::portal::Sites;
use madoguchi_monthly::{
    FileError, MonthSettings, Typeset, help_desk_report, help_desk_report_and_drill, live_books,
};
use madoguchi_reports::document::{Document, Drill};
use madoguchi_reports::forms::{Book, data, html, submission};
use madoguchi_reports::frozen::Frozen;
use madoguchi_reports::table::ReportError;
use madoguchi_store::Store;

use super::data::open_store;
use super::error::CliError;
use super::output::complain;
use crate::config::Config;
use crate::{private_file, setup};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// 対象月(YYYY-MM)
    #[arg(long, value_name = "MONTH")]
    month: Month,
    /// 出力する報告書
    #[arg(long, value_enum, default_value = "report")]
    book: BookName,
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

/// The books in the order in which a month has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum BookName {
    /// ヘルプデスク受付状況報告
    Report,
    /// 問合せ対応報告書
    Inquiries,
    /// 問合せ管理台帳
    Ledger,
    /// 稼働報告書に使う表
    Operation,
    /// ナレッジデータベース
    Knowledge,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum BookFormat {
    /// プログラム用
    Json,
    /// 画面と同じ文書
    Html,
    /// 印刷して提出する表計算のファイル
    Xlsx,
    /// データ用の表計算のファイル(1つの表に1枚のシート)
    DataXlsx,
    /// 文書のファイル
    Docx,
    /// PDF(長く保存するためのPDF/A)
    Pdf,
    /// 電子納品のzip(全ての報告書、結合PDF、元データ)
    Zip,
}

pub(super) async fn run(args: &Args, config: &Config, data_dir: &Path) -> Result<(), CliError> {
    let store = open_store(config, data_dir).await?;
    let (desk, calendars) = setup::desk(config, &store).await?;
    let figures = setup::joined(config, &store).await?.figures_settings();
    let settings = MonthSettings {
        calendars,
        categories: desk.categories,
        figures,
        sites: Sites::new(&config.portal.sites).unwrap_or_default(),
    };
    let made = made(&store, args, &settings).await;
    store.close().await;
    let made = made?;
    if let Some(file) = &args.rows {
        let rows = serde_json::to_vec(&made.drill).map_err(anyhow::Error::from)?;
        save(file, &rows)?;
    }
    let book = made.file(args.format)?;
    match &args.out {
        Some(file) => save(file, &book),
        None => {
            let mut out = std::io::stdout();
            // A reader who has gone away is no error.
            let _gone = out.write_all(&book);
            Ok(())
        }
    }
}

/// A book with the proof of its figures.
struct Made {
    document: Document,
    drill: Drill,
    /// The file, of forms that are not made of the book alone.
    file: Vec<u8>,
}

async fn made(store: &Store, args: &Args, settings: &MonthSettings) -> Result<Made, CliError> {
    let (now, month) = (SystemClock.now(), args.month);
    let failed = |error: madoguchi_monthly::MonthlyError| CliError::Failed(error.into());
    if args.book != BookName::Report || args.format == BookFormat::Zip {
        let books = live_books(store, month, settings, now).await;
        return of_all(books.map_err(failed)?, args.book as usize, args.format);
    }
    // The report alone is made in a fraction of the time.
    let with_rows = args.rows.is_some() || args.format == BookFormat::Xlsx;
    let (report, drill) = if with_rows {
        let made = help_desk_report_and_drill(store, month, settings, now).await;
        made.map_err(failed)?
    } else {
        let report = help_desk_report(store, month, settings, now).await;
        (report.map_err(failed)?, Drill::default())
    };
    let mut file = Vec::new();
    if args.format == BookFormat::Json {
        file = report.json().map_err(anyhow::Error::from)?.into_bytes();
        file.push(b'\n');
    }
    Ok(Made {
        document: report.document,
        drill,
        file,
    })
}

/// One of all books of the month.
fn of_all(mut books: Frozen, at: usize, format: BookFormat) -> Result<Made, CliError> {
    let file = match format {
        BookFormat::Zip => madoguchi_monthly::archive(&books).map_err(anyhow::Error::from)?,
        BookFormat::Json => {
            let json = books.json(at).map_err(anyhow::Error::from)?;
            let mut json = json.unwrap_or_default();
            json.push(b'\n');
            json
        }
        _ => Vec::new(),
    };
    if at >= books.books.len() {
        return Err(CliError::Failed(anyhow::anyhow!("この報告書はありません")));
    }
    Ok(Made {
        document: books.books.swap_remove(at),
        drill: books.drill,
        file,
    })
}

impl Made {
    /// The file of a form.
    fn file(self, format: BookFormat) -> Result<Vec<u8>, CliError> {
        let Self {
            document,
            drill,
            file,
        } = self;
        let failed = |error: ReportError| CliError::Failed(error.into());
        match format {
            BookFormat::Json | BookFormat::Zip => Ok(file),
            BookFormat::Html => Ok(page(&document).into_bytes()),
            BookFormat::Xlsx => {
                let book = submission::workbook(&document, &drill).map_err(failed)?;
                Ok(told(book))
            }
            BookFormat::DataXlsx => Ok(told(data::workbook(&document).map_err(failed)?)),
            BookFormat::Docx => typeset(madoguchi_monthly::docx(&document)),
            BookFormat::Pdf => typeset(madoguchi_monthly::pdf(std::slice::from_ref(&document))),
        }
    }
}

/// The book as it is laid out; what a reader should know of its letters goes to standard error.
fn typeset(made: Result<Typeset, FileError>) -> Result<Vec<u8>, CliError> {
    let made = made.map_err(anyhow::Error::from)?;
    for note in &made.notes {
        complain(&note.to_string());
    }
    Ok(made.bytes)
}

/// The file; what a reader should know of how it was written goes to standard error.
fn told(book: Book) -> Vec<u8> {
    for note in &book.notes {
        complain(&format!("{} {}: {}", note.sheet, note.cell, note.text));
    }
    book.file
}

/// The book as a page of its own.
fn page(document: &Document) -> String {
    let title = document.file_name();
    let chapters = html::chapters(document, &|_| None);
    let contents = html::contents(document);
    format!(
        "<!doctype html><html lang=\"ja\"><head><meta charset=\"utf-8\"><title>{title}</title></head>\
         <body><h1>{title}</h1>{contents}{chapters}</body></html>\n"
    )
}

fn save(file: &Path, content: &[u8]) -> Result<(), CliError> {
    private_file::replace(file, content)
        .map_err(|error| CliError::of_file(file, "に書けません", &error))
}
