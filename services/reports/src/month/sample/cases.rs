//! Months of the kinds in which reports go wrong, for the tests of all forms: borders of months, years and eras,
//! days with other hours, what is merged and goes on, what people type.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveTime;
use madoguchi_core::figures::FiguresSettings;
use madoguchi_core::hours::{Calendar, HoursSettings, Override};
use madoguchi_core::id::{DivisionId, LineName};
use madoguchi_core::month::{
    Exemption, LevelFact, Measure, PaymentRun, Remark, RemarkHeading, ReportChapter,
};
use madoguchi_core::service::{Division, Divisions, INQUIRIES};
use madoguchi_core::setup::{Calendars, Categories};
use madoguchi_core::ticket::{NumberForm, Status, System, TicketChange, TicketEvent};
use madoguchi_core::time::{Instant, Millis};

use super::{SampleCounts, SampleMonth, sample};
use crate::document::sample::TEXTS;
use crate::month::data::MonthData;
use crate::month::input::{Cover, MonthInput, Written};
use crate::month::rules::{MonthRules, Scope};

const HOUR: i64 = 3_600_000;
/// The line of 問合せ対応, where a month has one.
const OTHER_LINE: &str = "inquiries";

/// The rules of a desk of which nothing was set.
pub fn rules() -> MonthRules {
    MonthRules {
        calendars: Calendars::one(Calendar::new(HoursSettings::default())),
        divisions: Divisions::default(),
        categories: Categories::default(),
        figures: FiguresSettings::default(),
        late_is_unanswered: false,
        run: PaymentRun::AnyItem,
        numbers: NumberForm::default(),
    }
}

/// What ヘルプデスク受付状況報告 of a month is made of, if there is nothing else.
pub fn input(data: MonthData) -> MonthInput {
    let made_at = data.month.end();
    MonthInput {
        data,
        scope: Scope::help_desk(),
        rules: rules(),
        past: Vec::new(),
        frozen: BTreeSet::new(),
        frozen_misses: BTreeMap::new(),
        published: Vec::new(),
        facts: Vec::new(),
        own_goals: BTreeMap::new(),
        written: Written::default(),
        knowledge: None,
        outlook: None,
        cover: Cover::default(),
        names: BTreeMap::new(),
        articles: BTreeMap::new(),
        made_at,
    }
}

/// A month with this many calls and a few of everything else; none in a month of none.
pub fn counts(month: &str, offered: u32, answered: u32) -> SampleCounts {
    let some = |count: u32| if offered == 0 { 0 } else { count };
    SampleCounts {
        month: month
            .parse()
            .unwrap_or(madoguchi_core::month::Month::at(Instant(0))),
        offered,
        answered,
        first_unanswered: answered / 20,
        escalations: answered / 40,
        unsolved: answered / 100,
        after_hours: some(7),
        portal: some(5),
    }
}

/// The events of such a month. Every other ticket of the portal came to 問合せ対応, every fourth is about MACS.
pub fn made_up(counts: SampleCounts) -> SampleMonth {
    let calendar = Calendar::new(HoursSettings::default());
    let mut made = sample(counts, &calendar, &"help".into(), 0);
    let first = made.tickets.len() - counts.portal as usize;
    for (n, history) in made.tickets.iter_mut().skip(first).enumerate() {
        let Some(TicketChange::Created { fields, .. }) =
            history.first_mut().map(|first| &mut first.change)
        else {
            continue;
        };
        if n % 2 == 0 {
            fields.division = Some(DivisionId::new(INQUIRIES));
        }
        if n % 4 == 0 {
            fields.system = System::Macs;
        }
    }
    made
}

/// The months, each with what it is.
pub fn months() -> Vec<(&'static str, MonthInput)> {
    vec![
        ("29日の月、時間変更の日", leap_february()),
        ("元年、人が書いた文", first_of_an_era()),
        ("0件の月", input(MonthData::empty(month("2024-09")))),
        ("2つの業務区分、年末", two_divisions()),
        ("年度の末、再開と統合", end_of_a_year()),
    ]
}

fn month(text: &str) -> madoguchi_core::month::Month {
    counts(text, 0, 0).month
}

/// A day of it is open until 20:00, and a call comes at 19:45 of that day.
fn leap_february() -> MonthInput {
    let mut made = made_up(counts("2024-02", 96, 90));
    let of = month("2024-02");
    let day = of.first() + chrono::Days::new(6);
    let at = |hour, minute| {
        let time = NaiveTime::from_hms_opt(hour, minute, 0).unwrap_or_default();
        Instant::from_tokyo(day.and_time(time))
    };
    if let Some(call) = made.calls.last_mut()
        && let Some(first) = call.first().map(|event| event.at)
    {
        let later = at(19, 45) - first;
        for event in call.iter_mut() {
            event.at = event.at + later;
            if let madoguchi_core::event::EventKind::Arrived { open, .. } = &mut event.kind {
                *open = true;
            }
        }
    }
    let mut input = input(made.data(of, of.end()));
    let mut settings = HoursSettings::default();
    let until = NaiveTime::from_hms_opt(20, 0, 0);
    settings.overrides.insert(day, Override::Until(until));
    input.rules.calendars = Calendars::one(Calendar::new(settings));
    input
}

