//! A month through the store: what is read back gives the figures of what was written.
#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod after_freezing;

use madoguchi_core::article::{Article, Content};
use madoguchi_core::audience::Audience;
use madoguchi_core::audit::{Action, AuditEntry, Fields};
use madoguchi_core::figures::FiguresSettings;
use madoguchi_core::hours::{Calendar, HoursSettings};
use madoguchi_core::month::{
    Edition, Month, STAFFING_SETTINGS, STAFFING_SETTINGS_ID, StaffingSettings,
};
use madoguchi_core::portal::Sites;
use madoguchi_core::setup::{Calendars, Categories};
use madoguchi_core::ticket::{Status, TicketChange, TicketEvent};
use madoguchi_core::time::{Instant, Millis};
use madoguchi_monthly::{
    BOOKS, Freezing, MonthSettings, MonthlyError, NewEdition, gather, help_desk_report, live_books,
    next_edition,
};
use madoguchi_reports::document::{Block, DocCell, Rows};
use madoguchi_reports::frozen::Frozen;
use madoguchi_reports::month::sample::{SampleCounts, SampleMonth, sample};
use madoguchi_reports::month::{MonthReport, Scope, report};
use madoguchi_store::testing::add_histories;
use madoguchi_store::{NewVersion, Store};

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

const FIRST: Freezing<'static> = Freezing {
    by: "報告担当",
    reason: "",
    program: "1.0.0",
    draft: false,
};

async fn keep(store: &Store, made: &NewEdition, now: Instant) -> Edition {
    let packed = made.frozen.pack().unwrap();
    let edition = Edition {
        month: month("2024-04"),
        number: made.number,
        made_at: now,
        made_by: "writer".to_owned(),
        reason: String::new(),
        program: "1.0.0".to_owned(),
        sha256: packed.sha256,
        bytes: packed.bytes.len() as u64,
    };
    let entry = AuditEntry::of_system(now, Action::ReportFreeze, "2024-04", Fields::new());
    let mut tx = store.begin(entry).await.unwrap();
    tx.add_edition(&edition, &packed.bytes).await.unwrap();
    tx.commit().await.unwrap();
    edition
}

async fn next(
    store: &Store,
    freezing: Freezing<'_>,
    now: Instant,
) -> Result<NewEdition, MonthlyError> {
    next_edition(store, month("2024-04"), &settings(), freezing, now).await
}

fn content(question: &str, answer: &str) -> Content {
    Content {
        question: question.to_owned(),
        answer: answer.to_owned(),
        category: "f09".into(),
        audience: Audience::Portal,
        ..Content::default()
    }
}

