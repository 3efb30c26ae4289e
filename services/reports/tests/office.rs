//! The books in the hands of another program: LibreOffice opens them, writes them again and prints them.
//! It needs soffice, pdftotext and Japanese fonts: scripts/install-test.sh.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::HashMap;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use calamine::{Data, Reader as _, Xlsx};
use madoguchi_reports::document::{Block, DocCell, sample};
use madoguchi_reports::forms::{data, submission};

const BOOKS: [&str; 4] = ["submission", "data", "ledger", "hazards"];
/// Those that are printed.
const PRINTED: [&str; 3] = ["submission", "ledger", "hazards"];

/// The books, and what LibreOffice made of them; all are converted at once.
struct Office {
    /// Kept until the end.
    _directory: tempfile::TempDir,
    written: HashMap<&'static str, Vec<u8>>,
    /// Written again.
    again: HashMap<&'static str, Vec<u8>>,
    /// Printed: the text of each page.
    pages: HashMap<&'static str, Vec<String>>,
    pdfs: PathBuf,
}

static OFFICE: LazyLock<Office> = LazyLock::new(|| {
    let directory = tempfile::tempdir().unwrap();
    let written = HashMap::from([
        (
            "submission",
            submission::workbook(&sample::report(), &sample::drill())
                .unwrap()
                .file,
        ),
        ("data", data::workbook(&sample::report()).unwrap().file),
        (
            "ledger",
            submission::workbook(&sample::ledger_report(600), &sample::drill())
                .unwrap()
                .file,
        ),
        (
            "hazards",
            submission::workbook(&hazards(), &sample::drill())
                .unwrap()
                .file,
        ),
    ]);
    let mut files = Vec::new();
    for (name, book) in &written {
        let file = directory.path().join(format!("{name}.xlsx"));
        std::fs::write(&file, book).unwrap();
        files.push(file);
    }
    let again = directory.path().join("again");
    let pdfs = directory.path().join("pdf");
    convert(directory.path(), "xlsx", &again, &files);
    files.retain(|file| !file.ends_with("data.xlsx"));
    convert(directory.path(), "pdf", &pdfs, &files);
    let read = |name| {
        (
            name,
            std::fs::read(again.join(format!("{name}.xlsx"))).unwrap(),
        )
    };
    let print = |name| (name, pages(&pdfs.join(format!("{name}.pdf"))));
    Office {
        _directory: directory,
        written,
        again: BOOKS.map(read).into(),
        pages: PRINTED.map(print).into(),
        pdfs,
    }
});

/// A report with a table whose every cell is at its widest, and a text of many rows.
fn hazards() -> madoguchi_reports::document::Document {
    let mut report = sample::report();
    for chapter in &mut report.chapters {
        for block in &mut chapter.blocks {
            if let Block::Table(table) = block
                && table.id == "texts"
            {
                table.rows[0].cells[1] = DocCell::Text {
                    text: "長い文の一行である。\n".repeat(120) + "最後の行である。",
                };
            }
        }
    }
    report
}

fn convert(directory: &Path, format: &str, to: &Path, files: &[PathBuf]) {
    let profile = format!(
        "-env:UserInstallation=file://{}/profile",
        directory.display()
    );
    let output = Command::new("soffice")
        .args([
            profile.as_str(),
            "--headless",
            "--convert-to",
            format,
            "--outdir",
        ])
        .arg(to)
        .args(files)
        .output()
        .expect("soffice is missing: run scripts/install-test.sh");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// The text of each page of a PDF.
fn pages(pdf: &Path) -> Vec<String> {
    let output = Command::new("pdftotext")
        .args(["-layout", "-enc", "UTF-8"])
        .arg(pdf)
        .arg("-")
        .output()
        .expect("pdftotext is missing: run scripts/install-test.sh");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    text.trim_end_matches('\u{c}')
        .split('\u{c}')
        .map(str::to_owned)
        .collect()
}

/// The cells of all sheets, by sheet and place.
fn cells(book: &[u8]) -> HashMap<(String, u32, u32), Data> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(book)).unwrap();
    let mut cells = HashMap::new();
    for sheet in book.sheet_names() {
        let range = book.worksheet_range(&sheet).unwrap();
        let (top, left) = range.start().unwrap_or_default();
        for (row, column, cell) in range.used_cells() {
            let place = (sheet.clone(), top + row as u32, left + column as u32);
            cells.insert(place, cell.clone());
        }
    }
    cells
}

fn number(cell: &Data) -> Option<f64> {
    match cell {
        Data::Float(number) => Some(*number),
        Data::Int(number) => Some(*number as f64),
        Data::DateTime(time) => Some(time.as_f64()),
        _ => None,
    }
}

