//! 改善状況報告: opened by itself for each item that was missed, and written by people.

use chrono::NaiveDate;
use madoguchi_core::audit::Action;
use madoguchi_core::month::{ENTRY_LETTERS, Improvement, Month};
use madoguchi_core::setup::FieldError;

use super::entry::{EntryScreen, Making, Written};
use super::words::{date_text, item_name, read_date, shortened};
use crate::kit::field::{Access, Field, access};
use crate::kit::form::{Input, Values};
use crate::text::DateStyle;

/// What the form of a report holds.
#[derive(Debug, Clone, Default)]
pub(super) struct Draft {
    cause: String,
    plan: String,
    schedule: String,
    progress: String,
    result: String,
    confirmed_on: Option<NaiveDate>,
}

type F = Field<'static, Draft>;

impl Written for Improvement {
    type Draft = Draft;

    const SCREEN: EntryScreen = EntryScreen {
        label: "改善状況報告",
        path: "improvements",
        about: "目標に達しなかった項目ごとに、自動で作られます。原因分析、改善案、改善スケジュールは必ず記入します(要件定義書 5.6.8)。",
        action: Action::ImprovementChange,
        can_add: false,
        needs_reason: false,
    };
    const COLUMNS: &'static [&'static str] = &["項目", "未記入", "実施状況", "効果確認日"];

    fn fields(_: &Draft) -> Vec<F> {
        let area = |name: &'static str, label: &'static str, access: Access<Draft, String>| {
            F::area(name, label, access).hint(format!("{ENTRY_LETTERS}文字以内"))
        };
        vec![
            area("cause", "原因分析", access!(cause)),
            area("plan", "改善案", access!(plan)),
            area("schedule", "改善スケジュール", access!(schedule)),
            area("progress", "実施状況", access!(progress)),
            area("result", "改善結果", access!(result)),
            F::custom(
                Input::Text,
                "confirmed_on",
                "効果確認日",
                |draft: &Draft| date_text(draft.confirmed_on),
                |draft: &mut Draft, text| {
                    draft.confirmed_on = read_date(text)?;
                    Ok(())
                },
            )
            .hint("2026-11-24 や 令和8年11月24日 のように入力します。"),
        ]
    }

    fn blank(_: Month, _: &Values) -> Draft {
        Draft::default()
    }

    fn draft(&self) -> Draft {
        Draft {
            cause: self.cause.clone(),
            plan: self.plan.clone(),
            schedule: self.schedule.clone(),
            progress: self.progress.clone(),
            result: self.result.clone(),
            confirmed_on: self.confirmed_on,
        }
    }

    fn entry(
        draft: Draft,
        before: Option<&Self>,
        making: &Making<'_>,
    ) -> Result<Self, Vec<FieldError>> {
        let Some(before) = before else {
            return Err(vec![FieldError::new("", "この報告は、自動で作られます")]);
        };
        let report = Self {
            month: before.month,
            item: before.item,
            cause: draft.cause,
            plan: draft.plan,
            schedule: draft.schedule,
            progress: draft.progress,
            result: draft.result,
            confirmed_on: draft.confirmed_on,
        };
        let mut faults = report.faults();
        let day = report.confirmed_on;
        if day.is_some_and(|day| day > making.now.date()) {
            faults.push(FieldError::new("confirmed_on", "まだ来ていない日です"));
        }
        if faults.is_empty() {
            Ok(report)
        } else {
            Err(faults)
        }
    }

    fn title(&self) -> String {
        format!("改善状況報告({})", item_name(self.item))
    }

    fn cells(&self, dates: DateStyle) -> Vec<String> {
        vec![
            item_name(self.item),
            self.missing().join("、"),
            shortened(&self.progress),
            self.confirmed_on
                .map_or_else(String::new, |day| dates.date(day)),
        ]
    }

    fn notes(&self) -> Vec<String> {
        let missing = self.missing();
        if missing.is_empty() {
            return Vec::new();
        }
        vec![format!("{}を記入してください。", missing.join("、"))]
    }
}
