//! What is answered where a handler gave an error: a page with the visitor's own menu, or JSON for
//! programs.

use std::net::IpAddr;
use std::sync::Arc;

use askama::Template;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use serde_json::json;

use crate::account::confirm;
use crate::auth::csrf;
use crate::auth::duty::Duty;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::limits::FormUse;
use crate::query::escape;
use crate::refusals::Refused;
use crate::shell::Shell;
use crate::state::Web;

/// What was asked for, to be remembered beyond the handler.
pub(crate) struct RequestInfo {
    method: Method,
    path: String,
    address: IpAddr,
    /// A script of ours sends it, which is not to be led elsewhere.
    by_script: bool,
}

impl RequestInfo {
    pub(crate) fn of(request: &Request, address: IpAddr) -> Self {
        let uri = request.uri();
        Self {
            method: request.method().clone(),
            path: uri
                .path_and_query()
                .map_or("/", |path| path.as_str())
                .to_owned(),
            address,
            by_script: request.headers().contains_key(csrf::HEADER),
        }
    }

    fn refused(&self) -> Refused<'_> {
        Refused {
            address: self.address,
            method: &self.method,
            path: self.path.split('?').next().unwrap_or_default(),
        }
    }

    fn by_program(&self) -> bool {
        self.path.starts_with("/api/")
    }
}

/// Turns an error in `response` into what the visitor gets.
pub(crate) fn render(
    web: &Web,
    visitor: Option<&Visitor>,
    asked: &RequestInfo,
    response: Response,
) -> Response {
    if let Some(error) = response.extensions().get::<Arc<WebError>>() {
        return answer(web, visitor, asked, &error.clone());
    }
    // What is left are the words of the framework, in English and in plain text.
    let kind = response.headers().get(header::CONTENT_TYPE);
    let is_page = kind.is_some_and(|kind| !kind.as_bytes().starts_with(b"text/plain"));
    if is_page {
        return response;
    }
    let error = match response.status() {
        StatusCode::METHOD_NOT_ALLOWED => WebError::NotFound("お探しの操作"),
        StatusCode::PAYLOAD_TOO_LARGE => WebError::TooLarge(FormUse::Usual),
        StatusCode::BAD_REQUEST
        | StatusCode::UNPROCESSABLE_ENTITY
        | StatusCode::UNSUPPORTED_MEDIA_TYPE
            if asked.by_program() =>
        {
            WebError::BadRequest(
                "送られた内容を読み取れません。APIの説明にある形で送ってください。".to_owned(),
            )
        }
        StatusCode::BAD_REQUEST
        | StatusCode::UNPROCESSABLE_ENTITY
        | StatusCode::UNSUPPORTED_MEDIA_TYPE => WebError::BadRequest(
            "送られた内容を読み取れません。画面を開き直してから、もう一度入力してください。"
                .to_owned(),
        ),
        _ => return response,
    };
    answer(web, visitor, asked, &error)
}

/// The answer to a request that failed.
pub(crate) fn answer(
    web: &Web,
    visitor: Option<&Visitor>,
    asked: &RequestInfo,
    error: &WebError,
) -> Response {
    error.log();
    if let Some(reason) = error.reason() {
        web.refusals
            .note(reason, &asked.refused(), web.desk.monotonic());
    }
    if asked.by_program() {
        let body = json!({ "error": { "code": error.code(), "message": error.message() } });
        return (error.status(), axum::Json(body)).into_response();
    }
    if let Some(place) = elsewhere(error, asked)
        && let Ok(place) = HeaderValue::from_str(&place)
    {
        return (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response();
    }
    let page = ErrorPage {
        shell: Shell::new(web, visitor, ""),
        title: error.title(),
        message: error.message(),
    };
    match page.render() {
        Ok(html) => (error.status(), Html(html)).into_response(),
        Err(_) => {
            let plain = (header::CONTENT_TYPE, "text/plain; charset=utf-8");
            (error.status(), [plain], error.message()).into_response()
        }
    }
}

/// Where a person is sent instead of seeing the error.
fn elsewhere(error: &WebError, asked: &RequestInfo) -> Option<String> {
    match error {
        WebError::NotSignedIn if asked.by_script => None,
        WebError::NotSignedIn => {
            let reads = asked.method == Method::GET && asked.path != "/";
            Some(if reads {
                format!("/sign-in?next={}", escape(&asked.path))
            } else {
                "/sign-in".to_owned()
            })
        }
        WebError::Owes(Duty::ProveSecondFactor) => Some("/sign-in/code".to_owned()),
        WebError::Owes(Duty::ChangePassword) => Some("/account/password".to_owned()),
        WebError::Owes(Duty::SetUpSecondFactor) => Some("/account/second-factor".to_owned()),
        WebError::NotProven => Some(confirm::path(confirm::page_of(&asked.path))),
        _ => None,
    }
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    shell: Shell,
    title: &'static str,
    message: String,
}
