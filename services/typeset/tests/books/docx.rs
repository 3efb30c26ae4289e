//! Books as docx.

use std::collections::BTreeSet;

use madoguchi_reports::document::{Block, sample};
use madoguchi_typeset::LetterFault;
use regex::Regex;

use crate::tools::{
    REPORT_DOCX, REPORT_PRINTED, book_of, book_with, docx, page_texts, part, parts, printed,
    right_edges, squeezed, texts_of, without_lost,
};

fn document() -> String {
    part(&REPORT_DOCX, "word/document.xml")
}

/// All first groups of a pattern.
fn all(pattern: &str, text: &str) -> Vec<String> {
    let pattern = Regex::new(pattern).unwrap();
    pattern
        .captures_iter(text)
        .map(|found| found[1].to_owned())
        .collect()
}

#[test]
fn every_part_is_well_formed_and_named_in_the_types() {
    let types = part(&REPORT_DOCX, "[Content_Types].xml");
    for (name, content) in parts(&REPORT_DOCX) {
        if !name.ends_with(".xml") && !name.ends_with(".rels") {
            assert!(name.ends_with(".png"), "{name}");
            continue;
        }
        let mut reader = quick_xml::Reader::from_reader(content.as_slice());
        reader.config_mut().check_end_names = true;
        loop {
            match reader.read_event_into(&mut Vec::new()) {
                Ok(quick_xml::events::Event::Eof) => break,
                Ok(_) => {}
                Err(error) => panic!("{name}: {error}"),
            }
        }
        let is_rels = name.ends_with(".rels") || name == "[Content_Types].xml";
        assert!(
            is_rels || types.contains(&format!("PartName=\"/{name}\"")),
            "{name}"
        );
    }
    for target in all(
        "Target=\"([^\"]+)\"",
        &part(&REPORT_DOCX, "word/_rels/document.xml.rels"),
    ) {
        part_exists(&format!("word/{target}"));
    }
}

fn part_exists(name: &str) {
    assert!(
        parts(&REPORT_DOCX).iter().any(|(known, _)| known == name),
        "{name}"
    );
}

#[test]
fn contents_have_their_entries_and_pages_and_nobody_is_asked_to_update() {
    let xml = document();
    for list in [
        "TOC \\o &quot;1-2&quot; \\h \\z \\u",
        "TOC \\h \\z \\c &quot;表&quot;",
        "TOC \\h \\z \\c &quot;図&quot;",
    ] {
        assert!(
            xml.contains(list) || xml.contains(&list.replace("&quot;", "\"")),
            "{list}"
        );
    }
    let entry = "<w:hyperlink w:anchor=\"([^\"]+)\"";
    let anchors = all(entry, &xml);
    // Chapters and headings, tables, charts.
    assert_eq!(anchors.len(), 6 + 2 + 10 + 3);
    let bookmarks: BTreeSet<String> =
        all("<w:bookmarkStart w:id=\"[0-9]+\" w:name=\"([^\"]+)\"", &xml)
            .into_iter()
            .collect();
    assert!(anchors.iter().all(|anchor| bookmarks.contains(anchor)));
    let pages = all(
        "PAGEREF _Toc[0-9]+ \\\\h </w:instrText></w:r><w:r><w:fldChar w:fldCharType=\"separate\"/></w:r><w:r><w:t xml:space=\"preserve\">([0-9]+)</w:t>",
        &xml,
    );
    assert_eq!(pages.len(), anchors.len());
    assert!(
        pages.iter().all(|page| page.parse::<usize>().unwrap() > 3),
        "{pages:?}"
    );
    for (_, content) in parts(&REPORT_DOCX) {
        let text = String::from_utf8_lossy(&content);
        assert!(!text.contains("updateFields") && !text.contains("w:dirty"));
    }
    let begun = xml.matches("w:fldCharType=\"begin\"").count();
    assert_eq!(begun, xml.matches("w:fldCharType=\"end\"").count());
}

#[test]
fn captions_are_sequences_and_heads_are_repeated() {
    let xml = document();
    assert_eq!(xml.matches(" SEQ 表 \\* ARABIC").count(), 10);
    assert_eq!(xml.matches(" SEQ 図 \\* ARABIC").count(), 3);
    // 改版履歴 is a table without caption.
    assert_eq!(xml.matches("<w:tblHeader/>").count(), 10 + 1);
}

#[test]
fn every_picture_has_an_alternative_text_and_a_number_of_its_own() {
    let xml = document();
    let ids = all(
        "<wp:docPr id=\"([0-9]+)\" name=\"図[^\"]+\" descr=\"着信は4月に最も多い。\"",
        &xml,
    );
    assert_eq!(ids, ["1", "2", "3"]);
    assert_eq!(xml.matches("<wp:docPr").count(), 3);
    for id in ids {
        let png = parts(&REPORT_DOCX)
            .into_iter()
            .find(|(name, _)| *name == format!("word/media/chart{id}.png"));
        assert!(png.unwrap().1.starts_with(b"\x89PNG"));
    }
}

#[test]
fn wide_tables_stand_on_wide_pages_and_each_page_has_its_number() {
    let xml = document();
    assert!(xml.matches("w:orient=\"landscape\"").count() >= 1);
    let footer = part(&REPORT_DOCX, "word/footer1.xml");
    assert!(footer.contains(" PAGE ") && footer.contains(" NUMPAGES "));
    let pages = page_texts(&REPORT_PRINTED);
    for (page, text) in pages.iter().enumerate() {
        let number = format!("{} / {}", page + 1, pages.len());
        assert!(text.contains(&number), "{number}");
    }
}

