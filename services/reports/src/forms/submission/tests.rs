use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::LazyLock;

use calamine::Data;

use super::plan::own;
use super::titles::Titles;
use super::*;
use crate::document::{ChartKind, DocCell, sample};
use crate::forms::parts::{attributes, between, cells, names, part, sheets, unescape};

/// The sample, written once.
static BOOK: LazyLock<Book> = LazyLock::new(made);

fn made() -> Book {
    workbook(&sample::report(), &sample::drill()).unwrap()
}

fn book() -> Book {
    BOOK.clone()
}

fn sheet<'a>(sheets: &'a [(String, String)], begin: &str) -> &'a (String, String) {
    sheets
        .iter()
        .find(|(name, _)| name.starts_with(begin))
        .unwrap()
}

/// Whether a cell holds a text.
fn is(cell: &Data, text: &str) -> bool {
    matches!(cell, Data::String(of_cell) if of_cell == text)
}

/// All texts of a column, put together.
fn texts(rows: &[Vec<Data>], column: usize) -> Vec<String> {
    rows.iter().map(|row| row[column].to_string()).collect()
}

/// Internal links of a sheet, by their cells.
fn links(xml: &str) -> BTreeMap<String, String> {
    let links = between(xml, "<hyperlink ", "/>").into_iter().map(|link| {
        let link = format!(" {link}");
        assert!(!link.contains("r:id"), "a link out of the book: {link}");
        (
            attributes(&link, "ref").remove(0),
            attributes(&link, "location").remove(0),
        )
    });
    links.collect()
}

#[test]
fn a_book_has_its_cover_its_history_its_chapters_its_tables_and_its_proof() {
    let names: Vec<_> = sheets(&book().file)
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    let expected = [
        "表紙",
        "改版履歴",
        "第1 概況",
        "表1-1 主要指標",
        "第2 受付件数",
        "表2-1 当月の受付件数",
        "表2-2 月別推移(別紙8-2の様式)",
        "表2-3 日別の受付件数",
        "表2-4 曜日・時間帯別着信件数",
        "表3-1 応対時間",
        "表6-1 サービスレベル(間接業務システム)",
        "表A-1 四十文字の見出しの表四十文字の見出しの表四十文字の見",
        "表A-2 日付",
        "表L-1 問合せ管理台帳",
        "図の元データ",
        "根拠",
        "根拠の明細",
        "書き出しの注記",
    ];
    assert_eq!(names, expected);
}

/// S02
#[test]
fn days_are_real_dates_in_the_format_with_元年() {
    let file = book().file;
    let styles = unescape(&part(&file, "xl/styles.xml").unwrap());
    assert!(styles.contains(
        "[<43586][$-411]ggge\"年\"m\"月\"d\"日\";[<43831][$-411]ggg\"元年\"m\"月\"d\"日\";\
         [$-411]ggge\"年\"m\"月\"d\"日\""
    ));
    let rows = cells(&file, "表A-2 日付");
    let days = rows.iter().filter_map(|row| match &row[1] {
        Data::DateTime(day) => Some(day.to_ymd_hms_milli()),
        _ => None,
    });
    let days: Vec<_> = days
        .map(|(year, month, day, ..)| format!("{year}-{month:02}-{day:02}"))
        .collect();
    assert_eq!(days, sample::DAYS.map(|(day, _)| day));
}

/// S08
#[test]
fn no_text_is_a_formula_or_a_link_out_of_the_book() {
    let file = book().file;
    for (name, xml) in sheets(&file) {
        assert!(!xml.contains("<f>") && !xml.contains("<f "), "{name}");
        links(&xml);
    }
    for name in names(&file).iter().filter(|name| name.ends_with(".rels")) {
        assert!(!part(&file, name).unwrap().contains("External"), "{name}");
    }
}

