//! What stands before a handler that changes something: first who asks and what they may, then
//! whether our own form sends it, and only then what it brings.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequestParts, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::auth::csrf;
use crate::auth::visitor::{By, Visitor};
use crate::body::{self, BodyFault};
use crate::error::{Limit, WebError};
use crate::limits::{FileUse, FormUse};
use crate::state::Web;

const FORM_WITHIN: Duration = Duration::from_secs(12);
const UPLOAD_WITHIN: Duration = Duration::from_secs(120);

/// A form.
pub(crate) async fn form<F>(request: Request, next: Next) -> Response
where
    F: FromRequestParts<Web> + Send,
    F::Rejection: Send,
{
    let (web, request) = match may::<F>(request).await {
        Ok(may) => may,
        Err(refused) => return refused,
    };
    drop(web);
    let (parts, body) = request.into_parts();
    let form_use = parts.extensions.get::<FormUse>().copied();
    let form_use = form_use.unwrap_or(FormUse::Usual);
    let whole = body::read(body::take(body, form_use.bytes(), FORM_WITHIN)).await;
    let taken = match whole {
        Ok(whole) => whole,
        Err(BodyFault::TooLarge) => return WebError::TooLarge(form_use).into_response(),
        Err(fault) => return WebError::from(fault).into_response(),
    };
    let checked = match parts.extensions.get::<Arc<Visitor>>().map(|it| &it.by) {
        // The form to sign in by has a token of its own: somebody else may sign in here.
        Some(By::Session { csrf, .. }) if parts.uri.path() != "/sign-in" => {
            csrf::check(&parts.headers, taken, csrf, true).await
        }
        _ => Ok(body::body(taken)),
    };
    match checked {
        Ok(body) => next.run(Request::from_parts(parts, body)).await,
        Err(refusal) => refusal.into_response(),
    }
}

/// A form with a file, or as large as one.
pub(crate) async fn upload<F>(request: Request, next: Next) -> Response
where
    F: FromRequestParts<Web> + Send,
    F::Rejection: Send,
{
    let (web, request) = match may::<F>(request).await {
        Ok(may) => may,
        Err(refused) => return refused,
    };
    let (parts, body) = request.into_parts();
    let Some(visitor) = parts.extensions.get::<Arc<Visitor>>() else {
        return WebError::NotSignedIn.into_response();
    };
    let Some(file_use) = parts.extensions.get::<FileUse>().copied() else {
        return WebError::Internal("an upload does not say what its file is for").into_response();
    };
    let Some(_place) = web.uploads.enter(&visitor.user.id) else {
        return WebError::TooMany(Limit::Uploads).into_response();
    };
    let taken = body::take(body, file_use.bytes(), UPLOAD_WITHIN);
    let checked = match &visitor.by {
        By::Session { csrf, .. } => csrf::check(&parts.headers, taken, csrf, false).await,
        By::Token { .. } => Ok(body::body(taken)),
    };
    match checked {
        Ok(body) => next.run(Request::from_parts(parts, body)).await,
        Err(WebError::TooLarge(_)) => WebError::LargeFile(file_use).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

/// Asks of who asks what the handler asks: nothing is read of whom it would turn away.
async fn may<F>(request: Request) -> Result<(Web, Request), Response>
where
    F: FromRequestParts<Web> + Send,
    F::Rejection: Send,
{
    let Some(web) = request.extensions().get::<Web>().cloned() else {
        let missing = WebError::Internal("a request has not passed the guard");
        return Err(missing.into_response());
    };
    let (mut parts, body) = request.into_parts();
    match F::from_request_parts(&mut parts, &web).await {
        Ok(_) => Ok((web, Request::from_parts(parts, body))),
        Err(refused) => Err(refused.into_response()),
    }
}
