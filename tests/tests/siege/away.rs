//! The database is away: who was seen in good state comes in, nobody else does, and calls go on.

use std::time::Duration;

use anyhow::{Context, ensure};
use futures::future::try_join_all;
use madoguchi_store::testing::PostgresServer;
use madoguchi_tests::desk::Setup;
use madoguchi_tests::process::DeskProcess;
use madoguchi_tests::siege::siege;
use madoguchi_tests::visitor::Visitor;
use reqwest::{StatusCode, header};

use super::visitors::{PASSWORD, answer, attacker, client, user};

type Outcome = anyhow::Result<()>;

/// Strangers with so many forged sessions and tokens each.
const STRANGERS: usize = 10;
const FORGED: usize = 60;
/// What other processes have ended is known within this time.
const FOLLOWED_WITHIN: Duration = Duration::from_secs(2);

async fn status(visitor: &mut Visitor, path: &str) -> anyhow::Result<StatusCode> {
    Ok(visitor.get(path).await?.status)
}

/// Stops a user's account on the page for that.
async fn disable(boss: &mut Visitor, login: &str) -> Outcome {
    let list = boss.get("/admin/users").await?.text();
    let end = format!("\">{login}</a>");
    let before = list.split(&end).next().context("a list")?;
    let page = before.rsplit('"').next().unwrap_or_default().to_owned();
    ensure!(page.starts_with("/admin/users/"), "{page}");
    let answer = boss.submit(&page, &format!("{page}/disable"), "").await?;
    ensure!(answer.status == StatusCode::SEE_OTHER, "{}", answer.text());
    Ok(())
}

/// Sessions and tokens that nobody was given open nothing, and wait for nothing.
async fn forge(desk: &DeskProcess, n: usize) -> Outcome {
    let client = client(attacker(n))?;
    for guess in 0..FORGED {
        let path = ["/board", "/account", "/api/v1/calls", "/metrics"];
        let path = path.get(guess % path.len()).copied().unwrap_or_default();
        let request = client.get(format!("http://{}{path}", desk.web));
        let secret = format!("{n:020}{guess:023}");
        let request = if guess % 2 == 0 {
            request.header(header::COOKIE, format!("madoguchi={secret}"))
        } else {
            request.bearer_auth(format!("mdg_{secret}"))
        };
        let (status, place, _) = answer(request).await?;
        ensure!(
            status == StatusCode::SERVICE_UNAVAILABLE
                || status == StatusCode::UNAUTHORIZED
                || place.starts_with("/sign-in"),
            "{path}: {status} {place}"
        );
    }
    Ok(())
}

/// Waits until the desk says this of its database.
async fn until_told(desk: &DeskProcess, words: &str) -> Outcome {
    for _ in 0..200 {
        if desk.page("/readyz").await?.1.contains(words) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    anyhow::bail!("in vain: {words}")
}

/// Pages look for the database by themselves, every half second.
async fn until_asked_again(visitor: &mut Visitor) -> Outcome {
    for _ in 0..100 {
        if status(visitor, "/board").await? != StatusCode::SERVICE_UNAVAILABLE {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    anyhow::bail!("pages do not find the database again")
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_database_nobody_comes_in_whose_session_was_ended() -> Outcome {
    let server = PostgresServer::start()?;
    let setup = Setup {
        store_url: Some(server.new_database().await?),
        ..Setup::default()
    };
    siege(setup, 20, async |desk| {
        let mut boss = user(desk, "boss", "administrator").await?;
        let mut seen = user(desk, "seen", "agent").await?;
        let mut disabled = user(desk, "disabled", "agent").await?;
        let mut renewed = user(desk, "renewed", "agent").await?;
        let mut leaving = user(desk, "leaving", "agent").await?;
        // Their new passwords have ended what was seen of them before.
        tokio::time::sleep(FOLLOWED_WITHIN).await;
        for visitor in [&mut seen, &mut disabled, &mut renewed, &mut leaving] {
            ensure!(status(visitor, "/board").await? == StatusCode::OK);
        }
        disable(&mut boss, "disabled").await?;
        // By another process; nobody asks for the session in between.
        desk.command(&["account", "reset", "renewed"]).await?;
        tokio::time::sleep(FOLLOWED_WITHIN).await;

        tokio::task::block_in_place(|| server.stop())?;
        // The first who asks finds out.
        status(&mut seen, "/board").await?;
        until_told(desk, "database away").await?;
        try_join_all((0..STRANGERS).map(|n| forge(desk, n))).await?;
        ensure!(status(&mut seen, "/board").await? == StatusCode::OK);
        for ended in [&mut disabled, &mut renewed] {
            for path in ["/board", "/account", "/calls", "/api/v1/board"] {
                let found = status(ended, path).await?;
                ensure!(found == StatusCode::SERVICE_UNAVAILABLE, "{path}: {found}");
            }
        }
        let kept = leaving.clone();
        let left = leaving.submit("/board", "/sign-out", "").await?;
        ensure!(left.status == StatusCode::SEE_OTHER, "{}", left.text());
        let found = status(&mut kept.clone(), "/board").await?;
        ensure!(found == StatusCode::SERVICE_UNAVAILABLE, "{found}");
        let stranger = Visitor::sign_in(desk.web, "disabled", PASSWORD).await;
        ensure!(stranger.is_err(), "signed in without a database");

        tokio::task::block_in_place(|| server.start_again())?;
        until_told(desk, "database up").await?;
        until_asked_again(&mut disabled).await?;
        ensure!(status(&mut seen, "/account").await? == StatusCode::OK);
        for mut ended in [disabled, renewed, kept] {
            let found = ended.get("/board").await?;
            ensure!(found.location.starts_with("/sign-in"), "{found:?}");
        }
        Ok(())
    })
    .await?;
    Ok(())
}