async fn publish(store: &Store, articles: Vec<Article>, at: Instant) {
    let articles = articles.into_iter().map(|article| {
        let entry = AuditEntry::of_system(
            at,
            Action::ArticleImport,
            article.id.as_str(),
            Fields::new(),
        );
        (article, entry)
    });
    store.save_articles(articles.collect(), at).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_book_of_the_month_is_made_and_kept_with_it() {
    let store = Store::open("sqlite::memory:").await.unwrap();
    let [_, april] = made();
    write(&store, &april).await;
    let of = month("2024-04");
    let (within, after) = (
        of.start() + Millis(86_400_000),
        of.end() + Millis(86_400_000),
    );
    let travel = Article::imported(
        "travel",
        content("旅費の直し方", "**一覧**で開く。"),
        within,
    );
    publish(&store, vec![travel.clone()], within).await;
    // What was published afterwards does not stand in the month's book.
    let mut anew = store
        .lookup_article(&"travel".into())
        .await
        .unwrap()
        .unwrap();
    anew.import(content("旅費の直し方(新)", "新しい画面で開く。"), after);
    let late = Article::imported("late", content("後の質問", "後の回答"), after);
    publish(&store, vec![anew, late], after).await;

    let made = next(&store, FIRST, after + Millis(60_000)).await.unwrap();
    let books = &made.frozen.books;
    let names: Vec<&str> = books.iter().map(|book| book.name.as_str()).collect();
    assert_eq!(names, BOOKS.map(|(_, name)| name));
    for book in books {
        assert!(
            book.edition == 1 && !book.draft && book.month == of,
            "{}",
            book.name
        );
    }
    let (inquiries, ledger, knowledge) = (&books[1], &books[2], &books[4]);
    let rows = &ledger.table("ledger").unwrap().rows;
    assert_eq!(rows.len(), 1_023 + 6);
    let asked = inquiries.table("answers").unwrap();
    assert_eq!(asked.rows.len(), 1_023 + 6);
    let answers = asked.rows.iter().map(|row| row.cells[7].text());
    assert!(
        answers
            .into_iter()
            .all(|answer| answer == "手順を案内した。")
    );
    let articles = &knowledge.table("articles").unwrap().rows;
    let texts: Vec<String> = articles[0].cells.iter().map(DocCell::text).collect();
    assert_eq!(articles.len(), 1, "{texts:?}");
    assert_eq!(texts[2..4], ["旅費の直し方", "一覧で開く。"]);
    assert_eq!(texts[4], "職員に公開");
    // The figures of all books are proven by one index.
    let drill = &made.frozen.drill;
    for book in books {
        for (_, table) in book.tables() {
            for cell in table.rows.iter().flat_map(|row| &row.cells) {
                let DocCell::Figure(figure) = cell else {
                    continue;
                };
                let Rows::Tickets { selection } = &figure.rows else {
                    continue;
                };
                let ids = drill.selections.get(selection).unwrap();
                assert!(
                    ids.iter()
                        .all(|id| drill.name(selection, id).starts_with("R6-"))
                );
            }
        }
    }
    // As it is now it has the same books.
    let live = live_books(&store, of, &settings(), after).await.unwrap();
    assert_eq!(live.books.len(), BOOKS.len());
    assert!(live.books.iter().all(|book| book.draft));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_after_確定_makes_another_edition_with_its_differences() {
    let store = Store::open("sqlite::memory:").await.unwrap();
    let [_, mut april] = made();
    april.calls.truncate(60);
    let calls: std::collections::BTreeSet<_> = april
        .calls
        .iter()
        .map(|events| events[0].call.clone())
        .collect();
    april.tickets.retain(|history| {
        history.iter().any(|event| match &event.change {
            TicketChange::ContactAdded { contact } => contact
                .call
                .as_ref()
                .is_some_and(|call| calls.contains(call)),
            _ => false,
        })
    });
    let late = april.calls.pop().unwrap();
    let of_late = april.tickets.pop().unwrap();
    write(&store, &april).await;
    let now = month("2024-05").start() + Millis(10 * 3_600_000);

    let first = next(&store, FIRST, now).await.unwrap();
    assert_eq!(first.number, 1);
    assert_eq!(
        first,
        next(&store, FIRST, now).await.unwrap(),
        "the same, however often"
    );
    let kept = keep(&store, &first, now).await;

    // A call of a node that was away arrives, and nobody has registered it yet.
    store.append(&late).await.unwrap();
    let refused = next(&store, FIRST, now).await.unwrap_err();
    assert!(
        matches!(&refused, MonthlyError::NotReconciled(checks) if checks[0].id == "registered")
    );
    add_histories(&store, &[of_late]).await.unwrap();
    let second = Freezing {
        reason: "停止していた機器の通話が届いた。",
        ..FIRST
    };
    let second = next(&store, second, now).await.unwrap();
    assert_eq!(second.number, 2);
    let report = &second.frozen.books[0];
    assert!(!report.draft && report.edition == 2);
    let changed = report.table("differences").unwrap();
    let places: Vec<String> = changed.rows.iter().map(|row| row.cells[0].text()).collect();
    assert!(
        places.iter().any(|place| place.contains("着信")),
        "{places:?}"
    );
    let causes: String = changed.rows.iter().map(|row| row.cells[3].text()).collect();
    assert!(causes.contains(late[0].call.as_str()), "{causes}");
    // 改版履歴 begins with the first edition, of all books.
    let [begun, changed @ ..] = report.revisions.as_slice() else {
        panic!("{:?}", report.revisions);
    };
    assert_eq!((begun.edition, begun.after.as_str()), (1, "新規作成"));
    assert_eq!((begun.date, &*begun.confirmed_by), (now.date(), FIRST.by));
    assert!(!changed.is_empty() && changed.iter().all(|line| line.edition == 2));
    for book in &first.frozen.books {
        assert_eq!(book.revisions, std::slice::from_ref(begun), "{}", book.name);
    }

    // The first is what it was.
    let content = store
        .edition_content(month("2024-04"), 1)
        .await
        .unwrap()
        .unwrap();
    let again = Frozen::unpack(&content, &kept.sha256).unwrap();
    assert_eq!(again, first.frozen);
    // May compares with what was 確定, not with what came after it.
    let june = month("2024-06").start();
    let may = book(&store, "2024-05", june).await;
    assert_eq!(may.months[0].offered, 59);
}

async fn set_staffing(store: &Store, settings: &StaffingSettings, replaces: i64, at: Instant) {
    let entry = AuditEntry::of_system(
        at,
        Action::StaffingSettingsChange,
        STAFFING_SETTINGS_ID,
        Fields::new(),
    );
    let version = NewVersion {
        kind: STAFFING_SETTINGS,
        id: STAFFING_SETTINGS_ID.to_owned(),
        replaces,
        data: Some(serde_json::to_string(settings).unwrap()),
    };
    let mut tx = store.begin(entry).await.unwrap();
    tx.save_setting(&version).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_set_of_the_staff_after_確定_changes_no_outlook_of_the_month() {
    let store = Store::open("sqlite::memory:").await.unwrap();
    let [_, april] = made();
    write(&store, &april).await;
    let now = month("2024-05").start() + Millis(10 * 3_600_000);
    let usual = StaffingSettings {
        patience_secs: 90,
        ..StaffingSettings::default()
    };
    set_staffing(&store, &usual, 0, now).await;
    let outlook = |report: &MonthReport| {
        let chapters = &report.document.chapters;
        let found = chapters.iter().find(|chapter| chapter.id == "outlook");
        found.unwrap().clone()
    };
    let before = outlook(&book(&store, "2024-04", now).await);
    let told = serde_json::to_string(&before).unwrap();
    assert!(told.contains("待ち許容時間90秒、欠務率30%として"), "{told}");
    let tables = before.blocks.iter().filter_map(|block| match block {
        Block::Table(table) => Some((table.number.as_str(), table.rows.len())),
        _ => None,
    });
    let planned = ["表10-2", "表10-4", "表10-5"];
    let half_hours: Vec<_> = tables
        .filter(|(number, _)| planned.contains(number))
        .collect();
    assert_eq!(half_hours, planned.map(|number| (number, 19)));
    let first = next(&store, FIRST, now).await.unwrap();
    let staffing = &first.frozen.basis.settings["staffing"];
    assert_eq!(
        serde_json::from_value::<StaffingSettings>(staffing.clone()).unwrap(),
        usual
    );

    // Another desk: half the patience, twice the time for each call.
    let another = StaffingSettings {
        patience_secs: 45,
        aht_secs: Some(1_200),
        ..usual
    };
    set_staffing(&store, &another, 1, now).await;
    let changed = outlook(&book(&store, "2024-04", now).await);
    assert_ne!(
        changed, before,
        "while nothing is 確定 it follows what is set"
    );
    keep(&store, &first, now).await;
    assert_eq!(outlook(&book(&store, "2024-04", now).await), before);
    let second = Freezing {
        reason: "記入の追加",
        ..FIRST
    };
    let second = next(&store, second, now).await.unwrap();
    let book_of = |made: &NewEdition| made.frozen.books[0].clone();
    let chapter = |document: madoguchi_reports::document::Document| {
        let mut chapters = document.chapters.into_iter();
        chapters.find(|chapter| chapter.id == "outlook").unwrap()
    };
    assert_eq!(chapter(book_of(&second)), chapter(book_of(&first)));
    assert_eq!(
        second.frozen.basis.settings["staffing"],
        first.frozen.basis.settings["staffing"]
    );
}
