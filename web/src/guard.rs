//! What every request passes: is it meant for us, does it come from our own pages, who asks.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, Version, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use madoguchi_store::StoreError;

use crate::auth::cookie::Origin;
use crate::auth::visitor::{self, By, Unrecognised, Visitor};
use crate::error::{ForbiddenReason, Limit, WebError};
use crate::error_page::{self, RequestInfo};
use crate::host::{self, Authority, is_own_host};
use crate::recognition::Recognition;
use crate::settings::WebSettings;
use crate::shell;
use crate::state::Web;
use crate::unsent;

/// What an operator's tools ask over any connection: it says nothing of anybody.
const IN_THE_CLEAR: [&str; 2] = ["/healthz", "/readyz"];
/// Browsers open the desk over TLS alone from now on.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000; includeSubDomains");

pub(crate) async fn guard(State(web): State<Web>, mut request: Request, next: Next) -> Response {
    let origin = visitor::origin(&request, &web.settings);
    let asked = RequestInfo::of(&request, origin.address);
    request.extensions_mut().insert(origin);
    let mut response = pass(&web, request, next, origin, &asked).await;
    if origin.encrypted {
        let headers = response.headers_mut();
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HSTS);
    }
    response
}

/// Who asks. While the database is away, those who are not remembered are nobody, which is enough
/// for what needs nobody.
async fn recognise(web: &Web, request: &mut Request, origin: Origin) -> Option<Arc<Visitor>> {
    let path = request.uri().path();
    if IN_THE_CLEAR.contains(&path) {
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

async fn pass(
    web: &Web,
    mut request: Request,
    next: Next,
    origin: Origin,
    asked: &RequestInfo,
) -> Response {
    if !web.rates.takes(origin.address, web.desk.monotonic()) {
        let answer = error_page::answer(web, None, asked, &WebError::TooMany(Limit::Requests));
        return hold_up(answer, request.version());
    }
    if let Err(refusal) = meant_for_us(&mut request, &web.settings, origin) {
        return error_page::answer(web, None, asked, &refusal);
    }
    let visitor = recognise(web, &mut request, origin).await;
    let known = visitor.as_deref();
    let changes = !is_reading(request.method());
    if known.is_some_and(|visitor| tells_work_anew(web, visitor, &request)) {
        count_work(web).await;
    }
    let unsent = unsent::take(web, known, &request);
    let mut response = match admit(web, &mut request, visitor.clone()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };
    if changes {
        web.work.note_change();
        web.month.note_change();
        web.running.note_change();
    }
    if let Some(unsent) = unsent {
        response = unsent::fill_in(unsent, response).await;
    }
    error_page::render(web, known, asked, response)
}

/// Whether a page is asked for whose menu tells of work, and the last count is no longer good.
fn tells_work_anew(web: &Web, visitor: &Visitor, request: &Request) -> bool {
    let path = request.uri().path();
    let has_menu = !["/static/", "/api/", "/metrics"]
        .iter()
        .any(|start| path.starts_with(start));
    let reads = is_reading(request.method());
    reads && has_menu && shell::tells_work(web, visitor) && web.work.is_due(web.desk.monotonic())
}

/// Counts what the menu tells. While the database is away, what was counted last is told.
async fn count_work(web: &Web) {
    let now = web.desk.monotonic();
    match web.ask(web.store.count_work()).await {
        Ok(counted) => web.work.save(now, counted),
        Err(error) => tracing::debug!(%error, "what waits for somebody cannot be counted"),
    }
}

/// Whoever asks too much begins with a new connection: what they have sent already is not read.
fn hold_up(mut answer: Response, version: Version) -> Response {
    let headers = answer.headers_mut();
    headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    if version < Version::HTTP_2 {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    answer
}

/// Whether a request is sent to our name, over a connection that nobody listens to. Where proxies
/// encrypt, whoever comes past them would show passwords and sessions on the way.
fn meant_for_us(
    request: &mut Request,
    settings: &WebSettings,
    origin: Origin,
) -> Result<(), WebError> {
    let host = host::authority(request.version(), request.uri(), request.headers());
    let host = host.map_err(WebError::BadHost)?;
    if !is_own_host(&host.host, &settings.allowed_hosts) {
        return Err(WebError::Forbidden(ForbiddenReason::ForeignHost));
    }
    let behind_proxies = !settings.trusted_proxies.is_empty();
    let clear = IN_THE_CLEAR.contains(&request.uri().path());
    if behind_proxies && !origin.encrypted && !clear {
        return Err(WebError::Forbidden(ForbiddenReason::Unencrypted));
    }
    // HTTP/2 names the host in the address (RFC 9113, 8.3.1).
    if let Ok(host) = HeaderValue::from_str(&host.to_text()) {
        request.headers_mut().insert(header::HOST, host);
    }
    Ok(())
}

/// Notes who asks, and refuses what the page of somebody else sends in their name. The rest is asked
/// where the route is known ([`crate::auth::admission`]).
fn admit(web: &Web, request: &mut Request, visitor: Option<Arc<Visitor>>) -> Result<(), WebError> {
    let by_token = visitor
        .as_ref()
        .is_some_and(|it| matches!(it.by, By::Token { .. }));
    if !is_reading(request.method()) && !by_token && !is_same_origin(request.headers()) {
        return Err(WebError::Forbidden(ForbiddenReason::ForeignOrigin));
    }
    request.extensions_mut().insert(web.clone());
    if let Some(visitor) = visitor {
        if let Some(recognition) = request.extensions().get::<Recognition>() {
            recognition.note();
        }
        request.extensions_mut().insert(visitor);
    }
    Ok(())
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
        // Browsers that tell nobody where they come from hide the origin, too; the other header they set
        // themselves, and no page can.
        (Some("null"), _) => site == Some("same-origin"),
        (Some(origin), Some(host)) => origin
            .split_once("://")
            .and_then(|(_, authority)| Authority::parse(authority))
            .is_some_and(|authority| Some(authority) == Authority::parse(host)),
        (Some(_), None) => false,
    }
}
