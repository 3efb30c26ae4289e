//! Books as PDF.

use std::path::PathBuf;
use std::process::Command;

use madoguchi_reports::document::{Block, Document, sample};
use madoguchi_typeset::{Fonts, LetterFault, TypesetError};

use crate::tools::{
    REPORT_PDF, book_of, book_with, docx, fonts, info, page_texts, pdf, right_edges, squeezed,
    structure, texts_of, without_lost,
};

fn sentence(text: &str) -> Block {
    Block::Sentence {
        text: text.to_owned(),
    }
}

fn text_of(document: &Document) -> String {
    squeezed(&page_texts(&pdf(std::slice::from_ref(document)).bytes).concat())
}

#[test]
fn a_book_is_a_tagged_pdf_a() {
    let told = info(&REPORT_PDF, &[]);
    assert!(told.contains("Tagged:          yes"), "{told}");
    let metadata = info(&REPORT_PDF, &["-meta"]);
    assert!(
        metadata.contains("<pdfaid:part>2</pdfaid:part>"),
        "{metadata}"
    );
    assert!(
        metadata.contains("<pdfaid:conformance>A</pdfaid:conformance>"),
        "{metadata}"
    );
    let structure = structure(&REPORT_PDF);
    for element in [
        "H1", "H2", "Table", "THead", "TH", "TD", "Caption", "Figure", "TOC",
    ] {
        assert!(structure.contains(element), "{element}");
    }
    let alt = "着信は4月に最も多い。".encode_utf16();
    let alt: String = alt.map(|unit| format!("{unit:04X}")).collect();
    let written = String::from_utf8_lossy(&REPORT_PDF);
    let alts = written.matches(&format!("/Alt<FEFF{alt}>")).count();
    assert_eq!(alts, 3, "the alternative texts of charts");
    assert!(
        told.contains("Title:           ヘルプデスク受付状況報告（令和6年4月分）第2版"),
        "{told}"
    );
    assert!(!told.contains("Author"), "{told}");
}

#[test]
fn every_label_and_value_and_the_last_line_of_every_cell_stand_in_the_pdf() {
    let text = squeezed(&page_texts(&REPORT_PDF).concat());
    let hard = ["variants", "private"];
    let hard = sample::TEXTS.iter().filter(|(name, _)| hard.contains(name));
    let hard: Vec<&str> = hard.map(|(_, text)| *text).collect();
    for expected in texts_of(&sample::report()) {
        if !hard.contains(&expected.as_str()) {
            assert!(text.contains(&without_lost(&expected)), "{expected}");
        }
    }
    for (_, written) in sample::DAYS {
        assert!(text.contains(written), "{written}");
    }
    assert!(text.contains("12行目の文である。"));
    assert!(text.contains("二行目三行目"), "lines that ended with CR");
}

#[test]
fn letters_that_other_programs_lose_survive() {
    let book = book_with(vec![sentence(
        "﨑 髙 𠮷 葛\u{e0101} か\u{3099} ① ㍿ 😀 \u{e000}",
    )]);
    let made = pdf(std::slice::from_ref(&book));
    let text = page_texts(&made.bytes).concat();
    for letters in ["﨑", "髙", "𠮷", "葛\u{e0101}", "①", "㍿", "😀"] {
        assert!(text.contains(letters), "{letters} in {text}");
    }
    assert!(text.contains("か\u{3099}") || text.contains('が'), "{text}");
    assert!(text.contains('〓'), "外字 has no look of its own");
    let notes: Vec<_> = made
        .notes
        .iter()
        .map(|note| (note.letter, note.fault))
        .collect();
    assert_eq!(notes, [('\u{e000}', LetterFault::PrivateUse)]);
}

