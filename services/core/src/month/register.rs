//! What becomes of a month's report: editions (確定), 提出 → 差戻し → 承認, and what is due when.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::period::Month;
use crate::hours::Calendar;
use crate::named;
use crate::setup::FieldError;
use crate::time::Instant;

/// The longest name of who took a report in, and the longest remark.
const PERSON_LETTERS: usize = 60;
const REMARK_LETTERS: usize = 1_000;
/// So far ahead an open day is looked for.
const DAYS_AHEAD: usize = 400;

/// An edition of a month's report: what it says is kept beside it and never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edition {
    /// 対象月
    pub month: Month,
    /// 版, from 1; 0 is the draft that the schedule made.
    pub number: u32,
    /// When it was made.
    pub made_at: Instant,
    /// By whom, by login; empty: by the program itself.
    pub made_by: String,
    /// Why there is another one.
    pub reason: String,
    /// The version of the program that made it.
    pub program: String,
    /// SHA-256 over what it says, in hex.
    pub sha256: String,
    /// How many bytes are kept of it.
    pub bytes: u64,
}

impl Edition {
    /// 第1版, or 案.
    pub fn name(&self) -> String {
        match self.number {
            0 => "案".to_owned(),
            number => format!("第{number}版"),
        }
    }
}

named! {
    /// A step of the report between us and 機構.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    pub enum StepKind {
        /// We hand it in.
        Submitted = "submitted", "提出";
        /// 機構 sends it back.
        Returned = "returned", "差戻し";
        /// 機構 approves it.
        Approved = "approved", "承認";
    }
}

/// A step that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportStep {
    /// 対象月
    pub month: Month,
    /// Its number in the month, from 1.
    pub seq: u32,
    /// Of which 版.
    pub edition: u32,
    /// What was done.
    pub kind: StepKind,
    /// On which day.
    pub on: NaiveDate,
    /// By whom: of 提出 who took it in, otherwise who sent it back or approved it.
    pub person: String,
    /// What was said.
    pub remark: String,
    /// When it was recorded.
    pub recorded_at: Instant,
    /// Who recorded it, by login.
    pub recorded_by: String,
}

named! {
    /// How far a month's report is.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    pub enum SubmissionState {
        /// Nothing was made.
        #[default]
        Open = "open", "作成前";
        /// The schedule made a draft.
        Draft = "draft", "案";
        /// 確定, and not handed in.
        Frozen = "frozen", "確定";
        /// Handed in, and not answered.
        Submitted = "submitted", "提出済み";
        /// Sent back.
        Returned = "returned", "差戻し";
        /// The principal has approved it.
        Approved = "approved", "承認済み";
    }
}

/// Why a step is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StepRefusal {
    /// There is no edition.
    #[error("先に版を確定してください")]
    NotFrozen,
    /// It was handed in and nobody has answered yet, or it is approved.
    #[error("この版は、すでに提出しています")]
    AlreadySubmitted,
    /// Nothing was handed in that could be answered.
    #[error("先に提出を記録してください")]
    NotSubmitted,
}

/// All that is known of a month's report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RegisterEntry {
    /// The editions, the newest last.
    pub editions: Vec<Edition>,
    /// The steps, in their order.
    pub steps: Vec<ReportStep>,
}

impl RegisterEntry {
    /// The newest edition that was 確定.
    pub fn newest(&self) -> Option<&Edition> {
        self.editions.iter().rfind(|edition| edition.number > 0)
    }

    /// The draft that the schedule made.
    pub fn draft(&self) -> Option<&Edition> {
        self.editions.iter().find(|edition| edition.number == 0)
    }

    /// How far the newest edition is.
    pub fn state(&self) -> SubmissionState {
        let Some(newest) = self.newest() else {
            return match self.draft() {
                Some(_) => SubmissionState::Draft,
                None => SubmissionState::Open,
            };
        };
        let last = self
            .steps
            .iter()
            .rfind(|step| step.edition == newest.number);
        match last.map(|step| step.kind) {
            None => SubmissionState::Frozen,
            Some(StepKind::Submitted) => SubmissionState::Submitted,
            Some(StepKind::Returned) => SubmissionState::Returned,
            Some(StepKind::Approved) => SubmissionState::Approved,
        }
    }

