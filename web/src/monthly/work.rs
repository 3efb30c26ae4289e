//! 作業実績 that nothing measures, by 項番 of 別紙8-1, as somebody counted.

use madoguchi_core::audit::Action;
use madoguchi_core::month::{ENTRY_LINE_LETTERS, Month, WorkCount};
use madoguchi_core::setup::FieldError;

use super::entry::{EntryScreen, Making, Written};
use crate::kit::field::{Field, access};
use crate::kit::form::Values;
use crate::kit::value::Options;
use crate::text::{self, DateStyle};

/// The work of 別紙8-1 that the desk does not measure.
const WORK: &Options<u32> = &[
    (14, "14", "14 (間接)作業依頼受付対応"),
    (15, "15", "15 (MACS)作業依頼受付対応"),
    (16, "16", "16 (間接)作業依頼対応"),
    (17, "17", "17 (MACS)作業依頼対応"),
    (23, "23", "23 (ヘルプ)FAQ"),
];

/// What the form of a count holds.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    number: u32,
    count: u32,
    source: String,
}

type F = Field<'static, Draft>;

impl Written for WorkCount {
    type Draft = Draft;

    const SCREEN: EntryScreen = EntryScreen {
        label: "作業実績",
        path: "work",
        about: "窓口で数えていない作業の回数です。別紙8-1の項番ごとに、出所とともに記入します。",
        action: Action::WorkCountChange,
        can_add: true,
        needs_reason: true,
    };
    const COLUMNS: &'static [&'static str] = &["作業", "回数", "出所"];

    fn fields(_: &Draft) -> Vec<F> {
        vec![
            F::one_of("number", "作業", WORK, access!(number)),
            F::number("count", "回数", "回", access!(count)).required(),
            F::text("source", "出所", access!(source))
                .hint(format!(
                    "数えた台帳や文書の名前。{ENTRY_LINE_LETTERS}文字以内"
                ))
                .required(),
        ]
    }

    fn blank(_: Month, _: &Values) -> Draft {
        Draft {
            number: 14,
            count: 0,
            source: String::new(),
        }
    }

    fn draft(&self) -> Draft {
        Draft {
            number: self.number,
            count: u32::try_from(self.count).unwrap_or(u32::MAX),
            source: self.source.clone(),
        }
    }

    fn entry(
        draft: Draft,
        before: Option<&Self>,
        making: &Making<'_>,
    ) -> Result<Self, Vec<FieldError>> {
        let work = Self {
            month: making.month,
            number: draft.number,
            count: u64::from(draft.count),
            source: draft.source,
        };
        let mut faults = work.faults();
        if before.is_some_and(|before| before.number != work.number) {
            let message = "記入した後は変えられません。取り消してから、記入し直してください";
            faults.push(FieldError::new("number", message));
        }
        if faults.is_empty() {
            Ok(work)
        } else {
            Err(faults)
        }
    }

    fn title(&self) -> String {
        work_name(self.number)
    }

    fn cells(&self, _: DateStyle) -> Vec<String> {
        vec![
            work_name(self.number),
            format!("{}回", text::number(self.count)),
            self.source.clone(),
        ]
    }
}

fn work_name(number: u32) -> String {
    let known = WORK.iter().find(|(known, ..)| *known == number);
    known.map_or_else(
        || format!("項番{number}"),
        |(_, _, label)| (*label).to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_work_that_the_report_takes_from_people_can_be_entered() {
        let offered: Vec<u32> = WORK.iter().map(|(number, ..)| *number).collect();
        let wanted = madoguchi_reports::month::entered_work();
        let wanted: Vec<u32> = wanted.map(|(number, _)| number).collect();
        assert_eq!(offered, wanted);
    }
}
