//! お知らせ and 障害情報: what readers are told above everything else.

use serde::{Deserialize, Serialize};

use crate::audience::Audience;
use crate::named;
use crate::setup::FieldError;
use crate::time::Instant;

/// The kind of [`Notice`] in the store.
pub const NOTICE: &str = "notice";

/// The longest title.
pub const NOTICE_TITLE_LETTERS: usize = 80;

/// The longest text.
pub const NOTICE_BODY_LETTERS: usize = 1_000;

/// Something that readers are told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// Of what kind.
    pub kind: NoticeKind,
    /// What, in a line.
    pub title: String,
    /// More about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub body: String,
    /// Who is told.
    #[serde(with = "readers")]
    pub readers: Audience,
    /// From when.
    pub from: Instant,
    /// Until when; `None`: until it is taken away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
}

named! {
    /// Kinds of notices.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
    pub enum NoticeKind {
        /// 障害情報: something does not work. These come first.
        Incident = "incident", "障害情報";
        /// お知らせ
        News = "news", "お知らせ";
    }
}

/// The name in notices for all staff.
pub const EVERYBODY: &str = "everybody";

/// The readers of a notice as they are kept: `everybody` or `desk`.
mod readers {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    use super::EVERYBODY;
    use crate::audience::Audience;

    pub(super) fn serialize<S: Serializer>(readers: &Audience, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(match readers {
            Audience::Portal => EVERYBODY,
            Audience::Desk => Audience::Desk.as_str(),
        })
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Audience, D::Error> {
        let name = String::deserialize(from)?;
        if name == EVERYBODY {
            return Ok(Audience::Portal);
        }
        let found = Audience::lookup(&name).filter(|audience| audience.is_desk_only());
        found.ok_or_else(|| D::Error::unknown_variant(&name, &[EVERYBODY, "desk"]))
    }
}

impl Notice {
    /// Whether it is to be seen now.
    pub fn is_in_force(&self, now: Instant) -> bool {
        self.from <= now && self.until.is_none_or(|until| now < until)
    }

    /// What is wrong with it.
    pub fn faults(&self) -> Vec<FieldError> {
        let mut faults = Vec::new();
        let mut text = |field: &str, label: &str, text: &str, most: usize| {
            if text.chars().count() > most {
                faults.push(FieldError::new(
                    field,
                    format!("{label}は{most}文字以内で入力してください"),
                ));
            }
        };
        text("title", "題", &self.title, NOTICE_TITLE_LETTERS);
        text("body", "内容", &self.body, NOTICE_BODY_LETTERS);
        if self.title.trim().is_empty() {
            faults.push(FieldError::new("title", "題を入力してください"));
        }
        if self.until.is_some_and(|until| until <= self.from) {
            let message = "掲載を始める日時より後にしてください";
            faults.push(FieldError::new("until", message));
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(from: i64, until: Option<i64>) -> Notice {
        Notice {
            kind: NoticeKind::News,
            title: "停止のお知らせ".to_owned(),
            body: String::new(),
            readers: Audience::Portal,
            from: Instant(from),
            until: until.map(Instant),
        }
    }

    #[test]
    fn a_notice_is_seen_from_its_first_instant_until_before_its_last() {
        let notice = notice(10, Some(20));
        let seen: Vec<_> = [9, 10, 19, 20]
            .map(|at| notice.is_in_force(Instant(at)))
            .into();
        assert_eq!(seen, [false, true, true, false]);
        assert!(super::tests::notice(10, None).is_in_force(Instant(i64::MAX)));
    }

    #[test]
    fn what_cannot_be_meant_is_told_at_its_field() {
        let fields = |notice: &Notice| -> Vec<_> {
            let faults = notice.faults().into_iter();
            faults.map(|fault| fault.field).collect()
        };
        assert!(fields(&notice(1, Some(2))).is_empty());
        assert_eq!(fields(&notice(2, Some(2))), ["until"]);
        let blank = Notice {
            title: " ".to_owned(),
            body: "あ".repeat(1_001),
            ..notice(1, None)
        };
        assert_eq!(fields(&blank), ["body", "title"]);
    }

    #[test]
    fn incidents_come_before_news() {
        assert!(NoticeKind::Incident < NoticeKind::News);
    }
}
