//! What people do with their accounts, in a real Chromium.

use anyhow::{Context, ensure};
use fantoccini::{Client, Locator};
use madoguchi_core::access::Role;
use madoguchi_core::clock::Clock;
use madoguchi_tests::browser::{Browser, until_shown};
use madoguchi_tests::desk::{Desk, Setup};
use madoguchi_tests::totp::code;
use madoguchi_web::operator;

type Outcome = anyhow::Result<()>;

const PASSWORD: &str = "momo-kaki-nashi-budou";

async fn desk() -> anyhow::Result<Desk> {
    Setup::default().registering_agent("tanaka").start().await
}

async fn type_into(client: &Client, fields: &[(&str, &str)]) -> Outcome {
    for (id, text) in fields {
        client.find(Locator::Id(id)).await?.send_keys(text).await?;
    }
    Ok(())
}

async fn send(client: &Client) -> Outcome {
    let button = Locator::Css("main form button.primary");
    client.find(button).await?.click().await?;
    Ok(())
}

async fn until_at(client: &Client, path: &str) -> Outcome {
    for _ in 0..200 {
        if client.current_url().await?.path() == path {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    anyhow::bail!("not at {path} but at {}", client.current_url().await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_administrator_changes_the_one_time_password_and_registers_somebody() -> Outcome {
    let desk = desk().await?;
    let one_time = operator::ensure_administrator(desk.store(), desk.clock.now()).await?;
    let one_time = one_time.context("there was nobody before")?;
    let again = operator::ensure_administrator(desk.store(), desk.clock.now()).await?;
    ensure!(again.is_none(), "the first administrator is made once");

    let browser = Browser::start(1280, 800).await?;
    let client = &browser.client;
    browser.sign_in(desk.web(), "admin", &one_time).await?;
    until_at(client, "/account/password").await?;
    until_shown(client, "パスワードの変更が必要です").await?;
    let fields = [
        ("current", one_time.as_str()),
        ("new", PASSWORD),
        ("again", PASSWORD),
    ];
    type_into(client, &fields).await?;
    send(client).await?;
    until_shown(client, "パスワードを変更しました").await?;

    browser.prove(desk.web(), PASSWORD).await?;
    client
        .goto(&format!("http://{}/admin/users/new", desk.web()))
        .await?;
    type_into(client, &[("login", "sato"), ("name", "佐藤")]).await?;
    let role = Locator::Css("input[value=agent]");
    client.find(role).await?.click().await?;
    send(client).await?;
    until_shown(client, "「控えました」を押すまで").await?;
    let shown = client.find(Locator::Id("one-time")).await?.text().await?;

    let other = Browser::start(1280, 800).await?;
    other.sign_in(desk.web(), "sato", &shown).await?;
    until_at(&other.client, "/account/password").await?;
    other.client.clone().close().await?;
    client.clone().close().await?;
    desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_are_told_and_held_up() -> Outcome {
    let desk = desk().await?;
    desk.add_user("sato", &[Role::Agent], None).await?;
    let browser = Browser::start(1280, 800).await?;
    let client = &browser.client;
    for told in ["違います", "違います", "違います", "待ってから"] {
        client
            .goto(&format!("http://{}/sign-in", desk.web()))
            .await?;
        type_into(
            client,
            &[("login", "sato"), ("password", "wrong-wrong-wrong")],
        )
        .await?;
        send(client).await?;
        until_shown(client, told).await?;
    }
    client.clone().close().await?;
    desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_factor_is_set_up_and_asked_for() -> Outcome {
    let desk = desk().await?;
    let password = desk.add_user("sato", &[Role::Agent], None).await?;
    let browser = Browser::start(1280, 800).await?;
    let client = &browser.client;
    browser.sign_in(desk.web(), "sato", &password).await?;
    client
        .goto(&format!("http://{}/account/second-factor", desk.web()))
        .await?;
    let secret = client
        .find(Locator::Css("code.secret"))
        .await?
        .text()
        .await?;
    let shown = code(&secret, desk.clock.now().0)?;
    type_into(client, &[("code", &shown), ("password", &password)]).await?;
    send(client).await?;
    until_shown(client, "2段階認証を設定しました").await?;
    let recovery = client
        .find(Locator::Css(".codes code"))
        .await?
        .text()
        .await?;

    client.delete_all_cookies().await?;
    client
        .goto(&format!("http://{}/sign-in", desk.web()))
        .await?;
    type_into(client, &[("login", "sato"), ("password", &password)]).await?;
    send(client).await?;
    until_at(client, "/sign-in/code").await?;
    // The code that was shown at the set-up is used up.
    type_into(client, &[("code", &shown)]).await?;
    send(client).await?;
    until_shown(client, "コードが違います").await?;
    type_into(client, &[("code", &recovery)]).await?;
    send(client).await?;
    until_at(client, "/board").await?;
    client.clone().close().await?;
    desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn walls_are_seen_and_a_session_ends_from_elsewhere() -> Outcome {
    let desk = desk().await?;
    let password = desk.add_user("sato", &[Role::Agent], None).await?;
    let (here, there) = (
        Browser::start(1280, 800).await?,
        Browser::start(1280, 800).await?,
    );
    for browser in [&here, &there] {
        browser.sign_in(desk.web(), "sato", &password).await?;
    }
    let client = &here.client;
    here.until_at("/board").await?;
    let menu = client
        .find(Locator::Css("header nav"))
        .await?
        .text()
        .await?;
    ensure!(
        menu.contains("応答状況") && !menu.contains("利用者"),
        "{menu}"
    );
    client
        .goto(&format!("http://{}/admin/users", desk.web()))
        .await?;
    until_shown(client, "「利用者の管理」の権限がありません").await?;

    client
        .goto(&format!("http://{}/account", desk.web()))
        .await?;
    // A session alone ends no other: who sits there is asked first, and led back.
    here.click("main td form button").await?;
    here.until_at("/account/confirm").await?;
    type_into(client, &[("password", &password)]).await?;
    send(client).await?;
    here.until_at("/account").await?;
    here.click("main td form button").await?;
    until_shown(client, "ログインを終了しました").await?;
    let client = &there.client;
    client.goto(&format!("http://{}/board", desk.web())).await?;
    until_at(client, "/sign-in").await?;
    for browser in [here, there] {
        browser.close().await?;
    }
    desk.end().await?;
    Ok(())
}
