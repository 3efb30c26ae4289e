//! Whom the provider's answer does not let in: thieves, and people who may not.

use anyhow::ensure;
use madoguchi_core::audit::Action;
use madoguchi_core::clock::Clock;
use madoguchi_tests::identity::Arrangement;
use madoguchi_tests::walker::Walker;
use reqwest::StatusCode;

use super::{add_user, change, desk, records};

#[tokio::test(flavor = "multi_thread")]
async fn a_replayed_or_foreign_state_is_refused() -> anyhow::Result<()> {
    let arrangement = Arrangement::default();
    let provider = arrangement.start().await?;
    let desk = desk(&arrangement, "").await?;
    add_user(&desk, "tanaka", "megumi").await?;
    let walker = Walker::new(&[])?;
    let back = walker.to_callback(&arrangement.desk(), "megumi").await?;
    // The provider's answer to somebody else, in a browser that has asked for nothing, or for
    // something else.
    let foreign = Walker::new(&[])?;
    let seen = foreign.open(&back).await?;
    ensure!(seen.status == StatusCode::BAD_REQUEST, "{seen:#?}");
    ensure!(
        seen.html.contains("ログインの手続の期限が切れたか"),
        "{seen:#?}"
    );
    foreign.to_callback(&arrangement.desk(), "other").await?;
    let seen = foreign.open(&back).await?;
    ensure!(seen.status == StatusCode::BAD_REQUEST, "{seen:#?}");
    // The right browser with another state, and without one.
    let (begin, state) = back.split_once("state=").unwrap();
    let rest = state.split_once('&').map_or("", |(_, rest)| rest);
    for forged in [
        format!("{begin}state=forged&{rest}"),
        begin.to_owned() + rest,
    ] {
        let seen = walker.open(&forged).await?;
        ensure!(seen.status == StatusCode::BAD_REQUEST, "{seen:#?}");
    }
    ensure!(records(&desk, Action::SignIn).await?.is_empty());
    // None of that has ended the attempt of the browser that began it.
    let seen = walker.open(&back).await?;
    ensure!(
        seen.status == StatusCode::OK && seen.url.path() == "/board",
        "{seen:#?}"
    );
    let seen = walker.open(&back).await?;
    ensure!(
        seen.status == StatusCode::BAD_REQUEST,
        "replayed: {seen:#?}"
    );
    ensure!(records(&desk, Action::SignIn).await?.len() == 1);
    provider.stop().await?;
    desk.end().await?;
    Ok(())
}

/// A thief who has the cookie of the attempt as well still lacks a code that was not redeemed.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_redeemed_once_even_with_the_cookie_of_the_attempt() -> anyhow::Result<()> {
    let arrangement = Arrangement::default();
    let provider = arrangement.start().await?;
    let desk = desk(&arrangement, "").await?;
    add_user(&desk, "tanaka", "megumi").await?;
    let start = format!("{}/sign-in/oidc?moved=1", arrangement.desk());
    let once = madoguchi_tests::http_client()
        .redirect(reqwest::redirect::Policy::none())
        .tls_certs_only([])
        .no_proxy()
        .build()?;
    let answer = once.get(start).send().await?;
    let cookie = answer.headers()["set-cookie"].to_str()?;
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let walker = Walker::new(&[])?;
    let page = walker.open(answer.headers()["location"].to_str()?).await?;
    let page = walker.submit(&page, "login=megumi&password=x").await?;
    let back = walker.submit(&page, "agreed=1").await?.html;
    let bring = async || once.get(&back).header("cookie", &cookie).send().await;
    ensure!(bring().await?.status() == StatusCode::SEE_OTHER);
    let answer = bring().await?;
    ensure!(answer.status() == StatusCode::BAD_REQUEST, "{answer:?}");
    ensure!(records(&desk, Action::SignIn).await?.len() == 1);
    provider.stop().await?;
    desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_disabled_or_locked_is_refused_and_that_is_recorded() -> anyhow::Result<()> {
    let arrangement = Arrangement::default();
    let provider = arrangement.start().await?;
    let desk = desk(&arrangement, "").await?;
    for login in ["gone", "locked"] {
        add_user(&desk, login, login).await?;
    }
    let now = desk.clock.now();
    change(&desk, "gone", |user| user.disabled_at = Some(now)).await?;
    change(&desk, "locked", |user| user.failures = 10).await?;
    for (login, told, why) in [
        ("gone", "このアカウントは利用を停止しています", "disabled"),
        ("locked", "ロックされています", "locked"),
    ] {
        let walker = Walker::new(&[])?;
        let seen = walker.sign_in(&arrangement.desk(), login).await?;
        ensure!(seen.status == StatusCode::FORBIDDEN, "{seen:#?}");
        ensure!(seen.html.contains(told), "{seen:#?}");
        let entry = records(&desk, Action::SignInFailed).await?.remove(0).entry;
        ensure!(entry.actor.name() == login && entry.after["why"] == why);
        let board = format!("{}/board", arrangement.desk());
        ensure!(walker.open(&board).await?.url.path() == "/sign-in");
    }
    provider.stop().await?;
    desk.end().await?;
    Ok(())
}
