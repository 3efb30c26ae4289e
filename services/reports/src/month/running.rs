//! The month as it runs: the items of 別紙6 as they stand, what cost them what, and what is still open. The
//! same counting as the book's, so that a page of today and the book of the month never count apart.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use madoguchi_core::id::{CallId, TicketId};
use madoguchi_core::month::Judged;
use madoguchi_core::ticket::{System, Ticket};
use madoguchi_core::time::{Instant, Millis};

use super::counted::CountedMonth;
use super::data::MonthCall;
use super::input::MonthInput;
use super::levels;

/// The running month in figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningCounts {
    /// The items of 別紙6 by what was counted so far.
    pub judged: Vec<Judged>,
    /// Answered calls that have neither a ticket nor a reason: they may still become misses.
    pub unregistered: u64,
    /// Hours in which calls were given up, those with the most first.
    pub hours: Vec<HourLoss>,
    /// 一次未回答, those that are decided first.
    pub unanswered: Vec<CallLoss>,
    /// 問題未解決, the oldest first.
    pub unsolved: Vec<CallLoss>,
    /// How long the first answers to calls took, and whether there was one. What was handed on before is
    /// decided and not among them.
    pub answers: Vec<(Millis, bool)>,
    /// How long the matters of calls took, and whether they are done.
    pub solutions: Vec<(Millis, bool)>,
    /// Tickets that have a limit (項番4) and wait for their first answer within it.
    pub waiting: Vec<WaitingAnswer>,
}

/// An hour in which calls were given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HourLoss {
    /// Which day,
    pub date: NaiveDate,
    /// and which hour of it: 9 for 9:00 to 10:00.
    pub hour: u32,
    /// 着信
    pub offered: u64,
    /// 放棄
    pub abandoned: u64,
}

/// A call that counts as a miss.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallLoss {
    /// Which call.
    pub call: CallId,
    /// When it arrived.
    pub arrived_at: Instant,
    /// The ticket that makes it one, with its number as it is written.
    pub ticket: Option<(TicketId, String)>,
    /// Nothing can change it any more.
    pub decided: bool,
}

/// A ticket that waits for its first answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingAnswer {
    /// Which.
    pub ticket: TicketId,
    /// Its number as it is written.
    pub number: String,
    /// Of which system.
    pub system: System,
    /// 受付日時
    pub received_at: Instant,
    /// Within what time of its 業務区分 it is to be answered.
    pub limit: Millis,
    /// When the contract clock runs out.
    pub due: Instant,
    /// From when on it is one of 期限の近いもの.
    pub near_from: Instant,
}

/// Counts the running month.
pub fn running(input: &MonthInput) -> RunningCounts {
    let month = CountedMonth::of(&input.data, &input.scope, &input.rules);
    let view = View {
        input,
        month: &month,
    };
    let unanswered = view.losses(&month.first_unanswered, |one| !view.is_answered_first(one));
    let mut unanswered: Vec<CallLoss> = unanswered
        .map(|(loss, ticket)| CallLoss {
            decided: ticket.is_some_and(|one| view.is_responded(one)),
            ..loss
        })
        .collect();
    unanswered.sort_by_key(|loss| !loss.decided);
    let tickets = &input.data.tickets;
    let unsolved = view.losses(&month.unsolved, |one| !tickets.is_done(one));
    RunningCounts {
        judged: levels::judged(input, &month),
        unregistered: month.unregistered.len() as u64,
        hours: hours(&month),
        unanswered,
        unsolved: unsolved.map(|(loss, _)| loss).collect(),
        answers: view.answers(),
        solutions: view.solutions(),
        waiting: view.waiting(),
    }
}

/// Calls by the hour in which they arrived.
fn hours(month: &CountedMonth<'_>) -> Vec<HourLoss> {
    let mut sums: BTreeMap<(NaiveDate, u32), (u64, u64)> = BTreeMap::new();
    let place = |call: &MonthCall| (call.arrived_at.date(), call.arrived_at.hour());
    for call in &month.offered {
        sums.entry(place(call)).or_default().0 += 1;
    }
    for call in month.abandoned.values().flatten() {
        sums.entry(place(call)).or_default().1 += 1;
    }
    let with_loss = sums.into_iter().filter(|(_, (_, lost))| *lost > 0);
    let mut hours: Vec<HourLoss> = with_loss
        .map(|((date, hour), (offered, abandoned))| HourLoss {
            date,
            hour,
            offered,
            abandoned,
        })
        .collect();
    // The latest of equal ones first.
    hours.sort_by(|one, other| {
        let key = |hour: &HourLoss| (hour.abandoned, hour.date, hour.hour);
        key(other).cmp(&key(one))
    });
    hours
}

