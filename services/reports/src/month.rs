//! 月次: a month's books from what was recorded of it. Pure: inputs in, a [`crate::document::Document`] out,
//! with the proof of its figures ([`crate::document::Drill`]), 突合せ, and what programs read (docs/metrics.md).
//!
//! The same inputs give the same book, byte for byte, in whatever order calls and tickets come.

pub mod books;
mod carried;
mod cells;
mod chapters;
mod checks;
mod counted;
mod cover;
mod data;
mod input;
mod knowledge;
mod lengths;
mod levels;
mod making;
mod months;
mod outlook;
mod proof;
mod report;
mod result;
mod row_notes;
mod rules;
mod running;
pub mod sample;
mod site_kind;
mod summary;

#[cfg(test)]
mod tests;

pub use self::chapters::entered_work;
pub use self::cover::HELP_DESK_REPORT;
pub use self::data::{MonthCall, MonthData};
pub use self::input::{Cover, Difference, MonthInput, Written};
pub use self::knowledge::KnowledgeFigures;
pub use self::outlook::{
    ByPatience, ExpectedDay, ForecastCheck, NeededAgents, NeededDay, NobodyGivesUp, Outlook,
    PATIENCES, PatienceSlot,
};
pub use self::report::{MonthReport, report, report_and_drill, report_awaiting};
pub use self::result::{Check, LevelLine, MonthLine, PaymentLine, PublishedLine};
pub use self::row_notes::{Unused, UnusedNote};
pub use self::rules::{MonthRules, Scope};
pub use self::running::{CallLoss, HourLoss, RunningCounts, WaitingAnswer, running};
pub use self::site_kind::SiteKind;
pub use self::summary::MonthSummary;