/// S09, S10, S12, S13
#[test]
fn texts_are_read_back_letter_for_letter() {
    let file = book().file;
    let sheets = sheets(&file);
    let rows = cells(&file, &sheet(&sheets, "表A-1").0);
    let read: HashMap<_, _> = texts(&rows, 0).into_iter().zip(texts(&rows, 1)).collect();
    for (name, text) in sample::TEXTS {
        assert_eq!(read[name], text);
    }
    assert!(read["lines"].ends_with("\n12行目の文である。"));
    assert_eq!(read["windows_lines"], "一行目\n二行目\n三行目");
    assert_eq!(read["controls"], "制御文字");
}

/// S10, S12
#[test]
fn what_was_taken_out_and_what_may_look_otherwise_is_told() {
    let book = book();
    let notes: Vec<_> = book.notes.iter().map(|note| note.text.as_str()).collect();
    assert!(notes.contains(&"表に書けない文字(U+0000、U+001F、U+FFFE)を除いた。"));
    assert!(
        notes
            .iter()
            .any(|note| note.starts_with("外字(U+E000)を含む。"))
    );
    let told = cells(&book.file, "書き出しの注記");
    assert_eq!(
        texts(&told, 2)
            .iter()
            .filter(|text| notes.contains(&text.as_str()))
            .count(),
        notes.len()
    );
}

/// S11
#[test]
fn text_longer_than_a_row_can_show_goes_on_below_and_nothing_is_lost() {
    let mut report = sample::report();
    let long = "髙い文字と\n改行と葛\u{e0100}。".repeat(2_500);
    for chapter in &mut report.chapters {
        for block in &mut chapter.blocks {
            match block {
                Block::Table(table) if table.id == "texts" => {
                    table.rows[0].cells[1] = DocCell::Text { text: long.clone() };
                }
                Block::Sentence { text } => *text = long.clone(),
                _ => {}
            }
        }
    }
    let book = workbook(&report, &sample::drill()).unwrap();
    let sheets = sheets(&book.file);
    for (begin, column, first) in [("表A-1", 1, "formula"), ("第2 受付件数", 0, "")] {
        let rows = cells(&book.file, &sheet(&sheets, begin).0);
        let all = texts(&rows, column).concat();
        assert!(all.contains(&long), "{begin}");
        assert!(rows.iter().any(|row| is(&row[0], first)) || first.is_empty());
        assert!(
            texts(&rows, column)
                .iter()
                .all(|text| text.matches('\n').count() <= 24)
        );
    }
    let told = book
        .notes
        .iter()
        .filter(|note| note.text.contains("行に続く"));
    assert!(told.count() >= 3);
}

/// S11
#[test]
fn a_table_longer_than_a_sheet_goes_on_in_a_further_one_and_says_so() {
    let drill = sample::drill();
    let book = with_rows(&sample::ledger_report(60), &drill, 30).unwrap();
    let all = sheets(&book.file);
    let of = |begin: &str| {
        let sheets = all.iter().filter(|(name, _)| name.starts_with(begin));
        sheets
            .map(|(name, _)| cells(&book.file, name))
            .collect::<Vec<_>>()
    };
    let ledger: Vec<_> = of("表L-1").iter().flat_map(|rows| texts(rows, 0)).collect();
    let ids: Vec<_> = ledger
        .iter()
        .filter(|text| text.starts_with("R6-"))
        .cloned()
        .collect();
    assert_eq!(
        ids,
        (1..=60).map(|n| format!("R6-{n:05}")).collect::<Vec<_>>()
    );
    assert!(
        of("表L-1")
            .iter()
            .all(|rows| texts(rows, 0).contains(&"受付番号".to_owned()))
    );
    let details = of("根拠の明細")
        .iter()
        .map(|rows| rows.len() - 3)
        .sum::<usize>();
    // Of the index of all books those that prove figures of this one.
    assert_eq!(details, drill.selections["answered"].len());
    assert!(
        book.notes
            .iter()
            .any(|note| note.text.contains("表L-1 問合せ管理台帳 (2)"))
    );
}

