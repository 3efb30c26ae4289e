//! A month made up from its counts: calls and tickets whose figures are what was asked for, always the same.
//! For the sample desk, for measuring, and for tests.

#[doc(hidden)]
pub mod cases;

use chrono::{Days, NaiveDate, NaiveTime};
use madoguchi_core::call::CallRecord;
use madoguchi_core::contact::{Contact, ContactOutcome};
use madoguchi_core::event::{AbandonReason, CallEvent, EndCause, EventKind};
use madoguchi_core::figures::FiguresSettings;
use madoguchi_core::hours::Calendar;
use madoguchi_core::id::{AgentId, CallId, ContactId, DivisionId, LineName, TicketId};
use madoguchi_core::month::Month;
use madoguchi_core::service::HELP_DESK;
use madoguchi_core::ticket::{
    Channel, Handover, Requester, Route, Status, Ticket, TicketChange, TicketEvent, TicketFields,
    TicketNumber, turns,
};
use madoguchi_core::time::{Instant, Millis};

use super::data::{MonthCall, MonthData};

/// What a month is to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleCounts {
    /// Which month.
    pub month: Month,
    /// 着信
    pub offered: u32,
    /// 応答
    pub answered: u32,
    /// 一次未回答
    pub first_unanswered: u32,
    /// エスカレーション; not more than 一次未回答.
    pub escalations: u32,
    /// 問題未解決
    pub unsolved: u32,
    /// 時間外着信
    pub after_hours: u32,
    /// Tickets that came by the portal.
    pub portal: u32,
}

/// The events of a month.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SampleMonth {
    /// Of each call.
    pub calls: Vec<Vec<CallEvent>>,
    /// Of each ticket.
    pub tickets: Vec<Vec<TicketEvent>>,
}

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
/// 拠点, more of those that there are more of.
const SITES: [&str; 8] = [
    "中央年金事務所",
    "高井戸年金事務所",
    "横浜西年金事務所",
    "東京広域事務センター",
    "街角の年金相談センター町田",
    "本部 経理部",
    "中央年金センター",
    "東京コールセンター",
];
/// Functions of 表 3.1-1 and what is asked about them.
const QUESTIONS: [(&str, &str); 8] = [
    ("f09", "旅費の精算を差し戻されたあとの直し方を知りたい。"),
    ("f09", "出張の取りやめ方を知りたい。"),
    ("f01", "給与明細の見方を知りたい。"),
    ("f08", "ポータルにログインできない。"),
    ("f04", "休暇の申請を取り消したい。"),
    ("f02", "支出契約の決裁の順番を変えたい。"),
    ("f10", "立替えの申請で領収書を添付できない。"),
    ("f03", "扶養の届の入力のしかたを知りたい。"),
];

/// Makes a month up. Numbers of tickets begin after `numbers`; `line` is where calls come.
pub fn sample(
    counts: SampleCounts,
    calendar: &Calendar,
    line: &LineName,
    numbers: u32,
) -> SampleMonth {
    let open: Vec<(NaiveDate, NaiveTime, NaiveTime)> = counts
        .month
        .days()
        .filter_map(|day| {
            let (opens, closes) = calendar.day_hours(day).hours?;
            let late = NaiveTime::from_hms_opt(23, 0, 0)?;
            Some((day, opens, closes.unwrap_or(late)))
        })
        .collect();
    let mut made = SampleMonth::default();
    let mut number = numbers;
    for n in 0..counts.offered {
        let at = arrival(&open, n);
        let call = CallId::new(format!("{}-{n:06}", counts.month));
        // Spread over the month: a step that has no divisor in common with any count of calls.
        let rank = (u64::from(n) * 7_919 % u64::from(counts.offered.max(1))) as u32;
        let rank = if counts.offered.is_multiple_of(7_919) {
            n
        } else {
            rank
        };
        let is_answered = rank < counts.answered;
        made.calls
            .push(call_events(&call, line, at, n, is_answered));
        if is_answered {
            number += 1;
            let step = Kind {
                unanswered: rank < counts.first_unanswered,
                escalated: rank < counts.escalations,
                unsolved: counts.answered - 1 - rank < counts.unsolved,
            };
            made.tickets
                .push(ticket_events(&call, counts.month, at, number, n, step));
        }
    }
    for n in 0..counts.after_hours {
        let call = CallId::new(format!("{}-n{n:05}", counts.month));
        let day = counts.month.first() + Days::new(u64::from(n % 28));
        let night = NaiveTime::from_hms_opt(21, n % 60, 0).unwrap_or_default();
        let at = Instant::from_tokyo(day.and_time(night));
        made.calls.push(after_hours(&call, line, at));
    }
    for n in 0..counts.portal {
        number += 1;
        let at = arrival(&open, n * 3 + 1);
        made.tickets
            .push(portal_ticket(counts.month, at, number, n));
    }
    made
}

