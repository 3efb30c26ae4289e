//! Setting up one's own second factor, with recovery codes.

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use madoguchi_core::audit::Action;
use serde::Deserialize;

use super::qr::qr_svg;
use crate::auth::access::SignedInVisitor;
use crate::auth::credentials::{NewSecondFactor, set_second_factor};
use crate::auth::duty::Duty;
use crate::auth::proof::{Claim, Given};
use crate::auth::recovery;
use crate::auth::totp::TotpSecret;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::one_time;
use crate::query::DoneQuery;
use crate::shell::Shell;
use crate::sign_in::session::begin;
use crate::state::Web;

#[derive(Template)]
#[template(path = "account_second_factor.html")]
struct SecondFactorPage {
    shell: Shell,
    forced: bool,
    renews: bool,
    /// No password is asked for.
    proven: bool,
    secret: String,
    /// The secret in groups, to be typed.
    shown: String,
    qr: String,
    error: Option<String>,
}

#[derive(Template)]
#[template(path = "account_recovery_codes.html")]
struct RecoveryCodesPage {
    shell: Shell,
    codes: Vec<String>,
    /// Where whoever has noted them goes on.
    next: &'static str,
}

/// The page of new recovery codes.
const CODES: &str = "/account/recovery-codes";
const ACCOUNT: &str = "/account";

pub(crate) async fn page(
    visitor: SignedInVisitor,
    State(web): State<Web>,
) -> Result<Response, WebError> {
    show(&web, &visitor, &TotpSecret::random(), None)
}

fn show(
    web: &Web,
    visitor: &Visitor,
    secret: &TotpSecret,
    error: Option<String>,
) -> Result<Response, WebError> {
    let status = if error.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    let text = secret.base32();
    let groups: Vec<_> = text
        .as_bytes()
        .chunks(4)
        .map(|group| String::from_utf8_lossy(group).into_owned())
        .collect();
    let page = SecondFactorPage {
        shell: Shell::new(web, Some(visitor), "/account"),
        forced: visitor.owes == Some(Duty::SetUpSecondFactor),
        renews: visitor.user.second_factor,
        proven: visitor.is_proven(),
        shown: groups.join(" "),
        qr: qr_svg(&secret.uri(&visitor.user.login)),
        secret: text,
        error,
    };
    Ok((status, Html(page.render()?)).into_response())
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(crate) struct SecondFactorForm {
    secret: String,
    code: String,
    password: String,
}

pub(crate) async fn submit(
    visitor: SignedInVisitor,
    State(web): State<Web>,
    headers: HeaderMap,
    Form(form): Form<SecondFactorForm>,
) -> Result<Response, WebError> {
    let secret = TotpSecret::from_base32(&form.secret);
    let secret = secret.ok_or_else(|| {
        WebError::BadRequest(
            "設定をやり直してください。画面を開き直すと、新しいQRコードが表示されます。".to_owned(),
        )
    })?;
    if let Err(why) = prove(&web, &visitor, &headers, &form.password).await? {
        return show(&web, &visitor, &secret, Some(why));
    }
    let now = web.desk.now();
    let code: String = form.code.split_whitespace().collect();
    let Some(step) = secret.step_of(&code, now) else {
        let wrong = "コードが違います。認証アプリに表示されている6桁のコードを入力してください。端末の時刻がずれていると、合わないことがあります。";
        return show(&web, &visitor, &secret, Some(wrong.to_owned()));
    };
    let user = &visitor.user;
    let sealed = web.seal.seal(secret.bytes());
    let sealed = sealed.ok_or(WebError::Internal("a secret could not be sealed"))?;
    let codes = recovery::new_codes();
    let hashes = recovery::hash_codes(&web.hasher, &codes).await?;
    let mut entry = visitor.entry(now, Action::SecondFactorChange, user.id.as_str());
    entry.after.insert("second_factor".into(), "on".into());
    let factor = NewSecondFactor {
        secret: sealed,
        codes: hashes,
        step,
    };
    set_second_factor(&web, &user.id, Some(&factor), entry).await?;
    let begun = begin(&web, user, false, visitor.origin, &headers).await?;
    let owner = (&*begun.session, visitor.origin);
    let shown = one_time::cookie_of(&web, owner, CODES, &codes.join(" "))?;
    Ok(begun
        .setting(shown)
        .lead_to(&format!("{CODES}?done=second-factor")))
}

/// The recovery codes that were just made, until they are noted.
pub(crate) async fn codes(
    visitor: SignedInVisitor,
    State(web): State<Web>,
    Query(query): Query<DoneQuery>,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    let Some(codes) = one_time::shown(&web, &visitor, &headers, CODES) else {
        return Ok(Redirect::to(ACCOUNT).into_response());
    };
    let page = RecoveryCodesPage {
        shell: Shell::new(&web, Some(&visitor), ACCOUNT).done(&web, &query.done),
        codes: codes.split(' ').map(str::to_owned).collect(),
        next: ACCOUNT,
    };
    Ok(Html(page.render()?).into_response())
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(crate) struct RemoveForm {
    password: String,
}

pub(crate) async fn remove(
    visitor: SignedInVisitor,
    State(web): State<Web>,
    headers: HeaderMap,
    Form(form): Form<RemoveForm>,
) -> Result<Response, WebError> {
    if let Err(why) = prove(&web, &visitor, &headers, &form.password).await? {
        let message = format!("{why}前の画面に戻って、もう一度入力してください。");
        return Err(WebError::BadRequest(message));
    }
    let user = &visitor.user;
    let mut entry = visitor.entry(web.desk.now(), Action::SecondFactorChange, user.id.as_str());
    entry.after.insert("second_factor".into(), "off".into());
    set_second_factor(&web, &user.id, None, entry).await?;
    let begun = begin(&web, user, false, visitor.origin, &headers).await?;
    Ok(begun.lead_to("/account?done=second-factor-off"))
}

/// Whether the visitor has proven themselves lately, or does so now by the password; else what to
/// tell them.
async fn prove(
    web: &Web,
    visitor: &Visitor,
    headers: &HeaderMap,
    password: &str,
) -> Result<Result<(), String>, WebError> {
    if visitor.is_proven() {
        return Ok(Ok(()));
    }
    if visitor.user.password_changed_at.is_none() {
        return Err(WebError::NotProven);
    }
    let Some(found) = web.store.lookup_user(&visitor.user.id).await? else {
        return Err(WebError::NotSignedIn);
    };
    let claim = Claim::again(web, visitor, headers, &found, "second_factor");
    let judged = claim.judge(Given::Password(password)).await?;
    Ok(match judged.into_result() {
        Ok(true) => Ok(()),
        Ok(false) => Err("パスワードが違います。".to_owned()),
        Err(wait) => Err(wait),
    })
}