/// 令和元年5月, with texts of people that programs take for something else, and a very long one.
fn first_of_an_era() -> MonthInput {
    let of = month("2019-05");
    let mut made = made_up(counts("2019-05", 60, 57));
    let texts = TEXTS.iter().filter(|(name, _)| *name != "private");
    for (history, (_, text)) in made.tickets.iter_mut().zip(texts) {
        if let Some(TicketChange::Created { fields, .. }) =
            history.first_mut().map(|first| &mut first.change)
        {
            fields.question = (*text).to_owned();
        }
    }
    let mut input = input(made.data(of, of.end()));
    let remark = |id: &str, text: String| Remark {
        id: id.to_owned(),
        month: of,
        chapter: ReportChapter::Overview,
        heading: RemarkHeading::Plain,
        by: None,
        text,
        author: "髙﨑 𠮷子".to_owned(),
        written_at: of.end() + Millis(HOUR),
    };
    input.written.remarks = vec![
        remark("formula", "=1+1\n@SUM(A1)\n﨑髙①㍿😀".to_owned()),
        remark(
            "long",
            "長い所見の一文である。".repeat(400) + "所見の終わり。",
        ),
    ];
    input
}

/// 2024-12 of a desk with two lines: every third call came on that of 問合せ対応, and so did its ticket; every
/// other of those is about MACS. From the 29th on the desk is closed.
fn two_divisions() -> MonthInput {
    let of = month("2024-12");
    let mut made = made_up(counts("2024-12", 90, 84));
    let (line, division) = (LineName::new(OTHER_LINE), DivisionId::new(INQUIRIES));
    let mut moved = BTreeSet::new();
    for events in made.calls.iter_mut().step_by(3) {
        for event in events {
            event.line = line.clone();
            moved.insert(event.call.clone());
        }
    }
    let of_moved = made.tickets.iter_mut().filter(|history| {
        history.iter().any(|event| match &event.change {
            TicketChange::ContactAdded { contact } => contact
                .call
                .as_ref()
                .is_some_and(|call| moved.contains(call)),
            _ => false,
        })
    });
    for (n, history) in of_moved.enumerate() {
        let Some(TicketChange::Created { fields, .. }) =
            history.first_mut().map(|first| &mut first.change)
        else {
            continue;
        };
        fields.division = Some(division.clone());
        if n % 2 == 0 {
            fields.system = System::Macs;
        }
    }
    let mut input = input(made.data(of, of.end()));
    if let Some(inquiries) = input.rules.divisions.get(&division).cloned() {
        let inquiries = Division {
            lines: vec![line],
            ..inquiries
        };
        input.rules.divisions.set(division, inquiries);
    }
    input
}

/// 2025-03: one ticket goes on in April, one was merged with another, a fault was left out.
fn end_of_a_year() -> MonthInput {
    let of = month("2025-03");
    let mut made = made_up(counts("2025-03", 124, 120));
    let event = |history: &[TicketEvent], at: Instant, change| {
        let first = history.first()?;
        Some(TicketEvent {
            ticket: first.ticket.clone(),
            seq: u32::try_from(history.len()).ok()?,
            at,
            happened_at: None,
            by: None,
            change,
        })
    };
    let last = of.end() - Millis(HOUR);
    if let [one, other, next, ..] = made.tickets.as_mut_slice() {
        let ids = [&*one, &*other].map(|history| history.first().map(|first| first.ticket.clone()));
        if let [Some(from), Some(into)] = ids {
            one.extend(event(one, last, TicketChange::MergedInto { into }));
            other.extend(event(other, last, TicketChange::MergedFrom { from }));
        }
        let reason = "まだ解決していない。".to_owned();
        let again = of.end() + Millis(10 * HOUR);
        next.extend(event(next, again, TicketChange::Reopened { reason }));
        let done = TicketChange::StatusChanged {
            before: Status::Reopened,
            after: Status::Done,
        };
        next.extend(event(next, again + Millis(HOUR), done));
    }
    let mut input = input(made.data(of, of.end()));
    input.facts = vec![LevelFact {
        id: "fault".to_owned(),
        system: System::Macs,
        at: of.end() - Millis(5 * HOUR),
        what: "通信事業者の障害により、閲覧ができなかった。".to_owned(),
        measure: Measure::Detection {
            noticed_at: Some(of.end() - Millis(4 * HOUR)),
            escalation_needed: false,
            escalated_at: None,
        },
        exempt: Some(Exemption {
            reason: "通信障害".to_owned(),
            proof: "障害報告書 第3号".to_owned(),
        }),
        proof: "障害報告書 第3号".to_owned(),
        entered_by: None,
    }];
    input
}
