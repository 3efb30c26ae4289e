//! The board in a real Chromium: it lives without reload, and sets agents' states.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, ensure};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use madoguchi_core::live::AgentState;
use madoguchi_tests::desk::Setup;
use madoguchi_tests::raw::Peer;
use madoguchi_tests::{free_port, sipp};
use tokio::process::{Child, Command};

/// A browser and the process that drives it.
struct Browser {
    client: Client,
    _driver: Child,
    _profile: tempfile::TempDir,
}

async fn browser(width: u32, height: u32) -> anyhow::Result<Browser> {
    let port = free_port();
    let driver = Command::new("chromedriver")
        .arg(format!("--port={port}"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .context("chromedriver (Debian packages chromium and chromium-driver) did not start")?;
    let profile = tempfile::tempdir()?;
    let arguments = serde_json::json!([
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        format!("--window-size={width},{height}"),
        format!("--user-data-dir={}", profile.path().display()),
    ]);
    let mut capabilities = serde_json::Map::new();
    capabilities.insert(
        "goog:chromeOptions".to_owned(),
        serde_json::json!({ "args": arguments, "binary": "/usr/bin/chromium" }),
    );
    let address = format!("http://127.0.0.1:{port}");
    for _ in 0..100 {
        let mut builder = ClientBuilder::new(HttpConnector::new());
        if let Ok(client) = builder
            .capabilities(capabilities.clone())
            .connect(&address)
            .await
        {
            return Ok(Browser {
                client,
                _driver: driver,
                _profile: profile,
            });
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    anyhow::bail!("chromium (Debian package chromium) did not start")
}

/// Waits until the page's text contains `wanted`.
async fn until_shown(client: &Client, wanted: &str) -> anyhow::Result<()> {
    let mut text = String::new();
    for _ in 0..200 {
        text = client.find(Locator::Css("main")).await?.text().await?;
        if text.contains(wanted) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    anyhow::bail!("「{wanted}」 is not shown:\n{text}")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_board_lives_without_reload_and_sets_the_state_of_an_agent() -> anyhow::Result<()> {
    let desk = Setup::default().registering_agent("tanaka").start().await?;
    let browser = browser(1280, 800).await?;
    let client = &browser.client;
    client.goto(&format!("http://{}/", desk.web())).await?;
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
    let browser = browser(500, 844).await?;
    let client = &browser.client;
    client.set_window_size(390, 844).await?;
    for path in ["/", "/calls", "/nowhere"] {
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
