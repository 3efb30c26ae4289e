//! Months of the kinds in which reports go wrong, as docx and PDF: what the JSON says stands there.

use std::sync::LazyLock;

use madoguchi_reports::document::Document;
use madoguchi_reports::month::books::{TicketTexts, inquiry_report, ledger};
use madoguchi_reports::month::report;
use madoguchi_reports::month::sample::cases::months;

use crate::tools::{docx, page_texts, part, pdf, squeezed, texts_of, without_lost};

/// The reports of the months, each with what it is, and two of the books beside the last.
static BOOKS: LazyLock<Vec<(&str, Document)>> = LazyLock::new(|| {
    let mut books = Vec::new();
    for (what, input) in months() {
        let json = report(&input).json().unwrap();
        books.push((what, serde_json::from_str(&json).unwrap()));
    }
    let (what, input) = months().pop().unwrap();
    let texts = TicketTexts::default();
    books.push((what, inquiry_report(&input, &texts).0));
    books.push((what, ledger(&input, &texts, false)));
    books
});

static PDFS: LazyLock<Vec<Vec<String>>> = LazyLock::new(|| {
    let books = BOOKS.iter();
    let pdfs = books.map(|(_, book)| page_texts(&pdf(std::slice::from_ref(book)).bytes));
    pdfs.collect()
});

/// Letters with variation selectors come back in other orders; the letters alone are looked for elsewhere.
fn is_hard(text: &str) -> bool {
    text.contains('\u{e0100}') || text.contains('\u{3099}')
}

#[test]
fn every_label_and_value_of_the_months_stands_in_the_pdf() {
    for ((what, book), pages) in BOOKS.iter().zip(PDFS.iter()) {
        let text = squeezed(&pages.concat());
        for expected in texts_of(book) {
            // A remark of pages has heads and feet between its lines.
            if is_hard(&expected) || expected.chars().count() > 1_000 {
                continue;
            }
            let expected = without_lost(&expected);
            assert!(text.contains(&expected), "{what} {}: {expected}", book.name);
        }
    }
    let era = squeezed(&PDFS[1].concat());
    // Between two pages stand their heads and feet, within a sentence as well.
    let whole = era.matches("長い所見の一文である。").count();
    assert!(whole <= 400 && whole + PDFS[1].len() > 400, "{whole}");
    assert!(era.contains("所見の終わり。") && era.contains("令和元年5月"));
}

#[test]
fn every_label_and_value_of_the_months_stands_in_the_docx() {
    // 元年 with the texts of people, and a ledger: to make a docx takes as long as to make a PDF.
    let tags = regex::Regex::new("<[^>]+>").unwrap();
    let ledger = BOOKS.last().unwrap();
    for (what, book) in [&BOOKS[1], ledger] {
        let xml = part(&docx(book).bytes, "word/document.xml");
        let text = tags.replace_all(&xml, "");
        let text = text.replace("&lt;", "<").replace("&gt;", ">");
        let text = text.replace("&quot;", "\"").replace("&apos;", "'");
        let text = squeezed(&text.replace("&amp;", "&"));
        for expected in texts_of(book) {
            let expected = without_lost(&expected);
            assert!(text.contains(&expected), "{what} {}: {expected}", book.name);
        }
    }
}

#[test]
fn no_page_holds_but_a_heading_and_a_line() {
    for ((what, book), pages) in BOOKS.iter().zip(PDFS.iter()) {
        // The cover apart; the last page holds what is left.
        let last = pages.len() - 1;
        for (page, text) in pages.iter().enumerate().take(last).skip(1) {
            // Where what a person wrote ends is chance, and the history of editions has a page of its own.
            if text.contains("加筆") || text.contains("改版履歴\n版 日付") {
                continue;
            }
            // Head, foot, heading and a line are four.
            let lines = text.lines().filter(|line| !line.trim().is_empty()).count();
            assert!(
                lines > 5,
                "{what} {}, page {} of {}: {text}",
                book.name,
                page + 1,
                pages.len()
            );
        }
    }
}
