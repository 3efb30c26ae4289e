//! 受付番号 that two nodes give at once over one PostgreSQL, while one of them is killed.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, ensure};
use madoguchi_store::testing::PostgresServer;
use madoguchi_store::{Store, TicketFilter};
use madoguchi_tests::desk::Setup;
use madoguchi_tests::http_client;
use madoguchi_tests::process::DeskProcess;
use serde_json::{Value, json};

type Outcome = anyhow::Result<()>;

const TICKETS: usize = 50;
/// The first node is killed when so many have their number.
const KILLED_AFTER: usize = 10;

/// Asks a node to make a ticket, as often as it says that it cannot now; `None` if no answer came.
async fn create(web: SocketAddr, token: &str, n: usize) -> anyhow::Result<Option<String>> {
    let http = http_client().build()?;
    let question = json!({ "fields": { "question": format!("{n}件目"), "channel": "mail" } });
    loop {
        let request = http
            .post(format!("http://{web}/api/v1/tickets"))
            .header("x-forwarded-proto", "https")
            .header("idempotency-key", format!("k{n}"))
            .bearer_auth(token)
            .json(&question);
        let Ok(response) = request.send().await else {
            return Ok(None);
        };
        let status = response.status();
        // Asked too much, or the database is busy.
        if status == 429 || status == 503 {
            tokio::time::sleep(Duration::from_millis(200)).await;
            continue;
        }
        let Ok(answer) = response.json::<Value>().await else {
            return Ok(None);
        };
        ensure!(status == 201, "{status}: {answer:#}");
        let number = answer["number"].as_str().context("a number")?;
        return Ok(Some(number.to_owned()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_at_once_at_two_nodes_of_which_one_is_killed_get_fifty_numbers() -> Outcome {
    let server = tokio::task::spawn_blocking(PostgresServer::start).await??;
    let url = server.new_database().await?;
    let desk = Setup {
        store_url: Some(url.clone()),
        ..Setup::default()
    };
    let [first, second] = ["first", "second"].map(|node| desk.on_node(node));
    let mut first = DeskProcess::start(&first).await?;
    let second = first.start_beside(&second).await?;
    let make = ["account", "token", "robot", "--name", "tickets"];
    let token = first
        .command(&[&make[..], &["--scope", "tickets"]].concat())
        .await?;
    let token = token.trim().to_owned();

    let (told, mut made) = tokio::sync::mpsc::unbounded_channel();
    let asking: Vec<_> = (0..TICKETS)
        .map(|n| {
            let web = if n % 2 == 0 { first.web } else { second.web };
            let (token, told) = (token.clone(), told.clone());
            tokio::spawn(async move {
                let number = create(web, &token, n).await?;
                if number.is_some() {
                    let _ = told.send(());
                }
                anyhow::Ok((n, number))
            })
        })
        .collect();
    for _ in 0..KILLED_AFTER {
        made.recv().await.context("a number")?;
    }
    first.kill().await?;
    // Whoever heard nothing asks the other node again, as does who heard something.
    let mut numbers = BTreeMap::new();
    for asked in asking {
        let (n, number) = asked.await??;
        let again = create(second.web, &token, n).await?.context("an answer")?;
        ensure!(number.is_none_or(|number| number == again), "{n} has two");
        numbers.insert(n, again);
    }
    let distinct: BTreeSet<_> = numbers.values().collect();
    ensure!(distinct.len() == TICKETS, "{numbers:?}");
    let store = Store::open(&url).await?;
    let filter = TicketFilter {
        limit: 1_000,
        ..TicketFilter::default()
    };
    let kept = store.list_tickets(&filter).await?;
    ensure!(kept.len() == TICKETS, "{} tickets", kept.len());
    // None is left out, either.
    let mut sequences: Vec<_> = kept.iter().map(|row| row.number.sequence).collect();
    sequences.sort_unstable();
    ensure!(sequences == (1..=50).collect::<Vec<u32>>(), "{sequences:?}");
    store.close().await;
    Ok(())
}