    /// Whether a step may be taken now.
    ///
    /// # Errors
    /// [`StepRefusal`].
    pub fn check(&self, kind: StepKind) -> Result<(), StepRefusal> {
        match (kind, self.state()) {
            (_, SubmissionState::Open | SubmissionState::Draft) => Err(StepRefusal::NotFrozen),
            (StepKind::Submitted, SubmissionState::Frozen | SubmissionState::Returned)
            | (StepKind::Returned | StepKind::Approved, SubmissionState::Submitted) => Ok(()),
            (StepKind::Submitted, _) => Err(StepRefusal::AlreadySubmitted),
            (StepKind::Returned | StepKind::Approved, _) => Err(StepRefusal::NotSubmitted),
        }
    }

    /// What is wrong with what was said of a step.
    pub fn faults(&self, step: &ReportStep, today: NaiveDate) -> Vec<FieldError> {
        let mut faults = Vec::new();
        let earliest = self.steps.iter().map(|step| step.on).max();
        if step.on > today {
            faults.push(FieldError::new("on", "今日までの日付を入力してください"));
        } else if earliest.is_some_and(|earliest| step.on < earliest) {
            let message = "前の記録の日付より前にはできません";
            faults.push(FieldError::new("on", message));
        }
        if step.person.trim().is_empty() {
            faults.push(FieldError::missing("person"));
        }
        if step.kind == StepKind::Returned && step.remark.trim().is_empty() {
            faults.push(FieldError::missing("remark"));
        }
        for (field, text, most) in [
            ("person", &step.person, PERSON_LETTERS),
            ("remark", &step.remark, REMARK_LETTERS),
        ] {
            if text.chars().count() > most {
                let message = format!("{most}文字以内で入力してください");
                faults.push(FieldError::new(field, message));
            }
        }
        faults
    }

    /// When the report was first handed in, and in which 版.
    pub fn first_submitted(&self) -> Option<&ReportStep> {
        let mut steps = self.steps.iter();
        steps.find(|step| step.kind == StepKind::Submitted)
    }
}

/// The n-th open day from a day on, that day included; `None` if there are not so many within a year.
pub fn nth_open_day(calendar: &Calendar, from: NaiveDate, n: u32) -> Option<NaiveDate> {
    let days = from.iter_days().take(DAYS_AHEAD);
    let mut open = days.filter(|day| calendar.day_hours(*day).hours.is_some());
    open.nth(usize::try_from(n.checked_sub(1)?).ok()?)
}

