//! All SQL and nothing but SQL, and the journal in front of it.
//!
//! [`Store`] is the database (SQLite or PostgreSQL, one text of every query for both);
//! [`journal`] keeps call events on the machine's own disk first; [`delivery`] carries them from
//! the one to the other. Invariant: the logs of what happened to calls and tickets only
//! grow, and every other table that tells of them can be computed from them anew.

mod access_changes;
mod accounts;
mod agents;
mod articles;
mod audit;
mod backup;
mod calls;
pub mod delivery;
mod derived;
mod devices;
mod error;
mod event_rows;
mod events;
mod fault;
mod health;
mod health_watch;
mod installation;
mod joining;
pub mod journal;
mod migrations;
mod months;
mod nodes;
mod page;
mod people;
mod portal;
mod sessions;
mod settings;
mod signals;
mod sql;
mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod tickets;
mod tokens;
mod transport;
mod tx;
mod views;

pub use access_changes::AccessChanges;
pub use accounts::{Credentials, NamedUser, NewPassword, UserFilter, UserOrder};
pub use articles::{
    ArticleCounts, ArticleFilter, ArticleOrder, ArticleProgress, ArticleRow, Autosave, ShownFilter,
    ShownRow, Work,
};
pub use audit::{AuditFault, AuditFilter, AuditOrder, AuditRecord, Verified};
pub use backup::BackupError;
pub use calls::{CallFilter, CallOrder, CallPage, OutcomeFilter};
pub use error::{Resource, StoreError};
pub use events::{Appended, Feed};
pub use fault::Fault;
pub use health::StoreHealth;
pub use madoguchi_core::live::AgentPresence;
pub use months::{EntryVersion, KeptEntry, PublishedOutcome};
pub use nodes::Claim;
pub use page::{Cursor, CursorValue, Page, Start};
pub use people::PersonFilter;
pub use portal::{
    AskedAbout, ContentGap, Feedback, MissedQuery, NewInquiry, Opened, Rating, Receipt, Referrer,
    Search, Settled, Unhelpful, View,
};
pub use sessions::{NewSession, Session, SignedIn};
pub use settings::{NewVersion, Setting};
pub use store::{Expected, Store, shown as shown_address};
pub use tickets::{
    ContactFilter, KeptNoTicket, KeptRequest, LedgerFile, LedgerOutcome, LedgerPlan, LedgerReading,
    MonthTickets, NewRequest, NewTicket, NumberedRow, PastTicket, RetentionPreview, TicketContact,
    TicketDraft, TicketEdit, TicketFilter, TicketOrder, TicketRow, TicketSpan, TicketWriteError,
};
pub use tokens::{ApiToken, NewToken};
pub use transport::Transport;
pub use tx::{Tx, UnrecordedTx};
pub use views::SavedView;
