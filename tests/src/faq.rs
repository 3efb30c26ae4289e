//! The sample FAQ in a desk's own store, as its operator would import it.

use std::time::Duration;

use anyhow::{Context, ensure};
use madoguchi_core::article::{Article, Content};
use madoguchi_core::audit::{Action, AuditEntry, Fields};
use madoguchi_core::clock::Clock;
use madoguchi_core::time::{Instant, Millis};
use serde_json::Value;

use crate::desk::Desk;

/// The articles as the product brings them.
const SAMPLE: &str = include_str!("../../kb/sample/faq.jsonl");
/// Searches wait for the index no longer than this.
const PATIENCE: Duration = Duration::from_secs(60);

/// Publishes the sample FAQ, each article a day older than the one before, and waits until the
/// portal finds it.
pub async fn publish(desk: &Desk) -> anyhow::Result<()> {
    let now = desk.clock.now();
    let mut batch = Vec::new();
    for (n, line) in (1..).zip(SAMPLE.lines()) {
        let (id, content) = article(line)?;
        let since = now - Millis::from_secs(n * 86_400);
        batch.push((
            Article::imported(id.as_str(), content, since),
            entry(&id, now),
        ));
    }
    desk.store().save_articles(batch, now).await?;
    let url = format!("http://{}/faq/suggest?q=%E6%97%85%E8%B2%BB", desk.web());
    let http = crate::http_client().build()?;
    #[expect(clippy::disallowed_methods, reason = "a deadline in the world outside")]
    let began = std::time::Instant::now();
    loop {
        let response = http.get(&url).send().await?;
        if response.text().await?.contains("旅費") {
            return Ok(());
        }
        ensure!(began.elapsed() < PATIENCE, "the FAQ is not found");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// What the record says of an article that was imported.
pub fn entry(id: &str, now: Instant) -> AuditEntry {
    AuditEntry::of_system(now, Action::ArticleImport, id, Fields::new())
}

fn article(line: &str) -> anyhow::Result<(String, Content)> {
    let json: Value = serde_json::from_str(line)?;
    let id = json.get("id").and_then(Value::as_str).context("an id")?;
    // The file names the fields as a content does.
    Ok((id.to_owned(), serde_json::from_value(json.clone())?))
}
