//! Signing in and out.

mod code;
mod form;
pub(crate) mod next;
pub(crate) mod oidc;
pub(crate) mod session;

use axum::extract::{Extension, Form, Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use madoguchi_core::account::read_login;
use madoguchi_core::audit::Action;

use crate::auth::access::{Public, SignedInVisitor};
use crate::auth::cookie::{Origin, cookie, cookie_name, session_cookie, set_cookie};
use crate::auth::credentials::end_kept_session;
use crate::auth::csrf;
use crate::auth::proof::{Claim, Given, Verdict, wait_sentence};
use crate::auth::routes::Routes;
use crate::auth::token;
use crate::error::WebError;
use crate::feature::Feature;
use crate::shell::{Shell, home as home_of};
use crate::state::Web;
use crate::unsent;

use self::form::{FORM_COOKIE, SignInForm, SignInQuery, show};
use self::next::local;
use self::session::begin;

pub(crate) const FEATURE: Feature = Feature::new(routes)
    .messages(&[("signed-out", "ログアウトしました。")])
    .failures(&[
        ("unsent", "ログインが終了していたため、まだ送信していません。15分以内にログインすると、入力した内容が残った画面に戻ります。"),
    ]);

fn routes() -> Routes {
    Routes::new()
        .get("/", home)
        .get("/sign-in", page)
        .post("/sign-in", submit)
        .get("/sign-in/code", code::page)
        .post("/sign-in/code", code::submit)
        .get("/sign-in/oidc", oidc::start)
        .get(oidc::settings::CALLBACK, oidc::callback)
        .post("/sign-out", sign_out)
}

/// Leads everybody to where they begin.
async fn home(visitor: SignedInVisitor, State(web): State<Web>) -> Result<Redirect, WebError> {
    match visitor.owes {
        Some(duty) => Err(WebError::Owes(duty)),
        None => Ok(Redirect::to(home_of(&web, &visitor))),
    }
}

pub(crate) async fn page(
    _: Public,
    State(web): State<Web>,
    Extension(origin): Extension<Origin>,
    headers: HeaderMap,
    Query(query): Query<SignInQuery>,
) -> Result<Response, WebError> {
    let shell = Shell::new(&web, None, "").done(&web, &query.done);
    let form = SignInForm {
        next: query.next,
        ..SignInForm::default()
    };
    show(&web, shell, origin, &headers, &form, None)
}

pub(crate) async fn submit(
    _: Public,
    State(web): State<Web>,
    Extension(origin): Extension<Origin>,
    headers: HeaderMap,
    Form(form): Form<SignInForm>,
) -> Result<Response, WebError> {
    let secret = cookie(&headers, &cookie_name(FORM_COOKIE, origin)).unwrap_or_default();
    if secret.is_empty() || !token::same(&csrf::token_of(secret), &form.csrf) {
        return Err(WebError::Forged);
    }
    let login = read_login(&form.login).unwrap_or_default();
    let found = web.store.lookup_login(&login).await?;
    let claim = Claim::to_sign_in(&web, origin, &headers, &login, found.as_ref());
    let why = match (claim.judge(Given::Password(&form.password)).await?, &found) {
        (Verdict::Right(reserved), Some(found)) => {
            let pending = found.user.second_factor;
            if pending {
                reserved.withdraw();
            } else {
                reserved.succeed();
            }
            let begun = begin(&web, &found.user, pending, origin, &headers).await?;
            return Ok(begun.lead_to(&first_place(&form.next, pending)));
        }
        (Verdict::Right(_) | Verdict::Wrong, _) => WRONG.to_owned(),
        (Verdict::Wait(wait), _) => wait_sentence(wait),
    };
    let shell = Shell::new(&web, None, "");
    let told = (StatusCode::UNPROCESSABLE_ENTITY, why);
    show(&web, shell, origin, &headers, &form, Some(told))
}

/// What everybody is told whose attempt did not succeed: whether there is such an account, and
/// whether it is locked or disabled, is nobody's business.
const WRONG: &str = "ログイン名かパスワードが違います。アカウントを利用できないときも、同じ表示になります。続けて10回間違えると、ログインしたことのない端末からは、管理者が解除するまでログインできなくなります。";

/// Where somebody is led to who has given the right password.
fn first_place(next: &str, pending: bool) -> String {
    let first = if pending { "/sign-in/code" } else { "/" };
    match (local(next), pending) {
        ("", _) => first.to_owned(),
        (next, false) => next.to_owned(),
        (next, true) => format!("{first}?next={}", crate::query::escape(next)),
    }
}

pub(crate) async fn sign_out(
    visitor: SignedInVisitor,
    State(web): State<Web>,
) -> Result<Response, WebError> {
    if let Some(session) = visitor.session() {
        let entry = visitor.entry(web.desk.now(), Action::SignOut, session);
        let ended = end_kept_session(&web.store, session, &visitor.user.id, entry);
        match web.ask(ended).await {
            // It ends here, and is not taken up again when the database is back.
            Err(error) if error.is_away() => web.sessions.end_here(session),
            ended => {
                web.sessions.forget_user(&visitor.user.id);
                ended?;
            }
        }
    }
    let gone = set_cookie(session_cookie(visitor.origin), None, visitor.origin);
    let to = Redirect::to("/sign-in?done=signed-out");
    // Shared machines: the next visitor finds nothing of this one. Cookies of other hosts of the
    // domain are not ours to clear.
    let clear = (
        HeaderName::from_static("clear-site-data"),
        "\"cache\", \"storage\"".to_owned(),
    );
    let mut response = ([(header::SET_COOKIE, gone), clear], to).into_response();
    if let Ok(gone) = HeaderValue::from_str(&unsent::forget_owner(visitor.origin)) {
        response.headers_mut().append(header::SET_COOKIE, gone);
    }
    Ok(response)
}
