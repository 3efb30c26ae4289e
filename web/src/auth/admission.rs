//! What stands before a handler that changes something: first who asks and what they may, then
//! whether our own form sends it, and only then what it brings.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::TryStreamExt as _;

use crate::auth::csrf::{self, TokenFault};
use crate::auth::visitor::{By, Visitor};
use crate::body::{self, Allowance, BodyFault, Taken};
use crate::error::{Limit, WebError};
use crate::limits::{FileUse, FormUse};
use crate::state::Web;
use crate::unsent;
use crate::upload;

/// A form.
pub(crate) async fn form<F>(request: Request, next: Next) -> Response
where
    F: FromRequestParts<Web> + Send,
    F::Rejection: Send,
{
    let request = match may::<F>(request).await {
        Ok((_, request)) => request,
        Err(turned_away) => return keep_unsent(*turned_away).await,
    };
    let (parts, body) = request.into_parts();
    let form_use = form_use(&parts);
    let whole = body::read(body::take(body, Allowance::form(form_use))).await;
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
        Err(TokenFault::OtherToken(body)) => lead_back(&parts, body).await,
        Err(fault) => WebError::from(fault).into_response(),
    }
}

/// A form of ours that was opened before its sender signed in anew changes nothing: they are led back to
/// its page, with what they typed.
async fn lead_back(parts: &Parts, body: Taken) -> Response {
    let refused = || WebError::Forged.into_response();
    let Some((web, sender)) = stale_sender(parts) else {
        return refused();
    };
    let Ok(whole) = body.try_collect::<Vec<_>>().await else {
        return refused();
    };
    let fields = unsent::read(parts, whole.concat().into()).await;
    let led = fields.and_then(|fields| unsent::keep_stale(web, parts, sender, fields));
    led.unwrap_or_else(refused)
}

/// The same of a form with a file, which has to be chosen again.
async fn lead_back_upload(parts: &Parts, body: Taken, file_use: FileUse) -> Response {
    let refused = || WebError::Forged.into_response();
    let Some((web, sender)) = stale_sender(parts) else {
        return refused();
    };
    let fields = upload::text_of(&parts.headers, body, file_use).await;
    let led = fields.and_then(|fields| unsent::keep_stale(web, parts, sender, fields));
    led.unwrap_or_else(refused)
}

/// Who sends a form with another token, if one of our pages sends it.
fn stale_sender(parts: &Parts) -> Option<(&Web, &Visitor)> {
    let web = parts.extensions.get::<Web>()?;
    let visitor = parts.extensions.get::<Arc<Visitor>>()?;
    unsent::is_by_page(parts).then_some((web, visitor))
}

fn form_use(parts: &Parts) -> FormUse {
    let known = parts.extensions.get::<FormUse>();
    known.copied().unwrap_or(FormUse::Usual)
}

/// What somebody typed whose session has ended is read for the owner of that session alone.
async fn keep_unsent(turned_away: TurnedAway) -> Response {
    let TurnedAway { refused, request } = turned_away;
    let (parts, body) = request.into_parts();
    let web = parts.extensions.get::<Web>();
    let Some(web) = web.filter(|web| unsent::is_to_be_kept(web, &parts, &refused)) else {
        return refused;
    };
    let whole = body::take(body, Allowance::form(form_use(&parts))).try_collect::<Vec<_>>();
    let Ok(whole) = whole.await else {
        return refused;
    };
    let Some(fields) = unsent::read(&parts, whole.concat().into()).await else {
        return refused;
    };
    unsent::keep(web, &parts, fields).unwrap_or(refused)
}

/// Of a form with a file its text is kept in the same way; the file is not.
async fn keep_unsent_upload(turned_away: TurnedAway) -> Response {
    let TurnedAway { refused, request } = turned_away;
    let (parts, body) = request.into_parts();
    let web = parts.extensions.get::<Web>();
    let Some(web) = web.filter(|web| unsent::is_to_be_kept(web, &parts, &refused)) else {
        return refused;
    };
    let file_use = parts.extensions.get::<FileUse>();
    let Some((file_use, owner)) = file_use.zip(unsent::owner_of(web, &parts)) else {
        return refused;
    };
    let Some(_place) = web.uploads.enter(&owner) else {
        return WebError::TooMany(Limit::Uploads).into_response();
    };
    let taken = body::take(body, Allowance::upload(*file_use));
    let Some(fields) = upload::text_of(&parts.headers, taken, *file_use).await else {
        return refused;
    };
    unsent::keep(web, &parts, fields).unwrap_or(refused)
}

/// A form with a file, or as large as one.
pub(crate) async fn upload<F>(request: Request, next: Next) -> Response
where
    F: FromRequestParts<Web> + Send,
    F::Rejection: Send,
{
    let (web, request) = match may::<F>(request).await {
        Ok(may) => may,
        Err(turned_away) => return keep_unsent_upload(*turned_away).await,
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
    let taken = body::take(body, Allowance::upload(file_use));
    let checked = match &visitor.by {
        By::Session { csrf, .. } => csrf::check(&parts.headers, taken, csrf, false).await,
        By::Token { .. } => Ok(body::body(taken)),
    };
    match checked {
        Ok(body) => next.run(Request::from_parts(parts, body)).await,
        Err(TokenFault::Body(BodyFault::TooLarge)) => WebError::LargeFile(file_use).into_response(),
        Err(TokenFault::OtherToken(body)) => lead_back_upload(&parts, body, file_use).await,
        Err(fault) => WebError::from(fault).into_response(),
    }
}

/// A request that is not for its sender to make.
struct TurnedAway {
    refused: Response,
    request: Request,
}

/// Asks of who asks what the handler asks: nothing is read of whom it would turn away.
async fn may<F>(request: Request) -> Result<(Web, Request), Box<TurnedAway>>
where
    F: FromRequestParts<Web> + Send,
    F::Rejection: Send,
{
    let turned_away = |refused, request| Box::new(TurnedAway { refused, request });
    let Some(web) = request.extensions().get::<Web>().cloned() else {
        let missing = WebError::Internal("a request has not passed the guard");
        return Err(turned_away(missing.into_response(), request));
    };
    let (mut parts, body) = request.into_parts();
    let may = F::from_request_parts(&mut parts, &web).await;
    let may = may.map(drop).map_err(IntoResponse::into_response);
    let request = Request::from_parts(parts, body);
    match may {
        Ok(()) => Ok((web, request)),
        Err(refused) => Err(turned_away(refused, request)),
    }
}