/// S15
#[test]
fn every_table_repeats_its_names_on_pages_with_numbers() {
    let file = book().file;
    let workbook = part(&file, "xl/workbook.xml").unwrap();
    let sheets = sheets(&file);
    let titles = workbook.matches("_xlnm.Print_Titles").count();
    let tables = sheets
        .iter()
        .filter(|(name, _)| name.starts_with('表') && name != "表紙");
    // And 改版履歴, 根拠, its 明細, the notes.
    assert_eq!(titles, tables.count() + 4);
    assert_eq!(workbook.matches("_xlnm.Print_Area").count(), sheets.len());
    for (name, xml) in &sheets {
        assert!(
            xml.contains("&amp;C&amp;P / &amp;N&amp;R作成日 令和6年5月2日"),
            "{name}"
        );
        assert!(
            xml.contains("paperSize=\"9\"") || xml.contains("paperSize=\"8\""),
            "{name}"
        );
        let is_chapter = name.starts_with('第');
        assert!(is_chapter || xml.contains("fitToHeight=\"0\""), "{name}");
    }
}

/// S16
#[test]
fn sixteen_columns_are_one_page_of_a4_wide_at_seventy_percent_or_more() {
    let sheets = sheets(&book().file);
    let (_, xml) = sheet(&sheets, "表2-2");
    assert!(xml.contains("paperSize=\"9\"") && xml.contains("orientation=\"landscape\""));
    let columns = between(xml, "<col ", "/>");
    let number = |text: &str, name| {
        attributes(&format!(" {text}"), name)[0]
            .parse::<f64>()
            .unwrap()
    };
    let widths = columns.iter().map(|column| {
        let count = number(column, "max") - number(column, "min") + 1.0;
        count * (number(column, "width") * 7.0 + 5.0) * 0.75
    });
    let points: f64 = widths.sum();
    assert!(
        (297.0 - 25.4) * 72.0 / 25.4 / points >= 0.7,
        "{points} points"
    );
}

/// S07
#[test]
fn charts_hold_their_values_and_a_gap_where_there_is_none() {
    let file = book().file;
    let chart = |n: u32| part(&file, &format!("xl/charts/chart{n}.xml")).unwrap();
    let bars = chart(1);
    for value in ["1029", "1023", "458", "0.994", "0.98"] {
        assert!(bars.contains(&format!("<c:v>{value}</c:v>")), "{value}");
    }
    assert!(bars.contains("<c:barChart>") && bars.contains("<c:lineChart>"));
    assert!(bars.contains("<c:v>着信件数（件）</c:v>") && bars.contains("<c:v>令和6年4月</c:v>"));
    let lines = chart(2);
    let caches = between(&lines, "<c:numCache>", "</c:numCache>");
    let points: Vec<_> = caches
        .iter()
        .map(|cache| cache.matches("<c:pt ").count())
        .collect();
    assert_eq!(points, [30, 26]);
    assert!(
        lines.contains("<c:ptCount val=\"30\"/>")
            && lines.contains("<c:dispBlanksAs val=\"gap\"/>")
    );
    let drawing = part(&file, "xl/drawings/drawing1.xml").unwrap();
    assert!(drawing.contains("着信は4月に最も多い。"));
}

/// S19
#[test]
fn lengths_of_time_are_numbers_that_are_shown_as_minutes_and_seconds() {
    let file = book().file;
    let rows = cells(&file, "表3-1 応対時間");
    let row = rows.iter().find(|row| is(&row[0], "通話時間")).unwrap();
    for (cell, seconds) in [(&row[2], 3_599.0), (&row[3], 90_000.0)] {
        let Data::DateTime(time) = cell else {
            panic!("{cell:?} is no length of time");
        };
        assert!(time.is_duration());
        assert_eq!((time.as_f64() * 86_400.0).round(), seconds);
    }
    let styles = part(&file, "xl/styles.xml").unwrap();
    assert!(
        styles.contains("formatCode=\"[m]:ss\"") && styles.contains("formatCode=\"[h]:mm:ss\"")
    );
}

