//! Words of the month's pages.

use chrono::NaiveDate;
use madoguchi_core::access::Permission;
use madoguchi_core::ledger::read_date_time;
use madoguchi_core::month::LevelItem;

use crate::auth::visitor::Visitor;

/// Letters of a text that a list shows.
const SHOWN_LETTERS: usize = 80;

/// The beginning of a text, in a line.
pub(super) fn shortened(text: &str) -> String {
    let line = text.replace('\n', " ");
    if line.chars().count() <= SHOWN_LETTERS {
        return line;
    }
    line.chars().take(SHOWN_LETTERS).chain(['…']).collect()
}

/// 間接 7 電話応答率
pub(super) fn item_name(item: LevelItem) -> String {
    format!(
        "{} {} {}",
        item.system.label(),
        item.number(),
        item.level.label()
    )
}

/// A day for a field of a form.
pub(super) fn date_text(day: Option<NaiveDate>) -> String {
    day.map_or_else(String::new, |day| day.to_string())
}

/// Reads a day as people type it.
pub(super) fn read_date(text: &str) -> Result<Option<NaiveDate>, String> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let read = read_date_time(text, "").map(|at| Some(at.date()));
    read.ok_or_else(|| "日付を、2026-11-24 のように入力してください".to_owned())
}

/// Whether a visitor writes for months, makes editions and hands them in.
pub(super) fn may_write(visitor: &Visitor) -> bool {
    visitor.permissions.contains(Permission::ManageReports)
}
