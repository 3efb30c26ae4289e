//! What 稼働報告書 takes from here (表 5.3-2): 問合せ状況報告, インシデント管理状況報告, サービス実績報告 and
//! 各作業に係る工数の予実管理報告. Most tables are those of ヘルプデスク受付状況報告, letter for letter; what that
//! leaves out, as it holds 間接業務システム alone, is added.

use std::collections::BTreeSet;

use madoguchi_core::ticket::{System, Ticket};

use super::entry::division_of;
use super::everything::with_everything;
use crate::document::{
    Block, DocCell, DocRow, DocTable, Document, Drill, MonthCell, Population, Rows,
};
use crate::month::cells::{
    chapter, column, count, mean, measured, number, row, size, table, text, total,
};
use crate::month::chapters;
use crate::month::cover::say_what_is_empty;
use crate::month::input::MonthInput;
use crate::month::making::Making;
use crate::month::report::MonthReport;

/// What 稼働報告書 takes from here.
pub const OPERATION_PARTS: &str = "稼働報告書(問合せ・サービスレベル)";

/// The parts, and the tables that each takes of the report.
const PARTS: [(&str, &str, &str, &[&str]); 4] = [
    (
        "1",
        "inquiries",
        "問合せ状況報告",
        &[
            "received",
            "months",
            "functions",
            "matters",
            "channels",
            "carried",
        ],
    ),
    ("2", "incidents", "インシデント管理状況報告", &[]),
    (
        "3",
        "service_levels",
        "サービス実績報告",
        &["levels_indirect", "levels_macs", "payments", "misses"],
    ),
    ("4", "work", "各作業に係る工数の予実管理報告", &["work"]),
];

/// Makes them of the report and of what it was made of.
pub fn operation_parts(report: &MonthReport, input: &MonthInput) -> (Document, Drill) {
    let whole = &report.document;
    let ((detections, hours), drill) = with_everything(input, "operation_", |making| {
        (chapters::detections(making), hours(making))
    });
    let taken: BTreeSet<&str> = PARTS
        .iter()
        .flat_map(|(.., tables)| *tables)
        .copied()
        .collect();
    let chapters = PARTS.into_iter().map(|(number, id, title, tables)| {
        let mut blocks = Vec::new();
        if id == "inquiries" {
            blocks.extend(sentences(whole));
        }
        let tables = tables.iter().filter_map(|id| whole.table(id).cloned());
        blocks.extend(tables.map(|table| Block::Table(alone(table, whole, &taken))));
        match id {
            "incidents" => blocks.push(Block::Table(detections.clone())),
            "work" => blocks.push(Block::Table(hours.clone())),
            _ => {}
        }
        chapter(&format!("第{number}"), id, title, blocks)
    });
    let mut chapters = chapters.collect::<Vec<_>>();
    say_what_is_empty(&mut chapters);
    let book = Document {
        name: OPERATION_PARTS.to_owned(),
        chapters,
        ..whole.clone()
    };
    (book, drill)
}

/// A table of the report whose figures name no cell that does not stand here, but where it stands in the report.
fn alone(mut table: DocTable, whole: &Document, taken: &BTreeSet<&str>) -> DocTable {
    let cells = table.rows.iter_mut().flat_map(|row| &mut row.cells);
    for cell in cells {
        let DocCell::Figure(figure) = cell else {
            continue;
        };
        let Rows::Cells { cells } = &figure.rows else {
            continue;
        };
        let tables = cells.iter().filter_map(|cell| cell.split('/').next());
        let missing: BTreeSet<&str> = tables.filter(|id| !taken.contains(id)).collect();
        if missing.is_empty() {
            continue;
        }
        let of_report = cells.iter().map(|cell| MonthCell {
            month: whole.month,
            cell: cell.clone(),
        });
        figure.rows = Rows::Months {
            cells: of_report.collect(),
        };
    }
    table
}

/// 工数 as it was recorded with the tickets of the month.
fn hours(making: &mut Making<'_, '_>) -> DocTable {
    let columns = vec![
        column("division", "業務区分"),
        column("system", "システム"),
        measured("count", "件数（受付月）", "件"),
        measured("minutes", "実績工数", "分"),
        measured("mean", "1件当たり", "分"),
    ];
    let (input, received) = (making.input, making.month.received.clone());
    let mut rows: Vec<DocRow> = Vec::new();
    for (id, division) in input.rules.divisions.list() {
        for system in System::ALL {
            let all = received.iter().copied();
            let of: Vec<&Ticket> = all
                .filter(|ticket| {
                    division_of(input, ticket) == Some(id) && ticket.fields.system == system
                })
                .collect();
            if of.is_empty() && division.retired {
                continue;
            }
            let key = format!("{id}_{}", system.as_str());
            let mut cells = vec![text(&division.name), text(system.label())];
            cells.extend(spent(making, &key, &of));
            rows.push(row(key, cells));
        }
    }
    let mut cells = vec![text("計"), text("")];
    cells.extend(spent(making, "all", &received));
    rows.push(total("total", cells));
    let mut table = table("表9-2", "hours", "問合せの実績工数", columns, rows);
    table.notes = vec![
        "実績工数は、問合せごとに記録した工数の計である。予定は、表9-1の想定回数による。"
            .to_owned(),
    ];
    table
}

fn spent<'a>(making: &mut Making<'a, '_>, key: &str, tickets: &[&'a Ticket]) -> [DocCell; 3] {
    let minutes: u64 = tickets
        .iter()
        .map(|ticket| u64::from(ticket.fields.work_minutes))
        .sum();
    let proof = making.proof.tickets(&format!("hours_{key}"), tickets);
    let spent_on = || proof.clone();
    let (minutes, number_of) = (number(minutes), size(tickets.len()));
    [
        count(number_of, Population::Received, spent_on()),
        count(minutes, Population::Received, spent_on()),
        mean(minutes, number_of, Population::Received, spent_on()),
    ]
}

/// The sentences of 概況, with their headings.
fn sentences(document: &Document) -> Vec<Block> {
    let overview = document
        .chapters
        .iter()
        .find(|chapter| chapter.id == "overview");
    let blocks = overview.map(|chapter| chapter.blocks.iter());
    let blocks = blocks.into_iter().flatten();
    blocks
        .take_while(|block| !matches!(block, Block::Table(_)))
        .cloned()
        .collect()
}
