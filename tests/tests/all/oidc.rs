//! Signing in at the site's identity provider, a real one, with a real browser and with one
//! without a screen.

mod provider;
mod refused;

use anyhow::ensure;
use fantoccini::Locator;
use madoguchi_core::access::Role;
use madoguchi_core::account::User;
use madoguchi_core::audit::{Action, AuditEntry, Fields};
use madoguchi_core::clock::Clock;
use madoguchi_store::{AuditFilter, AuditRecord};
use madoguchi_tests::browser::{Browser, until_shown};
use madoguchi_tests::desk::{Desk, Setup};
use madoguchi_tests::identity::Arrangement;
use madoguchi_tests::walker::Walker;
use madoguchi_web::operator::{self, NewAccount};
use reqwest::StatusCode;

/// A desk that knows the provider, at the time that the provider's clock shows.
async fn desk(arrangement: &Arrangement, more: &str) -> anyhow::Result<Desk> {
    let settings = format!("{}\n{more}", arrangement.settings());
    let setup = Setup {
        web_port: arrangement.desk_port,
        ..Setup::default()
    };
    setup.at_real_time().web(&settings).start().await
}

/// A user whom the provider knows by this subject, and who has not changed the first password yet:
/// who signs in at the provider need not.
async fn add_user(desk: &Desk, login: &str, subject: &str) -> anyhow::Result<()> {
    let account = NewAccount {
        login,
        name: "田中 恵",
        roles: &[Role::Supervisor],
        agent: None,
        password: &operator::one_time_password(),
        must_change: true,
    };
    operator::add_account(desk.store(), &account, desk.clock.now()).await?;
    change(desk, login, |user| {
        user.oidc_subject = Some(subject.to_owned());
    })
    .await
}

async fn change(desk: &Desk, login: &str, change: impl FnOnce(&mut User)) -> anyhow::Result<()> {
    let mut user = desk.store().lookup_login(login).await?.unwrap().user;
    change(&mut user);
    let entry = AuditEntry::of_system(
        desk.clock.now(),
        Action::UserChange,
        user.id.as_str(),
        Fields::new(),
    );
    let mut tx = desk.store().begin(entry).await?;
    tx.save_user(&user).await?;
    Ok(tx.commit().await?)
}

/// The records of an action, newest first.
async fn records(desk: &Desk, action: Action) -> anyhow::Result<Vec<AuditRecord>> {
    let filter = AuditFilter {
        action: Some(action),
        limit: 10,
        ..AuditFilter::default()
    };
    Ok(desk.store().list_audit(&filter).await?)
}