#[test]
fn neither_author_nor_machine_nor_path_stands_in_it() {
    let core = part(&REPORT_DOCX, "docProps/core.xml");
    assert!(
        core.contains("<dcterms:created xsi:type=\"dcterms:W3CDTF\">2024-05-01T15:30:00Z<"),
        "{core}"
    );
    for (name, content) in parts(&REPORT_DOCX) {
        let text = String::from_utf8_lossy(&content).into_owned();
        for forbidden in [
            "creator",
            "lastModifiedBy",
            "/home",
            "/root",
            "file:",
            "Company",
        ] {
            assert!(!text.contains(forbidden), "{forbidden} in {name}");
        }
    }
}

#[test]
fn libreoffice_prints_every_label_and_value_and_the_last_line_of_every_cell() {
    let text = squeezed(&page_texts(&REPORT_PRINTED).concat());
    for expected in texts_of(&sample::report()) {
        // The letters that fonts of LibreOffice choose otherwise are looked for in the XML.
        if !expected.contains('﨑') && !expected.contains('\u{e000}') {
            assert!(text.contains(&without_lost(&expected)), "{expected}");
        }
    }
    for (_, written) in sample::DAYS {
        assert!(text.contains(written), "{written}");
    }
    for (width, right, word) in right_edges(&REPORT_PRINTED) {
        assert!(right <= width - 50.0, "{word} ends at {right} of {width}");
    }
}

#[test]
fn the_pages_of_the_contents_are_those_that_libreoffice_prints() {
    let pages = page_texts(&REPORT_PRINTED);
    let xml = document();
    let entries = all(
        "<w:hyperlink w:anchor=\"[^\"]+\" w:history=\"1\">(.*?)</w:hyperlink>",
        &xml,
    );
    assert!(entries.len() > 10);
    for entry in entries {
        let texts = all("<w:t xml:space=\"preserve\">([^<]*)</w:t>", &entry);
        let page: usize = texts.last().unwrap().parse().unwrap();
        let title = texts[0].replace("&lt;", "<").replace("&gt;", ">");
        let printed = squeezed(&pages[page - 1]);
        assert!(
            printed.contains(&squeezed(&title)),
            "{title} on page {page}"
        );
    }
}

#[test]
fn heads_of_a_ledger_stand_once_on_each_page() {
    let pages = page_texts(&printed(&docx(&sample::ledger_report(300)).bytes));
    let mut with_rows = 0;
    for text in &pages {
        let has_rows = text.contains("R6-00");
        with_rows += usize::from(has_rows);
        let heads = squeezed(text)
            .matches("受付番号受付日時問合せの要旨")
            .count();
        assert_eq!(heads, usize::from(has_rows));
    }
    assert!(with_rows > 3);
    assert!(pages.last().unwrap().contains("R6-00300"));
}

#[test]
fn no_row_is_lost_wherever_on_the_page_its_table_begins() {
    let rows: Vec<Vec<String>> = (0..25)
        .map(|row| vec![format!("行{row:02}"), "一\n二".repeat(row % 3)])
        .collect();
    let mut book = book_of(&["行", "文"], &rows);
    let Some(Block::Table(table)) = book.chapters[0].blocks.pop() else {
        panic!("the book has a table")
    };
    let chapter = book.chapters.remove(0);
    for above in (2..42).step_by(3) {
        let mut chapter = chapter.clone();
        chapter.number = format!("第{above}");
        let sentence = vec!["文である。"; above].join("\n");
        chapter.blocks.push(Block::Sentence { text: sentence });
        let mut table = table.clone();
        table.number = format!("表{above}-1");
        chapter.blocks.push(Block::Table(table));
        book.chapters.push(chapter);
    }
    let chapters = book.chapters.len();
    let text = page_texts(&printed(&docx(&book).bytes)).concat();
    for row in 0..25 {
        let found = squeezed(&text).matches(&format!("行{row:02}")).count();
        assert_eq!(found, chapters, "row {row}");
    }
}

#[test]
fn what_was_typed_stands_there_letter_for_letter_but_for_what_was_told() {
    let made = docx(&sample::report());
    let xml = part(&made.bytes, "word/document.xml");
    for (_, text) in sample::TEXTS {
        let escaped = quick_xml::escape::escape(text);
        for part in escaped.split('\t') {
            assert!(xml.contains(part), "{text}");
        }
    }
    assert!(xml.contains(">制御文字<"));
    let notes: Vec<_> = made
        .notes
        .iter()
        .map(|note| (note.letter, note.fault))
        .collect();
    let removed = ['\0', '\u{1f}', '\u{fffe}'].map(|letter| (letter, LetterFault::Removed));
    let gaiji = [('\u{e000}', LetterFault::PrivateUse)];
    assert_eq!(notes, [&removed[..], &gaiji].concat());
    assert!(
        made.notes[0].place.starts_with("表A-1 "),
        "{}",
        made.notes[0].place
    );
}

#[test]
fn what_a_person_added_stands_apart_with_name_and_time() {
    let xml = document();
    let remark = xml.find("<w:pStyle w:val=\"Remark\"/>").unwrap();
    let author = xml
        .find("加筆: 報告 花子\u{3000}令和6年5月1日 10:00")
        .unwrap();
    assert!(remark < author);
    let draft = docx(&madoguchi_reports::document::Document {
        draft: true,
        ..book_with(vec![Block::Sentence {
            text: "文".to_owned(),
        }])
    });
    let headers = parts(&draft.bytes)
        .into_iter()
        .filter(|(name, _)| name.starts_with("word/header"));
    for (name, content) in headers {
        assert!(
            String::from_utf8(content).unwrap().contains("> 案 <"),
            "{name}"
        );
    }
}
