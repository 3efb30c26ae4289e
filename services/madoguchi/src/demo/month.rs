//! The month before this one at the sample desk: calls and tickets, 確定, and handed in. So the first look at
//! 月次報告 shows a month that is done, each figure with the calls behind it. Of this month stand the days before
//! today, so that 月の途中 and 勤務計画 have something to go by.

use chrono::NaiveTime;
use madoguchi_core::audit::{Action, AuditEntry, Fields};
use madoguchi_core::event::{CallEvent, EventKind};
use madoguchi_core::hours::{Calendar, HoursSettings};
use madoguchi_core::id::{AgentId, LineName};
use madoguchi_core::month::{Month, ReportStep, StepKind};
use madoguchi_core::ticket::{TicketChange, TicketEvent};
use madoguchi_core::time::{Instant, Millis};
use madoguchi_monthly::{Maker, MonthSettings, prepare};
use madoguchi_reports::month::sample::{SampleCounts, SampleMonth, sample};
use madoguchi_store::{NewTicket, Store, TicketEdit};

/// The agents of the sample desk, in the place of those of the made-up month.
const AGENTS: [&str; 3] = ["tanaka", "suzuki", "sato"];
/// The line of ヘルプデスク at the sample desk.
const LINE: &str = "間接業務システム";
/// Who makes the report there: name and login.
const WRITER: (&str, &str) = ("小林 葵", "kobayashi");
/// Who takes it.
const TAKEN_BY: &str = "システム運用部 担当者";

fn counts(month: Month) -> SampleCounts {
    SampleCounts {
        month,
        offered: 128,
        answered: 125,
        first_unanswered: 5,
        escalations: 3,
        unsolved: 1,
        after_hours: 0,
        portal: 4,
    }
}

/// Writes the month before that of `now` and freezes it, if the desk knows nothing of it; then the days of this
/// month before today.
pub(super) async fn add(
    store: &Store,
    settings: &MonthSettings,
    now: Instant,
) -> anyhow::Result<()> {
    let month = Month::at(now).previous();
    if store.has_month(month.start(), month.end()).await? {
        return Ok(());
    }
    write(store, &made(month), now).await?;
    freeze(store, settings, month, now).await?;
    let mut running = made(month.next());
    let today = Instant::from_tokyo(now.date().and_time(NaiveTime::MIN));
    running.calls.retain(|events| begins_before(events, today));
    running
        .tickets
        .retain(|history| history.first().is_some_and(|first| first.at < today));
    write(store, &running, now).await
}

fn begins_before(events: &[CallEvent], instant: Instant) -> bool {
    events.first().is_some_and(|first| first.at < instant)
}

async fn write(store: &Store, made: &SampleMonth, now: Instant) -> anyhow::Result<()> {
    for calls in made.calls.chunks(100) {
        let events: Vec<CallEvent> = calls.iter().flatten().cloned().collect();
        store.append(&events).await?;
    }
    add_tickets(store, made, now).await
}

/// The events of the month, of the people of this desk, in the hours in which people work although the sample
/// desk is always open.
fn made(month: Month) -> SampleMonth {
    let calendar = Calendar::new(HoursSettings::default());
    let mut made = sample(counts(month), &calendar, &LineName::new(LINE), 0);
    for (n, events) in made.calls.iter_mut().enumerate() {
        let agent = AGENTS.get(n % AGENTS.len()).copied().unwrap_or_default();
        for event in events {
            match &mut event.kind {
                EventKind::Answered { agent: who } => *who = Some(AgentId::new(agent)),
                EventKind::WrapUpEnded { agent: who } => *who = AgentId::new(agent),
                _ => {}
            }
        }
    }
    for (n, history) in made.tickets.iter_mut().enumerate() {
        let agent = AGENTS.get(n % AGENTS.len()).copied().unwrap_or_default();
        for event in history {
            if let TicketChange::ContactAdded { contact } = &mut event.change {
                contact.agent = Some(AgentId::new(agent));
            }
        }
    }
    // 受付番号 are given in the order in which they were received.
    made.tickets
        .sort_by_key(|history| history.first().map(|first| first.at));
    made
}

