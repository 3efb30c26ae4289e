//! One's own account: password, second factor, sessions, API tokens.

pub(crate) mod confirm;
mod password;
mod qr;
mod second_factor;
pub(crate) mod sessions;
mod tokens;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{Html, Redirect};
use madoguchi_core::access::UseAccount;
use madoguchi_core::audit::Action;

use self::sessions::{SessionRow, session_rows};
use crate::auth::access::{Allowed, Proven};
use crate::auth::credentials;
use crate::auth::routes::Routes;
use crate::error::WebError;
use crate::feature::Feature;
use crate::one_time;
use crate::query::DoneQuery;
use crate::shell::Shell;
use crate::sign_in::oidc;
use crate::state::Web;

pub(crate) const FEATURE: Feature = Feature::new(routes).messages(&[
    ("issued", "トークンを発行しました。"),
    ("revoked", "トークンを失効させました。"),
    (
        "password",
        "パスワードを変更しました。ほかの端末のログインは終了しました。",
    ),
    ("second-factor", "2段階認証を設定しました。"),
    ("session-ended", "ログインを終了しました。"),
]);

fn routes() -> Routes {
    Routes::new()
        .get("/account", page)
        .get("/account/confirm", confirm::page)
        .post("/account/confirm", confirm::submit)
        .get("/account/confirm/oidc", oidc::start_again)
        .post("/account/noted", one_time::noted)
        .get("/account/password", password::page)
        .post("/account/password", password::submit)
        .get("/account/second-factor", second_factor::page)
        .post("/account/second-factor", second_factor::submit)
        .post("/account/second-factor/remove", second_factor::remove)
        .get("/account/recovery-codes", second_factor::codes)
        .post("/account/sessions/{id}/end", end_session)
        .get("/account/tokens", tokens::page)
        .post("/account/tokens", tokens::submit)
        .post("/account/tokens/{id}/revoke", tokens::revoke)
}

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    shell: Shell,
    login: String,
    name: String,
    roles: String,
    agent: String,
    has_password: bool,
    password_changed: String,
    second_factor: bool,
    recovery_codes: u64,
    /// Sessions can be ended without another proof.
    proven: bool,
    sessions: Vec<SessionRow>,
}

pub(crate) async fn page(
    visitor: Allowed<UseAccount>,
    State(web): State<Web>,
    Query(query): Query<DoneQuery>,
) -> Result<Html<String>, WebError> {
    let user = &visitor.user;
    let dates = web.settings.dates;
    let sessions = web.store.list_sessions(&user.id).await?;
    let roles: Vec<_> = user.roles.iter().map(|role| role.label()).collect();
    let page = AccountPage {
        shell: Shell::new(&web, Some(&visitor), "/account").done(&web, &query.done),
        login: user.login.clone(),
        name: user.name.clone(),
        roles: roles.join("、"),
        agent: user
            .agent
            .as_ref()
            .map_or_else(String::new, |agent| agent.as_str().to_owned()),
        has_password: user.password_changed_at.is_some(),
        password_changed: user
            .password_changed_at
            .map_or_else(String::new, |at| dates.minute(at)),
        second_factor: user.second_factor,
        recovery_codes: web.store.count_recovery_codes(&user.id).await?,
        proven: visitor.is_proven(),
        sessions: session_rows(&web, &sessions, visitor.session()),
    };
    Ok(Html(page.render()?))
}

async fn end_session(
    visitor: Proven<UseAccount>,
    State(web): State<Web>,
    Path(id): Path<String>,
) -> Result<Redirect, WebError> {
    let entry = visitor.entry(web.desk.now(), Action::SignOut, &id);
    if !credentials::end_session(&web, &id, &visitor.user.id, entry).await? {
        return Err(WebError::NotFound("このログイン"));
    }
    Ok(Redirect::to("/account?done=session-ended"))
}
