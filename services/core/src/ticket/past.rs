//! What an answered ticket tells others: question and answer, without who asked.

use super::choices::Status;
use super::fields::TicketFields;
use super::sensitive;
use super::state::Ticket;
use crate::article::personal;

/// What is said behind a family name that stands alone.
const TITLES: [&str; 4] = ["様", "さん", "氏", "殿"];

/// Question and answer of a ticket that can answer others, without personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastAnswer {
    /// 質問
    pub question: String,
    /// 回答; what a vendor answered, if the desk wrote nothing itself.
    pub answer: String,
    /// A vendor was asked, and answered.
    pub by_vendor: bool,
}

impl Ticket {
    /// What it tells others; `None` while it is not answered, and if it goes on as another ticket.
    pub fn past_answer(&self) -> Option<PastAnswer> {
        let is_answered = matches!(self.status(), Status::Answered | Status::Done);
        if !is_answered || self.merged_into.is_some() {
            return None;
        }
        let returned = self.escalations.iter().rev();
        let mut returned = returned.filter(|one| !one.answer.trim().is_empty());
        let by_vendor = returned.next();
        let own = Some(self.fields.answer.as_str()).filter(|own| !own.trim().is_empty());
        let answer = own.or(by_vendor.map(|one| one.answer.as_str()))?;
        if self.fields.question.trim().is_empty() {
            return None;
        }
        Some(PastAnswer {
            question: self.fields.without_personal_data(&self.fields.question),
            answer: self.fields.without_personal_data(answer),
            by_vendor: by_vendor.is_some(),
        })
    }
}

impl TicketFields {
    /// A text of the ticket with marks in the place of names and numbers: those of who asked, and whatever
    /// else looks like personal data.
    pub fn without_personal_data(&self, text: &str) -> String {
        let text = self.without_requester(text);
        replace(&text, |text| {
            let marks = personal::marks(text).into_iter();
            // What stands in brackets was marked before.
            let marks = marks.filter(|mark| !text.get(..mark.range.start).is_some_and(is_marked));
            marks.map(|mark| (mark.range, mark.kind.label())).collect()
        })
    }

    /// A text of the ticket with marks in the place of names and numbers of who asked, and of numbers that
    /// no text may hold.
    pub fn without_requester(&self, text: &str) -> String {
        let mut text = replace(text, |text| {
            let marks = sensitive::marks(text).into_iter();
            marks.map(|mark| (mark.range, mark.kind.label())).collect()
        });
        let asks = &self.requester;
        let person = asks.person.as_ref().map_or("", |person| person.as_str());
        let name = asks.name.trim();
        let close: String = name.split_whitespace().collect();
        let family = name.split_whitespace().next().unwrap_or_default();
        for (what, stands_for) in [
            (name, "【氏名】"),
            (close.as_str(), "【氏名】"),
            (asks.number.trim(), "【電話番号】"),
            (person, "【職員番号】"),
        ] {
            // A single letter stands in too many words.
            if what.chars().count() > 1 {
                text = text.replace(what, stands_for);
            }
        }
        for title in TITLES.iter().filter(|_| !family.is_empty()) {
            text = text.replace(&format!("{family}{title}"), &format!("【氏名】{title}"));
        }
        text
    }
}

fn is_marked(before: &str) -> bool {
    before.ends_with('【')
}

fn replace(
    text: &str,
    marks: impl Fn(&str) -> Vec<(std::ops::Range<usize>, &'static str)>,
) -> String {
    let mut replaced = text.to_owned();
    for (range, label) in marks(text).into_iter().rev() {
        replaced.replace_range(range, &format!("【{label}】"));
    }
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::{Handover, Requester, TicketChange, TicketEvent, TicketNumber};
    use crate::time::Instant;

    fn asked(question: &str, answer: &str) -> Ticket {
        let fields = TicketFields {
            question: question.to_owned(),
            answer: answer.to_owned(),
            requester: Requester {
                name: "年金 花子".to_owned(),
                number: "03-1234-5678".to_owned(),
                ..Requester::default()
            },
            ..TicketFields::default()
        };
        let created = TicketChange::Created {
            number: TicketNumber {
                fiscal_year: 2026,
                sequence: 98,
            },
            received_at: Instant(0),
            fields: Box::new(fields),
            split_from: None,
        };
        Ticket::begin(&event(0, created)).unwrap()
    }

    fn event(seq: u32, change: TicketChange) -> TicketEvent {
        TicketEvent {
            ticket: "t1".into(),
            seq,
            at: Instant(0),
            happened_at: None,
            by: None,
            change,
        }
    }

    fn take(ticket: &mut Ticket, change: TicketChange) {
        let next = event(ticket.version, change);
        ticket.check(&next).unwrap();
        ticket.apply(&next);
    }

    fn status(before: Status, after: Status) -> TicketChange {
        TicketChange::StatusChanged { before, after }
    }

    #[test]
    fn a_ticket_answers_others_once_it_is_answered_and_as_long_as_it_is_itself() {
        let mut ticket = asked("差し戻された", "再申請してください");
        assert_eq!(ticket.past_answer(), None);
        take(&mut ticket, status(Status::Received, Status::Answered));
        let known = ticket.past_answer().unwrap();
        assert_eq!(
            (known.answer.as_str(), known.by_vendor),
            ("再申請してください", false)
        );
        take(&mut ticket, status(Status::Answered, Status::Done));
        assert!(ticket.past_answer().is_some());
        let into = "t2".into();
        take(&mut ticket, TicketChange::MergedInto { into });
        assert_eq!(ticket.past_answer(), None);
    }

    #[test]
    fn what_a_vendor_answered_is_an_answer_too() {
        let mut ticket = asked("画面が出ない", "");
        let handover = Handover {
            vendor: "保守".to_owned(),
            route: crate::ticket::Route::Direct,
            sent: "調査".to_owned(),
            due: None,
            remind_at: None,
        };
        take(&mut ticket, TicketChange::Escalated { handover });
        assert_eq!(ticket.past_answer(), None);
        let answer = "年金様の端末を再起動".to_owned();
        take(
            &mut ticket,
            TicketChange::EscalationReturned {
                escalation: 1,
                answer,
            },
        );
        let before = ticket.status();
        take(&mut ticket, status(before, Status::Answered));
        let known = ticket.past_answer().unwrap();
        assert!(known.by_vendor);
        assert_eq!(known.answer, "【氏名】様の端末を再起動");
    }

    #[test]
    fn who_asked_and_what_looks_like_personal_data_are_not_told() {
        let fields = asked("", "").fields;
        assert_eq!(
            fields.without_personal_data(
                "年金花子です。03-1234-5678か taro@example.jp へ。山田さんの1234-5678-9018の件"
            ),
            "【氏名】です。【電話番号】か 【メールアドレス】 へ。【氏名】さんの【個人番号】の件"
        );
        assert_eq!(
            fields.without_requester("山田さんの件、年金様へ"),
            "山田さんの件、【氏名】様へ"
        );
    }
}
