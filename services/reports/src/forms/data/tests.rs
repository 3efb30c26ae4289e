use std::collections::HashSet;
use std::sync::LazyLock;

use calamine::Data;

use super::*;
use crate::document::{Block, DocCell, sample};
use crate::forms::parts::{cells, names, part, sheets};

/// The sample, written once.
static BOOK: LazyLock<Book> = LazyLock::new(made);

fn made() -> Book {
    workbook(&sample::report()).unwrap()
}

fn book() -> Book {
    BOOK.clone()
}

/// The values of a column by its name.
fn column(rows: &[Vec<Data>], name: &str) -> Vec<Data> {
    let head = rows[0].iter().map(ToString::to_string);
    let at = head.clone().position(|head| head == name);
    let at = at.unwrap_or_else(|| panic!("no {name} among {:?}", head.collect::<Vec<_>>()));
    rows[1..].iter().map(|row| row[at].clone()).collect()
}

fn numbers(of: &[Data]) -> Vec<Option<f64>> {
    let number = |cell: &Data| match cell {
        Data::Float(number) => Some(*number),
        Data::Empty => None,
        other => panic!("{other:?} is no number"),
    };
    of.iter().map(number).collect()
}

/// S21: 行政データにおける機械可読性に関するルール
#[test]
fn every_sheet_keeps_the_rules_for_machines() {
    let file = book().file;
    let workbook = part(&file, "xl/workbook.xml").unwrap();
    assert!(!workbook.contains("state=\"") && !workbook.contains("definedName"));
    let styles = part(&file, "xl/styles.xml").unwrap();
    assert!(
        styles.contains("<fills count=\"2\">"),
        "a fill beside the two that every file has"
    );
    for part in names(&file) {
        for kind in ["comments", "drawings", "tables", "media", "_rels/sheet"] {
            assert!(!part.contains(kind), "{part}");
        }
    }
    let sheets = sheets(&file);
    assert!(sheets.len() > 10);
    for (name, xml) in sheets {
        for element in [
            "<mergeCell",
            "hidden=",
            "<drawing",
            "<hyperlink",
            "<f>",
            "<f ",
            "conditional",
        ] {
            assert!(!xml.contains(element), "{element} in {name}");
        }
        check_table(&name, &cells(&file, &name));
    }
}

fn check_table(sheet: &str, rows: &[Vec<Data>]) {
    let head: Vec<_> = rows[0].iter().map(ToString::to_string).collect();
    assert!(rows.len() > 1, "{sheet} has no rows");
    assert!(
        head.iter().all(|name| !name.is_empty()),
        "{sheet}: {head:?}"
    );
    assert_eq!(
        head.iter().collect::<HashSet<_>>().len(),
        head.len(),
        "{sheet}: {head:?}"
    );
    for row in rows {
        assert!(
            row.iter().any(|cell| *cell != Data::Empty),
            "{sheet} has a blank row"
        );
        for cell in row {
            if let Data::String(text) = cell {
                assert_eq!(text, text.trim(), "{sheet}");
                assert!(!text.is_empty());
            }
        }
    }
    for (at, name) in head.iter().enumerate() {
        let kinds: HashSet<_> = rows[1..].iter().filter_map(|row| kind(&row[at])).collect();
        assert!(kinds.len() <= 1, "{sheet} {name}: {kinds:?}");
        let is_rate =
            name.ends_with("（％）") || name.ends_with("（秒）") || name.ends_with("（件）");
        assert!(
            !is_rate || kinds.is_subset(&HashSet::from(["number"])),
            "{sheet} {name}"
        );
    }
}

fn kind(cell: &Data) -> Option<&'static str> {
    match cell {
        Data::Empty => None,
        Data::Float(_) | Data::Int(_) => Some("number"),
        Data::DateTime(_) => Some("time"),
        Data::String(_) => Some("text"),
        other => panic!("{other:?}"),
    }
}

/// S04
#[test]
fn a_percentage_is_a_number_beside_its_two_integers() {
    let file = book().file;
    let rows = cells(&file, "表2-1 当月の受付件数");
    assert_eq!(
        numbers(&column(&rows, "構成比（％）")),
        [99.4, 0.6, 100.0].map(Some)
    );
    assert_eq!(numbers(&column(&rows, "構成比 A")), [1029.0; 3].map(Some));
    assert_eq!(
        numbers(&column(&rows, "構成比 B")),
        [1023.0, 6.0, 1029.0].map(Some)
    );
    let (_, xml) = sheets(&file)
        .into_iter()
        .find(|(name, _)| name.starts_with("表2-1"))
        .unwrap();
    assert!(!xml.contains('%') && !xml.contains('－'));
}

