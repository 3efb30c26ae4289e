//! Months of the kinds in which reports go wrong, through every form that is made here: what the JSON says
//! stands in both workbooks and on the page.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashSet;
use std::io::Cursor;
use std::sync::LazyLock;

use calamine::{Data, Reader as _, Xlsx};
use chrono::NaiveDate;
use madoguchi_core::id::CategoryId;
use madoguchi_reports::document::sample::TEXTS;
use madoguchi_reports::document::{Block, DocCell, DocTable, Document, Drill, Value};
use madoguchi_reports::forms::{data, html, submission};
use madoguchi_reports::month::books::{
    KnowledgeLine, TicketTexts, inquiry_report, knowledge_base, ledger, operation_parts,
};
use madoguchi_reports::month::report_and_drill;
use madoguchi_reports::month::sample::cases::months;
use madoguchi_reports::rows::rows;
use madoguchi_reports::stream::TextFormat;

/// A book of a month, as its JSON gives it back, with the proof of its figures.
struct Case {
    what: String,
    book: Document,
    drill: Drill,
}

static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| {
    let mut cases = Vec::new();
    for (what, input) in months() {
        let texts = TicketTexts::default();
        let (report, drill) = report_and_drill(&input);
        let json = report.json().unwrap();
        let whole: Document = serde_json::from_str(&json).unwrap();
        let (inquiries, of_inquiries) = inquiry_report(&input, &texts);
        let (operation, of_operation) = operation_parts(&report, &input);
        let ledger = ledger(&input, &texts, false);
        let knowledge = knowledge_base(&input, &articles(), &texts);
        for (book, drill) in [
            (whole, drill),
            (inquiries, of_inquiries),
            (operation, of_operation),
            (ledger, Drill::default()),
            (knowledge, Drill::default()),
        ] {
            let what = format!("{what}: {}", book.name);
            cases.push(Case { what, book, drill });
        }
    }
    cases
});

/// Articles with texts that programs take for something else.
fn articles() -> Vec<KnowledgeLine> {
    let texts = TEXTS.iter().filter(|(name, _)| *name != "private");
    let lines = texts.map(|(name, text)| KnowledgeLine {
        id: (*name).into(),
        number: format!("FAQ-{name}"),
        category: CategoryId::default(),
        question: (*text).to_owned(),
        answer: format!("{text}\n{text}"),
        audience: "職員".to_owned(),
        version: 1,
        published_on: NaiveDate::from_ymd_opt(2019, 5, 1),
        review_on: None,
    });
    lines.collect()
}

/// The sheets of a workbook with their cells.
fn sheets(book: &[u8]) -> Vec<(String, Vec<Data>)> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(book)).unwrap();
    let names = book.sheet_names();
    let read = |name: String| {
        let range = book.worksheet_range(&name).unwrap();
        let cells = range.used_cells().map(|(_, _, cell)| cell.clone());
        let cells = cells.collect();
        (name, cells)
    };
    names.into_iter().map(read).collect()
}

/// The cells of the sheets of a table.
fn of_table<'s>(sheets: &'s [(String, Vec<Data>)], table: &DocTable) -> Vec<&'s Data> {
    let own = |name: &str| {
        let rest = name.strip_prefix(table.number.as_str());
        rest.is_some_and(|rest| !rest.starts_with(|letter: char| letter.is_ascii_digit()))
    };
    let sheets = sheets.iter().filter(|(name, _)| own(name));
    sheets.flat_map(|(_, cells)| cells).collect()
}

fn number(cell: &Data) -> Option<f64> {
    match cell {
        Data::Float(number) => Some(*number),
        Data::Int(number) => Some(*number as f64),
        Data::DateTime(time) => Some(time.as_f64()),
        _ => None,
    }
}

/// What stands in the workbook to print for a figure, and in the one for machines.
fn expected(value: &Value) -> Option<(f64, f64)> {
    let decimal = |text: &String| text.parse::<f64>().unwrap();
    match value {
        Value::Count(count) => Some((*count as f64, *count as f64)),
        Value::Percent(percent) => Some((decimal(percent) / 100.0, decimal(percent))),
        Value::Duration(ms) => {
            let secs = ((*ms + 500) / 1_000) as f64;
            Some((secs / 86_400.0, secs))
        }
        Value::Decimal(text) => Some((decimal(text), decimal(text))),
        Value::None(_) => None,
    }
}

fn figures(table: &DocTable) -> Vec<&Value> {
    let cells = table.rows.iter().flat_map(|row| &row.cells);
    let figures = cells.filter_map(|cell| match cell {
        DocCell::Figure(figure) => Some(&figure.value),
        _ => None,
    });
    figures.collect()
}

