//! What happens to a ticket, as an append-only log. The ticket is the fold of it.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::attachment::Attachment;
use super::choices::Status;
use super::fields::{TicketField, TicketFields};
use super::number::TicketNumber;
use crate::contact::{Contact, ContactOutcome};
use crate::id::{AttachmentId, ContactId, TicketId, UserId};
use crate::named;
use crate::time::Instant;

/// One thing that happened to one ticket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TicketEvent {
    /// The ticket.
    pub ticket: TicketId,
    /// Its place in the history of the ticket, from 0, without gaps.
    pub seq: u32,
    /// When it was recorded.
    pub at: Instant,
    /// When it happened, if that was earlier: a call that was registered after its end, a ledger that
    /// was imported. Figures as of a day go by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub happened_at: Option<Instant>,
    /// Who did it; `None` for the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<UserId>,
    /// What was changed.
    #[serde(flatten)]
    pub change: TicketChange,
}

impl TicketEvent {
    /// When it happened.
    pub fn happened_at(&self) -> Instant {
        self.happened_at.unwrap_or(self.at)
    }
}

/// What happened to a ticket. In the log the names never change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TicketChange {
    /// The ticket was made.
    Created {
        /// Its number.
        number: TicketNumber,
        /// 受付日時: when the call or form arrived.
        received_at: Instant,
        /// What was filled in.
        fields: Box<TicketFields>,
        /// The ticket that it was split off from.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        split_from: Option<TicketId>,
    },
    /// A field was changed.
    FieldChanged {
        /// The field that was changed.
        field: TicketField,
        /// What it was.
        before: String,
        /// What it is now.
        after: String,
    },
    /// Somebody spoke or wrote to the desk, or the desk called back.
    ContactAdded {
        /// The contact.
        contact: Contact,
    },
    /// What came of a contact was set, or set right.
    OutcomeSet {
        /// Which contact.
        contact: ContactId,
        /// What it was.
        before: ContactOutcome,
        /// What it is now.
        after: ContactOutcome,
        /// When that was so.
        outcome_at: Instant,
    },
    /// 対応中, 回答済, 完了.
    StatusChanged {
        /// What it was.
        before: Status,
        /// What it is now.
        after: Status,
    },
    /// 機能分析 was begun.
    AnalysisBegun {
        /// Who analyses; `None`: whoever said so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        analyst: Option<UserId>,
    },
    /// 機能分析 was ended.
    AnalysisEnded {
        /// What was found.
        finding: String,
    },
    /// The matter was handed to a vendor.
    Escalated {
        /// To whom and how.
        #[serde(flatten)]
        handover: Handover,
    },
    /// The due time of an escalation, or its reminder, was changed.
    EscalationRescheduled {
        /// The number of the event that began the escalation.
        escalation: u32,
        /// Until when an answer is due.
        #[serde(default)]
        due: Option<Instant>,
        /// When to ask after it.
        #[serde(default)]
        remind_at: Option<Instant>,
    },
    /// The vendor answered.
    EscalationReturned {
        /// The number of the event that began the escalation.
        escalation: u32,
        /// What came back.
        answer: String,
    },
    /// 保留: the desk waits for the caller.
    Held {
        /// Until which day.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<NaiveDate>,
        /// What for.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        reason: String,
    },
    /// The desk goes on.
    Resumed,
    /// 再開: it was 完了 too soon.
    Reopened {
        /// Why it is open again.
        reason: String,
    },
    /// An internal note.
    Noted {
        /// What it says.
        text: String,
    },
    /// A file was added.
    FileAttached {
        /// The file.
        file: Attachment,
    },
    /// A file was taken away, and its content with it.
    FileRemoved {
        /// The file that was taken away.
        file: AttachmentId,
        /// What it was called.
        name: String,
    },
    /// Another ticket was put beside it.
    Linked {
        /// How they belong together.
        relation: Relation,
        /// The other.
        other: TicketId,
    },
    /// The link was taken away.
    Unlinked {
        /// How they belonged together.
        relation: Relation,
        /// The other.
        other: TicketId,
    },
    /// 統合: it goes on as another ticket.
    MergedInto {
        /// As which.
        into: TicketId,
    },
    /// 統合: another ticket goes on as this one.
    MergedFrom {
        /// The ticket that was merged into this one.
        from: TicketId,
    },
    /// A merge with another ticket, in either direction, was undone.
    MergeUndone {
        /// The other.
        other: TicketId,
    },
    /// 分割: a part became a ticket of its own.
    SplitInto {
        /// The new ticket.
        into: TicketId,
        /// The contacts that went along.
        contacts: Vec<ContactId>,
        /// The files that went along.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        files: Vec<AttachmentId>,
    },
    /// It was taken over from the ledger of a predecessor, or taken over again.
    Imported {
        /// Which ledger.
        ledger: String,
        /// The number that it had there.
        number: String,
        /// What tells the row from one that says something else.
        digest: String,
    },
    /// Names and numbers were taken out after the time of retention.
    Anonymised,
    /// Something that a later version of the program wrote. It changes nothing, and is kept.
    #[serde(untagged)]
    Unknown(Map<String, Value>),
}

