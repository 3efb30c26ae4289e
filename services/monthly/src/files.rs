//! Books as they are laid out with the fonts of this machine, and all files of an edition in one archive
//! (電子納品, 調達仕様書 4.2.2).

use std::num::NonZero;
use std::sync::{Mutex, OnceLock, PoisonError};

use madoguchi_reports::document::{Block, DocTable, Document};
use madoguchi_reports::forms::names::file_name;
use madoguchi_reports::forms::{data, submission};
use madoguchi_reports::frozen::Frozen;
use madoguchi_reports::stream::TextFormat;
use madoguchi_reports::table::ReportError;
use madoguchi_typeset::{DeliveryFile, FigureSource, Fonts, Typeset, TypesetError, delivery};
use thiserror::Error;

/// The folder of what the tables were made of.
const SOURCES: &str = "元データ";

/// Why a file cannot be made. The text is for whoever asked for it.
#[derive(Debug, Error)]
pub enum FileError {
    /// The layout, a font or the archive.
    #[error(transparent)]
    Typeset(#[from] TypesetError),
    /// A workbook or a CSV.
    #[error("表計算のファイルを作れませんでした({0})。")]
    Report(#[from] ReportError),
    /// There is no book to begin with.
    #[error("報告書が1つもありません。")]
    NoBook,
}

/// The fonts of this machine, read once. If there are none yet, they are looked for again the next time.
fn fonts() -> Result<&'static Fonts, TypesetError> {
    static FONTS: OnceLock<Fonts> = OnceLock::new();
    if let Some(fonts) = FONTS.get() {
        return Ok(fonts);
    }
    let found = Fonts::installed()?;
    Ok(FONTS.get_or_init(|| found))
}

/// A book as docx. It takes a processor for a second or more.
///
/// # Errors
/// [`FileError::Typeset`].
pub fn docx(document: &Document) -> Result<Typeset, FileError> {
    Ok(madoguchi_typeset::docx(document, fonts()?)?)
}

/// Books as one PDF/A. It takes a processor for a second or more.
///
/// # Errors
/// [`FileError::Typeset`].
pub fn pdf(documents: &[Document]) -> Result<Typeset, FileError> {
    Ok(madoguchi_typeset::pdf(documents, fonts()?)?)
}

/// The archive of an edition: each book as 提出用 and データ用 xlsx and as docx, all of them as one 結合PDF, the
/// tables as CSV, and the list of what comes from where.
///
/// # Errors
/// [`FileError`].
pub fn archive(edition: &Frozen) -> Result<Vec<u8>, FileError> {
    let first = edition.books.first().ok_or(FileError::NoBook)?;
    // The bound book takes longest.
    let mut tasks: Vec<Task<'_>> = vec![Box::new(|| bound(edition, first))];
    for document in &edition.books {
        tasks.push(Box::new(|| printed(document, edition)));
        tasks.push(Box::new(|| data_book(document)));
        tasks.push(Box::new(|| text_book(document)));
        tasks.push(Box::new(|| source_tables(document)));
    }
    let made = in_parallel(tasks).into_iter();
    let mut parts = made.collect::<Result<Vec<Part>, _>>()?;
    // In the archive it stands last.
    parts.rotate_left(1);
    let (mut files, mut sources) = (Vec::new(), Vec::new());
    for part in parts {
        files.extend(part.files);
        sources.extend(part.sources);
    }
    Ok(delivery(&first.file_name(), &files, &sources)?)
}

/// Some files of an archive, and which tables and charts they hold.
#[derive(Default)]
struct Part {
    files: Vec<DeliveryFile>,
    sources: Vec<FigureSource>,
}

/// Makes a part.
type Task<'t> = Box<dyn FnOnce() -> Result<Part, FileError> + Send + 't>;

/// Does all tasks, as many at a time as there are processors; the results stand in the order of the tasks.
fn in_parallel(tasks: Vec<Task<'_>>) -> Vec<Result<Part, FileError>> {
    let workers = std::thread::available_parallelism().map_or(1, NonZero::get);
    let workers = workers.min(tasks.len());
    let made: Vec<_> = tasks.iter().map(|_| OnceLock::new()).collect();
    let waiting = Mutex::new(tasks.into_iter().zip(&made));
    let next = || {
        waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .next()
    };
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some((task, place)) = next() {
                    // Each place belongs to one task.
                    let _kept = place.set(task());
                }
            });
        }
    });
    drop(waiting);
    made.into_iter().filter_map(OnceLock::into_inner).collect()
}

