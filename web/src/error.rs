//! What a user sees when something cannot be done: what happened, and what to do.
//!
//! Handlers give a [`WebError`]; the guard turns it into a page with the visitor's own menu, or
//! into JSON for programs.

use std::net::IpAddr;
use std::sync::Arc;

use askama::Template;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use madoguchi_core::access::Permission;
use madoguchi_store::StoreError;
use serde_json::json;

use crate::Web;
use crate::account::confirm;
use crate::auth::visitor::{Duty, Visitor};
use crate::host::HostFault;
use crate::inspect::FileFault;
use crate::query::escape;
use crate::refusals::{Reason, Refused};
use crate::shell::Shell;

/// Why a request is not answered as asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WebError {
    #[error("not found")]
    NotFound(&'static str),
    #[error("bad request: {0}")]
    BadRequest(String),
    #[error("the host cannot be read: {0:?}")]
    BadHost(HostFault),
    #[error("refused: {0:?}")]
    Forbidden(Refusal),
    #[error("no token of our forms")]
    Forged,
    #[error("the file is not taken: {0}")]
    BadFile(FileFault),
    #[error("too large")]
    TooLarge,
    #[error("the file is too large")]
    LargeFile,
    #[error("too slow")]
    TooSlow,
    #[error("too many: {0:?}")]
    TooMany(Limit),
    #[error("too much to do at once")]
    Busy,
    #[error("not signed in")]
    NotSignedIn,
    #[error("owes {0:?}")]
    Owes(Duty),
    #[error("not proven again")]
    NotProven,
    #[error("not allowed: {0:?}")]
    NotAllowed(Permission),
    #[error("conflict: {0}")]
    Conflict(String),
    #[error("store: {0}")]
    Store(StoreError),
    #[error("template: {0}")]
    Template(#[from] askama::Error),
    #[error("a setting was kept but is not in force")]
    NotInForce,
    #[error("cannot be had: {0}")]
    Unavailable(&'static str),
    #[error("{0}")]
    Internal(&'static str),
}

/// Why a request is not for us to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It was sent to a name that is not ours.
    ForeignHost,
    /// A page of somebody else's sends it.
    ForeignOrigin,
    /// It came past the proxies that encrypt.
    Unencrypted,
}

/// What somebody had too much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    /// Requests of one address.
    Requests,
    /// What one address writes to the desk.
    Inquiries,
    /// Event streams.
    Streams,
    /// Files that are being brought.
    Uploads,
}

impl From<StoreError> for WebError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Changed { .. } => Self::Conflict(
                "ほかの人が先に変更しました。画面を開き直して、内容を確認してから、もう一度変更してください。".to_owned(),
            ),
            other => Self::Store(other),
        }
    }
}

impl WebError {
    fn status(&self) -> StatusCode {
        match self {
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::BadRequest(_) | Self::BadFile(_) | Self::BadHost(_) => StatusCode::BAD_REQUEST,
            Self::Forbidden(_)
            | Self::Forged
            | Self::NotAllowed(_)
            | Self::Owes(_)
            | Self::NotProven => StatusCode::FORBIDDEN,
            Self::TooLarge | Self::LargeFile => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::NotSignedIn => StatusCode::UNAUTHORIZED,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::Store(_) | Self::Unavailable(_) | Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Template(_) | Self::Internal(_) | Self::NotInForce => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "not_found",
            Self::BadRequest(_) => "bad_request",
            Self::BadFile(_) => "bad_file",
            Self::BadHost(_) => "bad_host",
            Self::Forbidden(_) => "forbidden",
            Self::Forged => "forged",
            Self::TooLarge | Self::LargeFile => "too_large",
            Self::TooSlow => "too_slow",
            Self::TooMany(_) => "too_many_requests",
            Self::Busy => "busy",
            Self::NotSignedIn => "not_signed_in",
            Self::Owes(_) => "owes",
            Self::NotProven => "not_proven",
            Self::NotAllowed(_) => "not_allowed",
            Self::Conflict(_) => "conflict",
            Self::Store(_) => "store_unavailable",
            Self::NotInForce => "not_in_force",
            Self::Unavailable(_) => "unavailable",
            Self::Template(_) | Self::Internal(_) => "internal",
        }
    }

