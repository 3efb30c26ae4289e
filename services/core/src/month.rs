//! 月次: a month, what people add to it that the desk does not measure, and what became of its report
//! (別紙 6, 別紙 8-2, 表 5.6-8, 別紙 7 項番 23–25, 29). Definitions: docs/metrics.md.

mod changed;
mod entry;
mod fact_check;
mod fact_clocks;
mod facts;
mod goal;
mod incidents;
mod judge;
mod levels;
mod payment;
mod period;
mod published;
mod published_file;
mod register;
mod row_note;
mod settings;
mod staffing;

pub use self::changed::EditionChange;
pub use self::entry::{
    CheckReason, ENTRY_LETTERS, ENTRY_LINE_LETTERS, Improvement, Instruction, MonthEntry, Remark,
    RemarkHeading, ReportChapter, WorkCount, entry_id,
};
pub use self::fact_clocks::{FactClock, fact_clocks};
pub use self::facts::{Exemption, LevelFact, Measure};
pub use self::goal::{Formula, Goal, WHOLE};
pub use self::incidents::{IncidentCounts, Incidents};
pub use self::judge::{
    Counted, DISPATCH_WITHIN, ESCALATION_WITHIN, Judged, LeftOut, Miss, NOTICE_WITHIN, Verdict,
    count_facts, judge,
};
pub use self::levels::{Level, LevelItem};
pub use self::payment::{MonthMisses, Payment, payment, percent_after};
pub use self::period::{Month, NotAMonth};
pub use self::published::{PublishedCounts, PublishedIncidents, PublishedMonth};
pub use self::published_file::{PUBLISHED_HEADS, PublishedFile, read_published};
pub use self::register::{
    Edition, RegisterEntry, ReportStep, StepKind, StepRefusal, SubmissionState, creation_due,
    nth_open_day,
};
pub use self::row_note::{NotedColumn, RowNote};
pub use self::settings::{
    ContractTargets, OWN_TARGETS, OWN_TARGETS_ID, OwnTarget, OwnTargets, PaymentRun,
    REPORT_SETTINGS, REPORT_SETTINGS_ID, ReportSettings, TenthsOfPercent,
};
pub use self::staffing::{
    HalfHourSpan, NotAShift, STAFFING_SETTINGS, STAFFING_SETTINGS_ID, StaffingSettings, WorkShift,
};
