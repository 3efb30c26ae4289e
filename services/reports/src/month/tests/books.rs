//! The books beside ヘルプデスク受付状況報告: their columns, their rows, and that their sums are those of the
//! report.

use std::collections::BTreeSet;

use madoguchi_core::ticket::{Ticket, TicketChange};

use super::proof::{add_up, name_only_what_stands_there};
use super::*;
use crate::document::{DocTable, Document};
use crate::month::books::{
    KnowledgeLine, LISTED_AT_MOST, TicketTexts, inquiry_report, knowledge_base, ledger, listed,
    operation_parts,
};

/// The month, and what was asked and answered in it.
fn month_of(made: &SampleMonth, text: &str) -> (MonthInput, TicketTexts) {
    let of = month(text);
    let input = input(made.data(of, of.end()));
    let texts = made.tickets.iter().filter_map(|history| {
        let ticket = Ticket::as_of(history, of.end())?;
        Some((ticket.id, (ticket.fields.question, ticket.fields.answer)))
    });
    (input, TicketTexts(texts.collect()))
}

fn april() -> (MonthInput, TicketTexts) {
    month_of(&made_up(counts("2024-04", 200, 190)), "2024-04")
}

fn table<'d>(document: &'d Document, id: &str) -> &'d DocTable {
    document.table(id).unwrap_or_else(|| panic!("{id}"))
}

fn columns(document: &Document, id: &str) -> Vec<String> {
    let columns = table(document, id).columns.iter();
    columns.map(|column| column.heading()).collect()
}

fn cell(document: &Document, table: &str, row: &str, column: &str) -> i64 {
    match self::table(document, table).cell(row, column) {
        Some(DocCell::Figure(Figure {
            value: Value::Count(count),
            ..
        })) => *count,
        other => panic!("{table}/{row}/{column}: {other:?}"),
    }
}

/// The sum of a column, its total apart.
fn sum(document: &Document, table: &str, column: &str) -> i64 {
    let rows = self::table(document, table).rows.iter();
    let rows = rows.filter(|row| !row.total).map(|row| row.id.clone());
    rows.map(|row| cell(document, table, &row, column)).sum()
}

#[test]
fn 問合せ対応報告書_counts_問合せ対応_apart_and_adds_up_to_the_report() {
    let (input, texts) = april();
    let report = report(&input);
    let (book, _) = inquiry_report(&input, &texts);
    // 別紙7 項番23 is 間接業務システム and ヘルプデスク alone.
    let help = cell(&book, "inquiries", "help_desk_indirect", "total");
    assert_eq!(help, count(&report, "channels", "total", "count"));
    let of = |row| cell(&book, "inquiries", row, "total");
    let (indirect, macs) = (of("inquiries_indirect"), of("inquiries_macs"));
    assert_eq!(
        (indirect, macs),
        (1, 2),
        "of the five that came by the portal"
    );
    assert_eq!(indirect, count(&report, "work", "work_25", "now"));
    assert_eq!(macs, count(&report, "work", "work_26", "now"));
    assert_eq!(indirect, cell(&book, "work", "work_25", "now"));
    assert_eq!(macs, cell(&book, "work", "work_26", "now"));
    let all = cell(&book, "inquiries", "total", "total");
    assert_eq!(all, help + indirect + macs);
    assert_eq!(all, sum(&book, "inquiries", "total"));
    assert_eq!(all, i64::try_from(input.data.ledger_rows.unwrap()).unwrap());
    for column in ["help_desk", "inquiries", "total"] {
        let total = cell(&book, "functions", "total", column);
        assert_eq!(total, sum(&book, "functions", column), "{column}");
    }
    assert_eq!(
        cell(&book, "functions", "total", "inquiries"),
        indirect + macs
    );
    for column in ["before", "received", "closed", "reopened", "left"] {
        let total = cell(&book, "carried", "total", column);
        assert_eq!(total, sum(&book, "carried", column), "{column}");
        let help = cell(&book, "carried", "help_desk", column);
        assert_eq!(
            help,
            count(&report, "carried", "tickets", column),
            "{column}"
        );
    }
    let late = report.levels.iter().find(|level| level.item == 4).unwrap();
    let timed = ["help_desk_indirect", "inquiries_indirect"];
    let timed = timed.map(|row| cell(&book, "answer_times", row, "timed"));
    assert_eq!(Some(timed.iter().sum::<i64>() as u64), late.a);
    assert_eq!(sum(&book, "answer_times", "late"), late.b as i64);
}

