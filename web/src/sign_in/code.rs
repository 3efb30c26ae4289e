//! The second step of signing in: a code of the authenticator app, or a recovery code.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Extension, Form, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::form::{SignInQuery, owes_code};
use super::next::local;
use super::session::begin;
use crate::auth::access::Public;
use crate::auth::proof::{Claim, Given};
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::shell::Shell;
use crate::state::Web;

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
    let Some(found) = web.store.lookup_user(&visitor.user.id).await? else {
        return Err(WebError::NotSignedIn);
    };
    let (origin, login) = (visitor.origin, &found.user.login);
    let claim = Claim::to_sign_in(&web, origin, &headers, login, Some(&found));
    let why = match claim.judge(Given::Code(&form.code)).await?.into_result() {
        Ok(true) => {
            // The session that owed the code ends with the new one.
            let begun = begin(&web, &found.user, false, origin, &headers).await?;
            return Ok(begun.lead_to(match local(&form.next) {
                "" => "/",
                next => next,
            }));
        }
        Ok(false) => "コードが違います。認証アプリに表示されている6桁のコードか、控えてある回復コードを入力してください。".to_owned(),
        Err(wait) => wait,
    };
    show(&web, &visitor, &form.next, Some(why))
}
