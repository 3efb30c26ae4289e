//! A month as it was recorded: its calls, and its tickets as they were at the cut-off, without the texts
//! that no figure needs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use madoguchi_core::call::{CallRecord, Direction};
use madoguchi_core::contact::NoTicketReason;
use madoguchi_core::event::AbandonReason;
use madoguchi_core::figures::Figures;
use madoguchi_core::id::{CallId, LineName, TicketId};
use madoguchi_core::month::Month;
use madoguchi_core::ticket::Turn;
use madoguchi_core::ticket::merging::TicketSet;
use madoguchi_core::time::{Instant, Millis};

/// A call, as far as figures go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonthCall {
    /// Which.
    pub id: CallId,
    /// On which line.
    pub line: LineName,
    /// Of which kind.
    pub direction: Direction,
    /// When it arrived.
    pub arrived_at: Instant,
    /// 待ち時間, of an answered call or of one that was given up.
    pub wait: Option<Millis>,
    /// 応答, or of a call to the outside that the far end answered.
    pub answered: bool,
    /// It has ended.
    pub ended: bool,
    /// 通話時間, if the conversation has ended.
    pub talk: Option<Millis>,
    /// 後処理 of all its agents.
    pub wrap_up: Option<Millis>,
    /// Why it was given up.
    pub abandoned: Option<AbandonReason>,
    /// Its end was set by the recovery: left out of 通話時間.
    pub recovered: bool,
    /// 発信規制
    pub barred: bool,
    /// 拠点 of the caller, where no ticket tells it.
    pub site: Option<Arc<str>>,
    /// 対象外, if somebody said so.
    pub no_ticket: Option<NoTicketReason>,
}

impl MonthCall {
    /// What figures need of a call.
    pub fn of(call: &CallRecord) -> Self {
        let wrap_ups = call.parts.iter().filter_map(|part| {
            let (until, done) = (part.until?, part.wrap_up_ended_at?);
            Some(done - until)
        });
        Self {
            id: call.call.clone(),
            line: call.line.clone(),
            direction: call.direction,
            arrived_at: call.arrived_at,
            wait: call.wait(),
            answered: call.answered_at.is_some(),
            ended: call.ended_at.is_some(),
            talk: call.talk(),
            wrap_up: wrap_ups.reduce(|sum, one| sum + one),
            abandoned: call.abandoned,
            recovered: call.is_recovered(),
            barred: call.barred.is_some(),
            site: None,
            no_ticket: None,
        }
    }
}

/// What was recorded of a month.
#[derive(Debug, Clone)]
pub struct MonthData {
    /// Which month.
    pub month: Month,
    /// As of when its tickets are told.
    pub cut_off: Instant,
    /// The calls that arrived in it, in the order of their arrival.
    pub calls: Vec<MonthCall>,
    /// As they were at the cut-off: those of which something happened in the month, those that stood open
    /// at its end, those that its calls led to, and what all of those go on as.
    pub tickets: TicketSet,
    /// When tickets that were reopened or merged in the month or after it were closed and opened.
    pub turns: BTreeMap<TicketId, Vec<Turn>>,
    /// Which of those stood open at the end of the month, by the tickets as they were then: the second way of 繰越し.
    pub open_at_end: BTreeSet<TicketId>,
    /// The figures of its calls by line, summed up by the store: the second way of 突合せ.
    pub figures: BTreeMap<LineName, Figures>,
    /// How many rows of the ledger were received in it, as the database counts them, merged ones apart;
    /// `None`: nobody has counted.
    pub ledger_rows: Option<u64>,
    /// How many calls arrived in reception hours in each month of the fiscal year up to this one, by line, as the
    /// database counts them; `None`: nobody has counted.
    pub year_calls: Option<BTreeMap<Month, BTreeMap<LineName, u64>>>,
}

impl MonthData {
    /// Nothing happened.
    pub fn empty(month: Month) -> Self {
        Self {
            month,
            cut_off: month.end(),
            calls: Vec::new(),
            tickets: TicketSet::default(),
            turns: BTreeMap::new(),
            open_at_end: BTreeSet::new(),
            figures: BTreeMap::new(),
            ledger_rows: None,
            year_calls: None,
        }
    }

    /// Up to when the month tells: its end, or the instant of which it tells if it has not ended.
    pub fn end(&self) -> Instant {
        self.month.end().min(self.cut_off)
    }
}
