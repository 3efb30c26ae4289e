//! Pages in states that an address alone does not lead to: errors, secrets shown once, steps of
//! signing in, a question asked.

use anyhow::Context;
use madoguchi_core::access::Role;
use madoguchi_core::clock::Clock;
use madoguchi_tests::browser::Browser;
use madoguchi_tests::desk::Setup;
use madoguchi_tests::raw::Peer;
use madoguchi_tests::totp::code;
use madoguchi_web::operator;

use super::{Outcome, Wrong};

/// Fills a form in, sends it, waits for the answer, and looks at it.
async fn send(
    browser: &Browser,
    wrong: &mut Wrong,
    fields: &[(&str, &str)],
    answer: &str,
) -> Outcome {
    for (id, text) in fields {
        browser.fill_in(&format!("#{id}"), text).await?;
    }
    browser.click("main form button.primary").await?;
    browser.until_shown(answer).await?;
    wrong.look(browser, answer).await
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_is_accessible_at_every_step() -> Outcome {
    let desk = Setup::default()
        .standing_at("2026-11-24T10:00:00")
        .web("second_factor_roles = [\"faq_approver\"]")
        .start()
        .await?;
    let one_time = operator::ensure_administrator(desk.store(), desk.clock.now()).await?;
    let one_time = one_time.context("a first administrator")?;
    let password = desk.add_user("shonin", &[Role::FaqApprover], None).await?;
    let mut wrong = Wrong::default();
    let browser = Browser::start(1280, 800).await?;
    browser.open(desk.web(), "/sign-in").await?;
    let fields = [("login", "admin"), ("password", "wrong")];
    send(&browser, &mut wrong, &fields, "パスワードが違います").await?;

    browser.sign_in(desk.web(), "admin", &one_time).await?;
    browser.until_shown("変更が必要です").await?;
    wrong.look(&browser, "a password to be changed").await?;
    let new = "ume-sakura-ajisai";
    let fields = [("current", "wrong"), ("new", new), ("again", new)];
    send(&browser, &mut wrong, &fields, "違います").await?;
    browser.click("form[action='/sign-out'] button").await?;
    browser.until_shown("ログアウトしました").await?;
    wrong.look(&browser, "signed out").await?;

    browser.sign_in(desk.web(), "shonin", &password).await?;
    browser.until_shown("2段階認証の設定が必要です").await?;
    wrong.look(&browser, "a second factor to be set up").await?;
    let right = code(&browser.text("code.secret").await?, desk.clock.now().0)?;
    for (given, answer) in [("000000", "コードが違います"), (&right, "回復コードで")]
    {
        let fields = [("code", given), ("password", &password)];
        send(&browser, &mut wrong, &fields, answer).await?;
    }
    browser.client.delete_all_cookies().await?;
    browser.open(desk.web(), "/sign-in").await?;
    let fields = [("login", "shonin"), ("password", &password)];
    send(&browser, &mut wrong, &fields, "6桁のコードを入力").await?;
    send(
        &browser,
        &mut wrong,
        &[("code", "000000")],
        "コードが違います",
    )
    .await?;
    browser.close().await?;
    desk.end().await?;
    wrong.nothing()
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_accessible_in_every_state() -> Outcome {
    let setup = Setup::default().registering_agent("tanaka");
    let desk = setup.registering_agent("sato").start().await?;
    let roles = [Role::Supervisor, Role::Administrator];
    let password = desk.add_user("boss", &roles, Some("tanaka")).await?;
    let mut wrong = Wrong::default();
    let browser = Browser::start(1280, 800).await?;
    browser.sign_in(desk.web(), "boss", &password).await?;
    browser.open(desk.web(), "/board").await?;

    let peer = Peer::new(desk.sip).await?;
    let invite = peer.request("INVITE", "5000", "waits", 1, "");
    peer.send(&invite).await?;
    let response = peer.final_response().await?;
    peer.send(&peer.in_dialog("ACK", &response, 1)?).await?;
    browser.until_shown("0312345678").await?;
    browser.click(".own button[value=away]").await?;
    browser.until_shown("離席にしました").await?;
    browser.click("summary").await?;
    wrong.look(&browser, "a board with a caller").await?;
    browser.open(desk.web(), "/board?done=state").await?;
    wrong.look(&browser, "a board with a word").await?;
    peer.send(&peer.in_dialog("BYE", &response, 2)?).await?;
    browser.open(desk.web(), "/calls?from=x").await?;
    wrong.look(&browser, "a query refused").await?;

    browser.open(desk.web(), "/account/confirm").await?;
    let fields = [("password", "wrong")];
    send(&browser, &mut wrong, &fields, "パスワードが違います").await?;
    browser.prove(desk.web(), &password).await?;
    browser.open(desk.web(), "/account/tokens").await?;
    let name = [("name", "集計")];
    send(&browser, &mut wrong, &name, "権限を1つ以上選んで").await?;
    browser.click("input[name=scope]").await?;
    send(&browser, &mut wrong, &name, "「控えました」を押すまで").await?;

    browser.open(desk.web(), "/admin/users/new").await?;
    let fields = [("login", "x!"), ("name", "鈴木")];
    send(&browser, &mut wrong, &fields, "ログイン名は、").await?;
    browser.click("input[value=reporter]").await?;
    let fields = [("login", "suzuki")];
    send(&browser, &mut wrong, &fields, "初回のパスワードです").await?;
    browser.click("form[action$='/disable'] button").await?;
    wrong.look(&browser, "a question").await?;
    browser.click("dialog button.danger").await?;
    browser.until_shown("利用を停止しました").await?;
    wrong.look(&browser, "a user stopped").await?;
    browser.close().await?;
    desk.end().await?;
    wrong.nothing()
}
