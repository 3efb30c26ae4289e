//! After a crash: every call that was cut off gets its end, and the running day its figures.

use std::time::Duration;

use anyhow::Context;
use chrono::Days;
use madoguchi_core::call::CallRecord;
use madoguchi_core::event::CallEvent;
use madoguchi_core::figures::FiguresSettings;
use madoguchi_core::id::NodeName;
use madoguchi_core::time::Instant;
use madoguchi_core::today::LiveFigures;
use madoguchi_store::Store;
use madoguchi_store::delivery::DeliveryStatus;
use madoguchi_store::journal::Journal;
use tokio::sync::watch;

/// How long the store may take for what the last run left in the journal.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until the store has everything that the journal held at the start.
pub(crate) async fn delivered(mut status: watch::Receiver<DeliveryStatus>) -> anyhow::Result<()> {
    let all = status.wait_for(|status| status.backlog == 0);
    tokio::time::timeout(PATIENCE, all)
        .await
        .context("前回の記録をデータベースへ保存できません。データベースの状態を確認してください")?
        .context("記録の保存処理が停止しました")?;
    Ok(())
}

/// Ends the calls of this node that have no end: at the last instant the log knows of them
/// (docs/metrics.md). Gives the ends; they are in the journal.
pub(crate) async fn end_cut_off_calls(
    store: &Store,
    journal: &mut Journal,
    node: &NodeName,
) -> anyhow::Result<Vec<CallEvent>> {
    let mut ends = Vec::new();
    for events in store.unfinished_calls(node).await? {
        let Some(record) = CallRecord::fold(&events) else {
            continue;
        };
        let Some(kind) = record.recovery_event() else {
            continue;
        };
        ends.push(CallEvent {
            call: record.call,
            seq: record.last_seq + 1,
            at: record.last_at,
            node: node.clone(),
            line: record.line,
            kind,
        });
    }
    if !ends.is_empty() {
        tracing::warn!(
            calls = ends.len(),
            "calls were cut off by the end of the last run"
        );
        journal.append(&ends)?;
    }
    Ok(ends)
}

/// The figures of the running day, from the store and the ends just written.
pub(crate) async fn todays_figures(
    store: &Store,
    settings: FiguresSettings,
    ends: &[CallEvent],
    now: Instant,
) -> anyhow::Result<LiveFigures> {
    let today = now.date();
    let tomorrow = today.checked_add_days(Days::new(1)).unwrap_or(today);
    let mut figures = LiveFigures::new(settings, now);
    let calls = store
        .call_records(Instant::start_of(today), Instant::start_of(tomorrow))
        .await?;
    for mut call in calls {
        if let Some(end) = ends.iter().find(|end| end.call == call.call) {
            call.apply(end);
        }
        figures.restore(call);
    }
    Ok(figures)
}
