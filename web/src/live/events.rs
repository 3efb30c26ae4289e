//! The board for one visitor, as long as they are signed in.

use std::convert::Infallible;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::{Stream, StreamExt};
use madoguchi_core::access::{Permission, ViewBoard};

use super::HEARTBEAT;
use crate::auth::access::Allowed;
use crate::auth::cookie::Origin;
use crate::auth::visitor::recognise;
use crate::board::Viewer;
use crate::error::{Limit, WebError};
use crate::state::Web;

pub(crate) async fn events(
    visitor: Allowed<ViewBoard>,
    State(web): State<Web>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, WebError> {
    let origin = visitor.origin;
    let place = web.watchers.enter(origin.address, &visitor.user.id);
    let place = place.ok_or(WebError::TooMany(Limit::Streams))?;
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let watching = web.live.join(Viewer::of(&visitor).sees_numbers, last);
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
