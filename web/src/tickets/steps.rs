//! The steps of a ticket by the forms of its page: status, 保留, 機能分析, エスカレーション, notes,
//! contacts, links.

use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use madoguchi_core::access::HandleTickets;
use madoguchi_core::contact::{Contact, ContactOutcome};
use madoguchi_core::id::{AgentId, ContactId, TicketId};
use madoguchi_core::ticket::{
    Channel, Handover, Relation, Route, Status, Ticket, TicketChange, sensitive,
};
use madoguchi_core::time::Instant;

use super::applying::apply;
use super::form::{CONFIRMED, warning};
use super::form_drafts;
use super::lookup::{id_of, place};
use super::page::{Shown, show};
use crate::auth::access::Allowed;
use crate::error::WebError;
use crate::kit::form::Values;
use crate::kit::value::YES;
use crate::local_time::read_local;
use crate::state::Web;

/// Takes a step, once however often its form is sent.
pub(super) async fn step(
    visitor: Allowed<HandleTickets>,
    State(web): State<Web>,
    Path((number, step)): Path<(String, String)>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, WebError> {
    let id = id_of(&web, &number).await?;
    let values = Values::of(pairs);
    let other = match values.get("other") {
        "" => None,
        other => id_of(&web, other).await.ok(),
    };
    let typed = Typed {
        values: &values,
        other,
        agent: visitor.user.agent.clone(),
        now: web.desk.now(),
    };
    let version = u32::try_from(values.version()).unwrap_or(0);
    let asks = AtomicBool::new(false);
    let make = |base: &Ticket| {
        let changes = match typed.changes(&step, base) {
            Some(changes) => changes?,
            None => return Err("この操作はありません。画面を開き直してください。".to_owned()),
        };
        let warning = warning(&sensitive::in_changes(&changes));
        match warning.filter(|_| values.get(CONFIRMED) != YES) {
            Some(warning) => {
                asks.store(true, Ordering::Relaxed);
                Err(format!(
                    "{warning}消すか、そうでないことを確認して、下のチェックを付けてください。"
                ))
            }
            None => Ok(changes),
        }
    };
    match apply(&web, &visitor, (&id, version), make).await? {
        Ok(ticket) => {
            let name = match values.get("escalation") {
                "" => step,
                which => format!("{step}-{which}"),
            };
            form_drafts::forget(&web, &visitor.user.id, id.as_str(), &name).await;
            let place = place(ticket.number);
            Ok(Redirect::to(&format!("{place}?done=saved")).into_response())
        }
        Err(why) => {
            let shown = Shown {
                refused: Some((step, values, why)),
                asks_sure: asks.load(Ordering::Relaxed),
                ..Shown::default()
            };
            show(&web, &visitor, &id, shown).await
        }
    }
}

/// What was typed for a step.
struct Typed<'a> {
    values: &'a Values,
    /// The ticket that is named beside this one.
    other: Option<TicketId>,
    /// As whom the visitor speaks for the desk.
    agent: Option<AgentId>,
    now: Instant,
}