    fn title(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "ページが見つかりません",
            Self::BadRequest(_) => "入力を確認してください",
            Self::BadFile(_) => "このファイルは使えません",
            Self::BadHost(_) | Self::Forbidden(_) | Self::Forged => "操作を受け付けられません",
            Self::TooLarge | Self::LargeFile => "大きすぎて受け付けられません",
            Self::TooSlow => "時間内に受け取れませんでした",
            Self::TooMany(_) | Self::Busy => "しばらくお待ちください",
            Self::NotSignedIn => "ログインしてください",
            Self::Owes(_) | Self::NotProven => "先に必要な手続があります",
            Self::NotAllowed(_) => "この操作は許可されていません",
            Self::Conflict(_) => "ほかの人が先に変更しました",
            Self::NotInForce => "保存しましたが、反映できませんでした",
            Self::Store(_) | Self::Unavailable(_) | Self::Template(_) | Self::Internal(_) => {
                "ただいま表示できません"
            }
        }
    }

    pub(crate) fn message(&self) -> String {
        match self {
            Self::NotFound(what) => format!("{what}は見つかりません。"),
            Self::BadRequest(message) | Self::Conflict(message) => message.clone(),
            Self::BadFile(fault) => fault.message().to_owned(),
            Self::BadHost(_) | Self::Forbidden(Refusal::ForeignHost) => {
                "この名前では窓口を開けません。案内されたアドレスを確認してから、もう一度開いてください。".to_owned()
            }
            Self::Forbidden(Refusal::Unencrypted) => {
                "暗号化されていない接続では窓口を開けません。「https://」で始まる、案内されたアドレスから開いてください。".to_owned()
            }
            Self::Forbidden(Refusal::ForeignOrigin) => {
                "この操作は、窓口の画面からだけ行えます。画面を開き直してから、もう一度操作してください。".to_owned()
            }
            Self::Forged => {
                "画面の有効期限が切れています。画面を開き直してから、もう一度操作してください。".to_owned()
            }
            Self::TooLarge => "送られた内容が大きすぎます。小さくしてから、もう一度送ってください。".to_owned(),
            Self::LargeFile => {
                "ファイルが大きすぎます。10MB以内のWAV形式のファイルを選んでください。".to_owned()
            }
            Self::TooSlow => {
                "送られた内容を時間内に受け取れませんでした。接続を確認して、もう一度送ってください。".to_owned()
            }
            Self::TooMany(Limit::Streams) => {
                "応答状況の画面が、同時に開ける数を超えて開かれています。使っていない画面を閉じてから、もう一度開いてください。".to_owned()
            }
            Self::TooMany(Limit::Uploads) => {
                "ほかのファイルを受け取っている途中です。少し待ってから、もう一度送ってください。".to_owned()
            }
            Self::TooMany(_) => {
                "短い時間に多くの要求があったため、一時的に受付を止めています。少し待ってから、もう一度操作してください。".to_owned()
            }
            Self::Busy => {
                "ただいま混み合っています。少し待ってから、もう一度操作してください。".to_owned()
            }
            Self::NotSignedIn => "この画面を開くには、ログインが必要です。".to_owned(),
            Self::Owes(Duty::ProveSecondFactor) => "2段階認証のコードを入力してください。".to_owned(),
            Self::Owes(Duty::ChangePassword) => "先にパスワードを変更してください。".to_owned(),
            Self::Owes(Duty::SetUpSecondFactor) => "先に2段階認証を設定してください。".to_owned(),
            Self::NotProven => "先に本人の確認をしてください。".to_owned(),
            Self::NotAllowed(permission) => format!(
                "「{}」の権限がありません。必要な場合は、管理者に依頼してください。",
                permission.label()
            ),
            Self::Store(_) => {
                "データベースに接続できません。通話の受付は続いています。しばらくしてから、もう一度開いてください。".to_owned()
            }
            Self::NotInForce => {
                "設定は保存しましたが、動いている窓口に反映できませんでした。電話の受付は、変更の前の設定で続いています。窓口のログを確認してください。".to_owned()
            }
            Self::Unavailable(what) => {
                format!("{what}は、ただいま利用できません。しばらくしてから、もう一度操作してください。")
            }
            Self::Template(_) | Self::Internal(_) => {
                "画面を作成できませんでした。管理者に連絡してください。".to_owned()
            }
        }
    }

    fn log(&self) {
        match self {
            Self::Store(error) => tracing::warn!(%error, "a request could not be served"),
            Self::Template(error) => tracing::error!(%error, "a page could not be made"),
            Self::NotInForce => tracing::error!("a setting was kept but is not in force"),
            Self::Internal(what) => tracing::error!(what, "a request could not be served"),
            Self::Busy => tracing::warn!("a request was refused: too many guesses at once"),
            _ => {}
        }
    }

    /// Why it is refused, if it is: somebody looks for something, or forgot what they need.
    fn reason(&self) -> Option<Reason> {
        let name = match self {
            Self::BadHost(fault) => fault.as_str(),
            Self::BadFile(fault) => fault.as_str(),
            Self::Forbidden(Refusal::ForeignHost) => "foreign_host",
            Self::Forbidden(Refusal::ForeignOrigin) => "foreign_origin",
            Self::Forbidden(Refusal::Unencrypted) => "unencrypted",
            Self::Forged => "forged_form",
            Self::NotAllowed(_) => "not_allowed",
            Self::TooLarge | Self::LargeFile => "too_large",
            Self::TooSlow => "too_slow",
            Self::TooMany(Limit::Requests) => "requests",
            Self::TooMany(Limit::Inquiries) => "inquiries",
            Self::TooMany(Limit::Streams) => "streams",
            Self::TooMany(Limit::Uploads) => "uploads",
            _ => return None,
        };
        let permission = match self {
            Self::NotAllowed(permission) => Some(*permission),
            _ => None,
        };
        Some(Reason {
            status: self.status(),
            name,
            permission,
        })
    }

    /// Where a person is sent instead of seeing the error.
    fn elsewhere(&self, asked: &Asked) -> Option<String> {
        match self {
            Self::NotSignedIn => {
                let reads = asked.method == Method::GET && asked.path != "/";
                Some(if reads {
                    format!("/sign-in?next={}", escape(&asked.path))
                } else {
                    "/sign-in".to_owned()
                })
            }
            Self::Owes(Duty::ProveSecondFactor) => Some("/sign-in/code".to_owned()),
            Self::Owes(Duty::ChangePassword) => Some("/account/password".to_owned()),
            Self::Owes(Duty::SetUpSecondFactor) => Some("/account/second-factor".to_owned()),
            Self::NotProven => Some(confirm::place(confirm::page_of(&asked.path))),
            _ => None,
        }
    }
}

