//! 問合せ: tickets as the fold of an append-only log (表 5.6-9, 5.6-10).
//!
//! A ticket is one matter. What happened to it stands in [`TicketEvent`]s, and [`Ticket::fold`] makes
//! the ticket of them; as it was at an instant it is the fold of what had happened before
//! ([`Ticket::as_of`]). [`Ticket::check`] says whether an event may come next. A merge copies nothing:
//! a merged ticket keeps what it has and leads to the other ([`merging`]), so that undoing it needs
//! nothing but a further event.

mod anonymous;
mod attachment;
pub(crate) mod choices;
pub mod edit;
mod event;
mod fields;
mod fold;
pub mod merging;
mod number;
mod past;
mod retention;
pub mod sensitive;
mod state;
mod status;
mod turns;

pub use self::anonymous::anonymised;
pub use self::attachment::{ATTACHMENT_BYTES, ATTACHMENTS, AttachedFile, Attachment, ScanResult};
pub use self::choices::{Channel, Impact, Priority, Status, System, Urgency};
pub use self::event::{Handover, Relation, Route, TicketChange, TicketEvent};
pub use self::fields::{
    AnswerSource, Requester, TAG_LETTERS, TICKET_SHORT_LETTERS, TICKET_TAGS, TICKET_TEXT_LETTERS,
    TicketField, TicketFields, WORK_MINUTES_AT_MOST,
};
pub use self::number::{NumberForm, TicketNumber, YearForm};
pub use self::past::PastAnswer;
pub use self::retention::{
    TICKET_RETENTION, TICKET_YEARS_AT_LEAST, TICKET_YEARS_AT_MOST, TicketRetention,
    TicketRetentionFault,
};
pub use self::state::{
    Analysis, Briefs, Escalation, FirstResponse, Hold, Link, Note, Origin, Pause, Ticket,
};
pub use self::status::{REASON_LETTERS, TICKET_NOTE_LETTERS, TicketError, VENDOR_LETTERS};
pub use self::turns::{Turn, turns};

#[cfg(test)]
mod tests;