/// All tickets in one unit of work, each event at the time at which it happened.
async fn add_tickets(store: &Store, made: &SampleMonth, now: Instant) -> anyhow::Result<()> {
    let entry = AuditEntry::of_system(now, Action::TicketImport, LINE, Fields::new());
    let mut tx = store.begin(entry).await?;
    for history in &made.tickets {
        let Some((first, rest)) = history.split_first() else {
            continue;
        };
        let Some(new) = new_ticket(first) else {
            continue;
        };
        tx.add_ticket(&new).await?;
        for event in rest {
            let edit = TicketEdit {
                id: event.ticket.clone(),
                version: None,
                by: None,
                at: event.at,
                happened_at: None,
                changes: vec![event.change.clone()],
            };
            tx.change_ticket(&edit).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}

fn new_ticket(first: &TicketEvent) -> Option<NewTicket> {
    let TicketChange::Created {
        received_at,
        fields,
        ..
    } = &first.change
    else {
        return None;
    };
    Some(NewTicket {
        id: first.ticket.clone(),
        by: None,
        at: first.at,
        happened_at: None,
        received_at: *received_at,
        fields: (**fields).clone(),
        changes: Vec::new(),
    })
}

/// 第1版, made in the morning of the next month's first day, and handed in an hour later.
async fn freeze(
    store: &Store,
    settings: &MonthSettings,
    month: Month,
    now: Instant,
) -> anyhow::Result<()> {
    let morning = NaiveTime::from_hms_opt(10, 0, 0).unwrap_or_default();
    let at = Instant::from_tokyo(month.next().first().and_time(morning)).min(now);
    let (name, login) = WRITER;
    let maker = Maker {
        name: name.to_owned(),
        login: login.to_owned(),
        reason: String::new(),
        program: env!("CARGO_PKG_VERSION").to_owned(),
        at,
    };
    let made = prepare(store, (month, false), settings, &maker).await?;
    let told = Fields::from([("sha256".to_owned(), made.edition.sha256.clone())]);
    let entry = AuditEntry::of_system(now, Action::ReportFreeze, &month.to_string(), told);
    let mut tx = store.begin(entry).await?;
    tx.add_edition(&made.edition, &made.content).await?;
    tx.open_improvements(month, &made.missed).await?;
    tx.commit().await?;
    let later = (at + Millis::from_secs(3_600)).min(now);
    let step = ReportStep {
        month,
        seq: 1,
        edition: made.edition.number,
        kind: StepKind::Submitted,
        on: later.date(),
        person: TAKEN_BY.to_owned(),
        remark: "結合PDFと元データを添えて提出した。".to_owned(),
        recorded_at: later,
        recorded_by: login.to_owned(),
    };
    let told = Fields::from([("kind".to_owned(), step.kind.as_str().to_owned())]);
    let entry = AuditEntry::of_system(now, Action::ReportStep, &month.to_string(), told);
    let mut tx = store.begin(entry).await?;
    tx.add_report_step(&step).await?;
    tx.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use madoguchi_core::figures::FiguresSettings;
    use madoguchi_core::month::SubmissionState;
    use madoguchi_core::portal::Sites;
    use madoguchi_core::setup::{Calendars, Categories};

    use super::*;

    #[tokio::test]
    async fn the_month_before_is_frozen_and_handed_in_once_however_often_the_desk_is_started() {
        let store = Store::open("sqlite::memory:").await.unwrap();
        let settings = MonthSettings {
            calendars: Calendars::one(Calendar::new(HoursSettings {
                every_day: true,
                ..HoursSettings::default()
            })),
            categories: Categories::default(),
            figures: FiguresSettings::default(),
            sites: Sites::default(),
        };
        let now = Instant::from_tokyo("2026-11-29T12:00:00".parse().unwrap());
        for _ in 0..2 {
            add(&store, &settings, now).await.unwrap();
        }
        let october: Month = "2026-10".parse().unwrap();
        let report = store.report_of(october).await.unwrap();
        assert_eq!(report.state(), SubmissionState::Submitted);
        assert_eq!(report.editions.len(), 1);
        let kept = madoguchi_monthly::kept(&store, october, 1).await.unwrap();
        assert_eq!(kept.books.len(), madoguchi_monthly::BOOKS.len());
        let months = kept.figures["months"].as_array().unwrap();
        let own = months.iter().find(|one| one["month"] == "2026-10").unwrap();
        assert_eq!(
            (&own["offered"], &own["answered"]),
            (&128.into(), &125.into())
        );
        // What is there now is what was handed in.
        let live = madoguchi_monthly::live(&store, october, &settings, now)
            .await
            .unwrap();
        assert!(live.checks.iter().all(|check| check.agrees()));
        assert!(live.missed.is_empty(), "{:?}", live.missed);
        // This month is there up to yesterday.
        let today = Instant::from_tokyo("2026-11-29T00:00:00".parse().unwrap());
        let november: Month = "2026-11".parse().unwrap();
        assert!(store.has_month(november.start(), today).await.unwrap());
        assert!(!store.has_month(today, november.end()).await.unwrap());
        let running = madoguchi_monthly::live(&store, november, &settings, now)
            .await
            .unwrap();
        assert!(running.checks.iter().all(|check| check.agrees()));
    }
}
