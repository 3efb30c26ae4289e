//! End to end, against real peers: one binary, one module a subject.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that meets what it does not expect fails"
)]

mod access;
mod announcements;
mod architecture;
mod attachments;
mod away;
mod backup;
mod board;
mod board_hands;
mod calendar;
mod calls;
mod carriers;
mod clock;
mod crash;
mod faq_seen;
mod faq_work;
mod forms;
mod hours;
mod ledger;
mod line_hours;
mod manuals;
mod month_books;
mod month_end;
mod nodes;
mod observing;
mod oidc;
mod past_answers;
mod phones;
mod portal;
mod priority;
mod reception;
mod sample_desk;
mod setup;
mod stopping;
mod store_away;
mod stories;
mod ticket_list;
mod ticket_numbers;
mod ticket_page;
mod tls;
mod torture;
mod voice;
