//! The bar above the form: the call, who calls, and what is left until the 一次回答 is due.

use madoguchi_core::id::DivisionId;
use madoguchi_core::live::{AgentState, ParkedCall};
use madoguchi_core::service::{AnswerState, Divisions};
use madoguchi_core::ticket::System;
use madoguchi_core::time::{Instant, Millis};

use super::call::ReceptionCall;
use super::caller::Caller;
use super::form::ReceptionForm;
use super::subject::Subject;
use crate::auth::visitor::Visitor;
use crate::state::Web;
use crate::text;

/// The bar.
pub(super) struct Bar {
    pub(super) state: &'static str,
    pub(super) class: &'static str,
    /// Since when that is so, if it lasts.
    pub(super) since_ms: Option<i64>,
    pub(super) lasted: String,
    pub(super) shown: String,
    pub(super) name: String,
    pub(super) certainty: String,
    pub(super) certainty_class: &'static str,
    /// 拠点 and 部署.
    pub(super) place: String,
    pub(super) line: String,
    /// What the visitor's own agent does, where the bar does not tell of it already; empty for nobody's.
    pub(super) own: &'static str,
    pub(super) remaining: Option<Remaining>,
    /// Whom the agent asks beside the caller.
    pub(super) consult: Option<ShownConsult>,
    /// How it stands with the caller who is handed on; empty if they are not.
    pub(super) hand_on: String,
}

/// Whom the agent asks beside the caller.
pub(super) struct ShownConsult {
    /// The colleague's name, or that it is somebody outside.
    pub(super) who: String,
    pub(super) answered: bool,
    pub(super) joined: bool,
}

/// What is left until the 一次回答 is due.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Remaining {
    pub(super) text: String,
    pub(super) class: &'static str,
    /// Until when it runs, if it runs now.
    pub(super) until_ms: Option<i64>,
}

impl Bar {
    pub(super) fn of(
        web: &Web,
        visitor: &Visitor,
        subject: &Subject,
        form: &ReceptionForm,
        caller: &Caller,
        divisions: &Divisions,
    ) -> Self {
        let now = web.desk.now();
        let call = subject.call.as_ref();
        let own = call.and_then(|call| call.own_state.as_ref());
        let own_state = || own_state(web, visitor).unwrap_or_default();
        let (state, class, since) = match (own, call) {
            (Some((AgentState::Ringing, since)), _) => ("呼出中", "ringing", Some(*since)),
            (Some((AgentState::Talking, since)), _) => ("通話中", "talking", Some(*since)),
            (Some((_, since)), _) => ("後処理", "wrap-up", Some(*since)),
            (None, Some(_)) => ("終わった通話", "past", None),
            (None, None) => ("通話なし", "none", None),
        };
        let asks = caller.person.as_ref();
        let named = |typed: &str, known: Option<&String>| match known {
            Some(known) if typed.is_empty() => known.clone(),
            _ => typed.to_owned(),
        };
        let site = named(&form.site, asks.map(|person| &person.site));
        let department = named(&form.department, asks.map(|person| &person.department));
        Self {
            state,
            class,
            since_ms: since.map(|since| since.0),
            lasted: since.map_or_else(String::new, |since| text::duration(Some(now - since))),
            shown: caller.shown.clone(),
            name: named(&form.name, asks.map(|person| &person.name)),
            certainty: caller.certainty.label(),
            certainty_class: caller.certainty.class(),
            place: format!("{site} {department}").trim().to_owned(),
            line: call.map_or_else(String::new, |call| call.record.line.to_string()),
            own: own.map_or_else(own_state, |_| ""),
            remaining: remaining(web, subject, form, divisions, now),
            consult: asked(web, visitor),
            hand_on: handing_on(web, visitor, subject),
        }
    }
}

/// Whom the visitor asks beside a caller.
fn asked(web: &Web, visitor: &Visitor) -> Option<ShownConsult> {
    let own = visitor.user.agent.as_ref()?;
    let snapshot = web.desk.snapshot();
    let consult = snapshot.consults.iter().find(|one| one.agent == *own)?;
    let setup = web.desk.setup();
    let who = match &consult.colleague {
        Some(colleague) => setup.agent_name(colleague.as_str()).to_owned(),
        None => "外の相手".to_owned(),
    };
    Some(ShownConsult {
        who,
        answered: consult.answered,
        joined: consult.joined,
    })
}

