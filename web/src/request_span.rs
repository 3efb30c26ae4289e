//! The span of a request: what is logged while it is served tells which route it asked for, and
//! never what stood in its address.

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument as _;

/// Serves a request within its span.
pub(crate) async fn serve(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("-", MatchedPath::as_str);
    let span = tracing::info_span!("request", method = %request.method(), route);
    next.run(request).instrument(span).await
}