#[test]
fn 問合せ対応報告書_has_its_chapters_and_lists_each_question_with_its_answer() {
    let (input, texts) = april();
    let (book, drill) = inquiry_report(&input, &texts);
    let chapters = book.chapters.iter();
    let chapters: Vec<&str> = chapters.map(|chapter| chapter.title.as_str()).collect();
    assert_eq!(chapters, ["概況", "件数", "対応状況", "問合せと回答の内容"]);
    assert_eq!(
        columns(&book, "answers"),
        [
            "受付番号",
            "受付日時",
            "業務区分",
            "システム",
            "受付経路",
            "分類",
            "問合せの内容",
            "回答の内容",
            "一次回答日時",
            "回答所要時間（分:秒）",
            "担当",
            "状態"
        ]
    );
    let answers = table(&book, "answers");
    assert_eq!(answers.rows.len(), 195);
    for row in &answers.rows {
        assert_eq!(row.cells[7].text(), "手順を案内した。");
        let status = row.cells[11].text();
        assert!(["完了", "受付"].contains(&status.as_str()), "{status}");
    }
    let unfinished = columns(&book, "unfinished");
    assert_eq!(unfinished[..2], ["受付番号", "システム"]);
    add_up(&book, &drill);
    name_only_what_stands_there(&book);
}

#[test]
fn 問合せ管理台帳_has_a_row_for_each_ticket_and_names_only_for_who_may_see_them() {
    let (input, texts) = april();
    let book = ledger(&input, &texts, false);
    let heads = columns(&book, "ledger");
    for head in [
        "受付番号",
        "受付日時",
        "受付方法",
        "業務区分",
        "システム",
        "分類",
        "拠点",
        "部署",
        "質問",
        "回答",
        "一次回答日時",
        "回答所要時間（分:秒）",
        "エスカレーション先",
        "引渡日時",
        "障害",
        "状態",
        "完了日時",
        "担当",
        "工数（分）",
    ] {
        assert!(heads.iter().any(|known| known == head), "{head}");
    }
    let rows = &table(&book, "ledger").rows;
    assert_eq!(rows.len() as u64, input.data.ledger_rows.unwrap());
    let numbers: Vec<String> = rows.iter().map(|row| row.cells[0].text()).collect();
    let mut sorted = numbers.clone();
    sorted.sort();
    assert_eq!(numbers, sorted, "in the order of their numbers");
    let said = serde_json::to_string(&book).unwrap();
    for personal in ["氏名\"", "職員001", "0310000001"] {
        assert!(!said.contains(personal), "{personal}");
    }
    let whole = ledger(&input, &texts, true);
    let heads = columns(&whole, "ledger");
    assert!(heads.contains(&"氏名".to_owned()) && heads.contains(&"電話番号".to_owned()));
    let said = serde_json::to_string(&whole).unwrap();
    assert!(said.contains("職員001") && said.contains("0310000001"));
}

#[test]
fn more_tickets_than_a_book_lists_stand_in_the_ledger_and_the_book_says_so() {
    let made = made_up(counts("2024-04", 2_400, 2_300));
    let (input, texts) = month_of(&made, "2024-04");
    let (book, _) = inquiry_report(&input, &texts);
    let answers = table(&book, "answers");
    assert_eq!(answers.rows.len(), LISTED_AT_MOST);
    let notes = answers.notes.concat();
    assert!(
        notes
            .contains("2,000件までを載せる。このほかに305件がある。全件は、問合せ管理台帳による。"),
        "{notes}"
    );
    let ledger = ledger(&input, &texts, false);
    let rows = &table(&ledger, "ledger").rows;
    assert_eq!(rows.len(), 2_305);
    assert_eq!(listed(&input).len(), 2_305, "their texts are asked for");
    assert_eq!(rows[2_304].cells[0].text(), "R6-02305");
    assert!(rows.iter().all(|row| {
        row.cells
            .iter()
            .any(|cell| cell.text() == "手順を案内した。")
    }));
}