impl SampleMonth {
    /// The month as a report reads it, as of an instant.
    pub fn data(&self, month: Month, cut_off: Instant) -> MonthData {
        let records = self
            .calls
            .iter()
            .filter_map(|events| CallRecord::fold(events));
        let records: Vec<CallRecord> = records
            .filter(|call| Month::at(call.arrived_at) == month)
            .collect();
        let mut data = MonthData {
            cut_off,
            ..MonthData::empty(month)
        };
        for record in &records {
            let of_line = data.figures.entry(record.line.clone()).or_default();
            of_line.add(record, FiguresSettings::default());
            data.calls.push(MonthCall::of(record));
        }
        data.calls
            .sort_by(|one, other| (one.arrived_at, &one.id).cmp(&(other.arrived_at, &other.id)));
        let tickets = self.tickets.iter().filter_map(|history| {
            let ticket = Ticket::as_of(history, cut_off)?;
            (ticket.received_at < month.end()).then(|| ticket.without_texts())
        });
        data.tickets = tickets.collect();
        for history in &self.tickets {
            let all = turns(history);
            let inside = all.iter().skip(1).filter(|turn| turn.open).count() > 0;
            if let Some(first) = history.first().filter(|_| inside) {
                let then = Ticket::as_of(history, data.end());
                if then.is_some_and(|then| then.is_open()) {
                    data.open_at_end.insert(first.ticket.clone());
                }
                data.turns.insert(first.ticket.clone(), all);
            }
        }
        let received = data.tickets.iter().filter(|ticket| {
            Month::at(ticket.received_at) == month && ticket.merged_into.is_none()
        });
        data.ledger_rows = Some(received.count() as u64);
        data
    }
}

/// What becomes of a ticket.
#[derive(Clone, Copy)]
struct Kind {
    unanswered: bool,
    escalated: bool,
    unsolved: bool,
}

/// When the n-th call arrives: one on each open day in turn, at times all over the day.
fn arrival(open: &[(NaiveDate, NaiveTime, NaiveTime)], n: u32) -> Instant {
    let place = n as usize % open.len().max(1);
    let Some((day, opens, closes)) = open.get(place) else {
        return Instant(0);
    };
    let length = (*closes - *opens).num_seconds().max(1);
    // More in the morning than in the afternoon.
    let mixed = i64::from(n.wrapping_mul(2_654_435_761) >> 8) % length;
    let secs = if n.is_multiple_of(3) {
        mixed / 2
    } else {
        mixed
    };
    Instant::from_tokyo(day.and_time(*opens)) + Millis(secs * SECOND)
}

fn agent(n: u32) -> AgentId {
    AgentId::new(format!("agent{}", n % 4 + 1))
}

fn call_events(
    call: &CallId,
    line: &LineName,
    at: Instant,
    n: u32,
    is_answered: bool,
) -> Vec<CallEvent> {
    let wait = i64::from(n * 7 % 35 + 3) * SECOND;
    let talk = i64::from(n * 13 % 360 + 120) * SECOND;
    let wrap_up = i64::from(n * 5 % 90 + 30) * SECOND;
    let mut kinds = vec![(0, arrived(n, true))];
    if is_answered {
        let who = agent(n);
        let agent = Some(who.clone());
        let cause = EndCause::Caller;
        kinds.extend([
            (wait, EventKind::Answered { agent }),
            (wait + talk, EventKind::Ended { cause }),
            (wait + talk + wrap_up, EventKind::WrapUpEnded { agent: who }),
        ]);
    } else {
        let reason = AbandonReason::CallerHangup;
        kinds.push((wait, EventKind::Abandoned { reason }));
    }
    events(call, line, at, kinds)
}

fn arrived(n: u32, open: bool) -> EventKind {
    let from = format!("03{:08}", 10_000_000 + n % 400);
    EventKind::Arrived {
        from: from.as_str().into(),
        to: "5000".into(),
        open,
    }
}

fn after_hours(call: &CallId, line: &LineName, at: Instant) -> Vec<CallEvent> {
    let cause = EndCause::Desk;
    let kinds = vec![
        (0, arrived(1, false)),
        (20 * SECOND, EventKind::Ended { cause }),
    ];
    events(call, line, at, kinds)
}

fn events(
    call: &CallId,
    line: &LineName,
    at: Instant,
    kinds: Vec<(i64, EventKind)>,
) -> Vec<CallEvent> {
    let events = (0..).zip(kinds).map(|(seq, (after, kind))| CallEvent {
        call: call.clone(),
        seq,
        at: at + Millis(after),
        node: "sample".into(),
        line: line.clone(),
        kind,
    });
    events.collect()
}

/// The history of a ticket while it is written.
struct History {
    events: Vec<TicketEvent>,
    by: Option<madoguchi_core::id::UserId>,
}

