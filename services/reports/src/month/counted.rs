//! What there is to count in a month: every call and ticket in the places where it counts. All tables, the
//! judgement of 別紙6 and the sums of other months come from here, so that two of them never count apart.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use madoguchi_core::call::Direction;
use madoguchi_core::contact::NoTicketReason;
use madoguchi_core::event::AbandonReason;
use madoguchi_core::figures::FiguresSettings;
use madoguchi_core::id::{CallId, DivisionId, IdMap, LineName, TicketId};
use madoguchi_core::service::{AnswerClock, AnswerClocks};
use madoguchi_core::service_level::{
    AnsweredCall, Period, ServiceFigures, ServiceRules, TicketsByCall, service_figures,
    tickets_by_call,
};
use madoguchi_core::ticket::{System, Ticket};
use madoguchi_core::time::Millis;

use super::carried::Carried;
use super::data::{MonthCall, MonthData};
use super::rules::{MonthRules, Scope};
use super::site_kind::SiteKind;

/// The calls and tickets of a month by what they count as.
#[derive(Debug)]
pub(super) struct CountedMonth<'a> {
    pub(super) data: &'a MonthData,
    pub(super) scope: &'a Scope,
    pub(super) offered: Vec<&'a MonthCall>,
    pub(super) answered: Vec<&'a MonthCall>,
    pub(super) waiting: Vec<&'a MonthCall>,
    pub(super) abandoned: BTreeMap<AbandonReason, Vec<&'a MonthCall>>,
    pub(super) short: Vec<&'a MonthCall>,
    pub(super) after_hours: Vec<&'a MonthCall>,
    pub(super) outbound: Vec<&'a MonthCall>,
    pub(super) outbound_answered: Vec<&'a MonthCall>,
    pub(super) registered: Vec<&'a MonthCall>,
    pub(super) no_ticket: BTreeMap<NoTicketReason, Vec<&'a MonthCall>>,
    pub(super) unregistered: Vec<&'a MonthCall>,
    pub(super) first_unanswered: Vec<&'a MonthCall>,
    pub(super) unsolved: Vec<&'a MonthCall>,
    /// Received in the month, merged ones apart, in the order of their numbers.
    pub(super) received: Vec<&'a Ticket>,
    /// First handed to a vendor in the month.
    pub(super) escalated: Vec<&'a Ticket>,
    /// A ticket for each 機能分析 that was begun in the month.
    pub(super) analyses: Vec<&'a Ticket>,
    /// 項番4 by system, of all 業務区分: what has a limit, and what was late.
    pub(super) timed: BTreeMap<System, Vec<&'a Ticket>>,
    pub(super) late: BTreeMap<System, Vec<&'a Ticket>>,
    pub(super) carried: Carried<'a>,
    /// The tickets that each call led to, in the order of their numbers.
    pub(super) by_call: TicketsByCall<'a>,
    pub(super) clocks: AnswerClocks,
    /// 着信 by 拠点区分.
    pub(super) sites: BTreeMap<SiteKind, Vec<&'a MonthCall>>,
    /// 回答所要時間 of tickets of the month that were answered.
    took: IdMap<&'a TicketId, Millis>,
}

impl<'a> CountedMonth<'a> {
    pub(super) fn of(data: &'a MonthData, scope: &'a Scope, rules: &MonthRules) -> Self {
        let by_call = tickets_by_call(&data.tickets);
        let figures = figures(data, &by_call, rules);
        let lookup = Lookup {
            calls: data.calls.iter().map(|call| (&call.id, call)).collect(),
            data,
        };
        let mut month = Self {
            data,
            scope,
            offered: Vec::new(),
            answered: Vec::new(),
            waiting: Vec::new(),
            abandoned: BTreeMap::new(),
            short: Vec::new(),
            after_hours: Vec::new(),
            outbound: Vec::new(),
            outbound_answered: Vec::new(),
            registered: Vec::new(),
            no_ticket: BTreeMap::new(),
            unregistered: Vec::new(),
            first_unanswered: Vec::new(),
            unsolved: Vec::new(),
            received: Vec::new(),
            escalated: Vec::new(),
            analyses: Vec::new(),
            timed: BTreeMap::new(),
            late: BTreeMap::new(),
            carried: Carried::of(data, scope),
            by_call,
            clocks: AnswerClocks::new(&rules.divisions, &rules.calendars),
            sites: BTreeMap::new(),
            took: IdMap::default(),
        };
        let elsewhere = answered_elsewhere(&figures, scope);
        let mut lines: HashMap<&LineName, bool> = HashMap::new();
        for call in &data.calls {
            let line = lines.entry(&call.line).or_insert_with(|| {
                let of_line = rules.divisions.of_line(&call.line);
                scope.takes_division(of_line.first().copied())
            });
            month.add_call(call, *line, &elsewhere, rules);
        }
        for (division, figures) in &figures {
            month.add_tickets(&lookup, figures);
            if scope.takes_division(division.as_ref()) {
                month.add_service(&lookup, figures);
            }
        }
        month.sort_tickets();
        month.share_out_registered();
        month.time_answers();
        month.share_out_sites();
        month
    }

