//! Guesses at the code of a second factor by those who know the password.

use anyhow::ensure;
use futures::future::try_join_all;
use madoguchi_core::clock::{Clock, SystemClock};
use madoguchi_tests::desk::Setup;
use madoguchi_tests::process::DeskProcess;
use madoguchi_tests::siege::siege;
use madoguchi_tests::totp::code;
use madoguchi_tests::visitor::Visitor;
use reqwest::StatusCode;

use super::visitors::{PASSWORD, attacker, user};

type Outcome = anyhow::Result<()>;

const THIEVES: usize = 8;
const GUESSES: usize = 150;
/// An account is locked for strangers after so many.
const LIMIT: usize = 10;
/// How long a code is shown.
const STEP_MS: i64 = 30_000;

/// Somebody with a second factor; the secret of it.
async fn with_second_factor(desk: &DeskProcess) -> anyhow::Result<(Visitor, String)> {
    let mut own = user(desk, "sato", "agent").await?;
    let page = "/account/second-factor";
    let secret = own.get(page).await?.field("secret")?;
    let shown = code(&secret, SystemClock.now().0)?;
    let body = format!("secret={secret}&code={shown}&password={PASSWORD}");
    let set = own.submit(page, page, &body).await?;
    let codes = own.get(&set.location).await?;
    ensure!(codes.text().contains("class=\"codes\""), "{}", codes.text());
    Ok((own, secret))
}

/// Guesses at codes; how many were looked at. In between whoever has given the password alone
/// tries to go on without.
async fn guess(thief: &mut Visitor, secret: &str) -> anyhow::Result<usize> {
    let mut looked_at = 0;
    let beyond = [
        "/",
        "/account",
        "/account/tokens",
        "/account/second-factor",
        "/account/password",
        "/board",
        "/calls",
        "/knowledge",
        "/api/v1/board",
        "/api/v1/calls",
    ];
    for n in 0..GUESSES {
        let now = SystemClock.now().0;
        let n = i64::try_from(n)?;
        // Codes of long ago and of later days, which the machine's clock does not show.
        let guess = code(
            secret,
            now + (n + 3) * STEP_MS * if n % 2 == 0 { 1 } else { -1 },
        )?;
        let body = format!("code={guess}");
        let answer = thief
            .submit("/sign-in/code", "/sign-in/code", &body)
            .await?;
        ensure!(answer.status != StatusCode::SEE_OTHER, "{guess} let in");
        looked_at += usize::from(answer.text().contains("コードが違います"));
        let path = beyond.get(usize::try_from(n)? % beyond.len());
        let path = path.copied().unwrap_or_default();
        let answer = thief.get(path).await?;
        let asked = answer.location.starts_with("/sign-in/code");
        let refused = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN];
        ensure!(
            asked || refused.contains(&answer.status),
            "{path}: {} {}",
            answer.status,
            answer.text()
        );
    }
    Ok(looked_at)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_alone_reaches_nothing_however_many_codes_are_guessed() -> Outcome {
    siege(Setup::default(), 15, async |desk| {
        let (mut own, secret) = with_second_factor(desk).await?;
        own.submit("/account", "/sign-out", "").await?;
        let mut thieves = Vec::new();
        for n in 0..THIEVES {
            let from = attacker(n);
            thieves.push(Visitor::sign_in_from(from, desk.web, "sato", PASSWORD).await?);
        }
        let guesses = thieves.iter_mut().map(|thief| guess(thief, &secret));
        let looked_at: usize = try_join_all(guesses).await?.iter().sum();
        ensure!((1..=LIMIT).contains(&looked_at), "{looked_at}");
        // The owner comes in from the own device.
        let body = format!("login=sato&password={PASSWORD}");
        let answer = own.submit("/sign-in", "/sign-in", &body).await?;
        ensure!(answer.location == "/sign-in/code", "{}", answer.text());
        // That of the set-up is used up.
        let next = code(&secret, SystemClock.now().0 + STEP_MS)?;
        let body = format!("code={next}");
        let answer = own.submit("/sign-in/code", "/sign-in/code", &body).await?;
        ensure!(answer.status == StatusCode::SEE_OTHER, "{}", answer.text());
        ensure!(own.get("/board").await?.status == StatusCode::OK);
        Ok(())
    })
    .await?;
    Ok(())
}