/// The month whose report is to be made now: the last one, from the n-th open day after it on.
pub fn creation_due(calendar: &Calendar, n: u32, now: Instant) -> Option<Month> {
    let month = Month::at(now);
    let day = nth_open_day(calendar, month.first(), n)?;
    (day <= now.date()).then(|| month.previous())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hours::HoursSettings;

    fn edition(number: u32) -> Edition {
        Edition {
            month: "2024-04".parse().unwrap(),
            number,
            made_at: Instant(0),
            made_by: String::new(),
            reason: String::new(),
            program: String::new(),
            sha256: String::new(),
            bytes: 0,
        }
    }

    fn step(edition: u32, kind: StepKind, on: &str) -> ReportStep {
        ReportStep {
            month: "2024-04".parse().unwrap(),
            seq: 1,
            edition,
            kind,
            on: on.parse().unwrap(),
            person: "機構 太郎".to_owned(),
            remark: "表6-1".to_owned(),
            recorded_at: Instant(0),
            recorded_by: "hokoku".to_owned(),
        }
    }

    #[test]
    fn a_report_is_handed_in_sent_back_and_approved_in_this_order() {
        use StepKind::{Approved, Returned, Submitted};
        let mut entry = RegisterEntry::default();
        assert_eq!(entry.state(), SubmissionState::Open);
        assert_eq!(entry.check(Submitted), Err(StepRefusal::NotFrozen));
        entry.editions.push(edition(0));
        assert_eq!(entry.state(), SubmissionState::Draft);
        assert_eq!(entry.check(Submitted), Err(StepRefusal::NotFrozen));
        entry.editions.push(edition(1));
        assert_eq!(entry.check(Approved), Err(StepRefusal::NotSubmitted));
        assert_eq!(entry.check(Submitted), Ok(()));
        entry.steps.push(step(1, Submitted, "2024-05-02"));
        assert_eq!(entry.check(Submitted), Err(StepRefusal::AlreadySubmitted));
        entry.steps.push(step(1, Returned, "2024-05-07"));
        assert_eq!(entry.check(Submitted), Ok(()), "the same once more");
        entry.editions.push(edition(2));
        assert_eq!(entry.state(), SubmissionState::Frozen);
        assert_eq!(entry.check(Approved), Err(StepRefusal::NotSubmitted));
        entry.steps.push(step(2, Submitted, "2024-05-08"));
        entry.steps.push(step(2, Approved, "2024-05-10"));
        assert_eq!(entry.state(), SubmissionState::Approved);
        assert_eq!(entry.check(Returned), Err(StepRefusal::NotSubmitted));
        assert_eq!(entry.first_submitted().map(|step| step.edition), Some(1));
    }

    #[test]
    fn a_step_has_a_day_that_has_come_a_person_and_of_a_return_the_reason() {
        let mut entry = RegisterEntry::default();
        entry.editions.push(edition(1));
        entry.steps.push(step(1, StepKind::Submitted, "2024-05-07"));
        let today = "2024-05-08".parse().unwrap();
        let fields = |step: &ReportStep| {
            let faults = entry.faults(step, today);
            faults
                .into_iter()
                .map(|fault| fault.field)
                .collect::<Vec<_>>()
        };
        let good = step(1, StepKind::Returned, "2024-05-08");
        assert!(fields(&good).is_empty());
        for (day, wrong) in [("2024-05-09", "on"), ("2024-05-06", "on")] {
            assert_eq!(fields(&step(1, StepKind::Returned, day)), [wrong], "{day}");
        }
        let silent = ReportStep {
            person: " ".to_owned(),
            remark: String::new(),
            ..good
        };
        assert_eq!(fields(&silent), ["person", "remark"]);
        let approved = ReportStep {
            kind: StepKind::Approved,
            ..silent
        };
        assert_eq!(fields(&approved), ["person"]);
    }

    #[test]
    fn the_nth_open_day_follows_the_calendar() {
        let calendar = Calendar::new(HoursSettings::default());
        let nth = |from: &str, n| nth_open_day(&calendar, from.parse().unwrap(), n);
        let day = |text: &str| Some(text.parse().unwrap());
        assert_eq!(nth("2024-05-01", 1), day("2024-05-01"));
        // 3 to 6 May are holidays, 11 May is the second Saturday.
        assert_eq!(nth("2024-05-01", 3), day("2024-05-07"));
        assert_eq!(nth("2024-05-01", 7), day("2024-05-11"));
        assert_eq!(nth("2025-01-01", 1), day("2025-01-06"));
        assert_eq!(nth("2024-05-01", 0), None);
    }

    #[test]
    fn a_report_is_made_from_its_day_on_and_not_before() {
        let calendar = Calendar::new(HoursSettings::default());
        let due = |text: &str, n| {
            let at = Instant::from_tokyo(text.parse().unwrap());
            creation_due(&calendar, n, at).map(|month| month.to_string())
        };
        assert_eq!(due("2025-01-05T23:59:59", 1), None);
        assert_eq!(due("2025-01-06T00:00:00", 1), Some("2024-12".to_owned()));
        assert_eq!(due("2025-01-31T23:59:59", 1), Some("2024-12".to_owned()));
        assert_eq!(due("2024-05-06T12:00:00", 3), None);
        assert_eq!(due("2024-05-07T12:00:00", 3), Some("2024-04".to_owned()));
    }
}
