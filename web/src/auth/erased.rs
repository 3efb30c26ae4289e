//! Handlers and what stands before them, as values of one type each. The router's own code is then compiled once,
//! and not once for every route: the compiler proves of every handler's future that it may be sent to another
//! thread wherever its type is named, which was most of the time that it took for the pages.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Request};
use axum::handler::Handler;
use axum::middleware::Next;
use axum::response::Response;
use futures::future::BoxFuture;

use crate::auth::admission;
use crate::state::Web;

type Call = dyn Fn(Request, Web) -> BoxFuture<'static, Response> + Send + Sync;

/// Any handler.
#[derive(Clone)]
pub(crate) struct ErasedHandler(Arc<Call>);

/// Tells this handler from others where the router asks for its arguments.
pub(crate) struct ErasedArguments;

impl ErasedHandler {
    pub(crate) fn new<H, T>(handler: H) -> Self
    where
        H: Handler<T, Web>,
        T: 'static,
    {
        Self(Arc::new(move |request, web| {
            Box::pin(handler.clone().call(request, web))
        }))
    }
}

impl Handler<ErasedArguments, Web> for ErasedHandler {
    type Future = BoxFuture<'static, Response>;

    fn call(self, request: Request, web: Web) -> Self::Future {
        (self.0)(request, web)
    }
}

/// What stands before a handler that changes something.
pub(crate) type Admission = fn(Request, Next) -> BoxFuture<'static, Response>;

/// Before one of forms.
pub(crate) fn form<F>(request: Request, next: Next) -> BoxFuture<'static, Response>
where
    F: FromRequestParts<Web, Rejection: Send> + Send + 'static,
{
    Box::pin(admission::form::<F>(request, next))
}

/// Before one that takes a file.
pub(crate) fn upload<F>(request: Request, next: Next) -> BoxFuture<'static, Response>
where
    F: FromRequestParts<Web, Rejection: Send> + Send + 'static,
{
    Box::pin(admission::upload::<F>(request, next))
}