#[test]
fn a_merged_ticket_is_one_row_and_one_matter_everywhere() {
    let mut made = made_up(counts("2024-04", 40, 40));
    let before = month_of(&made, "2024-04").0.data.ledger_rows.unwrap();
    let (one, other) = (
        made.tickets[0][0].ticket.clone(),
        made.tickets[1][0].ticket.clone(),
    );
    let at = month("2024-04").end() + madoguchi_core::time::Millis(-60_000);
    for (n, change) in [
        (0, TicketChange::MergedInto { into: other }),
        (1, TicketChange::MergedFrom { from: one }),
    ] {
        let history = &mut made.tickets[n];
        let last = history.last().unwrap().clone();
        history.push(madoguchi_core::ticket::TicketEvent {
            seq: last.seq + 1,
            at,
            change,
            ..last
        });
    }
    let (input, texts) = month_of(&made, "2024-04");
    assert_eq!(input.data.ledger_rows, Some(before - 1));
    let rows = i64::try_from(before - 1).unwrap();
    let (book, drill) = inquiry_report(&input, &texts);
    assert_eq!(cell(&book, "inquiries", "total", "total"), rows);
    assert_eq!(table(&book, "answers").rows.len() as i64, rows);
    let ledger = ledger(&input, &texts, false);
    assert_eq!(table(&ledger, "ledger").rows.len() as i64, rows);
    let report = report(&input);
    assert!(report.is_reconciled(), "{:?}", report.reconciliation);
    assert_eq!(
        count(&report, "received", "answered", "count"),
        40,
        "its call stays"
    );
    add_up(&book, &drill);
}

#[test]
fn ナレッジデータベース_holds_the_faq_and_what_was_answered() {
    let (mut input, texts) = april();
    input.knowledge = Some(KnowledgeFigures {
        new: vec!["a".into()],
        shown_after: vec!["a1".into(), "a2".into()],
        ..KnowledgeFigures::default()
    });
    let line = |id: &str, number: &str| KnowledgeLine {
        id: id.into(),
        number: number.to_owned(),
        category: "f09".into(),
        question: "旅費の精算を直すには。".to_owned(),
        answer: "差戻し一覧で開く。".to_owned(),
        audience: "職員".to_owned(),
        version: 2,
        published_on: Some(month("2024-04").first()),
        review_on: None,
    };
    let lines = [line("a", "FAQ-0001"), line("b", "FAQ-0002")];
    let book = knowledge_base(&input, &lines, &texts);
    assert_eq!(
        columns(&book, "articles"),
        [
            "FAQ番号",
            "分類",
            "質問",
            "回答",
            "公開範囲",
            "版",
            "公開日",
            "見直し期日",
            "当月の変更"
        ]
    );
    let changes: Vec<String> = table(&book, "articles")
        .rows
        .iter()
        .map(|row| row.cells[8].text())
        .collect();
    assert_eq!(changes, ["新規", ""]);
    assert_eq!(
        columns(&book, "answers"),
        [
            "受付番号",
            "受付日",
            "システム",
            "分類",
            "問合せの内容",
            "回答の内容",
            "対応FAQ番号"
        ]
    );
    let done = input.data.tickets.iter();
    let done = done.filter(|ticket| ticket.status() == madoguchi_core::ticket::Status::Done);
    let done = done.count();
    assert_eq!(table(&book, "answers").rows.len(), done);
}

