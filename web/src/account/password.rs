//! Changing one's own password.

use askama::Template;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use madoguchi_core::account::PasswordFault;
use madoguchi_core::audit::Action;
use madoguchi_store::NewPassword;
use serde::Deserialize;

use crate::auth::access::SignedInVisitor;
use crate::auth::credentials::set_password;
use crate::auth::duty::Duty;
use crate::auth::password::check_new;
use crate::auth::proof::{Claim, Given};
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::shell::Shell;
use crate::sign_in::session::begin;
use crate::state::Web;

#[derive(Template)]
#[template(path = "account_password.html")]
struct PasswordPage {
    shell: Shell,
    login: String,
    forced: bool,
    error: Option<String>,
}

pub(crate) async fn page(
    visitor: SignedInVisitor,
    State(web): State<Web>,
) -> Result<Response, WebError> {
    show(&web, &visitor, None)
}

fn show(web: &Web, visitor: &Visitor, error: Option<String>) -> Result<Response, WebError> {
    if visitor.user.password_changed_at.is_none() {
        let message =
            "このアカウントにはパスワードがありません。組織の認証基盤でログインしてください。";
        return Err(WebError::BadRequest(message.to_owned()));
    }
    let status = if error.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    let page = PasswordPage {
        shell: Shell::new(web, Some(visitor), "/account"),
        login: visitor.user.login.clone(),
        forced: visitor.owes == Some(Duty::ChangePassword),
        error,
    };
    Ok((status, Html(page.render()?)).into_response())
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(crate) struct PasswordForm {
    current: String,
    new: String,
    again: String,
}

pub(crate) async fn submit(
    visitor: SignedInVisitor,
    State(web): State<Web>,
    headers: HeaderMap,
    Form(form): Form<PasswordForm>,
) -> Result<Response, WebError> {
    let user = &visitor.user;
    let Some(found) = web.store.lookup_user(&user.id).await? else {
        return Err(WebError::NotSignedIn);
    };
    let claim = Claim::again(&web, &visitor, &headers, &found, "password");
    match claim
        .judge(Given::Password(&form.current))
        .await?
        .into_result()
    {
        Ok(true) => {}
        Ok(false) => {
            let wrong = "今のパスワードが違います。";
            return show(&web, &visitor, Some(wrong.to_owned()));
        }
        Err(wait) => return show(&web, &visitor, Some(wait)),
    }
    if form.new != form.again {
        let differs = "新しいパスワードと、確認用の入力が違います。";
        return show(&web, &visitor, Some(differs.to_owned()));
    }
    let fault = if form.new == form.current {
        Some(PasswordFault::Same)
    } else {
        check_new(&form.new, &user.login, &user.name).err()
    };
    if let Some(fault) = fault {
        return show(&web, &visitor, Some(fault.to_string()));
    }
    let hash = web.hasher.hash(&form.new).await?;
    let now = web.desk.now();
    let password = NewPassword {
        hash,
        must_change: false,
        at: now,
    };
    let entry = visitor.entry(now, Action::PasswordChange, user.id.as_str());
    set_password(&web, &user.id, &password, entry).await?;
    // All sessions have ended; this browser gets a new one.
    let begun = begin(&web, user, false, visitor.origin, &headers).await?;
    Ok(begun.lead_to("/account?done=password"))
}