/// S20
#[test]
fn a_call_of_15_00_utc_is_of_the_next_day() {
    let rows = cells(&book().file, "表L-1 問合せ管理台帳");
    let first = rows.iter().find(|row| is(&row[0], "R6-00001")).unwrap();
    let Data::DateTime(time) = &first[1] else {
        panic!("{:?} is no time", first[1]);
    };
    assert_eq!(time.as_f64(), 45_383.0);
}

/// S24
#[test]
fn the_properties_say_nothing_of_who_or_where() {
    let file = book().file;
    let core = part(&file, "docProps/core.xml").unwrap();
    assert!(core.contains("<dc:title>ヘルプデスク受付状況報告 令和6年4月分</dc:title>"));
    assert!(core.contains("<dc:creator></dc:creator>"));
    assert_eq!(core.matches(">2024-05-01T15:30:00Z<").count(), 2);
    let app = part(&file, "docProps/app.xml").unwrap();
    assert!(!app.contains("<Company>") || app.contains("<Company></Company>"));
    assert!(!names(&file).iter().any(|name| name.contains("custom")));
}

#[test]
fn every_figure_leads_to_its_calls_or_to_its_row_of_根拠() {
    let file = book().file;
    let all = sheets(&file);
    let report = sample::report();
    let drill = sample::drill();
    let titles = Titles::of(&report);
    let named: HashSet<&str> = own(&drill, &titles).map(|(_, title, _)| title).collect();
    let details = cells(&file, "根拠の明細");
    let mut linked = 0;
    for (_, table) in report.tables() {
        let (_, xml) = sheet(&all, &table.number);
        let links = links(xml);
        let figures = table.rows.iter().flat_map(|row| &row.cells);
        let figures = figures
            .filter(|cell| matches!(cell, DocCell::Figure(_)))
            .count();
        assert_eq!(links.len(), figures, "{}", table.number);
        for target in links.values() {
            let (sheet, cell) = target.rsplit_once('!').unwrap();
            assert_eq!(sheet, "'根拠の明細'");
            let row: usize = cell[1..].parse().unwrap();
            let name = details[row - 1][0].to_string();
            assert!(named.contains(name.as_str()), "{target} is {name}");
            assert!(name.starts_with('表'), "{name}: people know no other names");
            assert_eq!(details[row - 1][1], Data::Float(1.0), "the first of {name}");
            linked += 1;
        }
    }
    assert!(linked > 300);
    let title = titles.selection("answered").unwrap();
    let answered = details.iter().filter(|row| is(&row[0], title)).count();
    assert_eq!(answered, 1023);
    assert_eq!(cells(&file, "根拠").len() - 3, linked);
}

/// S17
#[test]
fn links_and_names_of_areas_follow_the_names_of_sheets() {
    let mut report = sample::report();
    let titles = [
        "年金事務所・分室（含む）/2024:04",
        "History",
        "'x'",
        "O'Neill",
        "年金事務所・分室（含む）/2024:04",
    ];
    let chapters = &mut report.chapters;
    let tables = chapters
        .iter_mut()
        .flat_map(|chapter| &mut chapter.blocks)
        .filter_map(|block| match block {
            Block::Table(table) => Some(table),
            _ => None,
        });
    for (table, title) in tables.zip(titles) {
        table.number = String::new();
        table.title = title.to_owned();
    }
    let file = workbook(&report, &sample::drill()).unwrap().file;
    let all = sheets(&file);
    let quoted: HashSet<_> = all
        .iter()
        .map(|(name, _)| crate::forms::names::quoted(name))
        .collect();
    for (_, xml) in &all {
        for target in links(xml).values() {
            let (sheet, _) = target.rsplit_once('!').unwrap();
            assert!(quoted.contains(sheet), "{target}");
        }
    }
    let workbook = part(&file, "xl/workbook.xml").unwrap();
    for name in between(&workbook, "<definedName ", "</definedName>") {
        let range = unescape(name.split('>').nth(1).unwrap());
        let (sheet, _) = range.rsplit_once('!').unwrap();
        let bare = sheet.trim_matches('\'').replace("''", "'");
        assert!(all.iter().any(|(name, _)| *name == bare), "{range}");
    }
    let names: Vec<_> = all.iter().map(|(name, _)| name.as_str()).collect();
    for name in [
        "年金事務所・分室（含む）／2024：04",
        "History (2)",
        "x",
        "O'Neill",
    ] {
        assert!(names.contains(&name), "{names:?}");
    }
}