#[test]
fn a_letter_without_a_glyph_is_told_and_shown_as_geta() {
    let made = pdf(&[book_with(vec![sentence("前\u{13080}後\u{13080}")])]);
    let notes: Vec<_> = made
        .notes
        .iter()
        .map(|note| (note.letter, note.fault, note.texts))
        .collect();
    assert_eq!(notes, [('\u{13080}', LetterFault::NoGlyph, 1)]);
    assert!(page_texts(&made.bytes).concat().contains("前〓後〓"));
}

#[test]
fn nothing_that_people_typed_is_read_as_markup() {
    let typed = [
        "#panic(\"x\")",
        "#image(\"/etc/passwd\")",
        "#import \"@preview/a:1.0.0\"",
        "$x^2$",
        "@label <label>",
        "\\ \\u{41} \\#",
        "*太字* _斜体_ `raw`",
        "= 見出し",
        "- 箇条 + 番号 / 語: 説明",
        "// 注釈 /* 注釈 */",
        "]]> <!-- --> &amp; &#x0;",
        "https://example.jp/?a=1&b=2",
        "-- --- ... ~ -?",
        "\"引用\" 'x'",
        "[内容] {code}",
    ];
    let mut blocks: Vec<Block> = typed.iter().map(|text| sentence(text)).collect();
    blocks.push(Block::Heading {
        text: typed.join(" "),
    });
    let mut book = book_with(blocks);
    book.name = typed[0].to_owned();
    book.chapters[0].title = typed[1].to_owned();
    book.seals = vec![typed[2].to_owned(), typed[3].to_owned()];
    let text = text_of(&book);
    for typed in typed {
        assert!(
            text.matches(&squeezed(typed)).count() >= 2,
            "{typed} in {text}"
        );
    }
    let made = pdf(&[book]).bytes;
    let links = String::from_utf8_lossy(&made).matches("/URI").count();
    assert_eq!(links, 0, "nothing typed becomes a link");
}

#[test]
fn a_ledger_has_its_heads_once_a_page_and_its_number_on_each() {
    let made = pdf(&[sample::ledger_report(600)]);
    let pages = page_texts(&made.bytes);
    assert_eq!(pages.len(), made.pages);
    let with_rows: Vec<usize> = (0..pages.len())
        .filter(|page| pages[*page].contains("R6-00"))
        .collect();
    assert!(with_rows.len() > 5);
    assert_eq!(
        with_rows.last(),
        Some(&(pages.len() - 1)),
        "no page without rows at the end"
    );
    for (page, text) in pages.iter().enumerate() {
        let heads = squeezed(text)
            .matches("受付番号受付日時問合せの要旨")
            .count();
        assert_eq!(
            heads,
            usize::from(with_rows.contains(&page)),
            "page {}",
            page + 1
        );
        let number = format!("{} / {}", page + 1, pages.len());
        assert!(text.contains(&number), "{number}");
    }
    let all = pages.concat();
    for row in 1..=600 {
        assert_eq!(all.matches(&format!("R6-{row:05}")).count(), 1, "row {row}");
    }
    assert!(
        all.contains("令和6年4月1日 0:00"),
        "2024-03-31T15:00:00Z is April"
    );
}

#[test]
fn a_table_that_nobody_reads_on_paper_says_where_it_is() {
    let made = pdf(&[sample::ledger_report(2_001)]);
    let text = squeezed(&page_texts(&made.bytes).concat());
    assert!(text.contains("この表は2,001行あるため"), "{text}");
    assert!(text.contains("Excel形式のファイルの「表L-1」"));
    assert!(!text.contains("R6-00001"));
}

#[test]
fn no_text_runs_over_the_edge_of_its_page() {
    let long = [
        "漢".repeat(40),
        "A".repeat(300),
        "ー".repeat(120),
        "9,999,999".to_owned(),
    ];
    let row: Vec<String> = long.iter().cloned().cycle().take(16).collect();
    let heads: Vec<&str> = long.iter().map(String::as_str).cycle().take(16).collect();
    let few = book_of(&heads[..4], &[row[..4].to_vec()]);
    let many = book_of(&heads, std::slice::from_ref(&row));
    let report = sample::report();
    for book in [few, many, report] {
        let made = pdf(&[book]);
        let words = right_edges(&made.bytes);
        assert!(words.len() > 20);
        for (width, right, word) in words {
            // The margin is 56.7 pt.
            assert!(right <= width - 54.0, "{word} ends at {right} of {width}");
        }
        assert!(!page_texts(&made.bytes).concat().contains("###"));
    }
}