/// S20
#[test]
fn a_book_is_the_same_in_every_zone_and_locale() {
    let made = || {
        let submission = submission::workbook(&sample::report(), &sample::drill()).unwrap();
        [
            submission.file,
            data::workbook(&sample::report()).unwrap().file,
        ]
        .concat()
    };
    // This test again, in a process of its own.
    if let Some(file) = std::env::var_os("BOOK_TO_COMPARE") {
        std::fs::write(file, made()).unwrap();
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("book");
    for (zone, locale) in [
        ("UTC", "C"),
        ("Asia/Tokyo", "ja_JP.UTF-8"),
        ("America/New_York", "de_DE.UTF-8"),
    ] {
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "a_book_is_the_same_in_every_zone_and_locale"])
            .envs([("TZ", zone), ("LC_ALL", locale)])
            .env("BOOK_TO_COMPARE", &file)
            .output()
            .unwrap()
            .status;
        assert!(status.success());
        assert!(std::fs::read(&file).unwrap() == made(), "{zone} {locale}");
    }
}

/// S25
#[test]
fn another_program_writes_every_cell_again_as_it_was() {
    for name in BOOKS {
        let (written, again) = (cells(&OFFICE.written[name]), cells(&OFFICE.again[name]));
        assert!(written.len() > 1_000);
        for (place, cell) in &written {
            let other = again.get(place).unwrap_or(&Data::Empty);
            match (number(cell), number(other)) {
                (Some(number), Some(other)) => {
                    assert!(
                        (number - other).abs() < 1e-9,
                        "{name} {place:?}: {number} {other}"
                    );
                }
                _ => assert_eq!(cell.to_string(), other.to_string(), "{name} {place:?}"),
            }
        }
        assert_eq!(written.len(), again.len(), "{name}");
    }
}

/// S14
#[test]
fn no_number_is_too_wide_for_its_column() {
    for name in PRINTED {
        let pages = &OFFICE.pages[name];
        assert!(pages.iter().all(|page| !page.contains("##")), "{name}");
    }
    let all = OFFICE.pages["submission"].concat();
    for text in [
        "9,999,999",
        "令和6年12月31日 23時59分",
        "25:00:00",
        "59:59",
        "1:49",
        "99.4%",
    ] {
        assert!(all.contains(text), "{text}");
    }
}

/// S02
#[test]
fn days_are_printed_in_their_era_with_元年() {
    let all = OFFICE.pages["submission"].concat();
    for (_, written) in sample::DAYS {
        // Once as it was typed, once as the date is shown, once with its time.
        assert!(all.matches(written).count() >= 3, "{written}");
    }
}

/// S13
#[test]
fn the_last_line_of_a_cell_is_printed() {
    assert!(
        OFFICE.pages["submission"]
            .concat()
            .matches("12行目の文である。")
            .count()
            >= 2
    );
    let long = OFFICE.pages["hazards"].concat();
    assert_eq!(long.matches("長い文の一行である。").count(), 120);
    assert!(long.contains("最後の行である。"));
}

/// S15
#[test]
fn the_names_of_the_columns_are_once_on_each_page_and_no_page_is_without_rows() {
    let pages = &OFFICE.pages["ledger"];
    let ledger: Vec<_> = pages
        .iter()
        .filter(|page| page.contains("問合せの要旨"))
        .collect();
    assert!(ledger.len() > 5);
    let ledger = ledger.iter().filter(|page| !page.contains("集計の基準"));
    let mut rows = 0;
    for page in ledger {
        assert_eq!(page.matches("受付番号").count(), 1, "{page}");
        let of_page = page.matches("の要旨である。").count();
        assert!(of_page > 0, "{page}");
        rows += of_page;
    }
    assert_eq!(rows, 600);
}

/// S15
#[test]
fn every_page_has_its_number_of_all() {
    for name in PRINTED {
        let pages = &OFFICE.pages[name];
        for (at, page) in pages.iter().enumerate() {
            let number = format!("{} / {}", at + 1, pages.len());
            assert!(
                page.contains(&number),
                "{name}: {number} is missing in {page}"
            );
        }
    }
}

/// S16
#[test]
fn sixteen_columns_are_on_one_page_of_a4() {
    let pages = &OFFICE.pages["submission"];
    let page = pages
        .iter()
        .position(|page| page.contains("表2-2 月別推移") && page.contains("間接業務"));
    let page = page.unwrap();
    assert!(pages[page].contains("エスカレー") && pages[page].contains("出所"));
    let number = (page + 1).to_string();
    let output = Command::new("pdfinfo")
        .args(["-f", &number, "-l", &number])
        .arg(OFFICE.pdfs.join("submission.pdf"))
        .output()
        .expect("pdfinfo is missing: run scripts/install-test.sh");
    let size = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        size.contains("841.") && size.contains("x 595.") && size.contains("A4"),
        "{size}"
    );
}

/// S12
#[test]
fn rare_letters_are_printed() {
    let all = OFFICE.pages["submission"].concat();
    for letter in ["﨑", "髙", "𠮷", "葛", "①", "㍿", "😀"] {
        assert!(all.contains(letter), "{letter}");
    }
}
