//! The programs that read files, and what they see in them.

use std::io::{Cursor, Read};
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use madoguchi_reports::document::{
    Block, Chapter, DocCell, DocColumn, DocRow, DocTable, Document, sample,
};
use madoguchi_typeset::{Fonts, Typeset};
use tempfile::TempDir;

static FONTS: LazyLock<Fonts> = LazyLock::new(|| Fonts::installed().expect("fonts are installed"));

/// All fonts, read once.
pub(crate) fn fonts() -> &'static Fonts {
    assert!(
        FONTS.missing_packages().is_empty(),
        "{:?}",
        FONTS.missing_packages()
    );
    &FONTS
}

pub(crate) fn pdf(documents: &[Document]) -> Typeset {
    madoguchi_typeset::pdf(documents, fonts()).unwrap()
}

pub(crate) fn docx(document: &Document) -> Typeset {
    madoguchi_typeset::docx(document, fonts()).unwrap()
}

/// The report as PDF.
pub(crate) static REPORT_PDF: LazyLock<Vec<u8>> = LazyLock::new(|| pdf(&[sample::report()]).bytes);
/// The report as docx.
pub(crate) static REPORT_DOCX: LazyLock<Vec<u8>> = LazyLock::new(|| docx(&sample::report()).bytes);
/// What LibreOffice makes of the report as docx.
pub(crate) static REPORT_PRINTED: LazyLock<Vec<u8>> = LazyLock::new(|| printed(&REPORT_DOCX));

fn run(program: &str, arguments: &[&str], from: &Path) -> String {
    String::from_utf8(output(program, arguments, from)).unwrap()
}

fn output(program: &str, arguments: &[&str], from: &Path) -> Vec<u8> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(from)
        .output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program}: {told}");
    output.stdout
}

fn with_file(name: &str, content: &[u8]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join(name), content).unwrap();
    directory
}

/// The PDF that LibreOffice makes of a docx.
pub(crate) fn printed(docx: &[u8]) -> Vec<u8> {
    let directory = with_file("book.docx", docx);
    let profile = format!(
        "-env:UserInstallation=file://{}/profile",
        directory.path().display()
    );
    let convert = ["--headless", &profile, "--convert-to", "pdf", "book.docx"];
    run("soffice", &convert, directory.path());
    std::fs::read(directory.path().join("book.pdf")).unwrap()
}

/// The text of each page, in the order in which it was written.
pub(crate) fn page_texts(pdf: &[u8]) -> Vec<String> {
    let directory = with_file("book.pdf", pdf);
    let text = run("pdftotext", &["-raw", "book.pdf", "-"], directory.path());
    let text = text.strip_suffix('\u{c}').unwrap_or(&text);
    text.split('\u{c}').map(str::to_owned).collect()
}

/// All text without blanks, so that lines may be broken anywhere.
pub(crate) fn squeezed(text: &str) -> String {
    text.chars()
        .filter(|letter| !letter.is_whitespace())
        .collect()
}

/// What pdfinfo tells.
pub(crate) fn info(pdf: &[u8], more: &[&str]) -> String {
    let directory = with_file("book.pdf", pdf);
    run("pdfinfo", &[more, &["book.pdf"]].concat(), directory.path())
}

/// The tags of a PDF.
pub(crate) fn structure(pdf: &[u8]) -> String {
    let directory = with_file("book.pdf", pdf);
    let told = output("pdfinfo", &["-struct", "book.pdf"], directory.path());
    String::from_utf8_lossy(&told).into_owned()
}

/// Every word with its page's width and its own right edge, in pt.
pub(crate) fn right_edges(pdf: &[u8]) -> Vec<(f64, f64, String)> {
    let directory = with_file("book.pdf", pdf);
    let xml = run("pdftotext", &["-bbox", "book.pdf", "-"], directory.path());
    let page = regex::Regex::new("<page width=\"([0-9.]+)\"").unwrap();
    let word = regex::Regex::new(
        "<word xMin=\"[^\"]+\" yMin=\"[^\"]+\" xMax=\"([0-9.]+)\"[^>]*>(.*?)</word>",
    )
    .unwrap();
    let mut width = 0.0;
    let mut words = Vec::new();
    for line in xml.lines() {
        if let Some(found) = page.captures(line) {
            width = found[1].parse().unwrap();
        }
        if let Some(found) = word.captures(line) {
            words.push((width, found[1].parse().unwrap(), found[2].to_owned()));
        }
    }
    words
}

