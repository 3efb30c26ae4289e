//! The board for one visitor, as long as they are signed in.

use std::convert::Infallible;

use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::{Stream, StreamExt};
use madoguchi_core::access::{Permission, ViewBoard};
use serde::Deserialize;

use super::HEARTBEAT;
use crate::auth::access::Allowed;
use crate::auth::cookie::Origin;
use crate::auth::routes::Routes;
use crate::auth::visitor::recognise;
use crate::board::BoardAudience;
use crate::error::{Limit, WebError};
use crate::feature::Feature;
use crate::monthly::running;
use crate::portal::notices;
use crate::state::Web;
use crate::tickets::due;

pub(crate) const FEATURE: Feature = Feature::new(routes);

fn routes() -> Routes {
    Routes::new().stream("/board/events", events)
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(crate) struct EventsQuery {
    /// The session of the page that listens; empty for programs.
    session: String,
}

pub(crate) async fn events(
    visitor: Allowed<ViewBoard>,
    State(web): State<Web>,
    Query(query): Query<EventsQuery>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, WebError> {
    // A page that was opened by somebody else does not become the board of who came after them.
    if !query.session.is_empty() && visitor.session() != Some(query.session.as_str()) {
        return Err(WebError::NotSignedIn);
    }
    let origin = visitor.origin;
    let place = web.watchers.enter(origin.address, &visitor.user.id);
    let place = place.ok_or(WebError::TooMany(Limit::Streams))?;
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let watching = web.live.join(BoardAudience::of(&visitor).sees, last);
    let frames = futures::stream::unfold((watching, place), |(mut watching, place)| async {
        let events = watching.next().await?;
        Some((futures::stream::iter(events), (watching, place)))
    });
    let events = frames
        .flatten()
        .map(Ok)
        .take_until(signed_out(web, headers, origin));
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT)))
}

/// Waits until the visitor may not see the board any more. Watching counts as use of the session.
async fn signed_out(web: Web, headers: HeaderMap, origin: Origin) {
    loop {
        notices::refresh(&web).await;
        due::refresh(&web).await;
        running::refresh(&web);
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
