//! What 稼働報告書 takes from here (表 5.3-2): 問合せ状況報告, インシデント管理状況報告, サービス実績報告 and
//! 各作業に係る工数の予実管理報告. The tables are those of ヘルプデスク受付状況報告, letter for letter.

use super::OPERATION_PARTS;
use crate::document::{Block, Chapter, Document};
use crate::month::report::MonthReport;

/// The parts, and the tables that each takes.
const PARTS: [(&str, &str, &str, &[&str]); 4] = [
    (
        "1",
        "inquiries",
        "問合せ状況報告",
        &["received", "months", "functions", "channels", "carried"],
    ),
    (
        "2",
        "incidents",
        "インシデント管理状況報告",
        &["detections"],
    ),
    (
        "3",
        "service_levels",
        "サービス実績報告",
        &["levels_indirect", "levels_macs", "payments", "misses"],
    ),
    ("4", "work", "各作業に係る工数の予実管理報告", &["work"]),
];

/// Makes them of the report.
pub fn operation_parts(report: &MonthReport) -> Document {
    let whole = &report.document;
    let chapters = PARTS.into_iter().map(|(number, id, title, tables)| {
        let mut blocks = Vec::new();
        if id == "inquiries" {
            blocks.extend(sentences(whole));
        }
        let tables = tables.iter().filter_map(|id| whole.table(id).cloned());
        blocks.extend(tables.map(Block::Table));
        Chapter {
            number: format!("第{number}"),
            id: id.to_owned(),
            title: title.to_owned(),
            blocks,
        }
    });
    Document {
        name: OPERATION_PARTS.to_owned(),
        chapters: chapters.collect(),
        ..whole.clone()
    }
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
