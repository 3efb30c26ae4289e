//! Strangers guess at passwords while the telephones ring.

use std::net::SocketAddr;

use anyhow::ensure;
use futures::future::join_all;
use madoguchi_tests::desk::Setup;
use madoguchi_tests::siege::{STRANGER, siege};
use madoguchi_tests::visitor::Visitor;
use reqwest::redirect::Policy;
use reqwest::{StatusCode, header};

type Outcome = anyhow::Result<()>;

/// So many guesses at once.
const AT_ONCE: usize = 300;
/// An account is locked for strangers after so many.
const LIMIT: usize = 10;

/// Sends wrong passwords for an account all at once; tells how many were looked at.
async fn guess(web: SocketAddr, login: &str) -> anyhow::Result<usize> {
    let client = madoguchi_tests::http_client()
        .redirect(Policy::none())
        .local_address(STRANGER)
        .build()?;
    let place = format!("http://{web}/sign-in");
    let form = client.get(&place).send().await?;
    let cookie = form.headers().get(header::SET_COOKIE).cloned();
    let cookie =
        cookie.and_then(|cookie| Some(cookie.to_str().ok()?.split(';').next()?.to_owned()));
    let cookie = cookie.unwrap_or_default();
    let page = form.text().await?;
    let token = page.split("name=\"_csrf\" value=\"").nth(1);
    let token = token
        .and_then(|rest| rest.split('"').next())
        .unwrap_or_default();
    let body = format!("_csrf={token}&login={login}&password=wrong-wrong-wrong");
    let guesses = (0..AT_ONCE).map(async |_| {
        let request = client
            .post(&place)
            .header(header::COOKIE, &cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body.clone());
        // A connection that is refused is no guess.
        match request.send().await {
            Ok(answer) => answer.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    });
    let answers = join_all(guesses).await;
    Ok(answers
        .iter()
        .filter(|html| html.contains("違います"))
        .count())
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_beside_calls_pass_no_limit_and_lock_no_owner_out() -> Outcome {
    siege(Setup::default(), 20, async |desk| {
        let add = [
            "account", "add", "sato", "--name", "佐藤", "--role", "agent",
        ];
        let password = desk.command(&add).await?.trim().to_owned();
        let mut own = Visitor::sign_in(desk.web, "sato", &password).await?;
        own.submit("/account/password", "/sign-out", "").await?;
        let mut looked_at = 0;
        for _ in 0..4 {
            looked_at += guess(desk.web, "sato").await?;
            let body = format!("login=sato&password={password}");
            let answer = own.submit("/sign-in", "/sign-in", &body).await?;
            ensure!(answer.status == StatusCode::SEE_OTHER, "{}", answer.text());
            own.submit("/account/password", "/sign-out", "").await?;
        }
        ensure!((1..=LIMIT).contains(&looked_at), "{looked_at}");
        Ok(())
    })
    .await?;
    Ok(())
}
