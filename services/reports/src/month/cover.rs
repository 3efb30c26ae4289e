//! The cover of a book.

use super::input::MonthInput;
use crate::differences::first_revision;
use crate::document::{Block, Chapter, Document};

/// 別紙7 項番23
pub const HELP_DESK_REPORT: &str = "ヘルプデスク受付状況報告";

/// What is said below a table without rows, so that nobody takes it for one that was forgotten.
const NO_ROWS: &str = "当月に該当するものはない。";

/// A book of this month with the usual cover.
pub(super) fn document(input: &MonthInput, name: &str, mut chapters: Vec<Chapter>) -> Document {
    say_what_is_empty(&mut chapters);
    let cover = &input.cover;
    let mut revisions = cover.revisions.clone();
    if cover.edition == 1 && revisions.is_empty() {
        revisions.push(first_revision(input.made_at.date(), &cover.confirmed_by));
    }
    Document {
        name: name.to_owned(),
        month: input.data.month,
        edition: cover.edition,
        draft: cover.draft,
        made_at: input.made_at,
        submitted_to: cover.submitted_to.clone(),
        submitted_by: cover.submitted_by.clone(),
        classification: cover.classification.clone(),
        seals: cover.seals.clone(),
        revisions,
        chapters,
    }
}

/// Says below each table without rows that there is nothing.
pub(super) fn say_what_is_empty(chapters: &mut [Chapter]) {
    for block in chapters.iter_mut().flat_map(|chapter| &mut chapter.blocks) {
        if let Block::Table(table) = block
            && table.rows.is_empty()
            && !table.notes.iter().any(|note| note == NO_ROWS)
        {
            table.notes.insert(0, NO_ROWS.to_owned());
        }
    }
}