#[test]
fn 稼働報告書_takes_the_tables_of_the_report_and_the_hours_that_were_spent() {
    let (input, _) = april();
    let (report, drill) = report_and_drill(&input);
    let (book, more) = operation_parts(&report, &input);
    for (part, tables) in [
        (
            "inquiries",
            &[
                "received",
                "months",
                "functions",
                "matters",
                "channels",
                "carried",
            ][..],
        ),
        ("incidents", &["detections"]),
        (
            "service_levels",
            &["levels_indirect", "levels_macs", "payments", "misses"],
        ),
        ("work", &["work", "hours"]),
    ] {
        let chapter = book.chapters.iter().find(|chapter| chapter.id == part);
        let blocks = &chapter.unwrap().blocks;
        let ids: Vec<&str> = blocks
            .iter()
            .filter_map(|block| match block {
                crate::document::Block::Table(table) => Some(table.id.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(ids, tables, "{part}");
    }
    let received = table(&book, "received");
    let of_report = report.document.table("received").unwrap();
    let texts = |table: &DocTable| -> Vec<String> {
        let cells = table.rows.iter().flat_map(|row| &row.cells);
        cells.map(DocCell::text).collect()
    };
    assert_eq!(texts(received), texts(of_report));
    assert_eq!(cell(&book, "hours", "total", "count"), 195);
    assert_eq!(cell(&book, "hours", "total", "minutes"), 1_950);
    assert_eq!(sum(&book, "hours", "minutes"), 1_950);
    let mut all = drill;
    all.extend(more);
    add_up(&book, &all);
    name_only_what_stands_there(&book);
}

#[test]
fn every_table_of_every_book_has_a_cell_for_each_column_and_names_of_its_own() {
    for (what, input) in crate::month::sample::cases::months() {
        let texts = TicketTexts::default();
        let report = report(&input);
        let books = [
            inquiry_report(&input, &texts).0,
            ledger(&input, &texts, true),
            knowledge_base(&input, &[], &texts),
            operation_parts(&report, &input).0,
            report.document,
        ];
        for book in &books {
            let mut ids = BTreeSet::new();
            let mut numbers = BTreeSet::new();
            for (_, table) in book.tables() {
                assert!(ids.insert(&table.id), "{what} {}: {}", book.name, table.id);
                let is_told = table
                    .notes
                    .first()
                    .is_some_and(|note| note == "当月に該当するものはない。");
                assert!(!table.rows.is_empty() || is_told, "{what}: {}", table.id);
                let twice = !numbers.insert(&table.number);
                assert!(!twice, "{what} {}: {}", book.name, table.number);
                let heads: BTreeSet<_> = table.columns.iter().map(|one| &one.name).collect();
                assert_eq!(heads.len(), table.columns.len(), "{}", table.id);
                let rows: BTreeSet<_> = table.rows.iter().map(|row| &row.id).collect();
                assert_eq!(rows.len(), table.rows.len(), "{}", table.id);
                for row in &table.rows {
                    assert_eq!(row.cells.len(), table.columns.len(), "{}", table.id);
                }
            }
        }
    }
}

#[test]
fn ids_of_tickets_and_facts_are_told_by_what_people_call_them() {
    let cases = crate::month::sample::cases::months();
    let (_, input) = cases.last().unwrap();
    let (_, drill) = report_and_drill(input);
    let tickets = drill.selections.iter();
    let mut seen = 0;
    for (name, ids) in tickets {
        for id in ids {
            // In the sample a call may have the id of a ticket.
            let is_number = drill.name(name, id).starts_with("R6-");
            assert_eq!(is_number, name.starts_with("tickets/"), "{name} {id}");
            seen += 1;
        }
    }
    assert!(seen > 100);
    let fact = drill
        .selections
        .iter()
        .find(|(_, ids)| ids.contains(&"fault".into()));
    assert_eq!(
        drill.name(fact.unwrap().0, "fault"),
        "令和7年3月31日 19時00分 通信事業者の障害により、閲覧ができなかった。"
    );
}