/// S07
#[test]
fn what_has_no_value_is_blank_beside_its_reason() {
    let rows = cells(&book().file, "表6-1 サービスレベル(間接業務システム)");
    assert_eq!(
        numbers(&column(&rows, "実績値（％）")),
        [Some(99.417), None]
    );
    let reason = Data::String("対象となる駆け付けがない".to_owned());
    assert_eq!(column(&rows, "実績値 空欄の理由"), [Data::Empty, reason]);
}

/// S19
#[test]
fn lengths_of_time_are_seconds() {
    let rows = cells(&book().file, "表3-1 応対時間");
    assert_eq!(
        numbers(&column(&rows, "平均（秒）")),
        [109.0, 3_599.0].map(Some)
    );
    assert_eq!(
        numbers(&column(&rows, "最大（秒）")),
        [3_599.0, 90_000.0].map(Some)
    );
    assert_eq!(
        numbers(&column(&rows, "対象件数（件）")),
        [9_999_999.0, -5.0].map(Some)
    );
}

#[test]
fn what_was_published_is_a_number_with_its_source_and_months_are_iso() {
    let rows = cells(&book().file, "表2-2 月別推移(別紙8-2の様式)");
    let rates = numbers(&column(&rows, "応答率（％）"));
    assert_eq!(rates, [99.4, 99.8, 99.1, 99.6, 99.6, 98.0].map(Some));
    assert_eq!(
        column(&rows, "年月（ISO 8601）")[0],
        Data::String("2024-04".to_owned())
    );
    assert_eq!(
        column(&rows, "応答率 出所")[1],
        Data::String("別紙8-2".to_owned())
    );
    assert_eq!(column(&rows, "応答率 出所")[0], Data::Empty);
}

#[test]
fn numbers_of_several_units_have_their_unit_beside_them() {
    let rows = cells(&book().file, "表1-1 主要指標");
    let values = numbers(&column(&rows, "当月"));
    assert_eq!(values, [Some(99.4), None, Some(109.0), Some(1029.0)]);
    let units: Vec<_> = column(&rows, "当月 単位")
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(units, ["％", "", "秒", ""]);
}

/// S09
#[test]
fn texts_are_read_back_letter_for_letter() {
    let rows = cells(&book().file, &sheet_of("表A-1"));
    let texts: Vec<_> = column(&rows, &"漢字四十字の見出し列".repeat(4))
        .iter()
        .map(ToString::to_string)
        .collect();
    for (at, (_, text)) in sample::TEXTS.into_iter().enumerate() {
        assert_eq!(texts[at], text.trim());
    }
    assert_eq!(texts[sample::TEXTS.len() + 1], "一行目\n二行目\n三行目");
    assert_eq!(texts[sample::TEXTS.len() + 2], "制御文字");
}

fn sheet_of(number: &str) -> String {
    let sheets = sheets(&book().file);
    sheets
        .into_iter()
        .map(|(name, _)| name)
        .find(|name| name.starts_with(number))
        .unwrap()
}

/// S10, S12
#[test]
fn what_was_taken_out_or_may_look_otherwise_is_told_in_the_book() {
    let book = book();
    let texts: Vec<_> = book.notes.iter().map(|note| note.text.as_str()).collect();
    assert!(texts.contains(&"表に書けない文字(U+0000、U+001F、U+FFFE)を除いた。"));
    assert!(
        texts
            .iter()
            .any(|text| text.starts_with("外字(U+E000)を含む。"))
    );
    let rows = cells(&book.file, "書き出しの注記");
    assert_eq!(rows.len(), book.notes.len() + 1);
    let note = &book.notes[0];
    let noted = cells(&book.file, &note.sheet);
    assert!(noted.len() > 1 && note.cell.starts_with(char::is_alphabetic));
}

#[test]
fn all_figures_stand_in_long_form_with_their_proof() {
    let report = sample::report();
    let file = workbook(&report).unwrap().file;
    let rows = cells(&file, "数値一覧");
    let all = report
        .tables()
        .flat_map(|(_, table)| &table.rows)
        .flat_map(|row| &row.cells);
    let figures = all.filter(|cell| matches!(cell, DocCell::Figure(_) | DocCell::Published { .. }));
    assert_eq!(rows.len() - 1, figures.count());
    for name in ["集計の基準コード", "根拠の種類コード", "根拠の名前"] {
        assert!(
            column(&rows, name).iter().all(|cell| *cell != Data::Empty),
            "{name}"
        );
    }
    let codes = cells(&file, "コード");
    let known: HashSet<_> = column(&codes, "コード")
        .iter()
        .map(ToString::to_string)
        .collect();
    for name in ["集計の基準コード", "根拠の種類コード", "表コード"] {
        for code in column(&rows, name) {
            assert!(known.contains(&code.to_string()), "{code}");
        }
    }
}

