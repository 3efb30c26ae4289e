//! What the observer measures of itself, for Prometheus at `/metrics`.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use anyhow::Context as _;
use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use madoguchi_metrics::{CONTENT_TYPE as PROMETHEUS, CountBy, metrics};
use madoguchi_observe::counting::Tally;
use madoguchi_observe::observer::Observer;
use tokio::net::TcpListener;

/// Answers at `address` until the program ends.
pub(super) async fn serve(address: SocketAddr) -> anyhow::Result<()> {
    let listener = TcpListener::bind(address).await;
    let listener = listener.with_context(|| format!("observe.metrics {address}"))?;
    let router = Router::new().route(
        "/metrics",
        get(|| async { ([(CONTENT_TYPE, PROMETHEUS)], metrics().text()) }),
    );
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "the observer's metrics are not served any more");
        }
    });
    tracing::info!(%address, "metrics of the observer");
    Ok(())
}

/// Brings the measurements of the process up to what an observer has counted.
#[derive(Debug, Default)]
pub(super) struct Meter {
    told: BTreeMap<(&'static str, &'static str), u64>,
}

impl Meter {
    pub(super) fn update(&mut self, observer: &mut Observer, tally: Option<Tally>) {
        let (counts, agreement) = (observer.counts(), observer.agreement());
        let all = metrics();
        for (kind, count) in [
            ("packets", counts.packets),
            ("seen", counts.messages),
            ("second_probe", counts.second_probe),
            ("repeated", counts.repeated),
            ("unreadable", counts.unreadable),
            ("judged", agreement.read()),
            ("typed_refused", agreement.refused()),
            ("typed_different", agreement.different()),
        ] {
            self.reach("messages", &all.observed_messages, kind, count);
        }
        all.observed_disagreement.set(agreement.share());
        let Some(tally) = tally else {
            return;
        };
        for (kind, count) in [
            ("arrived", tally.arrived),
            ("outbound", tally.outbound),
            ("internal", tally.internal),
            ("unknown", tally.unknown),
            ("feature_code", tally.feature_codes),
            ("already_up", tally.already_up),
        ] {
            self.reach("calls", &all.observed_calls, kind, count);
        }
    }

    /// Frames of probes by what became of them.
    pub(super) fn frames(&mut self, counts: [(&'static str, u64); 5]) {
        for (kind, count) in counts {
            self.reach("frames", &metrics().observed_frames, kind, count);
        }
    }

    fn reach(&mut self, family: &'static str, counter: &CountBy, kind: &'static str, count: u64) {
        // What turned out to be a part of another call was told already.
        let told = self.told.entry((family, kind)).or_default();
        counter.add_many(kind, count.saturating_sub(*told));
        *told = count.max(*told);
    }
}
