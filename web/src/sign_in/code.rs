//! The second step of signing in: a code of the authenticator app, or a recovery code.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Extension, Form, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use madoguchi_core::account::Attempt;
use madoguchi_core::audit::Action;
use madoguchi_store::Credentials;
use serde::Deserialize;

use super::{SignInQuery, begin, local, note, owes_code, wait_sentence};
use crate::Web;
use crate::auth::access::Public;
use crate::auth::token;
use crate::auth::totp::TotpSecret;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::shell::Shell;

#[derive(Template)]
#[template(path = "sign_in_code.html")]
struct CodePage {
    shell: Shell,
    next: String,
    error: Option<String>,
}

/// A visitor who has given the password and owes the code.
fn pending(visitor: Option<Extension<Arc<Visitor>>>) -> Result<Arc<Visitor>, WebError> {
    let visitor = visitor.map(|visitor| visitor.0);
    visitor
        .filter(|visitor| owes_code(visitor))
        .ok_or(WebError::NotSignedIn)
}

pub(crate) async fn page(
    _: Public,
    State(web): State<Web>,
    visitor: Option<Extension<Arc<Visitor>>>,
    Query(query): Query<SignInQuery>,
) -> Result<Response, WebError> {
    if visitor
        .as_ref()
        .is_some_and(|visitor| !owes_code(&visitor.0))
    {
        return Ok(Redirect::to("/").into_response());
    }
    let visitor = pending(visitor)?;
    show(&web, &visitor, &query.next, None)
}

fn show(
    web: &Web,
    visitor: &Visitor,
    next: &str,
    error: Option<String>,
) -> Result<Response, WebError> {
    let status = if error.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    let page = CodePage {
        shell: Shell::new(web, Some(visitor), ""),
        next: local(next).to_owned(),
        error,
    };
    Ok((status, Html(page.render()?)).into_response())
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(crate) struct CodeForm {
    code: String,
    next: String,
}

pub(crate) async fn submit(
    _: Public,
    State(web): State<Web>,
    visitor: Option<Extension<Arc<Visitor>>>,
    headers: HeaderMap,
    Form(form): Form<CodeForm>,
) -> Result<Response, WebError> {
    let visitor = pending(visitor)?;
    let now = web.desk.now();
    let Some(found) = web.store.lookup_user(&visitor.user.id).await? else {
        return Err(WebError::NotSignedIn);
    };
    match found.user.attempt(now) {
        Attempt::Allowed => {}
        Attempt::Wait(until) => {
            return show(
                &web,
                &visitor,
                &form.next,
                Some(wait_sentence((until - now).0)),
            );
        }
        Attempt::Locked | Attempt::Disabled => return Err(WebError::NotSignedIn),
    }
    if !is_right(&web, &found, &form.code).await? {
        let address = visitor.origin.address;
        note(
            &web,
            address,
            &found.user.login,
            "second_factor",
            Some(&found),
        )
        .await?;
        let wrong = "コードが違います。認証アプリに表示されている6桁のコードか、控えてある回復コードを入力してください。";
        return show(&web, &visitor, &form.next, Some(wrong.to_owned()));
    }
    if let Some(session) = visitor.session() {
        let entry = visitor.entry(now, Action::SignOut, session);
        web.store
            .end_session(session, &found.user.id, entry)
            .await?;
    }
    let begun = begin(&web, &found.user, false, visitor.origin, &headers).await?;
    let to = match local(&form.next) {
        "" => "/",
        next => next,
    };
    Ok(begun.lead_to(to))
}

/// A code of the app that was not used before, or a recovery code, which is used up.
async fn is_right(web: &Web, found: &Credentials, code: &str) -> Result<bool, WebError> {
    let code: String = code.split_whitespace().collect();
    let secret = found
        .totp
        .as_deref()
        .and_then(|sealed| web.seal.open(sealed));
    let secret = secret.and_then(|bytes| TotpSecret::from_bytes(&bytes));
    let step = secret.and_then(|secret| secret.step_of(&code, web.desk.now()));
    if let Some(step) = step {
        return Ok(web.store.use_totp_step(&found.user.id, step).await?);
    }
    let hash = token::hash(&code.to_lowercase());
    Ok(web.store.use_recovery_code(&found.user.id, &hash).await?)
}
