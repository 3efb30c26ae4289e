//! The board in a real Chromium: it lives without reload, and sets agents' states.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use fantoccini::Locator;
use futures::StreamExt as _;
use madoguchi_core::access::Role;
use madoguchi_core::live::{AgentCommand, AgentState};
use madoguchi_tests::browser::{Browser, Look, until_shown};
use madoguchi_tests::desk::Setup;
use madoguchi_tests::raw::Peer;
use madoguchi_tests::sipp;
use madoguchi_tests::visitor::Visitor;

#[tokio::test(flavor = "multi_thread")]
async fn the_board_lives_without_reload_and_sets_the_state_of_an_agent() -> anyhow::Result<()> {
    let desk = Setup::default().registering_agent("tanaka").start().await?;
    let password = desk.add_user("boss", &[Role::Supervisor], None).await?;
    let browser = Browser::start(1280, 800).await?;
    let client = &browser.client;
    browser.sign_in(desk.web(), "boss", &password).await?;
    until_shown(client, "お待ちの方はいません").await?;
    // A mark that a reload would wipe away.
    client.execute("window.mark = 'here'", Vec::new()).await?;

    let peer = Peer::new(desk.sip).await?;
    peer.send(&peer.request("INVITE", "5000", "shown", 1, ""))
        .await?;
    let response = peer.final_response().await?;
    peer.send(&peer.in_dialog("ACK", &response, 1)?).await?;
    until_shown(client, "0312345678").await?;
    until_shown(client, "順番待ち").await?;
    peer.send(&peer.in_dialog("BYE", &response, 2)?).await?;
    until_shown(client, "発信者が切断 1").await?;

    let reason = client.find(Locator::Css("input[name=reason]")).await?;
    reason.send_keys("会議").await?;
    client
        .find(Locator::Css("button[value=away]"))
        .await?
        .click()
        .await?;
    desk.until_agent(
        "tanaka",
        AgentState::Away {
            reason: "会議".to_owned(),
        },
    )
    .await?;
    until_shown(client, "会議").await?;
    let mark = client.execute("return window.mark", Vec::new()).await?;
    ensure!(mark == "here", "the page was not loaded again");
    client.clone().close().await?;
    desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_is_wider_than_a_telephone() -> anyhow::Result<()> {
    let desk = Setup::default().registering_agent("tanaka").start().await?;
    let call = sipp::caller().invite().expect(200).ack().pause(200).bye();
    call.start(&sipp::Run::call(desk.sip, "5000"))?
        .succeed()
        .await?;
    let roles = [Role::Supervisor, Role::Administrator, Role::Auditor];
    let password = desk.add_user("boss", &roles, None).await?;
    let browser = Browser::start(500, 844).await?;
    let client = &browser.client;
    client.set_window_size(390, 844).await?;
    browser.sign_in(desk.web(), "boss", &password).await?;
    for path in [
        "/board",
        "/calls",
        "/nowhere",
        "/account",
        "/account/password",
        "/account/second-factor",
        "/account/tokens",
        "/admin/users",
        "/admin/users/new",
        "/admin/users/inventory",
        "/audit",
        "/admin/announcements",
        "/admin/announcements/*/closed?text=%E9%96%89%E5%BA%97",
    ] {
        client.goto(&format!("http://{}{path}", desk.web())).await?;
        let script = "return document.documentElement.scrollWidth - window.innerWidth";
        let excess = client.execute(script, Vec::new()).await?;
        ensure!(
            excess.as_i64().is_some_and(|excess| excess <= 0),
            "{path}: {excess}"
        );
    }
    // Nor does a narrow one press the board together, whatever an agent writes.
    let reason = "w".repeat(40);
    ensure!(desk.command("tanaka", AgentCommand::Away { reason }).await);
    for width in [320, 390] {
        let look = Look {
            width,
            ..Look::PHONE
        };
        browser.look(look).await?;
        browser.open(desk.web(), "/board").await?;
        until_shown(client, "wwww").await?;
        let script = "
            const wide = (part) => part.getBoundingClientRect().width;
            const names = [...document.querySelectorAll('.agent .who, .queue')];
            return document.documentElement.scrollWidth <= window.innerWidth
                && names.length > 1 && names.every((part) => wide(part) > window.innerWidth * 0.7);";
        let fits = client.execute(script, Vec::new()).await?;
        ensure!(fits == true, "{width}");
    }
    client.clone().close().await?;
    desk.end().await?;
    Ok(())
}

/// Bytes that one who watches gets, for the whole board and for each change of one agent's state.
const WHOLE_BYTES: usize = 80_000;
const CHANGE_BYTES: usize = 3_000;

/// 200 watchers of 150 agents took 68 MB/s when each change brought the whole board.
#[tokio::test(flavor = "multi_thread")]
async fn who_watches_gets_only_what_changed() -> anyhow::Result<()> {
    let setup = (0..150).fold(Setup::default(), |setup, n| {
        setup.registering_agent(&format!("agent{n}"))
    });
    let desk = setup.start().await?;
    let password = desk.add_user("boss", &[Role::Supervisor], None).await?;
    let visitor = Visitor::sign_in(desk.web(), "boss", &password).await?;
    let mut watchers = Vec::new();
    for _ in 0..20 {
        let mut events = visitor.stream("/board/events").await?;
        let mut whole = 0;
        while whole < WHOLE_BYTES {
            whole += events.next().await.context("the whole board")??.len();
        }
        watchers.push(tokio::spawn(async move {
            let mut bytes = 0;
            while let Some(Ok(part)) = events.next().await {
                bytes += part.len();
                if String::from_utf8_lossy(&part).contains("最後") {
                    return Some((whole, bytes));
                }
            }
            None
        }));
    }
    // The rest of the whole may still be on its way.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let changes = 10;
    for n in 0..changes {
        let reason = if n + 1 == changes { "最後" } else { "会議" };
        let away = AgentCommand::Away {
            reason: reason.to_owned(),
        };
        ensure!(desk.command(&format!("agent{n}"), away).await);
        tokio::time::sleep(Duration::from_millis(600)).await;
    }
    for watcher in watchers {
        let (whole, bytes) = watcher.await?.context("the last change came")?;
        let all = whole + bytes;
        ensure!(
            all < whole * 2 + changes * CHANGE_BYTES,
            "{whole} and {bytes} bytes"
        );
    }
    desk.end().await?;
    Ok(())
}