/// The texts of a table, a line each.
fn texts(table: &DocTable) -> Vec<String> {
    let cells = table.rows.iter().flat_map(|row| &row.cells);
    let texts = cells.filter_map(|cell| match cell {
        DocCell::Text { text } | DocCell::Published { text, .. } => Some(text),
        _ => None,
    });
    let lines = texts.flat_map(|text| text.lines());
    lines
        .map(|line| line.trim().to_owned())
        .filter(|line| !line.is_empty())
        .collect()
}

#[test]
fn every_figure_and_text_of_every_book_stands_in_both_workbooks() {
    for Case { what, book, drill } in CASES.iter() {
        let printed = sheets(&submission::workbook(book, drill).unwrap().file);
        let machine = sheets(&data::workbook(book).unwrap().file);
        for (_, table) in book.tables() {
            let printed = of_table(&printed, table);
            let machine = of_table(&machine, table);
            let has = |cells: &[&Data], wanted: f64| {
                let mut numbers = cells.iter().filter_map(|cell| number(cell));
                numbers.any(|one| (one - wanted).abs() < 1e-6)
            };
            for value in figures(table) {
                let Some((share, plain)) = expected(value) else {
                    let dash = printed.iter().any(|cell| *cell == "－");
                    assert!(dash, "{what} {}: {value:?}", table.number);
                    continue;
                };
                assert!(has(&printed, share), "{what} {}: {value:?}", table.number);
                assert!(has(&machine, plain), "{what} {}: {value:?}", table.number);
            }
            let joined = |cells: &[&Data]| {
                let strings = cells.iter().filter_map(|cell| match cell {
                    Data::String(text) => Some(text.as_str()),
                    _ => None,
                });
                strings.collect::<Vec<_>>().join("\n")
            };
            let (printed, machine) = (joined(&printed), joined(&machine));
            for text in texts(table) {
                assert!(printed.contains(&text), "{what} {}: {text}", table.number);
                let as_number = text.trim_end_matches('%').parse::<f64>().is_ok();
                let stands = machine.contains(&text) || as_number || text == "－";
                assert!(stands, "{what} {}: {text}", table.number);
            }
        }
    }
}

#[test]
fn every_figure_and_text_of_every_book_stands_in_its_csv() {
    for Case { what, book, .. } in CASES.iter() {
        let files = data::csv_files(book, TextFormat::Csv).unwrap();
        // The first tells of the book itself.
        let files = files.into_iter().skip(1);
        for ((_, table), (name, content)) in book.tables().zip(files) {
            let cells = rows(&content, 100_000).unwrap().rows.concat();
            let numbers: Vec<f64> = cells.iter().filter_map(|cell| cell.parse().ok()).collect();
            for value in figures(table) {
                let Some((_, plain)) = expected(value) else {
                    continue;
                };
                let stands = numbers.iter().any(|one| (one - plain).abs() < 1e-6);
                assert!(stands, "{what} {name}: {value:?}");
            }
            let all = cells.join("\n");
            for text in texts(table) {
                let as_number = text.trim_end_matches('%').parse::<f64>().is_ok();
                let stands = all.contains(&text) || as_number || text == "－";
                assert!(stands, "{what} {name}: {text}");
            }
        }
    }
}

#[test]
fn an_hour_without_calls_has_its_row_with_0_and_a_longer_day_rows_of_its_own() {
    let of = |begin: &str| CASES.iter().find(|case| case.what.starts_with(begin));
    let slots = |book: &Document| {
        let table = book.table("slots").unwrap().clone();
        let rows = table.rows.iter().filter(|row| !row.total);
        let rows: Vec<Vec<String>> = rows
            .map(|row| row.cells.iter().map(DocCell::text).collect())
            .collect();
        rows
    };
    let nothing = slots(&of("0件").unwrap().book);
    assert_eq!(nothing.len(), 19);
    assert_eq!(nothing[0][0], "8:00～8:30");
    assert_eq!(nothing[18][0], "17:00～17:30");
    assert!(nothing.iter().all(|row| row[1] == "0"), "{nothing:?}");
    let longer = slots(&of("29日").unwrap().book);
    let late = longer.iter().find(|row| row[0].starts_with("19:30"));
    let late = late.unwrap_or_else(|| panic!("{longer:?}"));
    assert_eq!(
        late.iter().filter(|cell| *cell == "1").count(),
        2,
        "{late:?}"
    );
}

#[test]
fn every_figure_and_text_of_every_book_stands_on_the_page() {
    let escaped = |text: &str| {
        let text = text.replace('&', "&amp;").replace('<', "&lt;");
        text.replace('>', "&gt;")
    };
    for Case { what, book, .. } in CASES.iter() {
        let page = html::chapters(book, &|_| None);
        let page = page.replace("&quot;", "\"").replace("&#39;", "'");
        for (_, table) in book.tables() {
            for value in figures(table) {
                let text = value.text();
                assert!(page.contains(&text), "{what} {}: {text}", table.number);
            }
            for text in texts(table) {
                let text = escaped(&text);
                assert!(page.contains(&text), "{what} {}: {text}", table.number);
            }
        }
    }
}

