//! What a month's figures go by: what settings decide, and what a book counts.

use std::collections::BTreeSet;

use madoguchi_core::figures::FiguresSettings;
use madoguchi_core::id::DivisionId;
use madoguchi_core::month::PaymentRun;
use madoguchi_core::service::{Divisions, INQUIRIES};
use madoguchi_core::setup::{Calendars, Categories};
use madoguchi_core::ticket::{NumberForm, System, Ticket};

/// What settings decide.
#[derive(Debug, Clone)]
pub struct MonthRules {
    /// All reception calendars.
    pub calendars: Calendars,
    /// All 業務区分.
    pub divisions: Divisions,
    /// 分類: the functions of 表 3.1-1 and what stands under them.
    pub categories: Categories,
    /// Thresholds of figures of calls.
    pub figures: FiguresSettings,
    /// Late answers are 一次未回答, too.
    pub late_is_unanswered: bool,
    /// What a row of missed months is.
    pub run: PaymentRun,
    /// How numbers of tickets are written.
    pub numbers: NumberForm,
}

/// Which calls and tickets a book counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// 業務区分 that it leaves out.
    pub without: BTreeSet<DivisionId>,
    /// The only system whose tickets it counts; `None`: all.
    pub system: Option<System>,
}

impl Scope {
    /// ヘルプデスク受付状況報告: 間接業務システム alone (別紙7 項番23).
    pub fn help_desk() -> Self {
        Self {
            without: [DivisionId::new(INQUIRIES)].into(),
            system: Some(System::Indirect),
        }
    }

    /// 問合せ対応報告書: all of all systems (別紙7 項番24).
    pub fn everything() -> Self {
        Self {
            without: BTreeSet::new(),
            system: None,
        }
    }

    /// Whether it counts what belongs to a 業務区分. What belongs to none is the first's.
    pub fn takes_division(&self, division: Option<&DivisionId>) -> bool {
        division.is_none_or(|id| !self.without.contains(id))
    }

    /// Whether it counts a ticket.
    pub fn takes(&self, ticket: &Ticket) -> bool {
        let fields = &ticket.fields;
        self.system.is_none_or(|system| system == fields.system)
            && self.takes_division(fields.division.as_ref())
    }
}
