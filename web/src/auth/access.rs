//! What a handler needs, as types: the first argument of every handler is one of these, and a
//! route cannot be declared without (see [`super::routes`]).

use std::convert::Infallible;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use madoguchi_core::access::{Permission, Permit};
use madoguchi_store::StoreError;

use crate::auth::browser::Browser;
use crate::auth::cookie::Origin;
use crate::auth::duty::Duty;
use crate::auth::visitor::{By, Unrecognised, Visitor};
use crate::error::WebError;
use crate::state::Web;

/// What a route needs of who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Anybody may.
    Public,
    /// That they are within the networks of the portal, or signed in.
    Portal,
    /// Somebody who is signed in, whatever they may do and still owe.
    SignedIn,
    /// Somebody who is signed in, owes nothing, and has this permission.
    Permission(Permission),
}

/// Anybody may ask.
#[derive(Debug)]
pub(crate) struct Public;

/// Somebody of the staff asks: within the networks of the portal without an account, elsewhere
/// signed in.
#[derive(Debug)]
pub(crate) struct PortalReader {
    /// Who, if they are signed in; they may owe something where nobody needs an account.
    pub(crate) visitor: Option<Arc<Visitor>>,
    pub(crate) origin: Origin,
    /// The browser, by its cookie.
    pub(crate) browser: Browser,
}

/// Somebody who is signed in asks. What they owe (a new password, a second factor) does not matter.
#[derive(Debug)]
pub(crate) struct SignedInVisitor(pub(crate) Arc<Visitor>);

/// Somebody with a permission asks.
#[derive(Debug)]
pub(crate) struct Allowed<P: Permit> {
    visitor: Arc<Visitor>,
    permission: PhantomData<P>,
}

impl<P: Permit> Deref for Allowed<P> {
    type Target = Visitor;

    fn deref(&self) -> &Visitor {
        &self.visitor
    }
}

impl Deref for SignedInVisitor {
    type Target = Visitor;

    fn deref(&self) -> &Visitor {
        &self.0
    }
}

impl FromRequestParts<Web> for Public {
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, _: &Web) -> Result<Self, Infallible> {
        Ok(Self)
    }
}

impl FromRequestParts<Web> for PortalReader {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, WebError> {
        let known = parts.extensions.get::<Origin>().copied();
        let origin = known.ok_or(WebError::Internal("a request without an origin"))?;
        let visitor = parts.extensions.get::<Arc<Visitor>>().cloned();
        // A token allows what it names and nothing else.
        if let Some(visitor) = &visitor
            && matches!(visitor.by, By::Token { .. })
            && !visitor.permissions.contains(Permission::ReadKnowledge)
        {
            return Err(WebError::NotAllowed(Permission::ReadKnowledge));
        }
        if !web.settings.is_within_portal(origin.address)
            && let Some(duty) = self::visitor(parts)?.owes
        {
            return Err(WebError::Owes(duty));
        }
        let browser = Browser::of(&parts.headers, origin);
        Ok(Self {
            visitor,
            origin,
            browser,
        })
    }
}

impl FromRequestParts<Web> for SignedInVisitor {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, _: &Web) -> Result<Self, WebError> {
        let visitor = visitor(parts)?;
        if let By::Token { .. } = visitor.by {
            // A program has no account of its own.
            return Err(WebError::NotAllowed(Permission::UseAccount));
        }
        match visitor.owes {
            Some(Duty::ProveSecondFactor) => Err(WebError::Owes(Duty::ProveSecondFactor)),
            _ => Ok(Self(visitor)),
        }
    }
}

impl<P: Permit> FromRequestParts<Web> for Allowed<P> {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, _: &Web) -> Result<Self, WebError> {
        let visitor = visitor(parts)?;
        if let Some(duty) = visitor.owes {
            return Err(WebError::Owes(duty));
        }
        if !visitor.permissions.contains(P::PERMISSION) {
            return Err(WebError::NotAllowed(P::PERMISSION));
        }
        Ok(Self {
            visitor,
            permission: PhantomData,
        })
    }
}

/// Somebody with a permission asks who has proven themselves again within the last minutes.
#[derive(Debug)]
pub(crate) struct Proven<P: Permit>(Allowed<P>);

impl<P: Permit> Deref for Proven<P> {
    type Target = Visitor;

    fn deref(&self) -> &Visitor {
        &self.0
    }
}

impl<P: Permit> FromRequestParts<Web> for Proven<P> {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, WebError> {
        let allowed = Allowed::from_request_parts(parts, web).await?;
        allowed.can_be_asked()?;
        if allowed.is_proven() {
            Ok(Self(allowed))
        } else {
            Err(WebError::NotProven)
        }
    }
}

/// Somebody with a permission asks, in a session, for what has to be proven again. Whether they have
/// is the handler's to ask ([`Self::proven`]): it shows what they typed once more if they have not.
#[derive(Debug)]
pub(crate) struct AskedAgain<P: Permit>(Allowed<P>);

impl<P: Permit> AskedAgain<P> {
    /// Who has proven themselves within the last minutes; who has not.
    pub(crate) fn proven(self) -> Result<Proven<P>, Allowed<P>> {
        if self.0.is_proven() {
            Ok(Proven(self.0))
        } else {
            Err(self.0)
        }
    }
}

impl<P: Permit> FromRequestParts<Web> for AskedAgain<P> {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, WebError> {
        let allowed = Allowed::from_request_parts(parts, web).await?;
        allowed.can_be_asked()?;
        Ok(Self(allowed))
    }
}

fn visitor(parts: &Parts) -> Result<Arc<Visitor>, WebError> {
    let visitor = parts.extensions.get::<Arc<Visitor>>().cloned();
    visitor.ok_or_else(|| match parts.extensions.get::<Unrecognised>() {
        Some(Unrecognised) => WebError::Store(StoreError::unreachable()),
        None => WebError::NotSignedIn,
    })
}

/// The first argument of a handler.
pub(crate) trait Needs {
    const NEED: Need;
    /// Who asks has to prove themselves again first.
    const AGAIN: bool = false;
}

impl<P: Permit> Needs for Proven<P> {
    const NEED: Need = Need::Permission(P::PERMISSION);
    const AGAIN: bool = true;
}

impl<P: Permit> Needs for AskedAgain<P> {
    const NEED: Need = Need::Permission(P::PERMISSION);
    const AGAIN: bool = true;
}

impl Needs for Public {
    const NEED: Need = Need::Public;
}

impl Needs for PortalReader {
    const NEED: Need = Need::Portal;
}

impl Needs for SignedInVisitor {
    const NEED: Need = Need::SignedIn;
}

impl<P: Permit> Needs for Allowed<P> {
    const NEED: Need = Need::Permission(P::PERMISSION);
}
