//! 前月報告会での指示事項, and what is done about them.

use chrono::NaiveDate;
use madoguchi_core::audit::Action;
use madoguchi_core::month::{ENTRY_LETTERS, Instruction, Month};
use madoguchi_core::setup::FieldError;

use super::entry::{EntryScreen, Making, Written};
use super::words::{date_text, read_date, shortened};
use crate::kit::field::{Field, access};
use crate::kit::form::{Input, Values};
use crate::text::DateStyle;

/// What the form of an instruction holds.
#[derive(Debug, Clone, Default)]
pub(super) struct Draft {
    text: String,
    response: String,
    by_day: Option<NaiveDate>,
    done: bool,
}

type F = Field<'static, Draft>;

impl Written for Instruction {
    type Draft = Draft;

    const SCREEN: EntryScreen = EntryScreen {
        label: "指示事項",
        path: "instructions",
        about: "前月報告会で機構から受けた指示と、その対応です。第1の2に載せます。",
        action: Action::InstructionChange,
        can_add: true,
        needs_reason: false,
    };
    const COLUMNS: &'static [&'static str] = &["指示事項", "対応状況", "完了(予定)日", "状態"];

    fn fields(_: &Draft) -> Vec<F> {
        let letters = format!("{ENTRY_LETTERS}文字以内");
        vec![
            F::area("text", "指示事項", access!(text))
                .hint(letters.clone())
                .required(),
            F::area("response", "対応状況", access!(response)).hint(letters),
            F::custom(
                Input::Text,
                "by_day",
                "完了(予定)日",
                |draft: &Draft| date_text(draft.by_day),
                |draft: &mut Draft, text| {
                    draft.by_day = read_date(text)?;
                    Ok(())
                },
            )
            .hint("2026-11-24 や 令和8年11月24日 のように入力します。"),
            F::check("done", "完了した", ("完了", "対応中"), access!(done)),
        ]
    }

    fn blank(_: Month, _: &Values) -> Draft {
        Draft::default()
    }

    fn draft(&self) -> Draft {
        Draft {
            text: self.text.clone(),
            response: self.response.clone(),
            by_day: self.by_day,
            done: self.done,
        }
    }

    fn entry(draft: Draft, _: Option<&Self>, making: &Making<'_>) -> Result<Self, Vec<FieldError>> {
        let instruction = Self {
            id: making.id.to_owned(),
            month: making.month,
            text: draft.text,
            response: draft.response,
            by_day: draft.by_day,
            done: draft.done,
        };
        let faults = instruction.faults();
        if faults.is_empty() {
            Ok(instruction)
        } else {
            Err(faults)
        }
    }

    fn title(&self) -> String {
        "指示事項".to_owned()
    }

    fn cells(&self, dates: DateStyle) -> Vec<String> {
        let state = if self.done { "完了" } else { "対応中" };
        vec![
            shortened(&self.text),
            shortened(&self.response),
            self.by_day.map_or_else(String::new, |day| dates.date(day)),
            state.to_owned(),
        ]
    }
}
