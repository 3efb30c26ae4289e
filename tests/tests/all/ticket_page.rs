//! The page of a ticket in a real Chromium: nothing that is typed there is lost, and nobody overwrites unseen.

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use madoguchi_core::access::Role;
use madoguchi_core::clock::Clock;
use madoguchi_core::ticket::{Channel, Ticket, TicketFields};
use madoguchi_store::NewTicket;
use madoguchi_tests::browser::Browser;
use madoguchi_tests::desk::{Desk, Setup};

type Outcome = anyhow::Result<()>;

const NOTE: &str = "折り返しは午後に";
const MINE: &str = "電子の領収書を添付してください。";
const THEIRS: &str = "領収書の写しを添付してください。";

async fn add_ticket(desk: &Desk) -> anyhow::Result<Ticket> {
    let now = desk.clock.now();
    let new = NewTicket {
        id: "shared".into(),
        by: None,
        at: now,
        happened_at: None,
        received_at: now,
        fields: TicketFields {
            channel: Channel::Mail,
            question: "添付書類が分かりません".to_owned(),
            ..TicketFields::default()
        },
        changes: Vec::new(),
    };
    let mut tx = desk.store().begin_unrecorded().await?;
    let ticket = tx.add_ticket(&new).await?;
    tx.commit().await?;
    Ok(ticket)
}

async fn until_draft(desk: &Desk, login: &str, text: &str) -> Outcome {
    let agent = desk.store().lookup_login(login).await?;
    let agent = agent.context("the agent")?.user.id;
    for _ in 0..500 {
        let drafts = desk.store().ticket_drafts(&agent).await?;
        if drafts.iter().any(|draft| draft.form.contains(text)) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    bail!("what was typed was not kept")
}

fn holds(field: &str, text: &str) -> String {
    format!("return document.querySelector('{field}')?.value === '{text}'")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_on_the_page_of_a_ticket_outlives_the_browser_and_overwrites_nothing_unseen()
-> Outcome {
    let desk = Setup::default().start().await?;
    let ticket = add_ticket(&desk).await?;
    let place = format!("/tickets/{}", ticket.number);
    let password = desk.add_user("sato", &[Role::Agent], None).await?;
    let sato = Browser::start(1280, 800).await?;
    sato.sign_in(desk.web(), "sato", &password).await?;
    sato.open(desk.web(), &place).await?;
    let unfold = "document.getElementById('note-text').closest('details').open = true";
    sato.client.execute(unfold, Vec::new()).await?;
    sato.fill_in("#note-text", NOTE).await?;
    until_draft(&desk, "sato", NOTE).await?;
    sato.fill_in(".ticket-form [name=answer]", MINE).await?;
    until_draft(&desk, "sato", MINE).await?;

    // The browser is gone. Meanwhile somebody else answers, and sees who is at it.
    drop(sato);
    let other = desk.add_user("suzuki", &[Role::Agent], None).await?;
    let suzuki = Browser::start(1280, 800).await?;
    suzuki.sign_in(desk.web(), "suzuki", &other).await?;
    suzuki.open(desk.web(), &place).await?;
    suzuki.until_shown("入力中:sato").await?;
    suzuki.fill_in(".ticket-form [name=answer]", THEIRS).await?;
    suzuki.click(".ticket-form button.primary").await?;
    suzuki.until_shown("保存しました").await?;
    suzuki.close().await?;

    // In another browser everything is there, and says so.
    let sato = Browser::start(1280, 800).await?;
    sato.sign_in(desk.web(), "sato", &password).await?;
    sato.open(desk.web(), &place).await?;
    sato.until_shown("までに入力した内容を表示しています")
        .await?;
    sato.until_true(&holds("#note-text", NOTE)).await?;
    sato.until_true(&holds(".ticket-form [name=answer]", MINE))
        .await?;
    sato.click(".ticket-form button.primary").await?;
    sato.until_shown("あなたの入力").await?;
    sato.until_shown(THEIRS).await?;
    let kept = desk.store().lookup_ticket(&ticket.id).await?;
    ensure!(kept.context("the ticket")?.fields.answer == THEIRS);
    // Seen, it can be saved; then the note is left, and after that nothing.
    sato.click(".ticket-form button.primary").await?;
    sato.until_shown("保存しました").await?;
    sato.until_true(&holds("#note-text", NOTE)).await?;
    sato.click("[action$='/steps/note'] button").await?;
    sato.until_shown("保存しました").await?;
    sato.open(desk.web(), &place).await?;
    sato.until_shown(NOTE).await?;
    sato.until_true(&holds("#note-text", "")).await?;
    let agent = desk.store().lookup_login("sato").await?;
    let agent = agent.context("the agent")?.user.id;
    ensure!(desk.store().ticket_drafts(&agent).await?.is_empty());
    let kept = desk.store().lookup_ticket(&ticket.id).await?;
    let kept = kept.context("the ticket")?;
    ensure!(kept.fields.answer == MINE && kept.notes.len() == 1);
    sato.close().await?;
    desk.end().await?;
    Ok(())
}