/// How it stands with the caller whom the visitor hands on, or has parked.
fn handing_on(web: &Web, visitor: &Visitor, subject: &Subject) -> String {
    let own = visitor.user.agent.as_ref();
    let call = subject.call.as_ref().map(ReceptionCall::id);
    let (Some(own), Some(call)) = (own, call) else {
        return String::new();
    };
    let snapshot = web.desk.snapshot();
    let mut parked = snapshot.parked.iter();
    let parked = parked.find(|one| one.call == *call && one.parked_by.as_ref() == Some(own));
    if let Some(ParkedCall { slot, .. }) = parked {
        return format!("{slot}番に預けています。応答状況の「預かっている方」から取れます。");
    }
    let mut hand_ons = snapshot.hand_ons.iter();
    let found = hand_ons.find(|one| one.agent == *own && one.call == *call);
    match found.map(|one| (one.failed, one.asks)) {
        Some((None, _)) => {
            "転送先を呼び出しています。出ないときは、この通話に戻ります。".to_owned()
        }
        Some((Some(why), asks)) => {
            let act = if asks { text::CONSULT } else { text::HAND_ON };
            let why = text::hand_on_refusal(why, act);
            format!("{act}していません。{why}。発信者との通話は続いています。")
        }
        None => String::new(),
    }
}

/// What the visitor does as an agent, if they are one.
fn own_state(web: &Web, visitor: &Visitor) -> Option<&'static str> {
    let own = visitor.user.agent.as_ref()?;
    let snapshot = web.desk.snapshot();
    let view = snapshot.agents.iter().find(|view| view.agent == *own)?;
    Some(text::agent_state(&view.state))
}

/// What is left of a ticket, or of a call of which there is none yet.
fn remaining(
    web: &Web,
    subject: &Subject,
    form: &ReceptionForm,
    divisions: &Divisions,
    now: Instant,
) -> Option<Remaining> {
    if subject.call.is_none() && subject.ticket.is_none() {
        return None;
    }
    let division = (!form.division.is_empty()).then(|| DivisionId::new(&form.division));
    let system = System::lookup(&form.system).unwrap_or_default();
    let clock = divisions.clock(division.as_ref(), system, &web.desk.calendars())?;
    let runs = |at: Instant| clock.open_between(at, at + Millis(1)) > Millis::ZERO;
    let state = match &subject.ticket {
        Some(ticket) => clock.state(ticket, now),
        None => {
            let received_at = subject.received_at(now);
            let worked = clock.open_between(received_at, now);
            AnswerState::Due {
                at: clock.due(received_at, &[], now),
                left: Millis(clock.limit().0 - worked.0),
                near: false,
            }
        }
    };
    Some(in_words(state, now, runs(now)))
}

/// How the 一次回答 stands; `runs`: its clock runs now.
fn in_words(state: AnswerState, now: Instant, runs: bool) -> Remaining {
    let said = |text: String, class| Remaining {
        text,
        class,
        until_ms: None,
    };
    match state {
        AnswerState::Answered { took, late } => said(
            format!("一次回答済み({})", text::duration(Some(took))),
            if late { "late" } else { "" },
        ),
        AnswerState::Exempt => said("一次回答の期限なし".to_owned(), ""),
        AnswerState::Paused { left } => {
            said(format!("一次回答 停止中 {}", left_in_words(left)), "")
        }
        AnswerState::Due { left, near, .. } => Remaining {
            text: format!("一次回答 {}", left_in_words(left)),
            class: match (left < Millis::ZERO, near) {
                (true, _) => "late",
                (false, true) => "near",
                (false, false) => "",
            },
            until_ms: runs.then_some((now + left).0),
        },
    }
}

fn left_in_words(left: Millis) -> String {
    let shown = text::duration(Some(Millis(left.0.abs())));
    if left < Millis::ZERO {
        format!("超過 {shown}")
    } else {
        format!("残り {shown}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_told_and_runs_only_in_service_hours() {
        let due = |left: i64, near, runs| {
            let left = Millis::from_secs(left);
            let state = AnswerState::Due {
                at: None,
                left,
                near,
            };
            let told = in_words(state, Instant(1_000), runs);
            (told.text, told.class, told.until_ms)
        };
        assert_eq!(
            due(1_666, false, true),
            ("一次回答 残り 27:46".to_owned(), "", Some(1_667_000))
        );
        assert_eq!(
            due(-61, false, false),
            ("一次回答 超過 1:01".to_owned(), "late", None)
        );
        assert_eq!(due(60, true, true).1, "near");
    }
}