/// Signs in at the provider as a person does, on its own pages.
async fn give_login(browser: &Browser, login: &str) -> anyhow::Result<()> {
    let client = &browser.client;
    for (field, text) in [
        ("input[name=login]", login),
        ("input[name=password]", "anything"),
    ] {
        let field = client.wait().for_element(Locator::Css(field)).await?;
        field.send_keys(text).await?;
    }
    client
        .find(Locator::Css("button.login-submit"))
        .await?
        .click()
        .await?;
    let agree = Locator::XPath("//button[text()='Continue']");
    client.wait().for_element(agree).await?.click().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_at_the_provider_and_lands_on_the_board() -> anyhow::Result<()> {
    let arrangement = Arrangement::default();
    let provider = arrangement.start().await?;
    let desk = desk(&arrangement, "").await?;
    add_user(&desk, "tanaka", "megumi").await?;
    let browser = Browser::start(1280, 800).await?;
    let client = &browser.client;
    client
        .goto(&format!("{}/board", arrangement.desk()))
        .await?;
    let button = Locator::LinkText("職員認証基盤でログイン");
    client.find(button).await?.click().await?;
    give_login(&browser, "megumi").await?;
    until_shown(client, "お待ちの方はいません").await?;
    ensure!(client.current_url().await?.path() == "/board");
    let me = client.find(Locator::Css(".me a")).await?.text().await?;
    ensure!(me == "田中 恵", "{me}");
    let cookies = client.get_all_cookies().await?;
    let names: Vec<_> = cookies.iter().map(|cookie| cookie.name()).collect();
    ensure!(names.contains(&"madoguchi"), "{names:?}");
    ensure!(
        !names.contains(&"madoguchi-oidc"),
        "it is used up: {names:?}"
    );
    let entry = records(&desk, Action::SignIn).await?.remove(0).entry;
    ensure!(entry.actor.name() == "tanaka" && entry.after["by"] == "oidc");
    client.clone().close().await?;
    provider.stop().await?;
    desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_whom_the_desk_does_not_know_is_told_what_to_ask_for() -> anyhow::Result<()> {
    let arrangement = Arrangement::default();
    let provider = arrangement.start().await?;
    let desk = desk(&arrangement, "").await?;
    let browser = Browser::start(1280, 800).await?;
    let client = &browser.client;
    client
        .goto(&format!("{}/sign-in", arrangement.desk()))
        .await?;
    let button = Locator::LinkText("職員認証基盤でログイン");
    client.find(button).await?.click().await?;
    give_login(&browser, "stranger").await?;
    let told = "この利用者は窓口に登録されていません。管理者に登録を依頼してください。";
    until_shown(client, &format!("{told}識別子: stranger")).await?;
    let entry = records(&desk, Action::SignInFailed).await?.remove(0).entry;
    ensure!(entry.actor.name() == "stranger", "{entry:?}");
    ensure!(entry.after["why"] == "unknown_subject" && entry.address == "127.0.0.1");
    client
        .goto(&format!("{}/board", arrangement.desk()))
        .await?;
    until_shown(client, "パスワード").await?;
    client.clone().close().await?;
    provider.stop().await?;
    desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_go_on_at_the_provider_is_led_back() -> anyhow::Result<()> {
    let arrangement = Arrangement::default();
    let provider = arrangement.start().await?;
    let desk = desk(&arrangement, "").await?;
    let walker = Walker::new(&[])?;
    let start = format!("{}/sign-in/oidc?next=/calls", arrangement.desk());
    let page = walker.open(&start).await?;
    let back = walker.open(&format!("{}/abort", page.url)).await?.html;
    ensure!(back.contains("error=access_denied"), "{back}");
    let seen = walker.open(&back).await?;
    ensure!(seen.status == StatusCode::BAD_REQUEST, "{seen:#?}");
    ensure!(
        seen.html
            .contains("職員認証基盤でのログインが取り消されました"),
        "{seen:#?}"
    );
    ensure!(seen.html.contains("value=\"/calls\""), "{seen:#?}");
    provider.stop().await?;
    desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_found_by_a_claim_that_the_provider_tells_at_user_info() -> anyhow::Result<()> {
    let arrangement = Arrangement::default();
    let provider = arrangement.start().await?;
    let desk = desk(&arrangement, "subject_claim = \"email\"").await?;
    add_user(&desk, "tanaka", "megumi@example.jp").await?;
    add_user(&desk, "boss", "unverified@example.jp").await?;
    let seen = Walker::new(&[])?
        .sign_in(&arrangement.desk(), "megumi")
        .await?;
    ensure!(
        seen.url.path() == "/board" && seen.html.contains("田中 恵"),
        "{seen:#?}"
    );
    // Whoever gives an address that the provider has not verified may be anybody.
    let seen = Walker::new(&[])?
        .sign_in(&arrangement.desk(), "unverified")
        .await?;
    ensure!(seen.status == StatusCode::BAD_GATEWAY, "{seen:#?}");
    ensure!(
        seen.html
            .contains("利用者を見分ける情報(email)が届かなかった"),
        "{seen:#?}"
    );
    provider.stop().await?;
    desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_signed_in_at_the_provider_is_asked_there_again() -> anyhow::Result<()> {
    let arrangement = Arrangement::default();
    let provider = arrangement.start().await?;
    let desk = desk(&arrangement, "").await?;
    add_user(&desk, "tanaka", "megumi").await?;
    let walker = Walker::new(&[])?;
    walker.sign_in(&arrangement.desk(), "megumi").await?;
    let tokens = format!("{}/account/tokens", arrangement.desk());
    let seen = walker.open(&tokens).await?;
    ensure!(seen.html.contains("本人の確認をする"), "{seen:#?}");
    for (login, told) in [
        ("somebody", "ログインしている人と違います"),
        ("megumi", "発行する"),
    ] {
        let again = "/account/confirm/oidc?next=/account/tokens";
        let address = format!("{}{again}", arrangement.desk());
        let page = walker.open(&address).await?;
        // Though the provider knows the browser.
        ensure!(page.html.contains("Enter any login"), "{page:#?}");
        let fields = format!("login={login}&password=x");
        let mut page = walker.submit(&page, &fields).await?;
        // Of another account than before the provider asks more than once.
        for _ in 0..3 {
            if page.html.contains("Continue") {
                page = walker.submit(&page, "agreed=1").await?;
            }
        }
        ensure!(page.status.is_redirection(), "{page:#?}");
        let seen = walker.open(&page.html).await?;
        ensure!(seen.html.contains(told), "{seen:#?}");
    }
    let entry = records(&desk, Action::Proven).await?.remove(0).entry;
    ensure!(entry.actor.name() == "tanaka" && entry.after["by"] == "oidc");
    ensure!(records(&desk, Action::ProofFailed).await?.len() == 1);
    provider.stop().await?;
    desk.end().await?;
    Ok(())
}

/// back, for there it will bring its cookie.
#[tokio::test(flavor = "multi_thread")]
async fn another_name_of_the_desk_does_as_well() -> anyhow::Result<()> {
    let arrangement = Arrangement::default();
    let provider = arrangement.start().await?;
    let desk = desk(&arrangement, "").await?;
    add_user(&desk, "tanaka", "megumi").await?;
    let other = arrangement.desk().replace("127.0.0.1", "localhost");
    let seen = Walker::new(&[])?.sign_in(&other, "megumi").await?;
    ensure!(seen.url.path() == "/board", "{seen:#?}");
    ensure!(seen.url.host_str() == Some("127.0.0.1"), "{seen:#?}");
    provider.stop().await?;
    desk.end().await?;
    Ok(())
}
