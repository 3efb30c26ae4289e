//! What stands before a handler that changes something: first who asks and what they may, then
//! whether our own form sends it, and only then what it brings.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{FromRequestParts, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use madoguchi_core::id::UserId;

use crate::Web;
use crate::auth::csrf;
use crate::auth::visitor::{By, Visitor};
use crate::body;
use crate::error::{Limit, WebError};

/// The largest body of a request: forms are small, recordings are not.
pub(crate) const FORM_BYTES: usize = 64 * 1024;
const FORM_WITHIN: Duration = Duration::from_secs(12);
/// The largest body of a request that brings a file.
pub(crate) const UPLOAD_BYTES: usize = 12 * 1024 * 1024;
const UPLOAD_WITHIN: Duration = Duration::from_secs(120);
/// Files that are being brought at once, in all and by one user.
const UPLOADS_AT_ONCE: usize = 8;
const UPLOADS_OF_USER: usize = 2;

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
    let whole = body::read(body::take(body, FORM_BYTES, FORM_WITHIN)).await;
    let taken = match whole {
        Ok(whole) => whole,
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
    let Some(_place) = web.uploads.enter(&visitor.user.id) else {
        return WebError::TooMany(Limit::Uploads).into_response();
    };
    let taken = body::take(body, UPLOAD_BYTES, UPLOAD_WITHIN);
    let checked = match &visitor.by {
        By::Session { csrf, .. } => csrf::check(&parts.headers, taken, csrf, false).await,
        By::Token { .. } => Ok(body::body(taken)),
    };
    match checked {
        Ok(body) => next.run(Request::from_parts(parts, body)).await,
        Err(WebError::TooLarge) => WebError::LargeFile.into_response(),
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

/// Who is bringing files.
#[derive(Debug, Default)]
pub(crate) struct Uploads {
    by_user: Mutex<HashMap<UserId, usize>>,
}

/// Somebody's place among those who bring files.
#[derive(Debug)]
struct Place<'a> {
    uploads: &'a Uploads,
    user: UserId,
}

impl Uploads {
    fn enter(&self, user: &UserId) -> Option<Place<'_>> {
        let mut by_user = self.lock();
        let own = by_user.get(user).copied().unwrap_or_default();
        if own >= UPLOADS_OF_USER || by_user.values().sum::<usize>() >= UPLOADS_AT_ONCE {
            return None;
        }
        by_user.insert(user.clone(), own + 1);
        Some(Place {
            uploads: self,
            user: user.clone(),
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<UserId, usize>> {
        self.by_user.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut by_user = self.uploads.lock();
        match by_user.get_mut(&self.user) {
            Some(own) if *own > 1 => *own -= 1,
            _ => {
                by_user.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_all_places_of_those_who_bring_files() {
        let uploads = Uploads::default();
        let of = |name: String| uploads.enter(&UserId::new(name));
        let mut places: Vec<_> = (0..2).filter_map(|_| of("a".to_owned())).collect();
        assert!(places.len() == 2 && of("a".to_owned()).is_none());
        places.extend((0..6).filter_map(|n| of(n.to_string())));
        assert!(places.len() == 8 && of("z".to_owned()).is_none());
        places.clear();
        assert!(of("a".to_owned()).is_some() && uploads.lock().is_empty());
    }
}
