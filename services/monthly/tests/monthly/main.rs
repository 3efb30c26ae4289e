//! A month through the store: what is read back gives the figures of what was written.

use madoguchi_core::figures::FiguresSettings;
use madoguchi_core::hours::{Calendar, HoursSettings};
use madoguchi_core::month::Month;
use madoguchi_core::portal::Sites;
use madoguchi_core::setup::{Calendars, Categories};
use madoguchi_core::ticket::{Status, TicketChange, TicketEvent};
use madoguchi_core::time::{Instant, Millis};
use madoguchi_monthly::{MonthSettings, gather, help_desk_report};
use madoguchi_reports::month::sample::{SampleCounts, SampleMonth, sample};
use madoguchi_reports::month::{MonthReport, Scope, report};
use madoguchi_store::Store;
use madoguchi_store::testing::add_histories;

fn month(text: &str) -> Month {
    text.parse().unwrap()
}

fn calendar() -> Calendar {
    Calendar::new(HoursSettings::default())
}

fn settings() -> MonthSettings {
    MonthSettings {
        calendars: Calendars::one(calendar()),
        categories: Categories::default(),
        figures: FiguresSettings::default(),
        sites: Sites::default(),
    }
}

/// 令和6年4月 of 別紙 8-2, and the month before it.
fn made() -> [SampleMonth; 2] {
    let april = SampleCounts {
        month: month("2024-04"),
        offered: 1_029,
        answered: 1_023,
        first_unanswered: 45,
        escalations: 21,
        unsolved: 1,
        after_hours: 9,
        portal: 6,
    };
    let march = SampleCounts {
        month: month("2024-03"),
        offered: 200,
        answered: 190,
        ..april
    };
    let line = "help".into();
    [
        sample(march, &calendar(), &line, 0),
        sample(april, &calendar(), &line, 0),
    ]
}

async fn write(store: &Store, made: &SampleMonth) {
    for calls in made.calls.chunks(500) {
        let events: Vec<_> = calls.iter().flatten().cloned().collect();
        store.append(&events).await.unwrap();
    }
    add_histories(store, &made.tickets).await.unwrap();
}

async fn book(store: &Store, text: &str, now: Instant) -> MonthReport {
    help_desk_report(store, month(text), &settings(), now)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_month_comes_out_of_the_store_as_it_went_in() {
    let store = Store::open("sqlite::memory:").await.unwrap();
    for made in &made() {
        write(&store, made).await;
    }
    let now = month("2024-05").start() + Millis(10 * 3_600_000);
    let made_report = book(&store, "2024-04", now).await;
    let april = &made_report.months[0];
    assert_eq!((april.offered, april.answered), (1_029, 1_023));
    assert_eq!((april.first_unanswered, april.escalations), (45, 21));
    assert_eq!(april.answer_rate.as_deref(), Some("99.4"));
    assert_eq!(april.unresolved, Some(1));
    assert!(
        made_report.is_reconciled(),
        "{:?}",
        made_report.reconciliation
    );
    // The month before is compared with, and what it left open is carried over.
    let carried_over = made_report.reconciliation.iter();
    let carried_over = carried_over.filter(|check| check.id == "carried_over");
    assert_eq!(
        carried_over.map(|check| check.left).collect::<Vec<_>>(),
        [1]
    );

    // The same month, told by the events alone.
    let input = gather(
        &store,
        month("2024-04"),
        Scope::help_desk(),
        &settings(),
        now,
    )
    .await
    .unwrap();
    let mut by_events = input.clone();
    let [march, april] = made();
    by_events.data = SampleMonth {
        calls: april.calls,
        tickets: march.tickets.into_iter().chain(april.tickets).collect(),
    }
    .data(month("2024-04"), month("2024-04").end());
    by_events.data.ledger_rows = input.data.ledger_rows;
    let (stored, told) = (report(&input), report(&by_events));
    assert_eq!(stored.summary, told.summary);
    assert_eq!(stored.levels, told.levels);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happens_after_the_cut_off_changes_nothing_of_the_month() {
    let store = Store::open("sqlite::memory:").await.unwrap();
    let [_, mut april] = made();
    write(&store, &april).await;
    let now = month("2024-06").start();
    let before = book(&store, "2024-04", now).await;
    let history = &mut april.tickets[3];
    let (ticket, seq) = (history[0].ticket.clone(), history.len());
    let event = |n: usize, change| TicketEvent {
        ticket: ticket.clone(),
        seq: u32::try_from(seq + n).unwrap(),
        at: month("2024-05").start() + Millis(3_600_000),
        happened_at: None,
        by: None,
        change,
    };
    let reason = "まだ解決していない".to_owned();
    history.push(event(0, TicketChange::Reopened { reason }));
    let after = TicketChange::StatusChanged {
        before: Status::Reopened,
        after: Status::InProgress,
    };
    history.push(event(1, after));
    let other = Store::open("sqlite::memory:").await.unwrap();
    write(&other, &april).await;
    let after = book(&other, "2024-04", now).await;
    assert_eq!(after.document, before.document);
    let may = book(&other, "2024-05", now).await;
    let reopened = may.document.table("carried").unwrap();
    let reopened = reopened.cell("tickets", "reopened").unwrap();
    let text = serde_json::to_value(reopened).unwrap();
    assert_eq!(text["value"]["of"], 1, "{text}");
    assert!(may.is_reconciled(), "{:?}", may.reconciliation);
}
