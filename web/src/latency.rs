//! How long requests take, for `/metrics`.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use madoguchi_metrics::metrics;

/// Notes the time until the head of the response.
pub(crate) async fn measure(request: Request, next: Next) -> Response {
    let kind = kind(request.uri().path());
    let started = tokio::time::Instant::now();
    let response = next.run(request).await;
    metrics().http_request.observe(kind, started.elapsed());
    response
}

fn kind(path: &str) -> &'static str {
    match path {
        "/healthz" | "/readyz" | "/metrics" => "tool",
        "/board/events" => "stream",
        _ if path.starts_with("/api/") => "api",
        _ if path.starts_with("/static/") => "static",
        _ => "page",
    }
}
