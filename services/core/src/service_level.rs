//! 一次回答率, 問題解決率 and what is counted beside them (docs/metrics.md, 別紙6 項番4, 8, 9, 別紙8).
//!
//! Every figure is counted over tickets as they were at the cut-off ([`crate::ticket::Ticket::as_of`]),
//! and keeps which calls or tickets it counts.

mod cut_off;

use std::collections::{BTreeMap, HashMap};

pub use self::cut_off::{CUT_OFF_DAYS_AT_MOST, CutOff, cut_off};
use crate::contact::{CallRegistration, NoTicketReason};
use crate::figures::percentage;
use crate::id::{CallId, DivisionId, IdMap, LineName, TicketId};
use crate::service::{AnswerClock, AnswerClocks, Divisions};
use crate::setup::Calendars;
use crate::ticket::merging::TicketSet;
use crate::ticket::{Channel, Ticket};
use crate::time::Instant;

/// An answered call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnsweredCall {
    /// The call that is judged.
    pub call: CallId,
    /// On which line it came.
    pub line: LineName,
    /// When it arrived.
    pub arrived_at: Instant,
    /// Why it has no ticket, if somebody said so.
    pub no_ticket: Option<NoTicketReason>,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// What came from here on,
    pub from: Instant,
    /// and before this,
    pub until: Instant,
    /// as it was before this.
    pub cut_off: Instant,
}

/// What settings decide.
#[derive(Debug, Clone)]
pub struct ServiceRules<'a> {
    /// All 業務区分.
    pub divisions: &'a Divisions,
    /// All reception calendars.
    pub calendars: &'a Calendars,
    /// An answer that came later than the limit of 項番4 makes the call one of 一次未回答, too.
    pub late_is_unanswered: bool,
}

/// The figures of one 業務区分. Each tells what it counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceFigures {
    /// 応答 = 登録済 + 対象外 + 未登録.
    pub answered: u64,
    /// The calls that are counted so, in the order in which they were given.
    pub calls: Vec<CallId>,
    /// 登録済
    pub registered: u64,
    /// 対象外, by reason.
    pub no_ticket: BTreeMap<NoTicketReason, u64>,
    /// 未登録: until there are none, the figures are not final.
    pub unregistered: Vec<CallId>,
    /// 一次未回答件数
    pub first_unanswered: Vec<CallId>,
    /// 問題未解決件数
    pub unsolved: Vec<CallId>,
    /// 項番4: tickets that came by telephone and have a limit.
    pub timed: Vec<TicketId>,
    /// Those of them that were answered too late, or not at all in time.
    pub late: Vec<TicketId>,
    /// エスカレーション数: tickets first handed to a vendor.
    pub escalated: Vec<TicketId>,
    /// アプリケーション機能分析: steps that were begun, by ticket and number of the event.
    pub analyses: Vec<(TicketId, u32)>,
    /// Tickets received, by channel.
    pub tickets: BTreeMap<Channel, u64>,
}

impl ServiceFigures {
    /// 一次回答率: (1 − 一次未回答件数 ÷ 応答件数); "95.6", `None` over nothing.
    pub fn first_answer_rate(&self) -> Option<String> {
        self.rate_without(self.first_unanswered.len())
    }

    /// 問題解決率: (1 − 問題未解決件数 ÷ 応答件数).
    pub fn resolution_rate(&self) -> Option<String> {
        self.rate_without(self.unsolved.len())
    }

    /// 対象外件数
    pub fn no_ticket_count(&self) -> u64 {
        self.no_ticket.values().sum()
    }

    fn rate_without(&self, missed: usize) -> Option<String> {
        let missed = u64::try_from(missed).unwrap_or(u64::MAX);
        percentage(self.answered.saturating_sub(missed), self.answered)
    }
}

/// The figures by 業務区分; `None` for tickets that have none. `tickets` are as they were at the cut-off,
/// and hold all that the calls led to and all that those go on as; beside them, which calls led to which.
pub fn service_figures(
    calls: &[AnsweredCall],
    (tickets, by_call): (&TicketSet, &TicketsByCall<'_>),
    period: Period,
    rules: &ServiceRules<'_>,
) -> BTreeMap<Option<DivisionId>, ServiceFigures> {
    let mut of_lines: HashMap<&LineName, Vec<&DivisionId>> = HashMap::new();
    for AnsweredCall { line, .. } in calls {
        let of_line = of_lines.entry(line);
        of_line.or_insert_with(|| rules.divisions.of_line(line));
    }
    let counting = Counting {
        tickets,
        period,
        rules,
        by_call,
        of_lines,
        clocks: AnswerClocks::new(rules.divisions, rules.calendars),
    };
    let mut figures = BTreeMap::new();
    let in_period = |call: &&AnsweredCall| counting.covers(call.arrived_at);
    for call in calls.iter().filter(in_period) {
        counting.add_call(call, &mut figures);
    }
    for ticket in tickets.iter() {
        counting.add_ticket(ticket, &mut figures);
    }
    figures
}

/// The figures by 業務区分 while they are summed up.
type ByDivision = BTreeMap<Option<DivisionId>, ServiceFigures>;

struct Counting<'a> {
    tickets: &'a TicketSet,
    period: Period,
    rules: &'a ServiceRules<'a>,
    by_call: &'a TicketsByCall<'a>,
    /// The 業務区分 of each line.
    of_lines: HashMap<&'a LineName, Vec<&'a DivisionId>>,
    clocks: AnswerClocks,
}

