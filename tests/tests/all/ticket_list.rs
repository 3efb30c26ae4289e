//! The list of tickets in a real Chromium: several are changed at once, by keys and by a double click, and what
//! is close to its limit is told while one looks.

use anyhow::{Context, ensure};
use fantoccini::Locator;
use fantoccini::key::Key;
use madoguchi_core::access::Role;
use madoguchi_core::audit::{Action, AuditEntry, Fields};
use madoguchi_core::clock::Clock;
use madoguchi_core::service::HELP_DESK;
use madoguchi_core::ticket::{Status, Ticket, TicketChange, TicketFields};
use madoguchi_core::time::{Instant, Millis};
use madoguchi_store::{NewTicket, TicketEdit};
use madoguchi_tests::browser::Browser;
use madoguchi_tests::desk::{Desk, Setup};

type Outcome = anyhow::Result<()>;

fn entry(at: Instant) -> AuditEntry {
    AuditEntry::of_system(at, Action::TicketChange, "", Fields::new())
}

async fn add(desk: &Desk, id: &str, minutes_ago: i64) -> Outcome {
    let now = desk.clock.now();
    let new = NewTicket {
        id: id.into(),
        by: None,
        at: now,
        happened_at: None,
        received_at: now - Millis::from_secs(minutes_ago * 60),
        fields: TicketFields {
            division: Some(HELP_DESK.into()),
            question: format!("{id}の質問"),
            ..TicketFields::default()
        },
        changes: Vec::new(),
    };
    let mut tx = desk.store().begin(entry(now)).await?;
    tx.add_ticket(&new).await?;
    tx.commit().await?;
    Ok(())
}

async fn ticket(desk: &Desk, id: &str) -> anyhow::Result<Ticket> {
    let ticket = desk.store().lookup_ticket(&id.into()).await?;
    ticket.context("a ticket")
}

#[tokio::test(flavor = "multi_thread")]
async fn several_tickets_are_changed_at_once_and_what_cannot_be_is_told() -> Outcome {
    let desk = Setup::default().start().await?;
    for id in ["t1", "t2", "t3", "t4"] {
        add(&desk, id, 1).await?;
    }
    let password = desk.add_user("sekinin", &[Role::Supervisor], None).await?;
    let browser = Browser::start(1280, 800).await?;
    browser.sign_in(desk.web(), "sekinin", &password).await?;
    browser.open(desk.web(), "/tickets").await?;
    // Meanwhile somebody else closes one.
    let before = Status::Received;
    let after = Status::Done;
    let done = TicketEdit {
        id: "t2".into(),
        version: None,
        by: None,
        at: desk.clock.now(),
        happened_at: None,
        changes: vec![TicketChange::StatusChanged { before, after }],
    };
    let mut tx = desk.store().begin(entry(desk.clock.now())).await?;
    tx.change_ticket(&done).await?;
    tx.commit().await?;
    // By keys: Tab leads from box to box, the blank chooses.
    let first = "document.querySelector('[data-choose-all]').focus()";
    browser.client.execute(first, Vec::new()).await?;
    browser.tab_to("[data-choose][value^='R8-00003']").await?;
    browser.press([' ']).await?;
    browser
        .until_true("return document.querySelector('[data-chosen]').textContent === '(1件を選択)'")
        .await?;
    browser.tab_to("[data-choose][value^='R8-00002']").await?;
    browser.press([' ', Key::Tab.into()]).await?;
    browser
        .click("[data-bulk] [name=status] option[value=in_progress]")
        .await?;
    browser.fill_in("[data-bulk] [name=tags]", "確認").await?;
    // The button is pressed twice.
    let button = browser.client.find(Locator::Css("#bulk button")).await?;
    let twice = "arguments[0].click(); arguments[0].click();";
    browser
        .client
        .execute(twice, vec![serde_json::to_value(&button)?])
        .await?;
    browser
        .until_shown("1件を変更しました。1件は変更していません。")
        .await?;
    browser.until_shown("ほかの人が先に変更しました").await?;
    let changed = ticket(&desk, "t3").await?;
    ensure!(changed.status() == Status::InProgress && changed.fields.tags.contains("確認"));
    ensure!(changed.version == 3, "two steps, once");
    ensure!(
        ticket(&desk, "t2").await?.fields.tags.is_empty(),
        "all of it or nothing"
    );
    ensure!(ticket(&desk, "t4").await?.version == 1);
    // All that are shown, by the box in the head.
    browser.click("main p a.button").await?;
    browser.until_at("/tickets").await?;
    browser.click("[data-choose-all]").await?;
    browser
        .until_true("return document.querySelector('[data-chosen]').textContent === '(4件を選択)'")
        .await?;
    browser.close().await?;
    desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_close_to_its_limit_is_told_without_loading_the_page_again() -> Outcome {
    let desk = Setup::default().start().await?;
    let password = desk.add_user("sekinin", &[Role::Supervisor], None).await?;
    let browser = Browser::start(1280, 800).await?;
    browser.sign_in(desk.web(), "sekinin", &password).await?;
    browser.open(desk.web(), "/tickets/due").await?;
    browser.until_shown("期限の近い問合せはありません").await?;
    browser
        .client
        .execute("window.here = true", Vec::new())
        .await?;
    add(&desk, "soon", 25).await?;
    add(&desk, "late", 45).await?;
    browser.until_shown("超過 1件、期限間近 1件").await?;
    browser.until_shown("残り4分").await?;
    let told = "return document.querySelector('nav .waits')?.textContent === '超過1件、間近1件'";
    browser.until_true(told).await?;
    ensure!(
        browser
            .client
            .execute("return window.here === true", Vec::new())
            .await?
            == true,
        "the page was not loaded again"
    );
    browser.open(desk.web(), "/board").await?;
    browser.until_shown("超過 1件　間近 1件").await?;
    browser.close().await?;
    desk.end().await?;
    Ok(())
}