#[test]
fn nothing_that_people_typed_is_a_formula_and_what_they_wrote_is_whole() {
    let of = |name: &str| CASES.iter().find(|case| case.what.starts_with(name));
    let Case { book, drill, .. } = of("元年").unwrap();
    let file = submission::workbook(book, drill).unwrap().file;
    let mut archive = zip::ZipArchive::new(Cursor::new(&file)).unwrap();
    for at in 0..archive.len() {
        let mut part = archive.by_index(at).unwrap();
        let mut xml = String::new();
        if part.name().unwrap().starts_with("xl/worksheets/") {
            std::io::Read::read_to_string(&mut part, &mut xml).unwrap();
        }
        assert!(!xml.contains("<f>") && !xml.contains("<f "));
    }
    let strings = sheets(&file).into_iter().flat_map(|(_, cells)| cells);
    let strings: String = strings.map(|cell| cell.to_string() + "\n").collect();
    for text in [
        "=1+1",
        "@SUM(A1)",
        "﨑髙①㍿😀",
        "所見の終わり。",
        "髙﨑 𠮷子",
    ] {
        assert!(strings.contains(text), "{text}");
    }
    // A row ends where its cell is full, within a sentence as well.
    let joined = strings.replace('\n', "");
    assert_eq!(joined.matches("長い所見の一文である。").count(), 400);
}

#[test]
fn the_first_year_of_an_era_the_last_days_of_months_and_the_fiscal_year_are_right() {
    let of = |begin: &str| CASES.iter().find(|case| case.what.starts_with(begin));
    let first = &of("元年").unwrap().book;
    assert_eq!(first.month.name(), "令和元年5月");
    // Names of files have the number, so that they stand in order.
    assert!(first.file_name().contains("令和01年05月"));
    let months = &first.table("months").unwrap().rows;
    let names: Vec<String> = months.iter().map(|row| row.cells[0].text()).collect();
    assert_eq!(names[..2], ["平成31年4月", "令和元年5月"]);
    assert_eq!(names[11], "令和2年3月");
    let days = |book: &Document| {
        let days = book.table("days").unwrap().rows.iter();
        days.filter(|row| !row.total).count()
    };
    assert_eq!(days(first), 31);
    assert_eq!(days(&of("29日").unwrap().book), 29);
    assert_eq!(days(&of("0件").unwrap().book), 30);
    let last = &of("年度の末").unwrap().book;
    assert_eq!(days(last), 31);
    let months = &last.table("months").unwrap().rows;
    assert_eq!(months[0].cells[0].text(), "令和6年4月");
    assert_eq!(months[11].id, "2025-03");
}

#[test]
fn a_month_of_nothing_has_all_its_tables_and_no_rate() {
    let of = |name: &str| {
        let cases = CASES.iter();
        let mut cases = cases.filter(|case| case.what.starts_with("0件"));
        &cases.find(|case| case.what.ends_with(name)).unwrap().book
    };
    let report = of("ヘルプデスク受付状況報告");
    for (_, table) in report.tables() {
        for value in figures(table) {
            let rate = matches!(value, Value::Percent(_));
            // 支払い割合 is 100% of the cost, not a rate over calls.
            assert!(
                !rate || table.id == "payments",
                "{}: {value:?}",
                table.number
            );
        }
    }
    let ledger = of("問合せ管理台帳");
    assert!(ledger.table("ledger").unwrap().rows.is_empty());
    let drill = Drill::default();
    let file = submission::workbook(ledger, &drill).unwrap().file;
    let cells = sheets(&file).into_iter().flat_map(|(_, cells)| cells);
    assert!(cells.into_iter().any(|cell| cell == "受付番号"));
}

#[test]
fn remarks_stand_apart_from_what_was_computed() {
    let case = CASES.iter().find(|case| case.what.starts_with("元年"));
    let blocks = &case.unwrap().book.chapters[0].blocks;
    let remarks = blocks
        .iter()
        .filter(|block| matches!(block, Block::Remark { .. }));
    assert_eq!(remarks.count(), 2);
}