/// S11
#[test]
fn where_a_sheet_is_full_the_table_goes_on_and_the_book_says_so() {
    let report = sample::ledger_report(50);
    let book = with_rows(&report, 20).unwrap();
    let sheets: Vec<_> = sheets(&book.file)
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    let ledger = ["", " (2)", " (3)"].map(|number| format!("表L-1 問合せ管理台帳{number}"));
    let ids = ledger.iter().flat_map(|sheet| {
        assert!(sheets.contains(sheet), "{sheets:?}");
        column(&cells(&book.file, sheet), "受付番号")
    });
    let expected = (1..=50).map(|n| Data::String(format!("R6-{n:05}")));
    assert!(ids.eq(expected));
    let note = book
        .notes
        .iter()
        .find(|note| note.sheet == ledger[0])
        .unwrap();
    assert!(note.text.contains("全3枚"));
}

/// S20
#[test]
fn times_are_those_of_tokyo() {
    let report = sample::report();
    let files = csv_files(&report, TextFormat::Csv).unwrap();
    let (name, ledger) = files
        .iter()
        .find(|(name, _)| name.starts_with("表L-1"))
        .unwrap();
    assert_eq!(name, "表L-1 問合せ管理台帳.csv");
    let ledger = String::from_utf8(ledger.clone()).unwrap();
    assert!(
        ledger.starts_with("\u{feff}受付番号,受付日時,問合せの要旨,待ち時間（秒）,行コード\r\n")
    );
    assert!(ledger.contains("R6-00001,2024-04-01T00:00:00,問合せ00001の要旨である。,1,"));
    let (_, days) = files
        .iter()
        .find(|(name, _)| name.starts_with("表2-3"))
        .unwrap();
    assert!(String::from_utf8_lossy(days).contains("\r\n2024-04-01,20,20,"));
    let Data::DateTime(first) = &cells(&book().file, "表L-1 問合せ管理台帳")[1][1] else {
        panic!("no time");
    };
    assert_eq!(first.to_ymd_hms_milli(), (2024, 4, 1, 0, 0, 0, 0));
}

#[test]
fn in_cp932_it_is_told_which_letters_are_missing() {
    let files = csv_files(&sample::report(), TextFormat::Cp932).unwrap();
    let (_, texts) = files
        .iter()
        .find(|(name, _)| name.starts_with("表A-1"))
        .unwrap();
    let (texts, _, has_errors) = encoding_rs::SHIFT_JIS.decode(texts);
    assert!(!has_errors);
    let row = texts
        .lines()
        .find(|line| line.starts_with("variants"))
        .unwrap();
    assert!(row.contains("U+20BB7") && row.contains("U+1F600") && row.contains("U+3099"));
}

#[test]
fn the_same_book_gives_the_same_bytes() {
    assert_eq!(book(), made());
    let core = part(&book().file, "docProps/core.xml").unwrap();
    assert!(core.contains(">2024-05-01T15:30:00Z<") && core.contains("<dc:creator></dc:creator>"));
}

#[test]
fn sentences_and_remarks_are_a_table_as_well() {
    let report = sample::report();
    let rows = cells(&workbook(&report).unwrap().file, "文章");
    let blocks = report.chapters.iter().flat_map(|chapter| &chapter.blocks);
    let written = blocks.filter(|block| !matches!(block, Block::Table(_) | Block::Chart(_)));
    assert_eq!(rows.len() - 1, written.count());
    assert!(column(&rows, "加筆者").contains(&Data::String("報告 花子".to_owned())));
}

#[test]
fn a_table_without_rows_has_its_names_and_a_book_without_chapters_opens() {
    let mut report = sample::report();
    for block in report
        .chapters
        .iter_mut()
        .flat_map(|chapter| &mut chapter.blocks)
    {
        if let Block::Table(table) = block {
            table.rows.clear();
        }
    }
    let file = workbook(&report).unwrap().file;
    assert_eq!(cells(&file, "表3-1 応対時間").len(), 1);
    report.chapters.clear();
    report.revisions.clear();
    let names: Vec<_> = sheets(&workbook(&report).unwrap().file)
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(names, ["文書", "コード"]);
}