    /// 回答所要時間 of a ticket that was received in the month; `None` if it was not answered.
    pub(super) fn took(&self, ticket: &Ticket) -> Option<Millis> {
        self.took.get(&ticket.id).copied()
    }

    /// The clock of a ticket's limit.
    pub(super) fn clock(&self, ticket: &Ticket) -> Option<&AnswerClock> {
        let fields = &ticket.fields;
        self.clocks.of(fields.division.as_ref(), fields.system)
    }

    /// 放棄, whatever the reason.
    pub(super) fn all_abandoned(&self) -> Vec<&'a MonthCall> {
        let all = self.abandoned.values().flatten().copied();
        let mut all: Vec<_> = all.collect();
        all.sort_by_key(|call| (call.arrived_at, &call.id));
        all
    }

    /// The first ticket that a call led to.
    pub(super) fn first_ticket(&self, call: &MonthCall) -> Option<&'a Ticket> {
        self.by_call.get(&call.id)?.first().copied()
    }

    /// `of_line`: the book counts the first 業務区分 of its line.
    fn add_call(
        &mut self,
        call: &'a MonthCall,
        of_line: bool,
        elsewhere: &BTreeSet<&CallId>,
        rules: &MonthRules,
    ) {
        let counts_here = if call.answered && call.direction == Direction::Inbound {
            !elsewhere.contains(&call.id)
        } else {
            of_line
        };
        if !counts_here {
            return;
        }
        match call.direction {
            Direction::AfterHours => self.after_hours.push(call),
            Direction::Outbound if !call.barred => {
                self.outbound.push(call);
                if call.answered {
                    self.outbound_answered.push(call);
                }
            }
            Direction::Inbound => self.add_offered(call, rules.figures),
            Direction::Outbound | Direction::Internal | Direction::Superseded => {}
        }
    }

    fn add_offered(&mut self, call: &'a MonthCall, settings: FiguresSettings) {
        self.offered.push(call);
        if call.answered {
            self.answered.push(call);
        } else if call.ended {
            // As in core::figures: whatever its log says of the end.
            let reason = call.abandoned.unwrap_or(AbandonReason::SystemError);
            self.abandoned.entry(reason).or_default().push(call);
            let is_short = call
                .wait
                .is_some_and(|wait| wait < settings.short_abandoned);
            if reason == AbandonReason::CallerHangup && is_short {
                self.short.push(call);
            }
        } else {
            self.waiting.push(call);
        }
    }

    /// What is counted by the 業務区分 of the call.
    fn add_service(&mut self, lookup: &Lookup<'a>, figures: &ServiceFigures) {
        self.unregistered
            .extend(lookup.calls(&figures.unregistered));
        let unanswered = lookup.calls(&figures.first_unanswered);
        self.first_unanswered.extend(unanswered);
        self.unsolved.extend(lookup.calls(&figures.unsolved));
    }

    /// What is counted by the ticket's own 業務区分 and system.
    fn add_tickets(&mut self, lookup: &Lookup<'a>, figures: &ServiceFigures) {
        let escalated = lookup.tickets(&figures.escalated);
        self.escalated
            .extend(escalated.filter(|ticket| self.scope.takes(ticket)));
        let analyses = figures.analyses.iter().map(|(id, _)| id);
        let analyses = analyses.filter_map(|id| lookup.data.tickets.get(id));
        self.analyses
            .extend(analyses.filter(|ticket| self.scope.takes(ticket)));
        for ticket in lookup.tickets(&figures.timed) {
            let timed = self.timed.entry(ticket.fields.system).or_default();
            timed.push(ticket);
        }
        for ticket in lookup.tickets(&figures.late) {
            let late = self.late.entry(ticket.fields.system).or_default();
            late.push(ticket);
        }
    }

    fn sort_tickets(&mut self) {
        let month = self.data.month;
        let covers = |ticket: &Ticket| {
            (month.start()..month.end()).contains(&ticket.received_at)
                && ticket.merged_into.is_none()
        };
        let all = self.data.tickets.iter();
        self.received = all
            .filter(|ticket| covers(ticket) && self.scope.takes(ticket))
            .collect();
        let lists = [&mut self.received, &mut self.escalated, &mut self.analyses];
        let by_system = self.timed.values_mut().chain(self.late.values_mut());
        for list in lists.into_iter().chain(by_system) {
            list.sort_by_key(|ticket| (ticket.number, &ticket.id));
        }
        let calls = [
            &mut self.unregistered,
            &mut self.first_unanswered,
            &mut self.unsolved,
        ];
        for list in calls {
            list.sort_by_key(|call| (call.arrived_at, &call.id));
        }
    }

    fn time_answers(&mut self) {
        let mut all = IdMap::default();
        let timed = self.timed.values().flatten();
        for ticket in timed.chain(&self.received) {
            let at = self.data.tickets.first_answered_at(ticket);
            if let (Some(at), Some(clock)) = (at, self.clock(ticket)) {
                let took = all.entry(&ticket.id);
                took.or_insert_with(|| clock.open_between(ticket.received_at, at));
            }
        }
        self.took = all;
    }

    /// By what its ticket says of who asked, else by the number that called.
    fn share_out_sites(&mut self) {
        let mut kinds: HashMap<&str, SiteKind> = HashMap::new();
        let mut sites: BTreeMap<SiteKind, Vec<&MonthCall>> = BTreeMap::new();
        for call in &self.offered {
            let ticket = self.first_ticket(call);
            let asked = ticket.map(|ticket| ticket.fields.requester.site.as_str());
            let by_ticket = asked.filter(|site| !site.is_empty());
            let by_number = call.site.as_deref();
            let site = by_ticket.or(by_number).unwrap_or_default();
            let kind = kinds.entry(site).or_insert_with(|| SiteKind::of(site));
            sites.entry(*kind).or_default().push(call);
        }
        self.sites = sites;
    }

    /// 応答 = 登録済 + 対象外 + 未登録.
    fn share_out_registered(&mut self) {
        for call in &self.answered {
            let has_ticket = self.by_call.contains_key(&call.id);
            match call.no_ticket {
                _ if has_ticket => self.registered.push(call),
                Some(reason) => self.no_ticket.entry(reason).or_default().push(call),
                None => {}
            }
        }
    }
}