/// The parts of a docx by name.
pub(crate) fn parts(docx: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = zip::ZipArchive::new(Cursor::new(docx)).unwrap();
    let indexes = 0..archive.len();
    let part = |index| {
        let mut file = archive.by_index(index).unwrap();
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        (file.name().unwrap().into_owned(), content)
    };
    indexes.map(part).collect()
}

/// A part of a docx as text.
pub(crate) fn part(docx: &[u8], name: &str) -> String {
    let mut parts = parts(docx).into_iter();
    let (_, content) = parts.find(|(known, _)| known == name).unwrap();
    String::from_utf8(content).unwrap()
}

/// A book with one table of texts.
pub(crate) fn book_of(heads: &[&str], rows: &[Vec<String>]) -> Document {
    let columns = heads.iter().enumerate().map(|(at, name)| DocColumn {
        id: format!("c{at}"),
        name: (*name).to_owned(),
        unit: None,
    });
    let rows = rows.iter().enumerate().map(|(at, cells)| DocRow {
        id: format!("r{at}"),
        cells: cells
            .iter()
            .map(|text| DocCell::Text { text: text.clone() })
            .collect(),
        total: false,
    });
    let table = DocTable {
        number: "表1-1".to_owned(),
        id: "table".to_owned(),
        title: "試験の表".to_owned(),
        columns: columns.collect(),
        rows: rows.collect(),
        notes: Vec::new(),
        wide: false,
    };
    book_with(vec![Block::Table(table)])
}

/// A book with one chapter.
pub(crate) fn book_with(blocks: Vec<Block>) -> Document {
    Document {
        revisions: Vec::new(),
        chapters: vec![Chapter {
            number: "第1".to_owned(),
            id: "chapter".to_owned(),
            title: "試験".to_owned(),
            blocks,
        }],
        ..sample::report()
    }
}

/// Every text of the report that a reader must find: titles, names of columns, cells, notes, sentences.
pub(crate) fn texts_of(document: &Document) -> Vec<String> {
    let mut texts = Vec::new();
    for chapter in &document.chapters {
        texts.push(format!("{}{}", chapter.number, chapter.title));
        for block in &chapter.blocks {
            match block {
                Block::Heading { text } | Block::Sentence { text } => texts.push(text.clone()),
                Block::Remark { text, author, .. } => texts.extend([text.clone(), author.clone()]),
                Block::Chart(chart) => texts.push(format!("{}{}", chart.number, chart.title)),
                Block::Table(table) => of_table(table, &mut texts),
            }
        }
    }
    texts
}

fn of_table(table: &DocTable, texts: &mut Vec<String>) {
    texts.push(format!("{}{}", table.number, table.title));
    for column in &table.columns {
        texts.push(column.name.clone());
    }
    for cell in table.rows.iter().flat_map(|row| &row.cells) {
        match cell {
            DocCell::Text { text } | DocCell::Published { text, .. } => texts.push(text.clone()),
            DocCell::Figure(figure) => texts.push(figure.value.text()),
            DocCell::Date { .. } | DocCell::Time { .. } | DocCell::Empty => {}
        }
    }
    texts.extend(table.notes.iter().cloned());
}

/// Letters that the sample has and that do not come back as they were: 外字, control characters.
pub(crate) fn without_lost(text: &str) -> String {
    let lost =
        |letter: char| letter == '\u{fffe}' || (letter.is_control() && !letter.is_whitespace());
    squeezed(text)
        .chars()
        .filter(|letter| !lost(*letter))
        .collect()
}
