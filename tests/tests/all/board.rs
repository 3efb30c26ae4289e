//! The board in a real Chromium: it lives without reload, and sets agents' states.

use anyhow::ensure;
use fantoccini::Locator;
use madoguchi_core::access::Role;
use madoguchi_core::live::AgentState;
use madoguchi_tests::browser::{Browser, until_shown};
use madoguchi_tests::desk::Setup;
use madoguchi_tests::raw::Peer;
use madoguchi_tests::sipp;

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
    client.clone().close().await?;
    desk.end().await?;
    Ok(())
}