/// The tickets that each call led to, in the order of their numbers.
pub type TicketsByCall<'a> = IdMap<&'a CallId, Vec<&'a Ticket>>;

/// The tickets that each call led to, in the order of their numbers.
pub fn tickets_by_call(tickets: &TicketSet) -> TicketsByCall<'_> {
    let mut by_call = TicketsByCall::default();
    for ticket in tickets.iter() {
        for call in ticket.contacts().filter_map(|one| one.call.as_ref()) {
            by_call.entry(call).or_default().push(ticket);
        }
    }
    for led_to in by_call.values_mut().filter(|led_to| led_to.len() > 1) {
        led_to.sort_by_key(|ticket| (ticket.number, &ticket.id));
        led_to.dedup_by(|one, other| one.id == other.id);
    }
    by_call
}

impl Counting<'_> {
    fn covers(&self, at: Instant) -> bool {
        self.period.from <= at && at < self.period.until
    }

    fn add_call(&self, call: &AnsweredCall, figures: &mut ByDivision) {
        let led_to = self.by_call.get(&call.call);
        let led_to = led_to.map(Vec::as_slice).unwrap_or_default();
        let sums = figures.entry(self.division_of(call, led_to)).or_default();
        sums.answered += 1;
        sums.calls.push(call.call.clone());
        let ids = led_to.iter().map(|ticket| ticket.id.clone()).collect();
        match CallRegistration::of(ids, call.no_ticket) {
            CallRegistration::Registered(_) => {
                sums.registered += 1;
                if led_to.iter().any(|one| self.is_first_unanswered(one)) {
                    sums.first_unanswered.push(call.call.clone());
                }
                if !led_to.iter().all(|one| self.tickets.is_done(one)) {
                    sums.unsolved.push(call.call.clone());
                }
            }
            CallRegistration::NoTicket(reason) => *sums.no_ticket.entry(reason).or_default() += 1,
            CallRegistration::Unregistered => sums.unregistered.push(call.call.clone()),
        }
    }

    fn add_ticket(&self, ticket: &Ticket, figures: &mut ByDivision) {
        let sums = figures.entry(ticket.fields.division.clone()).or_default();
        for step in ticket.analyses.iter().filter(|step| self.covers(step.from)) {
            sums.analyses.push((ticket.id.clone(), step.seq));
        }
        if self.covers(ticket.received_at) && self.clock_of(ticket).is_some() {
            sums.timed.push(ticket.id.clone());
            if self.is_late(ticket) {
                sums.late.push(ticket.id.clone());
            }
        }
        // The rest is counted of the matter, not of each ticket that became part of it.
        if ticket.merged_into.is_some() {
            return;
        }
        if self.covers(ticket.received_at) {
            *sums.tickets.entry(ticket.fields.channel).or_default() += 1;
        }
        let first = self.tickets.first_escalated_at(ticket);
        if first.is_some_and(|first| self.covers(first)) {
            sums.escalated.push(ticket.id.clone());
        }
    }

    /// The 業務区分 in which a call counts: that of its line, so that it stays where its 着信 is; where a
    /// line serves several, that of the first ticket.
    fn division_of(&self, call: &AnsweredCall, led_to: &[&Ticket]) -> Option<DivisionId> {
        let of_line = self.of_lines.get(&call.line);
        let of_line = of_line.map(Vec::as_slice).unwrap_or_default();
        let first = of_line.first().copied().cloned();
        if of_line.len() == 1 {
            return first;
        }
        let ticket = led_to.first();
        let named = ticket.and_then(|ticket| ticket.fields.division.clone());
        named.filter(|id| of_line.contains(&id)).or(first)
    }

    fn is_first_unanswered(&self, ticket: &Ticket) -> bool {
        !self.tickets.answered_first(ticket)
            || (self.rules.late_is_unanswered && self.is_late(ticket))
    }

    /// Whether a ticket that came by telephone was answered later than its limit, or had no answer at
    /// the cut-off and was late by then.
    fn is_late(&self, ticket: &Ticket) -> bool {
        let Some(clock) = self.clock_of(ticket) else {
            return false;
        };
        let answered_at = self.tickets.first_answered_at(ticket);
        let until = answered_at.unwrap_or(self.period.cut_off);
        clock.is_late(ticket.received_at, until)
    }

    /// The clock by which a ticket is judged; `None` if it has no limit (項番4).
    fn clock_of(&self, ticket: &Ticket) -> Option<&AnswerClock> {
        let fields = &ticket.fields;
        if fields.channel != Channel::Phone || fields.is_exempt() {
            return None;
        }
        self.clocks.of(fields.division.as_ref(), fields.system)
    }
}

#[cfg(test)]
mod tests;
