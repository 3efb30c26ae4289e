//! Proving who one is: a password or a code of the second factor, wherever it is asked for. Every
//! guess is reserved, counted and recorded.

use axum::http::HeaderMap;
use madoguchi_core::audit::{Action, Actor, AuditEntry, Fields};
use madoguchi_core::time::{Millis, Monotonic};
use madoguchi_store::Credentials;

use crate::auth::attempts::{Reserved, Target};
use crate::auth::cookie::Origin;
use crate::auth::device::Device;
use crate::auth::password::Lane;
use crate::auth::recovery;
use crate::auth::totp::TotpSecret;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::state::Web;

/// What somebody gives to prove who they are.
#[derive(Clone, Copy)]
pub(crate) enum Given<'a> {
    /// The password.
    Password(&'a str),
    /// A code of the authenticator app, or a recovery code.
    Code(&'a str),
}

/// Who is to be proven, and where that is asked for.
pub(crate) struct Claim<'a> {
    pub(crate) web: &'a Web,
    pub(crate) origin: Origin,
    pub(crate) device: Device,
    /// The name that was typed.
    pub(crate) login: &'a str,
    /// The account of this name, if there is one.
    pub(crate) found: Option<&'a Credentials>,
    /// Whom a failure is recorded of, and as what.
    actor: Actor,
    action: Action,
    place: &'static str,
}

/// What came of it.
pub(crate) enum Verdict {
    /// It is the one.
    Right(Reserved),
    /// It is not, or the account is locked or disabled: which of these is told to nobody.
    Wrong,
    /// It was not looked at; so long others must wait.
    Wait(Millis),
}

impl Verdict {
    /// Whether all that is asked for is proven; otherwise what somebody is told who has to wait.
    pub(crate) fn into_result(self) -> Result<bool, String> {
        match self {
            Self::Right(reserved) => {
                reserved.succeed();
                Ok(true)
            }
            Self::Wrong => Ok(false),
            Self::Wait(wait) => Err(wait_sentence(wait)),
        }
    }
}

impl<'a> Claim<'a> {
    /// Somebody who is not signed in says that they are `login`.
    pub(crate) fn to_sign_in(
        web: &'a Web,
        origin: Origin,
        headers: &HeaderMap,
        login: &'a str,
        found: Option<&'a Credentials>,
    ) -> Self {
        Self {
            web,
            origin,
            device: Device::of(headers, origin),
            login,
            found,
            actor: Actor::Nobody {
                login: login.to_owned(),
            },
            action: Action::SignInFailed,
            place: "",
        }
    }

    /// Somebody who is signed in is asked again, before they may do what `place` names.
    pub(crate) fn again(
        web: &'a Web,
        visitor: &'a Visitor,
        headers: &HeaderMap,
        found: &'a Credentials,
        place: &'static str,
    ) -> Self {
        let user = &found.user;
        Self {
            web,
            origin: visitor.origin,
            device: Device::of(headers, visitor.origin),
            login: &user.login,
            found: Some(found),
            actor: Actor::User {
                id: user.id.clone(),
                login: user.login.clone(),
            },
            action: Action::ProofFailed,
            place,
        }
    }

    /// Judges what was given.
    pub(crate) async fn judge(&self, given: Given<'_>) -> Result<Verdict, WebError> {
        let web = self.web;
        let own = self
            .device
            .own(web, self.found.map(|found| &found.user.id))
            .await?;
        let target = match &own {
            Some(hash) => Target::OwnDevice(format!("{hash} {}", self.login)),
            None => Target::Login(self.login.to_owned()),
        };
        let now = web.desk.monotonic();
        let reserved = match web.attempts.reserve(target, self.origin.address, now) {
            Ok(reserved) => reserved,
            Err(wait) => return Ok(Verdict::Wait(wait)),
        };
        let lane = if own.is_some() || self.action == Action::ProofFailed {
            Lane::Known
        } else {
            Lane::Stranger
        };
        let locked = own.is_none()
            && self
                .found
                .is_some_and(|found| found.user.is_locked_beside(reserved.others));
        let may = |found: &&Credentials| !locked && found.user.disabled_at.is_none();
        let open = self.found.filter(may);
        let right = match given {
            Given::Password(password) => {
                let hash = open.and_then(|found| found.password.as_deref());
                web.hasher
                    .is_right(password, hash, lane)
                    .await
                    .map_err(WebError::from)
            }
            Given::Code(code) => self.is_right_code(open, code, lane).await,
        };
        let right = match right {
            Ok(right) => right,
            Err(error) => {
                reserved.withdraw();
                return Err(error);
            }
        };
        if right {
            return Ok(Verdict::Right(reserved));
        }
        let why = match given {
            _ if locked => "locked",
            Given::Password(_) => "password",
            Given::Code(_) => "second_factor",
        };
        self.failed(reserved, own, why, web.desk.monotonic())
            .await?;
        Ok(Verdict::Wrong)
    }

    async fn failed(
        &self,
        reserved: Reserved,
        own: Option<String>,
        why: &str,
        now: Monotonic,
    ) -> Result<(), WebError> {
        reserved.fail(now);
        let (store, user) = (&self.web.store, self.found.map(|found| &found.user));
        let mut after = Fields::from([("why".to_owned(), why.to_owned())]);
        if !self.place.is_empty() {
            after.insert("place".to_owned(), self.place.to_owned());
        }
        let at = self.web.desk.now();
        let entry = AuditEntry {
            at,
            actor: self.actor.clone(),
            address: self.origin.address.to_string(),
            action: self.action,
            object: user.map_or_else(String::new, |user| user.id.as_str().to_owned()),
            before: Fields::new(),
            after,
        };
        let Some(user) = user else {
            return Ok(store.append_audit(&[entry]).await?);
        };
        let mut tx = store.begin(entry).await?;
        match own {
            Some(hash) => tx.note_device_failure(&hash, &user.id).await?,
            None => {
                tx.note_failure(&user.id, at).await?;
            }
        }
        Ok(tx.commit().await?)
    }

    /// A code of the app that was not used before, or a recovery code, which is used up.
    async fn is_right_code(
        &self,
        open: Option<&Credentials>,
        code: &str,
        lane: Lane,
    ) -> Result<bool, WebError> {
        let (web, Some(open)) = (self.web, open) else {
            return Ok(false);
        };
        let code: String = code.split_whitespace().collect();
        let sealed = open.totp.as_deref();
        let secret = sealed.and_then(|sealed| web.seal.open(sealed));
        let secret = secret.and_then(|bytes| TotpSecret::from_bytes(&bytes));
        let step = secret.and_then(|secret| secret.step_of(&code, web.desk.now()));
        let Some(step) = step else {
            return Ok(
                recovery::is_used_up((&web.store, &web.hasher), &open.user.id, &code, lane).await?,
            );
        };
        let mut tx = web.store.begin_unrecorded().await?;
        let is_new = tx.use_totp_step(&open.user.id, step).await?;
        tx.commit().await?;
        Ok(is_new)
    }
}

/// What somebody is told who has to wait.
pub(crate) fn wait_sentence(wait: Millis) -> String {
    let secs = (wait.0 + 999) / 1000;
    format!(
        "続けて間違えたため、今は受け付けられません。{secs}秒ほど待ってから、もう一度入力してください。"
    )
}
