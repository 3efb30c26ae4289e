//! Live updates: the changing part of the board is rendered once per change, at the most twice a
//! second, and sent to everybody who watches.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::{Stream, StreamExt};
use tokio::sync::watch;
use tokio_stream::wrappers::WatchStream;

use crate::{Desk, Web, WebSettings, board};

const AT_MOST_EVERY: Duration = Duration::from_millis(500);
const HEARTBEAT: Duration = Duration::from_secs(10);
const RETRY: Duration = Duration::from_secs(2);

/// Renders the board for all who watch.
#[derive(Clone)]
pub(crate) struct Broadcaster {
    latest: watch::Sender<Arc<str>>,
}

impl Broadcaster {
    pub(crate) fn start(desk: Arc<dyn Desk>, settings: Arc<WebSettings>) -> Self {
        let latest = watch::Sender::new(Arc::from(""));
        let sender = latest.clone();
        tokio::spawn(async move {
            let mut changes = desk.changes();
            loop {
                // Nobody watches: nothing is rendered.
                if sender.receiver_count() > 0 {
                    match board::render(&*desk, &settings) {
                        Ok(html) => {
                            sender.send_replace(Arc::from(html));
                        }
                        Err(error) => tracing::error!(%error, "the board could not be rendered"),
                    }
                }
                tokio::time::sleep(AT_MOST_EVERY).await;
                // A quiet desk is shown anew now and then: the day may turn, the desk may close.
                let change = tokio::time::timeout(HEARTBEAT, changes.changed()).await;
                if matches!(change, Ok(Err(_))) {
                    return;
                }
            }
        });
        Self { latest }
    }
}

pub(crate) async fn events(
    State(web): State<Web>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let first = board::render(&*web.desk, &web.settings).unwrap_or_default();
    let first = futures::stream::once(async move { Arc::<str>::from(first) });
    let later = WatchStream::from_changes(web.live.latest.subscribe());
    let events = first
        .chain(later)
        .map(|html| Ok(Event::default().event("board").retry(RETRY).data(&*html)));
    Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT))
}
