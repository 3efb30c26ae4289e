//! How what a ticket holds is told: names for ids, and how its 一次回答 stands.

use std::sync::Arc;

use madoguchi_core::id::{CategoryId, DivisionId, UserId};
use madoguchi_core::service::{AnswerClock, AnswerClocks, AnswerState};
use madoguchi_core::setup::{Calendars, Categories, DeskSetup};
use madoguchi_core::ticket::{Channel, Impact, System, Ticket, TicketField, Urgency};
use madoguchi_core::time::{Instant, Millis};

use super::offered::Offered;
use crate::kit::value::YES;
use crate::state::Web;
use crate::text::DateStyle;

/// Names and clocks, as they are now.
pub(crate) struct Names {
    pub(crate) offered: Arc<Offered>,
    setup: Arc<DeskSetup>,
    clocks: AnswerClocks,
    pub(crate) now: Instant,
    pub(crate) dates: DateStyle,
}

impl Names {
    pub(crate) fn new(web: &Web, offered: Arc<Offered>) -> Self {
        let (setup, calendars) = (web.desk.setup(), web.desk.calendars());
        let (now, dates) = (web.desk.now(), web.settings.dates);
        Self::of((offered, setup), &calendars, now, dates)
    }

    /// The same without pages.
    pub(crate) fn of(
        (offered, setup): (Arc<Offered>, Arc<DeskSetup>),
        calendars: &Calendars,
        now: Instant,
        dates: DateStyle,
    ) -> Self {
        let clocks = AnswerClocks::new(&offered.divisions, calendars);
        Self {
            offered,
            setup,
            clocks,
            now,
            dates,
        }
    }

    /// How the 一次回答 of a ticket stands.
    pub(crate) fn answer(&self, ticket: &Ticket) -> Option<AnswerState> {
        Some(self.clock(ticket)?.state(ticket, self.now))
    }

    /// The clock of the 業務区分 of a ticket.
    pub(crate) fn clock(&self, ticket: &Ticket) -> Option<&AnswerClock> {
        let fields = &ticket.fields;
        self.clocks.of(fields.division.as_ref(), fields.system)
    }

    pub(crate) fn categories(&self) -> &Categories {
        &self.setup.categories
    }

    /// 旅費・出張▸精算
    pub(crate) fn category(&self, id: &CategoryId) -> String {
        let categories = self.categories();
        let Some(category) = categories.get(id) else {
            return id.to_string();
        };
        let parent = category.parent.as_ref();
        match parent.and_then(|parent| categories.get(parent)) {
            Some(parent) => format!("{}▸{}", parent.name, category.name),
            None => category.name.clone(),
        }
    }

    pub(crate) fn agent<'a>(&'a self, id: &'a str) -> &'a str {
        self.setup.agent_name(id)
    }

    /// The name of who did something.
    pub(crate) fn by(&self, user: Option<&UserId>) -> String {
        user.map_or("(自動)", |user| self.offered.user_name(user))
            .to_owned()
    }

    /// What a field holds, in words.
    pub(crate) fn field(&self, field: TicketField, text: &str) -> String {
        if text.is_empty() {
            return String::new();
        }
        match field {
            TicketField::Division => {
                let id = DivisionId::new(text);
                self.offered.division_name(&id).to_owned()
            }
            TicketField::Category => self.category(&text.into()),
            TicketField::Owner => self.offered.user_name(&UserId::new(text)).to_owned(),
            TicketField::Channel => label(Channel::lookup(text).map(Channel::label), text),
            TicketField::System => label(System::lookup(text).map(System::label), text),
            TicketField::Impact => label(Impact::lookup(text).map(Impact::label), text),
            TicketField::Urgency => label(Urgency::lookup(text).map(Urgency::label), text),
            TicketField::Incident | TicketField::Urgent if text == YES => "あり".to_owned(),
            field if field.is_set() => text.replace('\n', "、"),
            _ => text.to_owned(),
        }
    }
}

fn label(label: Option<&'static str>, text: &str) -> String {
    label.unwrap_or(text).to_owned()
}

/// How a 一次回答 stands, in words, with the class of its mark if it is to be seen at once.
pub(crate) fn answer_in_words(state: Option<AnswerState>) -> (Option<&'static str>, String) {
    match state {
        None => (None, String::new()),
        Some(AnswerState::Answered { took, late: false }) => {
            (None, format!("回答済({})", minutes(took)))
        }
        Some(AnswerState::Answered { took, late: true }) => {
            (Some("late"), format!("期限後に回答({})", minutes(took)))
        }
        Some(AnswerState::Exempt) => (None, "期限なし(障害・緊急)".to_owned()),
        Some(AnswerState::Paused { left }) if left < Millis::ZERO => {
            (Some("late"), format!("停止中({}超過)", minutes(left)))
        }
        Some(AnswerState::Paused { left }) => (None, format!("停止中(残り{})", minutes(left))),
        Some(AnswerState::Due { left, .. }) if left < Millis::ZERO => {
            (Some("late"), format!("{}超過", minutes(left)))
        }
        Some(AnswerState::Due { left, near, .. }) => {
            (near.then_some("near"), format!("残り{}", minutes(left)))
        }
    }
}

/// What is left by a clock, in words, with the class of its mark.
pub(crate) fn time_left(left: Millis) -> (&'static str, String) {
    if left < Millis::ZERO {
        ("late", format!("{}超過", minutes(left)))
    } else {
        ("near", format!("残り{}", minutes(left)))
    }
}

/// 2時間5分, without its sign.
fn minutes(time: Millis) -> String {
    let minutes = time.0.unsigned_abs() / 60_000;
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes}分"),
        (hours, 0) => format!("{hours}時間"),
        (hours, minutes) => format!("{hours}時間{minutes}分"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_told_in_hours_and_minutes() {
        let due = |left_min: i64, near| {
            let left = Millis(left_min * 60_000);
            let at = None;
            answer_in_words(Some(AnswerState::Due { at, left, near }))
        };
        assert_eq!(due(125, false), (None, "残り2時間5分".to_owned()));
        assert_eq!(due(9, true), (Some("near"), "残り9分".to_owned()));
        assert_eq!(due(-60, true), (Some("late"), "1時間超過".to_owned()));
        let paused = |left_min: i64| {
            let left = Millis(left_min * 60_000);
            answer_in_words(Some(AnswerState::Paused { left }))
        };
        assert_eq!(paused(9), (None, "停止中(残り9分)".to_owned()));
        assert_eq!(paused(-9), (Some("late"), "停止中(9分超過)".to_owned()));
    }
}