fn one_file(name: &str, ending: &str, content: Vec<u8>) -> Part {
    let path = file_name(name, ending);
    Part {
        files: vec![DeliveryFile { path, content }],
        sources: Vec::new(),
    }
}

/// All books as one PDF.
fn bound(edition: &Frozen, first: &Document) -> Result<Part, FileError> {
    let name = format!("{}_結合", first.file_name());
    Ok(one_file(&name, "pdf", pdf(&edition.books)?.bytes))
}

fn printed(document: &Document, edition: &Frozen) -> Result<Part, FileError> {
    let printed = submission::workbook(document, &edition.drill)?;
    Ok(one_file(&document.file_name(), "xlsx", printed.file))
}

fn data_book(document: &Document) -> Result<Part, FileError> {
    let name = format!("{}_データ用", document.file_name());
    Ok(one_file(&name, "xlsx", data::workbook(document)?.file))
}

fn text_book(document: &Document) -> Result<Part, FileError> {
    Ok(one_file(
        &document.file_name(),
        "docx",
        docx(document)?.bytes,
    ))
}

/// The tables of a book as CSV.
fn source_tables(document: &Document) -> Result<Part, FileError> {
    let mut part = Part::default();
    // The first of the tables tells of the book itself.
    let tables = data::csv_files(document, TextFormat::Csv)?;
    let made_of = document.tables().map(|(_, table)| Some(table));
    let made_of = std::iter::once(None).chain(made_of);
    let made_of = made_of.chain(std::iter::repeat(None));
    for ((file, content), table) in tables.into_iter().zip(made_of) {
        let path = format!("{SOURCES}/{}/{file}", document.name);
        let named = table.map_or_else(Vec::new, |table| shown(document, table));
        part.sources
            .extend(named.into_iter().map(|(number, title)| FigureSource {
                number,
                title,
                path: path.clone(),
                sheet: String::new(),
            }));
        part.files.push(DeliveryFile { path, content });
    }
    Ok(part)
}

/// A table and the charts that show its numbers, with their numbers and titles.
fn shown(document: &Document, table: &DocTable) -> Vec<(String, String)> {
    let blocks = document.chapters.iter().flat_map(|chapter| &chapter.blocks);
    let charts = blocks.filter_map(|block| match block {
        Block::Chart(chart) if chart.table == table.id => {
            Some((chart.number.clone(), chart.title.clone()))
        }
        _ => None,
    });
    let own = (table.number.clone(), table.title.clone());
    std::iter::once(own).chain(charts).collect()
}

#[cfg(test)]
mod tests {
    use madoguchi_reports::document::sample;

    use super::*;

    #[test]
    fn every_chart_is_told_with_the_table_that_holds_its_numbers() {
        let report = sample::report();
        let told: Vec<(String, String)> = report
            .tables()
            .flat_map(|(_, table)| shown(&report, table))
            .collect();
        let blocks = report.chapters.iter().flat_map(|chapter| &chapter.blocks);
        let mut charts = 0;
        for block in blocks {
            let (number, title) = match block {
                Block::Table(table) => (&table.number, &table.title),
                Block::Chart(chart) => {
                    charts += 1;
                    (&chart.number, &chart.title)
                }
                _ => continue,
            };
            let of = told
                .iter()
                .filter(|one| **one == (number.clone(), title.clone()));
            assert_eq!(of.count(), 1, "{number}");
        }
        assert!(charts > 0);
    }
}