impl TicketChange {
    /// Whether it holds what somebody typed or attached.
    pub(super) fn holds_text(&self) -> bool {
        matches!(
            self,
            Self::FieldChanged { .. }
                | Self::AnalysisEnded { .. }
                | Self::Escalated { .. }
                | Self::EscalationReturned { .. }
                | Self::Held { .. }
                | Self::Reopened { .. }
                | Self::Noted { .. }
                | Self::FileAttached { .. }
        )
    }
}

/// An escalation as it was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Handover {
    /// To whom: the name of the vendor.
    pub vendor: String,
    /// By what way.
    pub route: Route,
    /// What was sent.
    pub sent: String,
    /// Until when an answer is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Instant>,
    /// When to ask after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remind_at: Option<Instant>,
}

named! {
    /// By what way a matter goes to a vendor.
    #[derive(
        Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
    )]
    pub enum Route {
        /// 機構経由
        #[default]
        ViaClient = "via_client", "機構経由";
        /// 直接: 機構 has approved of it.
        Direct = "direct", "直接(承認済)";
    }
}

named! {
    /// How two tickets belong together.
    #[derive(
        Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
    )]
    pub enum Relation {
        /// The other is about the same.
        #[default]
        Duplicate = "duplicate", "重複";
        /// The other is a part of this one.
        Child = "child", "子";
        /// This one is a part of the other.
        Parent = "parent", "親";
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::Ticket;

    fn read(json: &str) -> TicketEvent {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn the_log_has_stable_names() {
        let event = TicketEvent {
            ticket: "t1".into(),
            seq: 3,
            at: Instant(7),
            happened_at: None,
            by: Some("u1".into()),
            change: TicketChange::Escalated {
                handover: Handover {
                    vendor: "財務会計の保守事業者".to_owned(),
                    route: Route::Direct,
                    sent: "調査をお願いします。".to_owned(),
                    due: Some(Instant(9)),
                    remind_at: None,
                },
            },
        };
        let text = serde_json::to_string(&event).unwrap();
        assert_eq!(
            text,
            "{\"ticket\":\"t1\",\"seq\":3,\"at\":7,\"by\":\"u1\",\"kind\":\"escalated\",\
             \"vendor\":\"財務会計の保守事業者\",\"route\":\"direct\",\
             \"sent\":\"調査をお願いします。\",\"due\":9}"
        );
        assert_eq!(read(&text), event);
        let resumed = TicketEvent {
            change: TicketChange::Resumed,
            ..event
        };
        let text = serde_json::to_string(&resumed).unwrap();
        assert_eq!(read(&text), resumed);
    }

    #[test]
    fn what_a_later_version_wrote_is_kept_and_does_not_lose_the_ticket() {
        let created = read(
            r#"{"ticket":"t1","seq":0,"at":1,"kind":"created",
                "number":{"fiscal_year":2026,"sequence":1},"received_at":1,
                "fields":{"question":"差戻し","mood":"急ぎ"}}"#,
        );
        let later = r#"{"ticket":"t1","seq":1,"at":2,"kind":"sung","song":{"verses":3}}"#;
        let unknown = read(later);
        assert!(matches!(unknown.change, TicketChange::Unknown(_)));
        let again: Value = serde_json::to_value(&unknown).unwrap();
        assert_eq!(again, serde_json::from_str::<Value>(later).unwrap());
        let field = read(
            r#"{"ticket":"t1","seq":2,"at":3,"kind":"field_changed","field":"mood","before":"","after":"x"}"#,
        );
        let ticket = Ticket::fold(&[created, unknown, field]).unwrap();
        assert_eq!(ticket.fields.question, "差戻し");
        assert_eq!((ticket.version, ticket.unknown_events), (3, 2));
    }
}
