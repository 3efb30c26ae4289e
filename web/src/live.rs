//! Live updates: the changing part of the board is rendered once per change, at the most twice a
//! second, and sent to everybody who watches.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::{Stream, StreamExt};
use madoguchi_core::access::{Permission, ViewBoard};
use tokio::sync::watch;
use tokio_stream::wrappers::WatchStream;

use crate::auth::access::Allowed;
use crate::auth::visitor::{Origin, recognise};
use crate::board::Viewer;
use crate::{Desk, Web, WebSettings, board};

const AT_MOST_EVERY: Duration = Duration::from_millis(500);
const HEARTBEAT: Duration = Duration::from_secs(10);
const RETRY: Duration = Duration::from_secs(2);

/// Renders the board for all who watch.
#[derive(Clone)]
pub(crate) struct Broadcaster {
    latest: watch::Sender<Views>,
}

/// The board with and without callers' numbers.
#[derive(Clone, Default)]
struct Views {
    whole: Arc<str>,
    without_numbers: Arc<str>,
}

impl Views {
    fn render(desk: &dyn Desk, settings: &WebSettings) -> Result<Self, askama::Error> {
        let view = |numbers| board::render(desk, settings, &Viewer::all(numbers));
        Ok(Self {
            whole: Arc::from(view(true)?),
            without_numbers: Arc::from(view(false)?),
        })
    }
}

impl Broadcaster {
    pub(crate) fn start(desk: Arc<dyn Desk>, settings: Arc<WebSettings>) -> Self {
        let latest = watch::Sender::new(Views::default());
        let sender = latest.clone();
        tokio::spawn(async move {
            let mut changes = desk.changes();
            loop {
                // Nobody watches: nothing is rendered.
                if sender.receiver_count() > 0 {
                    match Views::render(&*desk, &settings) {
                        Ok(views) => {
                            sender.send_replace(views);
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

/// The board for one visitor, as long as they are signed in.
pub(crate) async fn events(
    visitor: Allowed<ViewBoard>,
    State(web): State<Web>,
    headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let viewer = Viewer::of(&visitor);
    let first = board::render(&*web.desk, &web.settings, &viewer).unwrap_or_default();
    let first = futures::stream::once(async move { Arc::<str>::from(first) });
    let numbers = viewer.sees_numbers;
    let later = WatchStream::from_changes(web.live.latest.subscribe());
    let later = later.map(move |views| {
        if numbers {
            views.whole
        } else {
            views.without_numbers
        }
    });
    let origin = visitor.origin;
    let events = first
        .chain(later)
        .map(|html| Ok(Event::default().event("board").retry(RETRY).data(&*html)))
        .take_until(signed_out(web, headers, origin));
    Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT))
}

/// Waits until the visitor may not see the board any more. Watching counts as use of the session.
async fn signed_out(web: Web, headers: HeaderMap, origin: Origin) {
    loop {
        tokio::time::sleep(HEARTBEAT).await;
        match recognise(&web, &headers, origin, false).await {
            Ok(Some(visitor))
                if visitor.owes.is_none()
                    && visitor.permissions.contains(Permission::ViewBoard) => {}
            Ok(_) => return,
            // The database is away, and nothing is remembered that lets them in.
            Err(error) if error.is_away() => return,
            Err(_) => {}
        }
    }
}
