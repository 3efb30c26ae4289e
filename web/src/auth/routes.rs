//! Routes with what they need. A handler whose first argument does not say what it needs
//! ([`Needs`]) cannot become a route: the program would not compile.

use std::time::Duration;

use axum::extract::{DefaultBodyLimit, FromRequestParts};
use axum::handler::Handler;
use axum::http::StatusCode;
use axum::middleware::from_fn;
use axum::routing::{MethodRouter, get, patch, post};
use axum::{Extension, Router};
use tower_http::timeout::TimeoutLayer;

use crate::auth::access::{Need, Needs};
use crate::auth::erased::{self, Admission, ErasedHandler};
use crate::limits::{FileUse, FormUse};
use crate::state::{ApiRoute, Describe, Web};

/// A request is answered so soon.
const WITHIN: Duration = Duration::from_secs(15);
/// One that brings a file, or takes one away.
const FILE_WITHIN: Duration = Duration::from_secs(150);

/// A route and what it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Declared {
    /// GET, POST or PATCH.
    pub method: &'static str,
    /// The path, with `{id}` for what varies.
    pub path: &'static str,
    /// What it needs.
    pub need: Need,
    /// Who asks has to prove themselves again first.
    pub again: bool,
}

/// Routes in the making.
pub(crate) struct Routes {
    router: Router<Web>,
    declared: Vec<Declared>,
    described: Vec<ApiRoute>,
}

/// The arguments of a handler, of which the first says what is needed.
pub(crate) trait Arguments {
    type First: FromRequestParts<Web, Rejection: Send> + Needs + Send + 'static;
}

macro_rules! arguments {
    ($($rest:ident)*) => {
        impl<M, F, $($rest),*> Arguments for (M, F, $($rest,)*)
        where
            F: FromRequestParts<Web, Rejection: Send> + Needs + Send + 'static,
        {
            type First = F;
        }
    };
}

arguments!();
arguments!(A);
arguments!(A B);
arguments!(A B C);
arguments!(A B C D);
arguments!(A B C D E);

impl Routes {
    pub(crate) fn new() -> Self {
        Self {
            router: Router::new(),
            declared: Vec::new(),
            described: Vec::new(),
        }
    }

    /// Says of the last route what the document of the API tells of it.
    #[must_use]
    pub(crate) fn described(mut self, describe: Describe) -> Self {
        if let Some(last) = self.declared.last() {
            self.described.push(ApiRoute {
                method: last.method,
                path: last.path,
                scope: match last.need {
                    Need::Permission(permission) => Some(permission),
                    Need::Public | Need::Portal | Need::SignedIn => None,
                },
                describe,
            });
        }
        self
    }

    /// A page, or something else that is only read.
    #[must_use]
    pub(crate) fn get<H, T>(self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, Web>,
        T: Arguments + 'static,
    {
        self.route::<T>(
            ("GET", path),
            get(ErasedHandler::new(handler)),
            Some(WITHIN),
        )
    }

    /// A file of any length that is only read.
    #[must_use]
    pub(crate) fn file<H, T>(self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, Web>,
        T: Arguments + 'static,
    {
        self.route::<T>(
            ("GET", path),
            get(ErasedHandler::new(handler)),
            Some(FILE_WITHIN),
        )
    }

    /// Something that is only read and does not end by itself.
    #[must_use]
    pub(crate) fn stream<H, T>(self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, Web>,
        T: Arguments + 'static,
    {
        self.route::<T>(("GET", path), get(ErasedHandler::new(handler)), None)
    }

    /// Something that changes.
    #[must_use]
    pub(crate) fn post<H, T>(self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, Web>,
        T: Arguments + 'static,
    {
        self.route::<T>(
            ("POST", path),
            by_form::<T>(post(ErasedHandler::new(handler))),
            Some(WITHIN),
        )
    }

    /// Something that changes, and for which a whole month is read.
    #[must_use]
    pub(crate) fn slow_post<H, T>(self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, Web>,
        T: Arguments + 'static,
    {
        let admitted = by_form::<T>(post(ErasedHandler::new(handler)));
        self.route::<T>(("POST", path), admitted, Some(FILE_WITHIN))
    }

    /// Something that changes, by a form that holds more than others do.
    #[must_use]
    pub(crate) fn long_post<H, T>(self, path: &'static str, form_use: FormUse, handler: H) -> Self
    where
        H: Handler<T, Web>,
        T: Arguments + 'static,
    {
        let admitted = of_size(
            by_form::<T>(post(ErasedHandler::new(handler))),
            form_use.bytes(),
            form_use,
        );
        self.route::<T>(("POST", path), admitted, Some(WITHIN))
    }

    /// A part of something that changes, by what the API sends.
    #[must_use]
    pub(crate) fn patch<H, T>(self, path: &'static str, form_use: FormUse, handler: H) -> Self
    where
        H: Handler<T, Web>,
        T: Arguments + 'static,
    {
        let admitted = of_size(
            by_form::<T>(patch(ErasedHandler::new(handler))),
            form_use.bytes(),
            form_use,
        );
        self.route::<T>(("PATCH", path), admitted, Some(WITHIN))
    }

    /// Something that changes and brings a file.
    #[must_use]
    pub(crate) fn upload<H, T>(self, path: &'static str, file_use: FileUse, handler: H) -> Self
    where
        H: Handler<T, Web>,
        T: Arguments + 'static,
    {
        let admitted = post(ErasedHandler::new(handler))
            .route_layer(from_fn(erased::upload::<T::First> as Admission));
        let admitted = of_size(admitted, file_use.bytes(), file_use);
        self.route::<T>(("POST", path), admitted, Some(FILE_WITHIN))
    }

    /// A route with what its handler needs; it is answered within some time, if it ends by itself.
    fn route<T: Arguments>(
        mut self,
        (method, path): (&'static str, &'static str),
        handler: MethodRouter<Web>,
        within: Option<Duration>,
    ) -> Self {
        self.declare::<T::First>(method, path);
        let handler = match within {
            Some(within) => handler.layer(timeout(within)),
            None => handler,
        };
        self.router = self.router.route(path, handler);
        self
    }

    /// The routes of another part.
    #[must_use]
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.declared.extend(other.declared);
        self.described.extend(other.described);
        self
    }

    pub(crate) fn finish(self) -> (Router<Web>, Vec<Declared>) {
        (self.router, self.declared)
    }

    /// The paths of all that is only read.
    pub(crate) fn pages(&self) -> Vec<&'static str> {
        let read = self.declared.iter().filter(|route| route.method == "GET");
        read.map(|route| route.path).collect()
    }

    /// What the document of the API tells of.
    pub(crate) fn into_described(self) -> Vec<ApiRoute> {
        self.described
    }

    fn declare<F: Needs>(&mut self, method: &'static str, path: &'static str) {
        self.declared.push(Declared {
            method,
            path,
            need: F::NEED,
            again: F::AGAIN,
        });
    }
}

/// What stands before a handler of forms.
fn by_form<T: Arguments>(handler: MethodRouter<Web>) -> MethodRouter<Web> {
    handler.route_layer(from_fn(erased::form::<T::First> as Admission))
}

/// A handler that takes so many bytes, and what stands before it knows what for.
fn of_size<U: Clone + Send + Sync + 'static>(
    handler: MethodRouter<Web>,
    bytes: usize,
    filled_in_for: U,
) -> MethodRouter<Web> {
    let limited: MethodRouter<Web> = handler.layer(DefaultBodyLimit::max(bytes));
    limited.layer(Extension(filled_in_for))
}

fn timeout(within: Duration) -> TimeoutLayer {
    TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, within)
}
