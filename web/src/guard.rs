//! Until accounts exist the pages are for this machine alone: the Host must name it (a foreign
//! page cannot rebind its name to us), and nothing is changed by a request from another origin.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::Web;
use crate::error::WebError;

pub(crate) async fn guard(State(web): State<Web>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if !is_our_host(headers, &web.settings.allowed_hosts) || !(reads || is_same_origin(headers)) {
        return if request.uri().path().starts_with("/api/") {
            WebError::Forbidden.into_json()
        } else {
            WebError::Forbidden.into_response()
        };
    }
    next.run(request).await
}

fn text<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn is_our_host(headers: &HeaderMap, allowed: &[String]) -> bool {
    let Some(host) = text(headers, &header::HOST) else {
        return false;
    };
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    ["localhost", "127.0.0.1", "::1"].contains(&name)
        || allowed.iter().any(|other| other.eq_ignore_ascii_case(name))
}

/// Browsers tell where a request that changes something comes from; programs need not.
fn is_same_origin(headers: &HeaderMap) -> bool {
    let site = headers
        .get("sec-fetch-site")
        .map(|site| site.to_str().unwrap_or_default());
    if site.is_some_and(|site| site != "same-origin" && site != "none") {
        return false;
    }
    match (text(headers, &header::ORIGIN), text(headers, &header::HOST)) {
        (None, _) => true,
        (Some(origin), Some(host)) => origin
            .split_once("://")
            .is_some_and(|(_, authority)| authority == host),
        (Some(_), None) => false,
    }
}
