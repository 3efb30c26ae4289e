//! 応対: one call, form, mail or visit on one ticket, and what becomes of an answered call.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::id::{AgentId, CallId, ContactId, TicketId};
use crate::named;
use crate::ticket::choices::Channel;
use crate::time::Instant;

/// The longest reason in one's own words why a call has no ticket.
pub const NO_TICKET_NOTE_LETTERS: usize = 200;

/// 応対: joins a call (or a form, a mail, a visit) with the ticket in whose history it stands.
/// Nothing else joins the two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Contact {
    /// How the contact is known.
    pub id: ContactId,
    /// The call; `None` for other channels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallId>,
    /// By what way.
    pub channel: Channel,
    /// Who spoke for the desk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentId>,
    /// 入電: when the call arrived; the arrival of the form or mail, the beginning of the visit.
    pub from: Instant,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
    /// What came of it.
    pub outcome: ContactOutcome,
    /// When that was so: of an answer, when it was given.
    pub outcome_at: Instant,
}

named! {
    /// What came of a contact.
    #[derive(
        Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
    )]
    pub enum ContactOutcome {
        /// その場で回答
        AnsweredAtOnce = "answered_at_once", "その場で回答";
        /// 折り返して回答
        AnsweredLater = "answered_later", "折り返して回答";
        /// アプリケーション機能分析へ
        ToAnalysis = "to_analysis", "アプリケーション機能分析へ";
        /// エスカレーション
        Escalated = "escalated", "エスカレーション";
        /// 未回答
        #[default]
        Unanswered = "unanswered", "未回答";
    }
}

impl ContactOutcome {
    /// Whether the desk answered.
    pub fn is_answer(self) -> bool {
        matches!(self, Self::AnsweredAtOnce | Self::AnsweredLater)
    }

    /// Whether the desk handed the matter on.
    pub fn is_handover(self) -> bool {
        matches!(self, Self::ToAnalysis | Self::Escalated)
    }
}

named! {
    /// Why an answered call has no ticket.
    #[derive(
        Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
    )]
    pub enum NoTicketReason {
        /// 間違い電話
        WrongNumber = "wrong_number", "間違い電話";
        /// 試験
        Test = "test", "試験の電話";
        /// 無言
        Silence = "silence", "無言";
        /// いたずら・営業
        Unrelated = "unrelated", "業務と関係のない電話";
        /// その他
        #[default]
        Other = "other", "その他";
    }
}

/// 対象外: a call without a matter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoTicket {
    /// Which call.
    pub call: CallId,
    /// Why there is no ticket of the call.
    pub reason: NoTicketReason,
    /// Why, in one's own words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// A call cannot be 対象外 so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoTicketError {
    /// The reason その他 says nothing by itself.
    #[error("理由が「その他」のときは、内容を入力してください")]
    NoteMissing,
    /// The note is too long.
    #[error("内容は{NO_TICKET_NOTE_LETTERS}文字以内で入力してください")]
    NoteTooLong,
    /// The call has a ticket.
    #[error("この通話は問合せに登録されています。対象外にはできません")]
    HasTicket,
}

impl NoTicket {
    /// Refuses what does not say why, and calls that have tickets.
    ///
    /// # Errors
    ///
    /// What is wrong.
    pub fn check(&self, tickets: &[TicketId]) -> Result<(), NoTicketError> {
        if !tickets.is_empty() {
            return Err(NoTicketError::HasTicket);
        }
        if self.reason == NoTicketReason::Other && self.note.trim().is_empty() {
            return Err(NoTicketError::NoteMissing);
        }
        if self.note.chars().count() > NO_TICKET_NOTE_LETTERS {
            return Err(NoTicketError::NoteTooLong);
        }
        Ok(())
    }
}

/// What has become of an answered call. One of three, always.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallRegistration {
    /// 登録済: it has tickets.
    Registered(Vec<TicketId>),
    /// 対象外
    NoTicket(NoTicketReason),
    /// 未登録
    Unregistered,
}

impl CallRegistration {
    /// What a call is, by its tickets and by its reason. Tickets come first: who finds the matter later
    /// need not take the reason back.
    pub fn of(tickets: Vec<TicketId>, reason: Option<NoTicketReason>) -> Self {
        match reason {
            _ if !tickets.is_empty() => Self::Registered(tickets),
            Some(reason) => Self::NoTicket(reason),
            None => Self::Unregistered,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn no_ticket(reason: NoTicketReason, note: &str) -> NoTicket {
        NoTicket {
            call: CallId::new("c1"),
            reason,
            note: note.to_owned(),
        }
    }

    #[test]
    fn 対象外_needs_a_reason_and_a_call_without_ticket() {
        let wrong = no_ticket(NoTicketReason::WrongNumber, "");
        assert_eq!(wrong.check(&[]), Ok(()));
        assert_eq!(wrong.check(&["t1".into()]), Err(NoTicketError::HasTicket));
        let other = no_ticket(NoTicketReason::Other, " ");
        assert_eq!(other.check(&[]), Err(NoTicketError::NoteMissing));
        let long = no_ticket(NoTicketReason::Other, &"長".repeat(201));
        assert_eq!(long.check(&[]), Err(NoTicketError::NoteTooLong));
    }

    #[test]
    fn an_answered_call_is_one_of_three() {
        let silent = Some(NoTicketReason::Silence);
        let registered = CallRegistration::Registered(vec!["t1".into()]);
        assert_eq!(CallRegistration::of(vec!["t1".into()], silent), registered);
        assert_eq!(
            CallRegistration::of(vec![], silent),
            CallRegistration::NoTicket(NoTicketReason::Silence)
        );
        assert_eq!(
            CallRegistration::of(vec![], None),
            CallRegistration::Unregistered
        );
    }
}