#[test]
fn a_heat_map_colours_the_cells_of_its_table_and_leaves_their_numbers() {
    let file = book().file;
    let report = sample::report();
    assert!(plan::charts(&report).any(|chart| chart.kind == ChartKind::HeatMap));
    let styles = part(&file, "xl/styles.xml").unwrap();
    for fill in ["FFE8F1FE", "FF9DB7F9", "FF0017C1"] {
        assert!(styles.contains(fill), "{fill}");
    }
    let rows = cells(&file, "表2-4 曜日・時間帯別着信件数");
    let first = rows.iter().find(|row| is(&row[0], "8:00")).unwrap();
    let numbers: Vec<_> = first[1..6].iter().map(ToString::to_string).collect();
    assert_eq!(numbers, ["0", "3", "6", "9", "12"]);
}

#[test]
fn a_draft_says_so_on_every_page() {
    let mut report = sample::report();
    report.draft = true;
    for (name, xml) in sheets(&workbook(&report, &sample::drill()).unwrap().file) {
        assert!(xml.contains("&amp;R機密性2 案"), "{name}");
    }
}

#[test]
fn the_same_book_gives_the_same_bytes() {
    assert_eq!(book(), made());
}

#[test]
fn a_book_with_little_in_it_opens_as_well() {
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
    let file = workbook(&report, &Default::default()).unwrap().file;
    let names: Vec<_> = sheets(&file).into_iter().map(|(name, _)| name).collect();
    assert!(names.contains(&"表3-1 応対時間".to_owned()));
    assert!(!names.contains(&"根拠".to_owned()) && !names.contains(&"図の元データ".to_owned()));
    report.chapters.clear();
    report.revisions.clear();
    let file = workbook(&report, &Default::default()).unwrap().file;
    assert_eq!(sheets(&file).len(), 1);
    assert!(cells(&file, "表紙").len() > 5);
}

#[test]
fn letters_that_xml_does_not_have_break_no_part() {
    let mut report = sample::report();
    let bad = "\u{0}悪\u{1f}い\u{fffe}字<&\"";
    report.name = format!("文書{bad}");
    report.classification = bad.to_owned();
    report.seals = vec![bad.to_owned()];
    for chapter in &mut report.chapters {
        chapter.title.push_str(bad);
        for block in &mut chapter.blocks {
            match block {
                Block::Chart(chart) => {
                    chart.title.push_str(bad);
                    chart.number.push_str(bad);
                    chart.alt.push_str(bad);
                }
                Block::Table(table) => {
                    table.title.push_str(bad);
                    table.columns[0].name.push_str(bad);
                }
                _ => {}
            }
        }
    }
    let file = workbook(&report, &sample::drill()).unwrap().file;
    for name in names(&file) {
        let part = part(&file, &name).unwrap();
        let is_sound =
            |letter: char| letter >= ' ' && letter != '\u{fffe}' || "\n\r\t".contains(letter);
        assert!(part.chars().all(is_sound), "{name}");
        assert!(!part.contains("_x0000_"), "{name}");
    }
}
