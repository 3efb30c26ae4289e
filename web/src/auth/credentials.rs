//! Changes of what lets a user in. What is remembered of their sessions and tokens is asked for anew,
//! whatever becomes of the change.

use madoguchi_core::account::User;
use madoguchi_core::audit::AuditEntry;
use madoguchi_core::id::UserId;
use madoguchi_store::{NewPassword, Store, StoreError};

use crate::state::Web;

/// Saves an account.
pub(crate) async fn save_user(web: &Web, user: &User, entry: AuditEntry) -> Result<(), StoreError> {
    let saved = async {
        let mut tx = web.store.begin(entry).await?;
        tx.save_user(user).await?;
        tx.commit().await
    };
    let saved = saved.await;
    web.sessions.forget_user(&user.id);
    saved
}

/// Sets a password.
pub(crate) async fn set_password(
    web: &Web,
    user: &UserId,
    password: &NewPassword,
    entry: AuditEntry,
) -> Result<(), StoreError> {
    let set = async {
        let mut tx = web.store.begin(entry).await?;
        tx.set_password(user, password).await?;
        tx.commit().await
    };
    let set = set.await;
    web.sessions.forget_user(user);
    set
}

/// A second factor that is set up.
pub(crate) struct NewSecondFactor {
    /// The sealed secret.
    pub(crate) secret: String,
    /// The hashes of its recovery codes.
    pub(crate) codes: Vec<String>,
    /// The time step of the code that proved it, which is used up.
    pub(crate) step: i64,
}

/// Sets up a second factor, or removes it.
pub(crate) async fn set_second_factor(
    web: &Web,
    user: &UserId,
    factor: Option<&NewSecondFactor>,
    entry: AuditEntry,
) -> Result<(), StoreError> {
    let set = async {
        let mut tx = web.store.begin(entry).await?;
        let Some(factor) = factor else {
            tx.set_second_factor(user, None, &[]).await?;
            return tx.commit().await;
        };
        let secret = Some(factor.secret.as_str());
        tx.set_second_factor(user, secret, &factor.codes).await?;
        tx.use_totp_step(user, factor.step).await?;
        tx.commit().await
    };
    let set = set.await;
    web.sessions.forget_user(user);
    set
}

/// Ends a session of a user; `false` if there is no such session.
pub(crate) async fn end_session(
    web: &Web,
    session: &str,
    user: &UserId,
    entry: AuditEntry,
) -> Result<bool, StoreError> {
    let ended = end_kept_session(&web.store, session, user, entry).await;
    web.sessions.forget_user(user);
    ended
}

/// The same, for who tells the remembered sessions themselves.
pub(crate) async fn end_kept_session(
    store: &Store,
    session: &str,
    user: &UserId,
    entry: AuditEntry,
) -> Result<bool, StoreError> {
    let mut tx = store.begin(entry).await?;
    if !tx.end_session(session, user).await? {
        return Ok(false);
    }
    tx.commit().await?;
    Ok(true)
}

/// Takes a token of a user back; `false` if there is no such token in force.
pub(crate) async fn revoke_token(
    web: &Web,
    token: &str,
    user: &UserId,
    entry: AuditEntry,
) -> Result<bool, StoreError> {
    let revoked = async {
        let mut tx = web.store.begin(entry).await?;
        if !tx.revoke_token(token, user).await? {
            return Ok::<_, StoreError>(false);
        }
        tx.commit().await?;
        Ok::<_, StoreError>(true)
    };
    let revoked = revoked.await;
    web.sessions.forget_user(user);
    revoked
}
