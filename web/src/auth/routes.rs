//! Routes with what they need. A handler whose first argument does not say what it needs
//! ([`Needs`]) cannot become a route: the program would not compile.

use axum::Router;
use axum::handler::Handler;
use axum::routing::{get, post};

use crate::Web;
use crate::auth::access::{Need, Needs};

/// A route and what it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Declared {
    /// GET or POST.
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
}

/// The arguments of a handler, of which the first says what is needed.
pub(crate) trait Arguments {
    type First: Needs;
}

macro_rules! arguments {
    ($($rest:ident)*) => {
        impl<M, F: Needs, $($rest),*> Arguments for (M, F, $($rest,)*) {
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
        }
    }

    /// A page, or something else that is only read.
    #[must_use]
    pub(crate) fn get<H, T>(mut self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, Web>,
        T: Arguments + 'static,
    {
        self.declare::<T::First>("GET", path);
        self.router = self.router.route(path, get(handler));
        self
    }

    /// Something that changes.
    #[must_use]
    pub(crate) fn post<H, T>(mut self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, Web>,
        T: Arguments + 'static,
    {
        self.declare::<T::First>("POST", path);
        self.router = self.router.route(path, post(handler));
        self
    }

    /// The routes of another part.
    #[must_use]
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.declared.extend(other.declared);
        self
    }

    /// The same routes with a layer around all of them.
    #[must_use]
    pub(crate) fn map(mut self, change: impl FnOnce(Router<Web>) -> Router<Web>) -> Self {
        self.router = change(self.router);
        self
    }

    pub(crate) fn finish(self) -> (Router<Web>, Vec<Declared>) {
        (self.router, self.declared)
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
