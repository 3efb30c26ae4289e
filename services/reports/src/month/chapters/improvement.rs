//! 第7 改善状況報告: a row for each item that was missed, whether somebody wrote of it yet or not.

use std::collections::BTreeSet;

use madoguchi_core::month::{LevelItem, Verdict};

use crate::document::{Block, Chapter, DocRow};
use crate::month::cells::{column, day, row, sentence, table, text};
use crate::month::input::Improvement;
use crate::month::making::Making;

pub(super) fn chapter(making: &mut Making<'_, '_>) -> Chapter {
    let judged = making.judged.iter();
    let missed = judged.filter(|one| one.verdict == Verdict::Missed);
    let missed: BTreeSet<LevelItem> = missed.map(|one| one.item).collect();
    let written = &making.input.written.improvements;
    let without_words = missed.iter().filter(|item| {
        let mut of_item = written.iter().map(|one| one.item);
        !of_item.any(|other| other == **item)
    });
    let without_words: Vec<Improvement> = without_words.map(|item| unwritten(*item)).collect();
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

fn unwritten(item: LevelItem) -> Improvement {
    let waiting = || "（未記入）".to_owned();
    Improvement {
        item,
        cause: waiting(),
        plan: waiting(),
        schedule: waiting(),
        progress: waiting(),
        checked_on: None,
    }
}

fn improvements(all: &[&Improvement]) -> crate::document::DocTable {
    let columns = vec![
        column("number", "項番"),
        column("item", "SLA項目"),
        column("cause", "原因分析"),
        column("plan", "改善案"),
        column("schedule", "改善スケジュール"),
        column("progress", "進捗"),
        column("checked_on", "効果確認日"),
    ];
    let rows = (1..).zip(all).map(|(n, one)| -> DocRow {
        let n: usize = n;
        let item = one.item;
        row(
            format!("improvement_{n}"),
            vec![
                text(item.number().to_string()),
                text(format!("{} {}", item.system.label(), item.level.label())),
                text(&one.cause),
                text(&one.plan),
                text(&one.schedule),
                text(&one.progress),
                day(one.checked_on),
            ],
        )
    });
    let rows = rows.collect();
    let mut table = table("表7-1", "improvements", "改善状況", columns, rows);
    table.wide = true;
    table
}