struct View<'a, 'm> {
    input: &'a MonthInput,
    month: &'m CountedMonth<'a>,
}

impl<'a> View<'a, '_> {
    fn tickets_of(&self, call: &MonthCall) -> &[&'a Ticket] {
        let found = self.month.by_call.get(&call.id);
        found.map(Vec::as_slice).unwrap_or_default()
    }

    fn is_answered_first(&self, ticket: &Ticket) -> bool {
        self.input.data.tickets.answered_first(ticket)
    }

    /// It was answered, or went to 機能分析 or エスカレーション before that: neither changes any more.
    fn is_responded(&self, ticket: &Ticket) -> bool {
        let family = self.input.data.tickets.family(&ticket.id);
        family
            .iter()
            .any(|ticket| ticket.first_response().is_some())
    }

    /// Calls with the ticket that makes each a miss.
    fn losses(
        &self,
        calls: &[&'a MonthCall],
        misses: impl Fn(&Ticket) -> bool,
    ) -> impl Iterator<Item = (CallLoss, Option<&'a Ticket>)> {
        calls.iter().map(move |call| {
            let of_call = self.tickets_of(call);
            let ticket = of_call.iter().copied().find(|one| misses(one));
            let ticket = ticket.or_else(|| of_call.first().copied());
            let loss = CallLoss {
                call: call.id.clone(),
                arrived_at: call.arrived_at,
                ticket: ticket.map(|ticket| (ticket.id.clone(), self.number(ticket))),
                decided: false,
            };
            (loss, ticket)
        })
    }

    fn number(&self, ticket: &Ticket) -> String {
        self.input.rules.numbers.write(ticket.number)
    }

    /// From the arrival of each registered call until `ended` tells of all its tickets; until now as long as
    /// it does not.
    fn lasted(
        &self,
        counts: impl Fn(&Ticket) -> bool,
        ended: impl Fn(&Ticket) -> Option<Instant>,
    ) -> Vec<(Millis, bool)> {
        let now = self.input.data.end();
        let calls = self.month.registered.iter();
        let calls = calls.filter_map(|call| {
            let of_call = self.tickets_of(call);
            if !of_call.iter().all(|one| counts(one)) {
                return None;
            }
            let until: Option<Vec<Instant>> = of_call.iter().map(|one| ended(one)).collect();
            let until = until.and_then(|each| each.into_iter().max());
            let lasted = until.unwrap_or(now) - call.arrived_at;
            Some((Millis(lasted.0.max(0)), until.is_some()))
        });
        calls.collect()
    }

    fn answers(&self) -> Vec<(Millis, bool)> {
        let tickets = &self.input.data.tickets;
        self.lasted(
            |one| self.is_answered_first(one) || !self.is_responded(one),
            |one| tickets.first_answered_at(one),
        )
    }

    fn solutions(&self) -> Vec<(Millis, bool)> {
        let tickets = &self.input.data.tickets;
        self.lasted(
            |_| true,
            |one| tickets.get(&tickets.resolve(&one.id))?.done_at,
        )
    }

    fn waiting(&self) -> Vec<WaitingAnswer> {
        let late = |ticket: &Ticket| {
            let late = self.month.late.get(&ticket.fields.system);
            late.is_some_and(|late| late.iter().any(|one| one.id == ticket.id))
        };
        let all = self.month.timed.values().flatten();
        let waiting = all.filter(|ticket| {
            let answered = self.input.data.tickets.first_answered_at(ticket);
            answered.is_none() && !late(ticket)
        });
        let mut waiting: Vec<WaitingAnswer> = waiting
            .filter_map(|ticket| {
                let clock = self.month.clock(ticket)?;
                let at = |open: Millis| clock.after_open(ticket.received_at, open);
                let near = Millis(clock.limit().0 - clock.near().0);
                Some(WaitingAnswer {
                    ticket: ticket.id.clone(),
                    number: self.number(ticket),
                    system: ticket.fields.system,
                    received_at: ticket.received_at,
                    limit: clock.limit(),
                    due: at(clock.limit())?,
                    near_from: at(near)?,
                })
            })
            .collect();
        waiting.sort_by(|one, other| (one.due, &one.ticket).cmp(&(other.due, &other.ticket)));
        waiting
    }
}