#[test]
fn a_very_long_answer_is_never_cut() {
    let answer = "長い回答の文である。".repeat(4_000) + "回答の終わり";
    let rows = vec![vec!["1".to_owned(), answer.clone()]];
    let text = text_of(&book_of(&["項番", "回答"], &rows));
    // Between two pages stand their heads and feet.
    assert_eq!(text.matches('長').count(), 4_000, "{}", text.len());
    assert!(text.contains("回答の終わり"));
}

#[test]
fn a_draft_says_so_on_each_page() {
    let mut report = sample::report();
    for (draft, is_marked) in [(true, true), (false, false)] {
        report.draft = draft;
        let pages = page_texts(&pdf(std::slice::from_ref(&report)).bytes);
        for (page, text) in pages.iter().enumerate() {
            assert_eq!(text.contains('案'), is_marked, "page {}", page + 1);
        }
    }
}

#[test]
fn several_books_are_one_file_with_one_outline_and_pages_counted_through() {
    let books = [sample::report(), sample::ledger_report(30)];
    let single: usize = books
        .iter()
        .map(|book| pdf(std::slice::from_ref(book)).pages)
        .sum();
    let made = pdf(&books);
    let pages = page_texts(&made.bytes);
    assert_eq!(pages.len(), made.pages);
    // A cover and a list of contents for all, instead of one list in each.
    assert!(
        made.pages >= single - 2 && made.pages <= single + 2,
        "{} of {single}",
        made.pages
    );
    for (page, text) in pages.iter().enumerate() {
        let number = format!("{} / {}", page + 1, pages.len());
        assert!(text.contains(&number), "{number} on page {}", page + 1);
    }
    let contents = squeezed(&pages[1]);
    for title in [
        "目次",
        "ヘルプデスク受付状況報告",
        "第2受付件数",
        "問合せ管理台帳",
    ] {
        assert!(contents.contains(title), "{title} in {contents}");
    }
    let structure = structure(&made.bytes);
    assert!(
        structure.contains("H3"),
        "books, chapters and what lies in them"
    );
    assert!(matches!(
        madoguchi_typeset::pdf(&[], fonts()),
        Err(TypesetError::NoBook)
    ));
}

#[test]
fn without_a_font_the_message_names_the_package() {
    let error = Fonts::find(&[PathBuf::from("/nonexistent")]).unwrap_err();
    let told = error.to_string();
    assert!(
        told.starts_with("日本語のフォントが見つかりません"),
        "{told}"
    );
    assert!(
        told.contains("apt-get install fonts-morisawa-bizud-gothic"),
        "{told}"
    );
    assert!(told.contains("/nonexistent"), "{told}");
}

/// Where the child of the next test writes to.
const CHILD: &str = "MADOGUCHI_TEST_BYTES_TO";

#[test]
fn the_same_book_gives_the_same_bytes_in_any_zone_and_locale() {
    let books = || {
        [
            pdf(&[sample::report()]).bytes,
            docx(&sample::report()).bytes,
        ]
        .concat()
    };
    if let Some(path) = std::env::var_os(CHILD) {
        std::fs::write(path, books()).unwrap();
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("books");
    let name = "pdf::the_same_book_gives_the_same_bytes_in_any_zone_and_locale";
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name])
        .env(CHILD, &path)
        .env("TZ", "America/New_York")
        .env("LC_ALL", "tr_TR.UTF-8")
        .stdout(std::process::Stdio::null())
        .status();
    assert!(status.unwrap().success());
    assert!(std::fs::read(&path).unwrap() == books(), "the bytes differ");
}
