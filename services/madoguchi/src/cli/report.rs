//! `madoguchi report`

use std::io::Write;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::ValueEnum;
use madoguchi_core::clock::{Clock, SystemClock};
use madoguchi_core::month::{Edition, Month};
use madoguchi_core::portal::Sites;
use madoguchi_monthly::{
    FileError, MonthSettings, Typeset, help_desk_report, help_desk_report_and_drill, kept,
    live_books,
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
    /// 確定した版(1、2、…。latestは最新の版、0は自動で作った案)。省略時は今の数値の案を作ります
    #[arg(long, value_name = "N")]
    edition: Option<EditionName>,
    /// 出力先のファイル。省略時は標準出力に書きます
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// 数値ごとに、数えた通話と問合せの番号をJSONで書き出すファイル
    #[arg(long, value_name = "FILE")]
    rows: Option<PathBuf>,
}

/// An edition that was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum EditionName {
    /// The newest that is 確定.
    Latest,
    /// That of a number.
    Number(u32),
}

impl FromStr for EditionName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "latest" => Ok(Self::Latest),
            number => match number.parse() {
                Ok(number) => Ok(Self::Number(number)),
                Err(_) => Err("版は、番号かlatestで指定してください"),
            },
        }
    }
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
struct ProvenBook {
    document: Document,
    drill: Drill,
    /// The file, of forms that are not made of the book alone.
    file: Vec<u8>,
}

async fn made(
    store: &Store,
    args: &Args,
    settings: &MonthSettings,
) -> Result<ProvenBook, CliError> {
    let (now, month) = (SystemClock.now(), args.month);
    let failed = |error: madoguchi_monthly::MonthlyError| CliError::Failed(error.into());
    if let Some(edition) = args.edition {
        let books = kept_books(store, month, edition).await?;
        return of_edition(books, args.book as usize, args.format);
    }
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
    for unused in &report.unused_notes {
        complain(&unused.sentence());
    }
    let mut file = Vec::new();
    if args.format == BookFormat::Json {
        file = report.json().map_err(anyhow::Error::from)?.into_bytes();
        file.push(b'\n');
    }
    Ok(ProvenBook {
        document: report.document,
        drill,
        file,
    })
}

/// What was kept of an edition.
async fn kept_books(store: &Store, month: Month, edition: EditionName) -> Result<Frozen, CliError> {
    let register = store.report_of(month).await;
    let register = register.map_err(anyhow::Error::from)?;
    let number = match edition {
        EditionName::Latest => register.newest().map(|newest| newest.number),
        EditionName::Number(number) => Some(number),
    };
    let editions = register.editions.iter();
    let numbers = editions.map(|edition| edition.number);
    let Some(number) = number.filter(|number| numbers.clone().any(|one| one == *number)) else {
        let known: Vec<String> = register.editions.iter().map(Edition::name).collect();
        let known = match known.as_slice() {
            [] => "保存した版はありません".to_owned(),
            known => format!("保存した版は、{}です", known.join("、")),
        };
        let month = month.name();
        return Err(CliError::Failed(anyhow::anyhow!(
            "{month}に、指定の版はありません。{known}"
        )));
    };
    let kept = kept(store, month, number).await;
    kept.map_err(|error| CliError::Failed(error.into()))
}

/// One of all books of the month as it is now; JSON ends with a line end.
fn of_all(books: Frozen, at: usize, format: BookFormat) -> Result<ProvenBook, CliError> {
    let mut made = of_edition(books, at, format)?;
    if format == BookFormat::Json {
        made.file.push(b'\n');
    }
    Ok(made)
}

/// One of the books of an edition: the same bytes as the file that a page hands out.
fn of_edition(mut books: Frozen, at: usize, format: BookFormat) -> Result<ProvenBook, CliError> {
    let file = match format {
        BookFormat::Zip => madoguchi_monthly::archive(&books).map_err(anyhow::Error::from)?,
        BookFormat::Json => {
            let json = books.json(at).map_err(anyhow::Error::from)?;
            json.unwrap_or_default()
        }
        _ => Vec::new(),
    };
    if at >= books.books.len() {
        return Err(CliError::Failed(anyhow::anyhow!("この報告書はありません")));
    }
    Ok(ProvenBook {
        document: books.books.swap_remove(at),
        drill: books.drill,
        file,
    })
}

