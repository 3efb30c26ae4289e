//! What the program itself, or its operator at the command line, does to accounts: the first
//! administrator, further accounts, new one-time passwords, tokens for machines.

use std::collections::BTreeSet;

use madoguchi_core::access::{Permissions, Role};
use madoguchi_core::account::User;
use madoguchi_core::audit::{Action, AuditEntry, Fields, changed};
use madoguchi_core::id::{AgentId, UserId};
use madoguchi_core::time::{Instant, Millis};
use madoguchi_store::{ApiToken, NewPassword, NewToken, Store, StoreError};

use crate::{password, recovery, token};

/// The login of the first administrator.
pub const ADMINISTRATOR: &str = "admin";

/// Makes the first administrator if the desk has no account yet; gives the one-time password,
/// which is kept nowhere.
///
/// # Errors
/// [`StoreError`].
pub async fn ensure_administrator(
    store: &Store,
    now: Instant,
) -> Result<Option<String>, StoreError> {
    if store.has_users().await? {
        return Ok(None);
    }
    let one_time = one_time_password();
    let account = NewAccount {
        login: ADMINISTRATOR,
        name: "管理者",
        roles: &[Role::Administrator],
        agent: None,
        password: &one_time,
        must_change: true,
    };
    match add_account(store, &account, now).await {
        Ok(_) => Ok(Some(one_time)),
        // Another node was quicker.
        Err(StoreError::Taken { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// An account that the program itself makes.
#[derive(Debug, Clone, Copy)]
pub struct NewAccount<'a> {
    /// The name to sign in with.
    pub login: &'a str,
    /// The name people know.
    pub name: &'a str,
    /// What the user is.
    pub roles: &'a [Role],
    /// The agent whose phone is the user's.
    pub agent: Option<&'a str>,
    /// The password.
    pub password: &'a str,
    /// It must be changed before anything else.
    pub must_change: bool,
}

/// Adds an account as the program itself.
///
/// # Errors
/// [`StoreError::Taken`] if the login exists.
pub async fn add_account(
    store: &Store,
    account: &NewAccount<'_>,
    now: Instant,
) -> Result<UserId, StoreError> {
    let user = User {
        id: UserId::new(token::new_id()),
        login: account.login.to_owned(),
        name: account.name.to_owned(),
        roles: account.roles.iter().copied().collect(),
        agent: account.agent.map(AgentId::new),
        oidc_subject: None,
        must_change_password: account.must_change,
        password_changed_at: Some(now),
        second_factor: false,
        failures: 0,
        failed_at: None,
        disabled_at: None,
        created_at: now,
        last_used_at: None,
        version: 0,
    };
    let hash = password::hash_now(account.password);
    let entry = entry(Action::UserCreate, &user.id, now, user.recorded());
    let mut tx = store.begin(entry).await?;
    tx.add_user(&user, hash.as_deref()).await?;
    tx.commit().await?;
    Ok(user.id)
}

/// Changes the roles of a user, as the operator of the machine.
///
/// # Errors
/// [`StoreError`].
pub async fn change_roles(
    store: &Store,
    user: &User,
    roles: &BTreeSet<Role>,
    now: Instant,
) -> Result<(), StoreError> {
    let after = User {
        roles: roles.clone(),
        ..user.clone()
    };
    let mut entry = entry(Action::UserChange, &user.id, now, Fields::new());
    (entry.before, entry.after) = changed(&user.recorded(), &after.recorded());
    let mut tx = store.begin(entry).await?;
    tx.save_user(&after).await?;
    tx.commit().await
}

/// The hash of a password as it is kept (argon2id, a PHC string); `None` if the machine fails.
pub fn hash_password(password: &str) -> Option<String> {
    password::hash_now(password)
}

/// A new one-time password.
pub fn one_time_password() -> String {
    token::readable(4)
}

/// Gives a user a new password, and releases a lock.
///
/// # Errors
/// [`StoreError`].
pub async fn reset_password(
    store: &Store,
    user: &UserId,
    password: &str,
    must_change: bool,
    now: Instant,
) -> Result<(), StoreError> {
    let new = NewPassword {
        hash: password::hash_now(password).unwrap_or_default(),
        must_change,
        at: now,
    };
    let entry = entry(Action::UserPasswordReset, user, now, Fields::new());
    let mut tx = store.begin(entry).await?;
    tx.set_password(user, &new).await?;
    tx.commit().await
}

/// Takes the second factor of a user away, as the operator of the machine.
///
/// # Errors
/// [`StoreError`].
pub async fn remove_second_factor(
    store: &Store,
    user: &UserId,
    now: Instant,
) -> Result<(), StoreError> {
    let entry = entry(Action::UserSecondFactorReset, user, now, Fields::new());
    let mut tx = store.begin(entry).await?;
    tx.set_second_factor(user, None, &[]).await?;
    tx.commit().await
}

/// Keeps recovery codes as slow hashes that an earlier version has kept as fast ones. They stay good.
///
/// # Errors
/// [`StoreError`].
pub async fn slow_down_recovery_codes(store: &Store) -> Result<(), StoreError> {
    for (user, fast) in store.list_fast_recovery_codes().await? {
        let hashes = fast.clone();
        let slow = tokio::task::spawn_blocking(move || recovery::slow_hashes(&hashes)).await;
        if let Ok(Some(slow)) = slow {
            let forms: Vec<_> = fast.into_iter().zip(slow).collect();
            let mut tx = store.begin_unrecorded().await?;
            tx.replace_recovery_codes(&user, &forms).await?;
            tx.commit().await?;
        }
    }
    Ok(())
}

/// Makes a token of a user's, which ends when the password is changed; gives it, for it is kept
/// nowhere.
///
/// # Errors
/// [`StoreError`].
pub async fn issue_token(
    store: &Store,
    user: &UserId,
    name: &str,
    scopes: Permissions,
    lasts: Millis,
    now: Instant,
) -> Result<String, StoreError> {
    let period = (now, lasts);
    add_token(store, user, name, scopes, period, true).await
}

/// The same, for a program that goes on when the password is changed.
///
/// # Errors
/// [`StoreError`].
pub async fn issue_lasting_token(
    store: &Store,
    user: &UserId,
    name: &str,
    scopes: Permissions,
    lasts: Millis,
    now: Instant,
) -> Result<String, StoreError> {
    let period = (now, lasts);
    add_token(store, user, name, scopes, period, false).await
}

async fn add_token(
    store: &Store,
    user: &UserId,
    name: &str,
    scopes: Permissions,
    (now, lasts): (Instant, Millis),
    ends_with_password: bool,
) -> Result<String, StoreError> {
    let secret = token::new_api_token();
    let new = NewToken {
        token_hash: token::hash(&secret),
        user: user.clone(),
        token: ApiToken {
            id: token::new_id(),
            name: name.to_owned(),
            scopes,
            created_at: now,
            expires_at: now + lasts,
            last_used_at: None,
            revoked_at: None,
            ends_with_password,
        },
    };
    let about = Fields::from([
        ("name".to_owned(), name.to_owned()),
        (
            "ends_with_password".to_owned(),
            ends_with_password.to_string(),
        ),
    ]);
    let mut entry = entry(Action::TokenCreate, user, now, about);
    new.token.id.clone_into(&mut entry.object);
    let mut tx = store.begin(entry).await?;
    tx.add_token(&new).await?;
    tx.commit().await?;
    Ok(secret)
}

fn entry(action: Action, user: &UserId, at: Instant, after: Fields) -> AuditEntry {
    AuditEntry::of_system(at, action, user.as_str(), after)
}