/// B03, S20
#[test]
fn every_day_and_time_of_every_book_is_that_of_tokyo_in_every_form() {
    let first = NaiveDate::from_ymd_opt(1899, 12, 30).unwrap();
    let day = |date: NaiveDate| (date - first).num_days() as f64;
    let mut times = 0;
    for Case { what, book, drill } in CASES.iter() {
        let printed = sheets(&submission::workbook(book, drill).unwrap().file);
        let machine = sheets(&data::workbook(book).unwrap().file);
        let page = html::chapters(book, &|_| None);
        let files = data::csv_files(book, TextFormat::Csv).unwrap();
        // The first tells of the book itself.
        let files = files.into_iter().skip(1);
        for ((_, table), (_, content)) in book.tables().zip(files) {
            let content = String::from_utf8(content).unwrap();
            let [printed, machine] = [&printed, &machine].map(|sheets| of_table(sheets, table));
            for cell in table.rows.iter().flat_map(|row| &row.cells) {
                let (number, iso) = match cell {
                    DocCell::Date { date } => (day(*date), date.to_string()),
                    DocCell::Time { at } => {
                        let local = at.in_tokyo().naive_local();
                        let midnight = local.date().and_hms_opt(0, 0, 0).unwrap();
                        let secs = (local - midnight).num_seconds() as f64;
                        let iso = local.format("%Y-%m-%dT%H:%M:%S").to_string();
                        (day(local.date()) + secs / 86_400.0, iso)
                    }
                    _ => continue,
                };
                times += 1;
                // Milliseconds are left out of the text alone.
                let is_it = |cell: &&Data| number_of(cell, number);
                assert!(printed.iter().any(is_it), "{what} {}: {iso}", table.number);
                assert!(machine.iter().any(is_it), "{what} {}: {iso}", table.number);
                assert!(content.contains(&iso), "{what} {}: {iso}", table.number);
                assert!(page.contains(&cell.text()), "{what}: {}", cell.text());
            }
        }
    }
    assert!(times > 1_000, "{times}");
}

/// Whether a cell holds a time, within a second.
fn number_of(cell: &Data, time: f64) -> bool {
    number(cell).is_some_and(|one| (one - time).abs() < 1.2e-5)
}

/// S21: 行政データにおける機械可読性に関するルール
#[test]
fn every_book_for_machines_keeps_their_rules() {
    for Case { what, book, .. } in CASES.iter() {
        let file = data::workbook(book).unwrap().file;
        let mut archive = zip::ZipArchive::new(Cursor::new(&file)).unwrap();
        for at in 0..archive.len() {
            let mut part = archive.by_index(at).unwrap();
            let name = part.name().unwrap().into_owned();
            for kind in ["comments", "drawings", "tables", "media", "_rels/sheet"] {
                assert!(!name.contains(kind), "{what}: {name}");
            }
            let mut xml = String::new();
            std::io::Read::read_to_string(&mut part, &mut xml).unwrap();
            let forbidden: &[&str] = match name.as_str() {
                "xl/workbook.xml" => &["state=\"", "definedName"],
                name if name.starts_with("xl/worksheets/") => &[
                    "<mergeCell",
                    "hidden=",
                    "<drawing",
                    "<hyperlink",
                    "<f>",
                    "<f ",
                    "conditional",
                ],
                _ => &[],
            };
            for element in forbidden {
                assert!(!xml.contains(element), "{what}: {element} in {name}");
            }
        }
        let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(&file)).unwrap();
        for sheet in workbook.sheet_names() {
            let range = workbook.worksheet_range(&sheet).unwrap();
            let rows: Vec<Vec<Data>> = range.rows().map(<[Data]>::to_vec).collect();
            check_table(&format!("{what}: {sheet}"), &rows);
        }
    }
}

/// One table with unique names and one kind of cells in each column, without blank rows.
fn check_table(sheet: &str, rows: &[Vec<Data>]) {
    let (head, rows) = rows.split_first().unwrap();
    let names: Vec<String> = head.iter().map(ToString::to_string).collect();
    let unique: HashSet<&String> = names.iter().collect();
    assert_eq!(unique.len(), names.len(), "{sheet}: {names:?}");
    for row in rows {
        let is_blank = row.iter().all(|cell| *cell == Data::Empty);
        assert!(!is_blank, "{sheet} has a blank row");
    }
    for (at, name) in names.iter().enumerate() {
        assert!(
            !name.is_empty() && name.trim() == name,
            "{sheet}: {names:?}"
        );
        let cells = rows.iter().filter_map(|row| row.get(at));
        let kinds: HashSet<&str> = cells
            .filter_map(|cell| match cell {
                Data::Empty => None,
                Data::Float(_) | Data::Int(_) => Some("number"),
                Data::DateTime(_) => Some("time"),
                Data::String(text) => {
                    assert_eq!(text, text.trim(), "{sheet} {name}");
                    Some("text")
                }
                _ => Some("neither"),
            })
            .collect();
        let is_one = kinds.len() <= 1 && !kinds.contains("neither");
        assert!(is_one, "{sheet} {name}: {kinds:?}");
        let is_measured = ["（％）", "（秒）", "（件）"]
            .iter()
            .any(|unit| name.ends_with(unit));
        let only_numbers = kinds.iter().all(|kind| *kind == "number");
        assert!(!is_measured || only_numbers, "{sheet} {name}: {kinds:?}");
    }
}