impl IntoResponse for WebError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

/// What was asked for, to be remembered beyond the handler.
pub(crate) struct Asked {
    method: Method,
    path: String,
    address: IpAddr,
}

impl Asked {
    pub(crate) fn of(request: &Request, address: IpAddr) -> Self {
        let uri = request.uri();
        Self {
            method: request.method().clone(),
            path: uri
                .path_and_query()
                .map_or("/", |path| path.as_str())
                .to_owned(),
            address,
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
    asked: &Asked,
    response: Response,
) -> Response {
    if let Some(error) = response.extensions().get::<Arc<WebError>>() {
        return answer(web, visitor, asked, &error.clone());
    }
    // What is left are the words of the framework, in English and in plain text.
    let kind = response.headers().get(header::CONTENT_TYPE);
    let is_page = kind.is_some_and(|kind| !kind.as_bytes().starts_with(b"text/plain"));
    if is_page || asked.by_program() {
        return response;
    }
    let error = match response.status() {
        StatusCode::METHOD_NOT_ALLOWED => WebError::NotFound("お探しの操作"),
        StatusCode::PAYLOAD_TOO_LARGE => WebError::TooLarge,
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
    asked: &Asked,
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
    if let Some(place) = error.elsewhere(asked)
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

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    shell: Shell,
    title: &'static str,
    message: String,
}

pub(crate) async fn not_found() -> WebError {
    WebError::NotFound("お探しのページ")
}
