//! 対策・原因区分: cells of the report that people write.

use madoguchi_core::audit::Action;
use madoguchi_core::month::{ENTRY_LETTERS, ENTRY_LINE_LETTERS, Month, NotedColumn, RowNote};
use madoguchi_core::setup::FieldError;
use madoguchi_reports::month::UnusedNote;

use super::entry::{EntryScreen, Making, Written};
use super::making::live;
use super::options::options;
use super::words::shortened;
use crate::error::WebError;
use crate::kit::field::{Field, access};
use crate::kit::form::Values;
use crate::state::Web;
use crate::text::DateStyle;

/// What the form of a note holds.
#[derive(Debug, Clone, Default)]
pub(super) struct Draft {
    column: NotedColumn,
    row: String,
    text: String,
}

type F = Field<'static, Draft>;

options!(PLACES: NotedColumn);

impl Written for RowNote {
    type Draft = Draft;

    const SCREEN: EntryScreen = EntryScreen {
        label: "対策・原因区分",
        path: "row-notes",
        about: "上位の問合せ(表4-2)の「対策」と、未達成の明細(表6-4)の「原因区分」に載せる言葉です。記入した行では、自動の文言の代わりになります。",
        action: Action::RowNoteChange,
        can_add: true,
        needs_reason: false,
    };
    const COLUMNS: &'static [&'static str] = &["載せる言葉", "行", "欄"];

    fn fields(_: &Draft) -> Vec<F> {
        vec![
            F::one_of("column", "欄", PLACES, access!(column)),
            F::text("row", "行", access!(row))
                .hint(format!(
                    "表4-2は対応FAQ番号か要旨、表6-4は対象番号を、表のとおりに入力します。{ENTRY_LINE_LETTERS}文字以内"
                ))
                .required(),
            F::area("text", "載せる言葉", access!(text))
                .hint(format!("{ENTRY_LETTERS}文字以内"))
                .required(),
        ]
    }

    fn blank(_: Month, asked: &Values) -> Draft {
        Draft {
            column: NotedColumn::lookup(asked.get("column")).unwrap_or_default(),
            row: asked.get("row").to_owned(),
            ..Draft::default()
        }
    }

    fn asked(draft: &Draft) -> String {
        format!("&column={}", draft.column.as_str())
    }

    fn draft(&self) -> Draft {
        Draft {
            column: self.column,
            row: self.row.clone(),
            text: self.text.clone(),
        }
    }

    fn entry(draft: Draft, _: Option<&Self>, making: &Making<'_>) -> Result<Self, Vec<FieldError>> {
        let note = Self {
            id: making.id.to_owned(),
            month: making.month,
            column: draft.column,
            row: draft.row,
            text: draft.text,
        };
        let faults = note.faults();
        if faults.is_empty() {
            Ok(note)
        } else {
            Err(faults)
        }
    }

    async fn list_notes(web: &Web, month: Month) -> Result<Vec<String>, WebError> {
        let live = live(web, month).await?;
        let unused = live.unused_notes.iter();
        Ok(unused.map(UnusedNote::sentence).collect())
    }

    fn title(&self) -> String {
        "対策・原因区分".to_owned()
    }

    fn cells(&self, _: DateStyle) -> Vec<String> {
        vec![
            shortened(&self.text),
            shortened(&self.row),
            self.column.label().to_owned(),
        ]
    }
}
