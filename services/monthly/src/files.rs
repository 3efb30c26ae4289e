//! Books as they are laid out with the fonts of this machine, and all files of an edition in one archive
//! (電子納品, 調達仕様書 4.2.2).

use std::sync::OnceLock;

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
    let mut files = Vec::new();
    let mut sources = Vec::new();
    for document in &edition.books {
        let name = document.file_name();
        let mut add = |suffix: &str, ending: &str, content: Vec<u8>| {
            let path = file_name(&format!("{name}{suffix}"), ending);
            files.push(DeliveryFile { path, content });
        };
        let printed = submission::workbook(document, &edition.drill)?;
        add("", "xlsx", printed.file);
        add("_データ用", "xlsx", data::workbook(document)?.file);
        add("", "docx", docx(document)?.bytes);
        // The first of the tables tells of the book itself.
        let tables = data::csv_files(document, TextFormat::Csv)?;
        let made_of = document.tables().map(|(_, table)| Some(table));
        let made_of = std::iter::once(None).chain(made_of);
        let made_of = made_of.chain(std::iter::repeat(None));
        for ((file, content), table) in tables.into_iter().zip(made_of) {
            let path = format!("{SOURCES}/{}/{file}", document.name);
            let named = table.map_or_else(Vec::new, |table| shown(document, table));
            sources.extend(named.into_iter().map(|(number, title)| FigureSource {
                number,
                title,
                path: path.clone(),
                sheet: String::new(),
            }));
            files.push(DeliveryFile { path, content });
        }
    }
    let bound = file_name(&format!("{}_結合", first.file_name()), "pdf");
    let content = pdf(&edition.books)?.bytes;
    files.push(DeliveryFile {
        path: bound,
        content,
    });
    Ok(delivery(&first.file_name(), &files, &sources)?)
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