impl Typed<'_> {
    /// What the step changes; `None` if there is no such step.
    fn changes(&self, step: &str, base: &Ticket) -> Option<Result<Vec<TicketChange>, String>> {
        let change = match step {
            "status" => self.status(base),
            "hold" => self.hold(),
            "resume" => Ok(TicketChange::Resumed),
            "reopen" => Ok(TicketChange::Reopened {
                reason: self.text("reason"),
            }),
            "analysis-begin" => Ok(TicketChange::AnalysisBegun { analyst: None }),
            "analysis-end" => Ok(TicketChange::AnalysisEnded {
                finding: self.text("finding"),
            }),
            "escalate" => self.escalate(),
            "reschedule" => self.reschedule(),
            "returned" => self.returned(),
            "note" => Ok(TicketChange::Noted {
                text: self.text("text"),
            }),
            "contact" => self.contact(base),
            "outcome" => self.outcome(base),
            "link" => self.link(|relation, other| TicketChange::Linked { relation, other }),
            "unlink" => self.link(|relation, other| TicketChange::Unlinked { relation, other }),
            _ => return None,
        };
        Some(change.map(|change| {
            let answered = match &change {
                TicketChange::StatusChanged { after, .. } => base.answered_with(*after, self.now),
                _ => None,
            };
            answered.into_iter().chain([change]).collect()
        }))
    }

    fn text(&self, name: &str) -> String {
        self.values.get(name).replace("\r\n", "\n")
    }

    fn instant(&self, name: &str) -> Result<Option<Instant>, String> {
        read_local(self.values.get(name)).map_err(|message| format!("{message}。"))
    }

    fn status(&self, base: &Ticket) -> Result<TicketChange, String> {
        let after = Status::lookup(self.values.get("status"));
        let after = after.ok_or("状態を選び直してください。")?;
        let answered = base.check_answered(after);
        answered.map_err(|error| format!("{error}。"))?;
        Ok(TicketChange::StatusChanged {
            before: base.status(),
            after,
        })
    }

    fn hold(&self) -> Result<TicketChange, String> {
        let until = match self.values.get("until") {
            "" => None,
            day => {
                let wrong = "日付を、2026-11-24 のように入力してください。";
                Some(day.parse().map_err(|_| wrong)?)
            }
        };
        Ok(TicketChange::Held {
            until,
            reason: self.text("reason"),
        })
    }

    fn escalate(&self) -> Result<TicketChange, String> {
        Ok(TicketChange::Escalated {
            handover: Handover {
                vendor: self.text("vendor"),
                route: Route::lookup(self.values.get("route")).unwrap_or_default(),
                sent: self.text("sent"),
                due: self.instant("due")?,
                remind_at: self.instant("remind_at")?,
            },
        })
    }

    fn escalation(&self) -> Result<u32, String> {
        let number = self.values.get("escalation").parse();
        number.map_err(|_| "エスカレーションを選び直してください。".to_owned())
    }

    fn reschedule(&self) -> Result<TicketChange, String> {
        Ok(TicketChange::EscalationRescheduled {
            escalation: self.escalation()?,
            due: self.instant("due")?,
            remind_at: self.instant("remind_at")?,
        })
    }

    fn returned(&self) -> Result<TicketChange, String> {
        Ok(TicketChange::EscalationReturned {
            escalation: self.escalation()?,
            answer: self.text("answer"),
        })
    }

    fn contact_id(&self) -> Result<ContactId, String> {
        match self.values.get("contact") {
            "" => Err("応対を選び直してください。".to_owned()),
            id => Ok(ContactId::new(id)),
        }
    }

    fn contact(&self, base: &Ticket) -> Result<TicketChange, String> {
        let from = self.instant("from")?.unwrap_or(self.now);
        let channel = Channel::lookup(self.values.get("channel"));
        let outcome = ContactOutcome::lookup(self.values.get("outcome"));
        Ok(TicketChange::ContactAdded {
            contact: Contact {
                id: self.contact_id()?,
                call: None,
                channel: channel.unwrap_or(base.fields.channel),
                agent: self.agent.clone(),
                from,
                until: None,
                outcome: outcome.unwrap_or_default(),
                outcome_at: from,
            },
        })
    }

    fn outcome(&self, base: &Ticket) -> Result<TicketChange, String> {
        let id = self.contact_id()?;
        let contact = base.contact(&id);
        let contact = contact.ok_or("この応対は、この問合せのものではありません。")?;
        let after = ContactOutcome::lookup(self.values.get("outcome"));
        Ok(TicketChange::OutcomeSet {
            contact: id,
            before: contact.outcome,
            after: after.ok_or("応対の結果を選び直してください。")?,
            outcome_at: self.now,
        })
    }

    fn link(&self, make: fn(Relation, TicketId) -> TicketChange) -> Result<TicketChange, String> {
        let relation = Relation::lookup(self.values.get("relation")).unwrap_or_default();
        let other = self.other.clone();
        let other =
            other.ok_or("相手の受付番号を確認してください。この番号の問合せはありません。")?;
        Ok(make(relation, other))
    }
}
