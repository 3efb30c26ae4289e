//! Which step may follow which in the life of a ticket.

use super::attachment::{ATTACHMENT_BYTES, ATTACHMENTS};
use super::choices::Status;
use super::event::{TicketChange, TicketEvent};
use super::fields::TICKET_TEXT_LETTERS;
use super::state::Ticket;
use crate::contact::ContactOutcome;
use crate::time::Instant;

/// The longest reason.
pub const REASON_LETTERS: usize = 500;
/// The longest internal note.
pub const TICKET_NOTE_LETTERS: usize = 10_000;
/// The longest name of a vendor.
pub const VENDOR_LETTERS: usize = 100;

/// Why a step cannot be taken with a ticket.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TicketError {
    /// It was changed in the meantime.
    #[error("ほかの人が先に変更しました。内容を確認して、もう一度保存してください")]
    Outdated,
    /// It goes on as another ticket.
    #[error("ほかの問合せに統合されています。統合先の問合せで操作してください")]
    Merged,
    /// It is 完了.
    #[error("完了した問合せです。再開してから操作してください")]
    Done,
    /// It is not 完了.
    #[error("完了していない問合せは、再開できません")]
    NotDone,
    /// It is so already.
    #[error("すでに「{}」です", .0.label())]
    Same(Status),
    /// The status follows from other steps.
    #[error("「{}」には、直接変更できません", .0.label())]
    NotSettable(Status),
    /// It waits for the caller.
    #[error("保留中です。保留を解除してから操作してください")]
    Held,
    /// It does not wait for the caller.
    #[error("保留中ではありません")]
    NotHeld,
    /// The day until which it is held is over.
    #[error("保留の期限は、今日以降の日付にしてください")]
    HeldUntilPast,
    /// 機能分析 goes on.
    #[error("機能分析が終わっていません。結果を入力して、機能分析を終えてください")]
    Analysing,
    /// No 機能分析 goes on.
    #[error("機能分析中ではありません")]
    NotAnalysing,
    /// A vendor has not answered.
    #[error("エスカレーション先の回答が届いていません。回答を入力してから操作してください")]
    Escalated,
    /// There is no such open escalation.
    #[error("このエスカレーションは、すでに回答が入力されています")]
    NotEscalated,
    /// Something is to be filled in.
    #[error("{0}を入力してください")]
    Missing(&'static str),
    /// Something is too long.
    #[error("{0}は{1}文字以内で入力してください")]
    TooLong(&'static str, usize),
    /// A field does not take this.
    #[error("{0}")]
    Field(String),
    /// The contact is known already.
    #[error("この応対は、すでに登録されています")]
    ContactKnown,
    /// The contact is none of this ticket.
    #[error("この応対は、この問合せのものではありません")]
    ContactUnknown,
    /// Its times are not in order.
    #[error("応対の終わりは、始まりより後の時刻にしてください")]
    ContactTimes,
    /// The ticket has this file already.
    #[error("同じファイル「{0}」が、すでに添付されています")]
    FileKnown(String),
    /// The file is none of this ticket.
    #[error("この添付ファイルは、すでに取り除かれています")]
    FileUnknown,
    /// The file is empty or too large.
    #[error("空のファイルと、{}MBより大きいファイルは添付できません", ATTACHMENT_BYTES / (1024 * 1024))]
    FileSize,
    /// The ticket has as many files as it may.
    #[error("1件の問合せに添付できるファイルは、{ATTACHMENTS}個までです")]
    FileCount,
    /// What happened would be later than its record.
    #[error("これから先の時刻は入力できません")]
    Future,
    /// A ticket would go on as itself.
    #[error("統合先がこの問合せ自身になります。ほかの問合せを選んでください")]
    Circle,
    /// The two are not merged.
    #[error("統合されていない問合せです")]
    NotMerged,
    /// It is linked with itself.
    #[error("自分自身は関連付けられません。ほかの問合せを選んでください")]
    LinkedToItself,
    /// No event begins it, or it has begun.
    #[error("問合せの履歴が続いていません")]
    OutOfOrder,
}

impl Ticket {
    /// Whether an event may come next.
    ///
    /// # Errors
    ///
    /// Why it may not.
    pub fn check(&self, event: &TicketEvent) -> Result<(), TicketError> {
        use TicketChange as C;
        if event.ticket != self.id {
            return Err(TicketError::OutOfOrder);
        }
        if event.seq != self.version {
            return Err(TicketError::Outdated);
        }
        if event.happened_at() > event.at {
            return Err(TicketError::Future);
        }
        let anytime = matches!(event.change, C::MergeUndone { .. } | C::Anonymised);
        if self.merged_into.is_some() && !anytime {
            return Err(TicketError::Merged);
        }
        match &event.change {
            C::Created { .. } | C::Unknown(_) => Err(TicketError::OutOfOrder),
            C::FieldChanged {
                field,
                before,
                after,
            } => {
                if self.fields.text(*field) != *before {
                    return Err(TicketError::Outdated);
                }
                let mut fields = self.fields.clone();
                let set = fields.set(*field, after);
                set.map_err(|fault| {
                    TicketError::Field(format!("{}: {}", field.label(), fault.message))
                })
            }
            C::ContactAdded { .. } | C::OutcomeSet { .. } => self.check_contact(event),
            C::StatusChanged { before, after } => self.check_status(*before, *after),
            C::AnalysisBegun { .. } => self.check_analysis_begun(),
            C::AnalysisEnded { finding } => {
                if self.open_analysis().is_none() {
                    return Err(TicketError::NotAnalysing);
                }
                written("機能分析の結果", finding, TICKET_TEXT_LETTERS)
            }
            C::Escalated { handover } => {
                self.check_open()?;
                written("エスカレーション先", &handover.vendor, VENDOR_LETTERS)?;
                written("送った内容", &handover.sent, TICKET_TEXT_LETTERS)
            }
            C::EscalationRescheduled { escalation, .. } => self.check_escalation(*escalation),
            C::EscalationReturned { escalation, answer } => {
                self.check_escalation(*escalation)?;
                written("エスカレーション先の回答", answer, TICKET_TEXT_LETTERS)
            }
            C::Held { until, reason } => {
                self.check_open()?;
                if until.is_some_and(|until| until < event.at.date()) {
                    return Err(TicketError::HeldUntilPast);
                }
                not_too_long("保留の理由", reason, REASON_LETTERS)
            }
            C::Resumed if self.hold.is_some() => Ok(()),
            C::Resumed => Err(TicketError::NotHeld),
            C::Reopened { reason } => {
                if self.done_at.is_none() {
                    return Err(TicketError::NotDone);
                }
                written("再開の理由", reason, REASON_LETTERS)
            }
            C::Noted { text } => written("メモ", text, TICKET_NOTE_LETTERS),
            C::FileAttached { file } => self.check_attached(file),
            C::FileRemoved { file, .. } => {
                let known = self.attachment(file).is_some();
                known.then_some(()).ok_or(TicketError::FileUnknown)
            }
            C::Linked { other, .. } if *other == self.id => Err(TicketError::LinkedToItself),
            C::MergedInto { into: other } | C::MergedFrom { from: other } if *other == self.id => {
                Err(TicketError::Circle)
            }
            C::MergedFrom { from } if self.merged_from.contains(from) => Err(TicketError::Merged),
            // Nobody would see to what goes on with a ticket that leads to another.
            C::MergedInto { .. } => self.check_nothing_goes_on(),
            C::MergeUndone { other } => {
                let merged = self.merged_into.as_ref() == Some(other);
                if merged || self.merged_from.contains(other) {
                    Ok(())
                } else {
                    Err(TicketError::NotMerged)
                }
            }
            C::SplitInto {
                into,
                contacts,
                files,
            } => {
                if *into == self.id {
                    return Err(TicketError::Circle);
                }
                if !self.has_attachments(files) {
                    return Err(TicketError::FileUnknown);
                }
                let known = contacts
                    .iter()
                    .all(|contact| self.contact(contact).is_some());
                known.then_some(()).ok_or(TicketError::ContactUnknown)
            }
            C::Linked { .. }
            | C::Unlinked { .. }
            | C::MergedFrom { .. }
            | C::Imported { .. }
            | C::Anonymised => Ok(()),
        }
    }

    fn check_contact(&self, event: &TicketEvent) -> Result<(), TicketError> {
        match &event.change {
            TicketChange::ContactAdded { contact } => {
                if self.knows_contact(&contact.id) {
                    return Err(TicketError::ContactKnown);
                }
                if contact.until.is_some_and(|until| until < contact.from) {
                    return Err(TicketError::ContactTimes);
                }
                let future = contact.from.max(contact.outcome_at) > event.at;
                (!future).then_some(()).ok_or(TicketError::Future)
            }
            TicketChange::OutcomeSet {
                contact,
                before,
                outcome_at,
                ..
            } => {
                let found = self.contact(contact).ok_or(TicketError::ContactUnknown)?;
                if found.outcome != *before {
                    return Err(TicketError::Outdated);
                }
                if *outcome_at > event.at {
                    return Err(TicketError::Future);
                }
                let after_it_began = *outcome_at >= found.from;
                after_it_began
                    .then_some(())
                    .ok_or(TicketError::ContactTimes)
            }
            _ => Ok(()),
        }
    }

    /// Whether a person may set this status: what is 回答済 or 完了 has an answer, its own or that of a
    /// ticket that goes on as it. What a predecessor kept may have none.
    ///
    /// # Errors
    ///
    /// [`TicketError::Missing`]; what goes on is told first.
    pub fn check_answered(&self, after: Status) -> Result<(), TicketError> {
        if !matches!(after, Status::Answered | Status::Done) {
            return Ok(());
        }
        self.check_nothing_goes_on()?;
        if self.fields.answer.trim().is_empty() && self.merged_from.is_empty() {
            return Err(TicketError::Missing("回答"));
        }
        Ok(())
    }

    /// What else happens when a person sets this status at `now`: with it the desk has answered, so that the contact
    /// that waits for its answer has it. Nothing, if it has answered already or handed the matter on.
    pub fn answered_with(&self, after: Status, now: Instant) -> Option<TicketChange> {
        let answers = matches!(after, Status::Answered | Status::Done);
        if !answers || self.first_answer().is_some() {
            return None;
        }
        let open = self
            .contacts()
            .filter(|contact| contact.outcome == ContactOutcome::Unanswered);
        open.last().map(|contact| TicketChange::OutcomeSet {
            contact: contact.id.clone(),
            before: contact.outcome,
            after: ContactOutcome::AnsweredLater,
            outcome_at: now.max(contact.from),
        })
    }

    fn check_status(&self, before: Status, after: Status) -> Result<(), TicketError> {
        let now = self.status();
        if now == after {
            return Err(TicketError::Same(after));
        }
        if now != before {
            return Err(TicketError::Outdated);
        }
        if now == Status::Done {
            return Err(TicketError::Done);
        }
        match after {
            Status::InProgress if now == Status::Held => Err(TicketError::Held),
            Status::InProgress | Status::Answered | Status::Done => {
                self.check_nothing_goes_on()?;
                let resume = after == Status::Answered && self.hold.is_some();
                (!resume).then_some(()).ok_or(TicketError::Held)
            }
            other => Err(TicketError::NotSettable(other)),
        }
    }

    fn check_nothing_goes_on(&self) -> Result<(), TicketError> {
        if self.open_analysis().is_some() {
            return Err(TicketError::Analysing);
        }
        if self.open_escalations().next().is_some() {
            return Err(TicketError::Escalated);
        }
        Ok(())
    }

    fn check_open(&self) -> Result<(), TicketError> {
        match self.status() {
            Status::Done => Err(TicketError::Done),
            Status::Held => Err(TicketError::Held),
            _ => Ok(()),
        }
    }

    fn check_analysis_begun(&self) -> Result<(), TicketError> {
        self.check_open()?;
        match self.open_analysis() {
            Some(_) => Err(TicketError::Same(Status::Analysing)),
            None => Ok(()),
        }
    }

    fn check_escalation(&self, number: u32) -> Result<(), TicketError> {
        let open = self.open_escalations().any(|open| open.seq == number);
        open.then_some(()).ok_or(TicketError::NotEscalated)
    }
}

fn written(what: &'static str, text: &str, most: usize) -> Result<(), TicketError> {
    if text.trim().is_empty() {
        return Err(TicketError::Missing(what));
    }
    not_too_long(what, text, most)
}

fn not_too_long(what: &'static str, text: &str, most: usize) -> Result<(), TicketError> {
    if text.chars().count() > most {
        return Err(TicketError::TooLong(what, most));
    }
    Ok(())
}
