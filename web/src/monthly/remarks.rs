//! 加筆: remarks beside what is computed. Who changes one is its author from then on; the earlier text
//! stays in the history.

use madoguchi_core::audit::Action;
use madoguchi_core::month::{ENTRY_LETTERS, Month, Remark, RemarkHeading, ReportChapter};
use madoguchi_core::setup::FieldError;

use super::entry::{EntryScreen, Making, Written};
use super::options::options;
use super::words::shortened;
use crate::kit::field::{Field, access};
use crate::kit::form::Values;
use crate::text::DateStyle;

/// What the form of a remark holds.
#[derive(Debug, Clone, Default)]
pub(super) struct Draft {
    chapter: ReportChapter,
    heading: RemarkHeading,
    text: String,
}

type F = Field<'static, Draft>;

options!(CHAPTERS: ReportChapter);
options!(HEADINGS: RemarkHeading);

impl Written for Remark {
    type Draft = Draft;

    const SCREEN: EntryScreen = EntryScreen {
        label: "加筆",
        path: "remarks",
        about: "報告の章に書き加える文章です。計算した文章とは分けて、書いた人と日時とともに載せます。数値が変わっても残ります。特記事項は「第11 特記事項」に記入します。",
        action: Action::RemarkChange,
        can_add: true,
        needs_reason: false,
    };
    const COLUMNS: &'static [&'static str] = &["文章", "章", "見出し", "書いた人"];

    fn fields(_: &Draft) -> Vec<F> {
        vec![
            F::one_of("chapter", "章", CHAPTERS, access!(chapter)),
            F::one_of("heading", "見出し", HEADINGS, access!(heading)),
            F::area("text", "文章", access!(text))
                .hint(format!("{ENTRY_LETTERS}文字以内"))
                .required(),
        ]
    }

    fn blank(_: Month, asked: &Values) -> Draft {
        Draft {
            chapter: ReportChapter::lookup(asked.get("chapter")).unwrap_or_default(),
            ..Draft::default()
        }
    }

    fn asked(draft: &Draft) -> String {
        format!("&chapter={}", draft.chapter.as_str())
    }

    fn draft(&self) -> Draft {
        Draft {
            chapter: self.chapter,
            heading: self.heading,
            text: self.text.clone(),
        }
    }

    fn entry(draft: Draft, _: Option<&Self>, making: &Making<'_>) -> Result<Self, Vec<FieldError>> {
        let remark = Self {
            id: making.id.to_owned(),
            month: making.month,
            chapter: draft.chapter,
            heading: draft.heading,
            text: draft.text,
            author: making.visitor.user.name.clone(),
            by: Some(making.visitor.user.id.clone()),
            written_at: making.now,
        };
        let faults = remark.faults();
        if faults.is_empty() {
            Ok(remark)
        } else {
            Err(faults)
        }
    }

    fn title(&self) -> String {
        format!("加筆({})", self.chapter.label())
    }

    fn cells(&self, _: DateStyle) -> Vec<String> {
        vec![
            shortened(&self.text),
            self.chapter.label().to_owned(),
            match self.heading {
                RemarkHeading::Plain => String::new(),
                heading => heading.label().to_owned(),
            },
            self.author.clone(),
        ]
    }
}
