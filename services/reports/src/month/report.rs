//! ヘルプデスク受付状況報告 of a month.

use madoguchi_core::month::{Judged, Payment};
use serde::Serialize;

use super::chapters;
use super::counted::CountedMonth;
use super::cover::{HELP_DESK_REPORT, document};
use super::input::MonthInput;
use super::levels;
use super::making::Making;
use super::months::Months;
use super::outlook::Outlook;
use super::proof::Proof;
use super::result::{Check, LevelLine, MonthLine, PaymentLine};
use super::row_notes::{self, UnusedNote};
use super::summary::MonthSummary;
use crate::document::{Document, Drill};

/// A month's report with everything that belongs to it.
#[derive(Debug, Clone, PartialEq)]
pub struct MonthReport {
    /// ヘルプデスク受付状況報告
    pub document: Document,
    /// The known months of the fiscal year up to this one.
    pub months: Vec<MonthLine>,
    /// The items of 別紙6.
    pub levels: Vec<LevelLine>,
    /// The same with what was counted.
    pub judged: Vec<Judged>,
    /// 支払い割合 of those months.
    pub payment: Vec<PaymentLine>,
    /// 突合せ
    pub reconciliation: Vec<Check>,
    /// The integers of this month, for later ones.
    pub summary: MonthSummary,
    /// What people wrote of rows that its tables do not have.
    pub unused_notes: Vec<UnusedNote>,
}

/// The report as programs read it.
#[derive(Serialize)]
struct ReportJson<'r> {
    #[serde(flatten)]
    document: &'r Document,
    months: &'r [MonthLine],
    service_levels: &'r [LevelLine],
    payment: &'r [PaymentLine],
    reconciliation: &'r [Check],
}

impl MonthReport {
    /// The report as JSON: the document, and beside its chapters months, service_levels, payment and
    /// reconciliation.
    ///
    /// # Errors
    /// What keeps it from being written; there is nothing of that kind in a report.
    pub fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string(&ReportJson {
            document: &self.document,
            months: &self.months,
            service_levels: &self.levels,
            payment: &self.payment,
            reconciliation: &self.reconciliation,
        })
    }

    /// Whether its sums agree, or a person wrote of each why it does not: what 確定 waits for.
    pub fn is_reconciled(&self) -> bool {
        !self.reconciliation.iter().any(Check::blocks)
    }
}

/// Makes ヘルプデスク受付状況報告 of a month.
pub fn report(input: &MonthInput) -> MonthReport {
    report_awaiting(input, || input.outlook.clone())
}

/// The same with what is expected of the next month as it comes in the end: the month is counted meanwhile.
pub fn report_awaiting(
    input: &MonthInput,
    outlook: impl FnOnce() -> Option<Outlook>,
) -> MonthReport {
    with_making(input, outlook, Proof::by_name_alone()).0
}

/// The same as [`report`], with the proof of its figures: which calls and tickets each counts.
pub fn report_and_drill(input: &MonthInput) -> (MonthReport, Drill) {
    let outlook = || input.outlook.clone();
    with_making(input, outlook, Proof::default())
}

fn with_making<'a>(
    input: &'a MonthInput,
    outlook: impl FnOnce() -> Option<Outlook>,
    proof: Proof<'a>,
) -> (MonthReport, Drill) {
    let month = CountedMonth::of(&input.data, &input.scope, &input.rules);
    let summary = MonthSummary::from_counted(&month, &input.rules.categories);
    let months = Months::of(input, summary.clone());
    let judged = levels::judged(input, &month);
    let payments: Vec<Payment> = levels::payments(input, &months, &judged);
    let mut making = Making {
        input,
        month: &month,
        months: &months,
        judged: &judged,
        payments: &payments,
        outlook: outlook(),
        proof,
    };
    let (chapters, reconciliation) = chapters::all(&mut making);
    let year = input.data.month.fiscal_year();
    let proof = making.proof;
    let of_year = payments
        .iter()
        .filter(|one| one.month.fiscal_year() == year);
    let document = document(input, HELP_DESK_REPORT, chapters);
    let report = MonthReport {
        unused_notes: row_notes::unused(&input.written.row_notes, &document),
        document,
        months: months.of_fiscal_year(year).map(MonthLine::of).collect(),
        levels: judged.iter().map(LevelLine::of).collect(),
        payment: of_year.map(PaymentLine::of).collect(),
        judged: judged.clone(),
        reconciliation,
        summary,
    };
    (report, proof.drill(input))
}