fn figures(
    data: &MonthData,
    by_call: &TicketsByCall<'_>,
    rules: &MonthRules,
) -> BTreeMap<Option<DivisionId>, ServiceFigures> {
    let answered = data
        .calls
        .iter()
        .filter(|call| call.answered && call.direction == Direction::Inbound);
    let answered: Vec<AnsweredCall> = answered
        .map(|call| AnsweredCall {
            call: call.id.clone(),
            line: call.line.clone(),
            arrived_at: call.arrived_at,
            no_ticket: call.no_ticket,
        })
        .collect();
    let period = Period {
        from: data.month.start(),
        until: data.month.end(),
        cut_off: data.cut_off,
    };
    let service = ServiceRules {
        divisions: &rules.divisions,
        calendars: &rules.calendars,
        late_is_unanswered: rules.late_is_unanswered,
    };
    service_figures(&answered, (&data.tickets, by_call), period, &service)
}

/// Answered calls that count in a 業務区分 that the book leaves out.
fn answered_elsewhere<'f>(
    figures: &'f BTreeMap<Option<DivisionId>, ServiceFigures>,
    scope: &Scope,
) -> BTreeSet<&'f CallId> {
    let left_out = figures
        .iter()
        .filter(|(division, _)| !scope.takes_division(division.as_ref()));
    left_out.flat_map(|(_, figures)| &figures.calls).collect()
}

struct Lookup<'a> {
    calls: IdMap<&'a CallId, &'a MonthCall>,
    data: &'a MonthData,
}

impl<'a> Lookup<'a> {
    fn calls(&self, ids: &[CallId]) -> impl Iterator<Item = &'a MonthCall> {
        ids.iter().filter_map(|id| self.calls.get(id).copied())
    }

    fn tickets(&self, ids: &[TicketId]) -> impl Iterator<Item = &'a Ticket> {
        ids.iter().filter_map(|id| self.data.tickets.get(id))
    }
}