impl History {
    fn begin(month: Month, at: Instant, number: u32, n: u32, channel: Channel) -> Self {
        let id = TicketId::new(format!("{month}-{number:06}"));
        let (category, question) = of(&QUESTIONS, n);
        let (site, name) = (of(&SITES, n), format!("職員{:03}", n % 400));
        let fields = TicketFields {
            division: Some(DivisionId::new(HELP_DESK)),
            channel,
            category: Some(category.into()),
            question: question.to_owned(),
            answer: "手順を案内した。".to_owned(),
            requester: Requester {
                number: format!("03{:08}", 10_000_000 + n % 400),
                name,
                site: site.to_owned(),
                department: "総務課".to_owned(),
                ..Requester::default()
            },
            work_minutes: 10,
            ..TicketFields::default()
        };
        let created = TicketChange::Created {
            number: TicketNumber {
                fiscal_year: month.fiscal_year(),
                sequence: number,
            },
            received_at: at,
            fields: Box::new(fields),
            split_from: None,
        };
        let mut history = Self {
            events: Vec::new(),
            by: None,
        };
        history.push(&id, at, created);
        history
    }

    fn push(&mut self, id: &TicketId, at: Instant, change: TicketChange) {
        let seq = u32::try_from(self.events.len()).unwrap_or(u32::MAX);
        self.events.push(TicketEvent {
            ticket: id.clone(),
            seq,
            at,
            happened_at: None,
            by: self.by.clone(),
            change,
        });
    }

    fn then(&mut self, at: Instant, change: TicketChange) {
        if let Some(id) = self.events.first().map(|first| first.ticket.clone()) {
            self.push(&id, at, change);
        }
    }

    fn contact(
        &mut self,
        name: &str,
        call: Option<&CallId>,
        at: (Instant, Instant),
        outcome: ContactOutcome,
    ) {
        let id = self.events.first().map(|first| first.ticket.to_string());
        let contact = Contact {
            id: ContactId::new(format!("{}-{name}", id.unwrap_or_default())),
            call: call.cloned(),
            channel: Channel::Phone,
            agent: Some(agent(0)),
            from: at.0,
            until: Some(at.1),
            outcome,
            outcome_at: at.1,
        };
        self.then(at.1, TicketChange::ContactAdded { contact });
    }

    fn status(&mut self, at: Instant, after: Status) {
        let before = Ticket::fold(&self.events).map(|ticket| ticket.status());
        let before = before.unwrap_or_default();
        self.then(at, TicketChange::StatusChanged { before, after });
    }
}

fn of<T: Copy + Default>(all: &[T], n: u32) -> T {
    let place = n as usize % all.len().max(1);
    all.get(place).copied().unwrap_or_default()
}

fn ticket_events(
    call: &CallId,
    month: Month,
    at: Instant,
    number: u32,
    n: u32,
    kind: Kind,
) -> Vec<TicketEvent> {
    let mut history = History::begin(month, at, number, n, Channel::Phone);
    let ended = at + Millis(4 * MINUTE);
    if kind.unanswered {
        history.contact("1", Some(call), (at, ended), ContactOutcome::ToAnalysis);
        history.then(ended, TicketChange::AnalysisBegun { analyst: None });
        if kind.escalated {
            escalate(
                &mut history,
                at + Millis(6 * MINUTE),
                at + Millis(18 * MINUTE),
            );
        }
        let finding = "仕様どおりの動作である。".to_owned();
        let found = at + Millis(20 * MINUTE);
        history.then(found, TicketChange::AnalysisEnded { finding });
        let called_back = (at + Millis(22 * MINUTE), at + Millis(24 * MINUTE));
        history.contact("2", None, called_back, ContactOutcome::AnsweredLater);
    } else {
        history.contact("1", Some(call), (at, ended), ContactOutcome::AnsweredAtOnce);
    }
    if !kind.unsolved {
        history.status(at + Millis(26 * MINUTE), Status::Done);
    }
    history.events
}

fn escalate(history: &mut History, sent: Instant, returned: Instant) {
    let escalation = u32::try_from(history.events.len()).unwrap_or(u32::MAX);
    let handover = Handover {
        vendor: "財務会計の保守事業者".to_owned(),
        route: Route::ViaClient,
        sent: "調査を依頼します。".to_owned(),
        due: Some(sent + Millis(24 * 60 * MINUTE)),
        remind_at: None,
    };
    history.then(sent, TicketChange::Escalated { handover });
    let answer = "次の改修で対応する。".to_owned();
    history.then(
        returned,
        TicketChange::EscalationReturned { escalation, answer },
    );
}

fn portal_ticket(month: Month, at: Instant, number: u32, n: u32) -> Vec<TicketEvent> {
    let mut history = History::begin(month, at, number, n, Channel::Portal);
    history.status(at + Millis(20 * MINUTE), Status::Done);
    history.events
}
