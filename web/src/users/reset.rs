//! What an administrator does to an account besides changing its data: stop it, let it go on,
//! release it, give it a new one-time password, take its second factor away, end its sessions.

use axum::extract::{Path, State};
use axum::response::{Redirect, Response};
use madoguchi_core::access::ManageUsers;
use madoguchi_core::account::User;
use madoguchi_core::audit::{Action, AuditEntry};
use madoguchi_store::NewPassword;

use crate::auth::access::{Allowed, Proven};
use crate::auth::credentials::{self, save_user, set_password, set_second_factor};
use crate::auth::token;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::query::escape;
use crate::state::Web;
use crate::users::change::{check_not_watching, last_administrator};
use crate::users::edit::{Secrets, get, show_secrets};

/// A record of what is done to an account, which names it.
fn entry_about(web: &Web, visitor: &Visitor, user: &User, action: Action) -> AuditEntry {
    let mut entry = visitor.entry(web.desk.now(), action, user.id.as_str());
    entry.after.insert("login".to_owned(), user.login.clone());
    entry
}

fn back(user: &User, done: &str) -> Redirect {
    let id = escape(user.id.as_str());
    Redirect::to(&format!("/admin/users/{id}?done={done}"))
}

pub(crate) async fn disable(
    visitor: Allowed<ManageUsers>,
    State(web): State<Web>,
    Path(id): Path<String>,
) -> Result<Redirect, WebError> {
    let mut user = get(&web, &id).await?;
    if user.id == visitor.user.id {
        let message = "自分のアカウントは停止できません。ほかの管理者に依頼してください。";
        return Err(WebError::BadRequest(message.to_owned()));
    }
    if let Some(why) = last_administrator(&web, &user).await? {
        return Err(WebError::BadRequest(why));
    }
    let now = web.desk.now();
    user.disabled_at.get_or_insert(now);
    let entry = entry_about(&web, &visitor, &user, Action::UserDisable);
    save_user(&web, &user, entry).await?;
    Ok(back(&user, "disabled"))
}

pub(crate) async fn enable(
    visitor: Proven<ManageUsers>,
    State(web): State<Web>,
    Path(id): Path<String>,
) -> Result<Redirect, WebError> {
    let mut user = get(&web, &id).await?;
    user.disabled_at = None;
    let entry = entry_about(&web, &visitor, &user, Action::UserEnable);
    save_user(&web, &user, entry).await?;
    Ok(back(&user, "enabled"))
}

pub(crate) async fn release(
    // Who guesses must not give themselves new guesses.
    visitor: Proven<ManageUsers>,
    State(web): State<Web>,
    Path(id): Path<String>,
) -> Result<Redirect, WebError> {
    let mut user = get(&web, &id).await?;
    user.failures = 0;
    user.failed_at = None;
    let entry = entry_about(&web, &visitor, &user, Action::UserRelease);
    save_user(&web, &user, entry).await?;
    web.attempts.forget(&user.login);
    Ok(back(&user, "released"))
}

pub(crate) async fn password(
    visitor: Proven<ManageUsers>,
    State(web): State<Web>,
    Path(id): Path<String>,
) -> Result<Response, WebError> {
    let user = get(&web, &id).await?;
    check_not_watching(&user)?;
    let one_time = token::readable(4);
    let hash = web.hasher.hash(&one_time).await?;
    let now = web.desk.now();
    let new = NewPassword {
        hash,
        must_change: true,
        at: now,
    };
    let entry = entry_about(&web, &visitor, &user, Action::UserPasswordReset);
    set_password(&web, &user.id, &new, entry).await?;
    web.attempts.forget(&user.login);
    let secrets = Secrets {
        password: one_time,
        phone: None,
    };
    show_secrets(&web, &visitor, &user.id, (secrets, "reissued")).await
}

pub(crate) async fn second_factor(
    visitor: Proven<ManageUsers>,
    State(web): State<Web>,
    Path(id): Path<String>,
) -> Result<Redirect, WebError> {
    let user = get(&web, &id).await?;
    check_not_watching(&user)?;
    let entry = entry_about(&web, &visitor, &user, Action::UserSecondFactorReset);
    set_second_factor(&web, &user.id, None, entry).await?;
    Ok(back(&user, "second-factor-off"))
}

pub(crate) async fn end_session(
    visitor: Proven<ManageUsers>,
    State(web): State<Web>,
    Path((id, session)): Path<(String, String)>,
) -> Result<Redirect, WebError> {
    let user = get(&web, &id).await?;
    let entry = visitor.entry(web.desk.now(), Action::SignOut, &session);
    if !credentials::end_session(&web, &session, &user.id, entry).await? {
        return Err(WebError::NotFound("このログイン"));
    }
    Ok(back(&user, "session-ended"))
}
