//! Setting up one's own second factor, with recovery codes.

use askama::Template;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use madoguchi_core::audit::Action;
use serde::Deserialize;

use crate::Web;
use crate::auth::access::SignedInVisitor;
use crate::auth::token;
use crate::auth::totp::{TotpSecret, qr_svg};
use crate::auth::visitor::{Duty, Visitor};
use crate::error::WebError;
use crate::shell::Shell;
use crate::sign_in;

const RECOVERY_CODES: usize = 10;

#[derive(Template)]
#[template(path = "account_second_factor.html")]
struct SecondFactorPage {
    shell: Shell,
    forced: bool,
    renews: bool,
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
}

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
    error: Option<&str>,
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
        shown: groups.join(" "),
        qr: qr_svg(&secret.uri(&visitor.user.login)),
        secret: text,
        error: error.map(str::to_owned),
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
    if !knows_password(&web, &visitor, &form.password).await? {
        return show(&web, &visitor, &secret, Some("パスワードが違います。"));
    }
    let now = web.desk.now();
    let code: String = form.code.split_whitespace().collect();
    let Some(step) = secret.step_of(&code, now) else {
        let wrong = "コードが違います。認証アプリに表示されている6桁のコードを入力してください。端末の時刻がずれていると、合わないことがあります。";
        return show(&web, &visitor, &secret, Some(wrong));
    };
    let user = &visitor.user;
    let sealed = web.seal.seal(secret.bytes());
    let sealed = sealed.ok_or(WebError::Internal("a secret could not be sealed"))?;
    let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| token::readable(2)).collect();
    let hashes: Vec<String> = codes.iter().map(|code| token::hash(code)).collect();
    let mut entry = visitor.entry(now, Action::SecondFactorChange, user.id.as_str());
    entry.after.insert("second_factor".into(), "on".into());
    web.store
        .set_second_factor(&user.id, Some(&sealed), &hashes, entry)
        .await?;
    // The code that was just shown is used up.
    web.store.use_totp_step(&user.id, step).await?;
    let begun = sign_in::begin(&web, user, false, visitor.origin, &headers).await?;
    let mut response = begun.lead_to("/account");
    let page = RecoveryCodesPage {
        // The old form token went with the old session; this page has no form.
        shell: Shell::default(),
        codes,
    };
    *response.status_mut() = StatusCode::OK;
    response.headers_mut().remove(axum::http::header::LOCATION);
    let (parts, _) = response.into_parts();
    let mut page = Html(page.render()?).into_response();
    page.headers_mut().extend(parts.headers);
    Ok(page)
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
    if !knows_password(&web, &visitor, &form.password).await? {
        let message = "パスワードが違います。前の画面に戻って、もう一度入力してください。";
        return Err(WebError::BadRequest(message.to_owned()));
    }
    let user = &visitor.user;
    let mut entry = visitor.entry(web.desk.now(), Action::SecondFactorChange, user.id.as_str());
    entry.after.insert("second_factor".into(), "off".into());
    web.store
        .set_second_factor(&user.id, None, &[], entry)
        .await?;
    let begun = sign_in::begin(&web, user, false, visitor.origin, &headers).await?;
    Ok(begun.lead_to("/account?done=second-factor-off"))
}

async fn knows_password(web: &Web, visitor: &Visitor, password: &str) -> Result<bool, WebError> {
    let found = web.store.lookup_user(&visitor.user.id).await?;
    let hash = found.and_then(|found| found.password);
    Ok(web.hasher.is_right(password, hash.as_deref()).await)
}
