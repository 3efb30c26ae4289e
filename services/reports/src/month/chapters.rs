//! The chapters of ヘルプデスク受付状況報告, a module each.

mod appendix;
mod calls;
mod days;
mod durations;
mod handling;
mod improvement;
mod knowledge;
mod levels;
mod month_table;
mod outlook;
mod overview;
mod questions;
mod slots;
mod work;

pub(super) use self::handling::{detections, escalations, unfinished};
pub use self::work::entered_work;
pub(super) use self::work::lines as work;
use super::checks::{self, Tables};
use super::making::Making;
use super::result::Check;
use crate::document::{Block, Chapter, DocTable};

/// All chapters, and 突合せ, which compares them.
pub(super) fn all(making: &mut Making<'_, '_>) -> (Vec<Chapter>, Vec<Check>) {
    let mut chapters = vec![
        overview::chapter(making),
        calls::chapter(making),
        durations::chapter(making),
        questions::chapter(making),
        handling::chapter(making),
        levels::chapter(making),
        improvement::chapter(making),
        knowledge::chapter(making),
        work::chapter(making),
        outlook::chapter(making),
    ];
    chapters.push(notes(making));
    let checks = reconciled(making, &chapters);
    chapters.push(appendix::terms(making));
    chapters.push(appendix::reconciliation(making, &checks));
    chapters.push(appendix::differences(making));
    let sources = appendix::sources(making, &chapters);
    chapters.push(sources);
    (chapters, checks)
}

/// 第2 alone, and 突合せ of it: what other books repeat.
pub(super) fn reconciled(making: &Making<'_, '_>, chapters: &[Chapter]) -> Vec<Check> {
    let table = |id: &str| chapters.iter().find_map(|chapter| table(chapter, id));
    let (Some(days), Some(slots), Some(months)) = (table("days"), table("slots"), table("months"))
    else {
        return Vec::new();
    };
    let tables = Tables {
        days,
        slots,
        months,
    };
    checks::checks(making.input, making.month, making.months, &tables)
}

fn table<'c>(chapter: &'c Chapter, id: &str) -> Option<&'c DocTable> {
    chapter.blocks.iter().find_map(|block| match block {
        Block::Table(table) if table.id == id => Some(table),
        _ => None,
    })
}

/// 第11 特記事項: what people write.
fn notes(making: &Making<'_, '_>) -> Chapter {
    let mut chapter = making.chapter("第11", "notes", "特記事項", Vec::new());
    if chapter.blocks.is_empty() {
        chapter
            .blocks
            .push(super::cells::sentence("特記事項はない。"));
    }
    chapter
}
