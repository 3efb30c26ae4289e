//! What every request passes: is it meant for us, does it come from our own pages, who asks.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use madoguchi_store::StoreError;

use crate::Web;
use crate::auth::csrf;
use crate::auth::visitor::{self, By, Origin, Unrecognised, Visitor};
use crate::error::{self, WebError};

/// The largest body of a request: forms are small, recordings are not.
pub(crate) const BODY_BYTES: usize = 64 * 1024;
/// The largest body of a request that brings a file.
pub(crate) const UPLOAD_BYTES: usize = 12 * 1024 * 1024;

pub(crate) async fn guard(State(web): State<Web>, mut request: Request, next: Next) -> Response {
    name_host(&mut request);
    let asked = error::Asked::of(&request);
    let origin = visitor::origin(&request, &web.settings);
    request.extensions_mut().insert(origin);
    if !web.rates.takes(origin.address, web.desk.now()) {
        return error::answer(&web, None, &asked, &WebError::TooMany);
    }
    let visitor = recognise(&web, &mut request, origin).await;
    let known = visitor.as_deref();
    let response = match admit(&web, request, visitor.clone()).await {
        Ok(request) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };
    error::render(&web, known, &asked, response)
}

/// Who asks. While the database is away, those who are not remembered are nobody, which is enough
/// for what needs nobody.
async fn recognise(web: &Web, request: &mut Request, origin: Origin) -> Option<Arc<Visitor>> {
    let path = request.uri().path();
    if ["/healthz", "/readyz"].contains(&path) {
        return None;
    }
    let at_once = path == "/metrics";
    let recognised = visitor::recognise(web, request.headers(), origin, at_once).await;
    match recognised {
        Ok(visitor) => visitor,
        Err(error) => {
            if !matches!(error, StoreError::Away { .. }) {
                tracing::warn!(%error, "nobody can be asked who somebody is");
            }
            request.extensions_mut().insert(Unrecognised);
            None
        }
    }
}

/// HTTP/2, which browsers speak over TLS, names the host in the address (RFC 9113, 8.3.1).
fn name_host(request: &mut Request) {
    if request.headers().contains_key(header::HOST) {
        return;
    }
    let Some(authority) = request.uri().authority() else {
        return;
    };
    let host = match authority.port() {
        Some(port) => format!("{}:{port}", authority.host()),
        None => authority.host().to_owned(),
    };
    if let Ok(host) = HeaderValue::from_str(&host) {
        request.headers_mut().insert(header::HOST, host);
    }
}

async fn admit(
    web: &Web,
    mut request: Request,
    visitor: Option<Arc<Visitor>>,
) -> Result<Request, WebError> {
    let headers = request.headers();
    if !is_our_host(headers, &web.settings.allowed_hosts) {
        return Err(WebError::Forbidden);
    }
    let Some(visitor) = visitor else {
        let reads = is_reading(request.method());
        return if reads || is_same_origin(headers) {
            Ok(request)
        } else {
            Err(WebError::Forbidden)
        };
    };
    request.extensions_mut().insert(visitor.clone());
    match &visitor.by {
        By::Session { csrf, .. } if !is_reading(request.method()) => {
            if !is_same_origin(request.headers()) {
                return Err(WebError::Forbidden);
            }
            // The form to sign in by has a token of its own: somebody else may sign in here.
            if request.uri().path() == "/sign-in" {
                return Ok(request);
            }
            let most = most_bytes(request.uri().path());
            let checked = csrf::check(request, csrf, most).await;
            checked.map_err(|error| match error {
                WebError::TooLarge if most == UPLOAD_BYTES => WebError::LargeFile,
                other => other,
            })
        }
        _ => Ok(request),
    }
}

/// Recordings and files of articles come to these places only.
pub(crate) fn most_bytes(path: &str) -> usize {
    let of_article = path.starts_with("/articles/") && path.ends_with("/files");
    let of_article = of_article || path.starts_with("/articles/import");
    if of_article || path.starts_with("/admin/announcements") {
        UPLOAD_BYTES
    } else {
        BODY_BYTES
    }
}

fn is_reading(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

fn text<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// The name by which the desk was opened, with the port.
pub(crate) fn host(headers: &HeaderMap) -> Option<&str> {
    text(headers, &header::HOST)
}

fn is_our_host(headers: &HeaderMap, allowed: &[String]) -> bool {
    let Some(host) = host(headers) else {
        return false;
    };
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    is_own_host(name, allowed)
}

/// Whether the desk may be opened by this name (without a port).
pub fn is_own_host(name: &str, allowed: &[String]) -> bool {
    let name = name.trim_matches(['[', ']']);
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
