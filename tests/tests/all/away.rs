//! A real database goes away: what an operator's tools ask is answered at once, and staff and agents
//! go on finding and reading.

use std::time::Duration;

use anyhow::ensure;
use madoguchi_core::access::{Permission, Role};
use madoguchi_core::clock::Clock;
use madoguchi_core::time::Millis;
use madoguchi_store::testing::PostgresServer;
use madoguchi_tests::desk::{Desk, Setup};
use madoguchi_tests::visitor::Visitor;
use madoguchi_web::operator;
use reqwest::StatusCode;

type Outcome = anyhow::Result<()>;

/// What is answered from memory takes no longer, even on a busy machine.
const AT_ONCE: Duration = Duration::from_secs(2);

/// What an address answers within a time.
async fn ask(desk: &Desk, path: &str, token: &str) -> anyhow::Result<(StatusCode, String)> {
    let url = format!("http://{}{path}", desk.web());
    let mut request = madoguchi_tests::http_client().build()?.get(url);
    if !token.is_empty() {
        request = request.bearer_auth(token);
    }
    let response = request.timeout(AT_ONCE).send().await?;
    Ok((response.status(), response.text().await?))
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_database_is_away_tools_are_answered_and_readers_find() -> Outcome {
    let server = PostgresServer::start()?;
    let setup = Setup {
        store_url: Some(server.new_database().await?),
        ..Setup::default().registering_agent("tanaka").with_faq()
    };
    let desk = setup.start().await?;
    let password = desk.add_user("sato", &[Role::Agent], None).await?;
    desk.add_user("robot", &[Role::Administrator], None).await?;
    let robot = desk.store().lookup_login("robot").await?.unwrap().user;
    let scopes = [Permission::ReadMetrics].into_iter().collect();
    let lasts = Millis::from_secs(3_600);
    let now = desk.clock.now();
    let token = operator::issue_token(desk.store(), &robot.id, "t", scopes, lasts, now).await?;
    ensure!(ask(&desk, "/metrics", &token).await?.0 == StatusCode::OK);
    let mut sato = Visitor::sign_in(desk.web(), "sato", &password).await?;
    ensure!(sato.get("/board").await?.status == StatusCode::OK);
    ensure!(ask(&desk, "/faq", "").await?.0 == StatusCode::OK);

    server.stop()?;
    for (path, token) in [
        ("/healthz", ""),
        ("/readyz", ""),
        ("/metrics", token.as_str()),
    ] {
        let (status, text) = ask(&desk, path, token).await?;
        ensure!(status == StatusCode::OK, "{path}: {status} {text}");
    }
    // The first who asks finds out that it is away; from then on nobody waits.
    sato.get("/board").await?;
    for path in [
        "/faq",
        "/faq?q=%E6%97%85%E8%B2%BB",
        "/faq/login-001",
        "/faq/feed.xml",
    ] {
        let (status, text) = ask(&desk, path, "").await?;
        ensure!(status == StatusCode::OK, "{path}: {status} {text}");
    }
    let (_, article) = ask(&desk, "/faq/login-001", "").await?;
    ensure!(article.contains("文章だけを表示しています"), "{article}");
    for path in [
        "/board",
        "/knowledge?q=%E6%97%85%E8%B2%BB",
        "/knowledge/login-001",
    ] {
        let answer = sato.get(path).await?;
        ensure!(answer.status == StatusCode::OK, "{path}: {}", answer.text());
    }

    server.start_again()?;
    let mut whole = false;
    for _ in 0..100 {
        let (_, article) = ask(&desk, "/faq/login-001", "").await?;
        whole = !article.contains("文章だけを表示しています");
        if whole {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    ensure!(whole, "the database is back and nobody sees it");
    ensure!(sato.get("/account").await?.status == StatusCode::OK);
    desk.end().await?;
    Ok(())
}