impl ProvenBook {
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

#[cfg(test)]
mod tests {
    use madoguchi_core::audit::{Action, AuditEntry, Fields};
    use madoguchi_core::figures::FiguresSettings;
    use madoguchi_core::hours::{Calendar, HoursSettings};
    use madoguchi_core::setup::{Calendars, Categories};
    use madoguchi_core::time::Instant;
    use madoguchi_monthly::{Maker, prepare};
    use madoguchi_store::testing::add_abandoned_call;

    use super::*;

    fn at(text: &str) -> Instant {
        Instant::from_tokyo(text.parse().unwrap())
    }

    async fn call(store: &Store, id: &str) {
        let arrived_at = at("2024-04-02T10:00:00");
        add_abandoned_call(store, id, arrived_at).await.unwrap();
    }

    async fn keep(store: &Store, draft: bool) {
        let settings = MonthSettings {
            calendars: Calendars::one(Calendar::new(HoursSettings::default())),
            categories: Categories::default(),
            figures: FiguresSettings::default(),
            sites: Sites::default(),
        };
        let maker = Maker {
            name: "報告担当".to_owned(),
            login: "writer".to_owned(),
            reason: "遅れて届いた通話".to_owned(),
            program: "1.0.0".to_owned(),
            at: at("2024-05-01T10:00:00"),
        };
        let month = "2024-04".parse().unwrap();
        let made = prepare(store, (month, draft), &settings, &maker).await;
        let made = made.unwrap();
        let entry = AuditEntry::of_system(maker.at, Action::ReportFreeze, "2024-04", Fields::new());
        let mut tx = store.begin(entry).await.unwrap();
        tx.add_edition(&made.edition, &made.content).await.unwrap();
        tx.commit().await.unwrap();
    }

    #[test]
    fn an_edition_is_named_by_its_number_or_as_the_newest() {
        assert_eq!("latest".parse(), Ok(EditionName::Latest));
        assert_eq!("2".parse(), Ok(EditionName::Number(2)));
        for wrong in ["", "第2版", "-1", "2.0"] {
            assert!(wrong.parse::<EditionName>().is_err(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn an_edition_is_taken_out_as_it_was_kept_byte_for_byte() {
        let store = Store::open("sqlite::memory:").await.unwrap();
        let month: Month = "2024-04".parse().unwrap();
        let of = async |edition: EditionName| kept_books(&store, month, edition).await;
        let told = of(EditionName::Latest).await.unwrap_err().to_string();
        assert!(told.contains("保存した版はありません"), "{told}");
        call(&store, "c1").await;
        keep(&store, true).await;
        assert!(of(EditionName::Latest).await.is_err(), "a draft is no 版");
        keep(&store, false).await;
        call(&store, "c2").await;
        keep(&store, false).await;
        let told = of(EditionName::Number(3)).await.unwrap_err().to_string();
        assert!(told.contains("案、第1版、第2版"), "{told}");

        let offered = |books: Frozen| {
            let json = of_edition(books, 0, BookFormat::Json).unwrap();
            let json = json.file(BookFormat::Json).unwrap();
            let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
            (
                json["months"][0]["offered"].clone(),
                json["edition"].clone(),
            )
        };
        for (edition, expected) in [
            (EditionName::Number(0), (1, 0)),
            (EditionName::Number(1), (1, 1)),
            (EditionName::Number(2), (2, 2)),
            (EditionName::Latest, (2, 2)),
        ] {
            let (offered, number) = offered(of(edition).await.unwrap());
            assert_eq!(offered, expected.0, "{edition:?}");
            if expected.1 > 0 {
                assert_eq!(number, expected.1, "{edition:?}");
            }
        }
        // The same bytes as a page hands out, and the same again.
        let books = of(EditionName::Number(1)).await.unwrap();
        let made = of_edition(books.clone(), 0, BookFormat::Json).unwrap();
        assert_eq!(Some(made.file), books.json(0).unwrap());
        let made = of_edition(books.clone(), 0, BookFormat::Xlsx).unwrap();
        let page = submission::workbook(&books.books[0], &books.drill).unwrap();
        assert_eq!(made.file(BookFormat::Xlsx).unwrap(), page.file);
    }
}
