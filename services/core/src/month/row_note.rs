//! 対策 and 原因区分: what a person says of a row of a table in place of what the report says by itself.

use serde::{Deserialize, Serialize};

use super::entry::{ENTRY_LETTERS, ENTRY_LINE_LETTERS, MonthEntry, missing, too_long};
use super::period::Month;
use crate::named;
use crate::setup::FieldError;

named! {
    /// The columns whose cells people may write.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    pub enum NotedColumn {
        /// 対策 of 表4-2.
        #[default]
        Measure = "measure", "表4-2 上位の問合せの「対策」";
        /// 原因区分 of 表6-4.
        Cause = "cause", "表6-4 未達成の明細の「原因区分」";
    }
}

/// A cell that a person writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowNote {
    /// Which one.
    pub id: String,
    /// Of which month.
    pub month: Month,
    /// In which column.
    pub column: NotedColumn,
    /// Which row, by what the table calls it: 対応FAQ番号 or 要旨 in 表4-2, 対象番号 in 表6-4.
    pub row: String,
    /// What the cell says.
    pub text: String,
}

impl RowNote {
    /// What is wrong with it.
    pub fn faults(&self) -> Vec<FieldError> {
        let mut faults = missing(&[("row", &self.row), ("text", &self.text)]);
        faults.extend(too_long(&[
            ("row", &self.row, ENTRY_LINE_LETTERS),
            ("text", &self.text, ENTRY_LETTERS),
        ]));
        faults
    }

    /// Whether it is meant for a row that a table calls so.
    pub fn is_of(&self, column: NotedColumn, names: &[&str]) -> bool {
        let row = self.row.trim();
        self.column == column && names.iter().any(|name| name.trim() == row)
    }
}

impl MonthEntry for RowNote {
    const KIND: &'static str = "row_note";

    fn id(&self) -> String {
        self.id.clone()
    }

    fn month(&self) -> Month {
        self.month
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_says_which_row_it_is_of_and_what() {
        let note = RowNote {
            id: "n1".to_owned(),
            month: "2024-04".parse().unwrap(),
            column: NotedColumn::Cause,
            row: "R6-00012 ".to_owned(),
            text: "回線の障害".to_owned(),
        };
        assert_eq!(note.faults(), []);
        assert!(note.is_of(NotedColumn::Cause, &["R6-00011", "R6-00012"]));
        assert!(!note.is_of(NotedColumn::Cause, &["R6-0001"]));
        assert!(!note.is_of(NotedColumn::Measure, &["R6-00012"]));
        let empty = RowNote {
            row: " ".to_owned(),
            text: String::new(),
            ..note
        };
        assert_eq!(empty.faults().len(), 2);
    }
}
