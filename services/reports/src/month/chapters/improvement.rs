//! 第7 改善状況報告: a row for each item that was missed, whether somebody wrote of it yet or not.

use std::collections::BTreeSet;

use madoguchi_core::month::{Improvement, LevelItem, Month, Verdict};

use crate::document::{Block, Chapter, DocCell, DocRow};
use crate::month::cells::{column, day, row, sentence, table, text};
use crate::month::making::Making;

pub(super) fn chapter(making: &mut Making<'_, '_>) -> Chapter {
    let month = making.month.data.month;
    let judged = making.judged.iter();
    let missed = judged.filter(|one| one.verdict == Verdict::Missed);
    let missed: BTreeSet<LevelItem> = missed.map(|one| one.item).collect();
    let written = &making.input.written.improvements;
    let without_words = missed.iter().filter(|item| {
        let mut written = written.iter();
        !written.any(|one| one.month == month && one.item == **item)
    });
    let without_words = without_words.map(|item| unwritten(month, *item));
    let without_words: Vec<Improvement> = without_words.collect();
    let all: Vec<&Improvement> = written.iter().chain(&without_words).collect();
    let blocks = if all.is_empty() {
        vec![sentence(
            "当月に目標を達成できなかった項目はないため、改善状況報告はない。",
        )]
    } else {
        vec![Block::Table(improvements(&all))]
    };
    making.chapter("第7", "improvement", "改善状況報告", blocks)
}

fn unwritten(month: Month, item: LevelItem) -> Improvement {
    Improvement {
        month,
        item,
        cause: String::new(),
        plan: String::new(),
        schedule: String::new(),
        progress: String::new(),
        result: String::new(),
        confirmed_on: None,
    }
}

/// What somebody wrote, or that nobody has.
fn written(words: &str) -> DocCell {
    text(if words.trim().is_empty() {
        "（未記入）"
    } else {
        words
    })
}

fn improvements(all: &[&Improvement]) -> crate::document::DocTable {
    let columns = vec![
        column("month", "未達成の月"),
        column("number", "項番"),
        column("item", "SLA項目"),
        column("cause", "原因分析"),
        column("plan", "改善案"),
        column("schedule", "改善スケジュール"),
        column("progress", "進捗"),
        column("result", "改善結果"),
        column("confirmed_on", "効果確認日"),
    ];
    let rows = (1..).zip(all).map(|(n, one)| -> DocRow {
        let n: usize = n;
        let item = one.item;
        row(
            format!("improvement_{n}"),
            vec![
                text(one.month.name()),
                text(item.number().to_string()),
                text(format!("{} {}", item.system.label(), item.level.label())),
                written(&one.cause),
                written(&one.plan),
                written(&one.schedule),
                written(&one.progress),
                written(&one.result),
                day(one.confirmed_on),
            ],
        )
    });
    let rows = rows.collect();
    let mut table = table("表7-1", "improvements", "改善状況", columns, rows);
    table.wide = true;
    table
}
