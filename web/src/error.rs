//! What a user sees when something cannot be done: what happened, and what to do.

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use madoguchi_store::StoreError;
use serde_json::json;

/// Why a request is not answered as asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WebError {
    #[error("not found")]
    NotFound(&'static str),
    #[error("bad request: {0}")]
    BadRequest(String),
    #[error("refused")]
    Forbidden,
    #[error("store: {0}")]
    Store(#[from] StoreError),
    #[error("template: {0}")]
    Template(#[from] askama::Error),
}

impl WebError {
    fn status(&self) -> StatusCode {
        match self {
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Template(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "not_found",
            Self::BadRequest(_) => "bad_request",
            Self::Forbidden => "forbidden",
            Self::Store(_) => "store_unavailable",
            Self::Template(_) => "internal",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::NotFound(what) => format!("{what}は見つかりません。"),
            Self::BadRequest(message) => message.clone(),
            Self::Forbidden => {
                "この操作は、窓口の画面からだけ行えます。画面を開き直してから、もう一度操作してください。".to_owned()
            }
            Self::Store(_) => {
                "データベースに接続できません。通話の受付は続いています。しばらくしてから、もう一度開いてください。".to_owned()
            }
            Self::Template(_) => "画面を作成できませんでした。管理者に連絡してください。".to_owned(),
        }
    }

    fn log(&self) {
        match self {
            Self::Store(error) => tracing::warn!(%error, "a page could not be served"),
            Self::Template(error) => tracing::error!(%error, "a page could not be made"),
            Self::NotFound(_) | Self::BadRequest(_) | Self::Forbidden => {}
        }
    }

    /// The error as the API tells it.
    pub(crate) fn into_json(self) -> Response {
        self.log();
        let body = json!({ "error": { "code": self.code(), "message": self.message() } });
        (self.status(), axum::Json(body)).into_response()
    }
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    title: &'static str,
    message: String,
}

impl IntoResponse for WebError {
    fn into_response(self) -> Response {
        self.log();
        let title = match self {
            Self::NotFound(_) => "ページが見つかりません",
            Self::BadRequest(_) => "条件を確認してください",
            Self::Forbidden => "操作を受け付けられません",
            Self::Store(_) | Self::Template(_) => "ただいま表示できません",
        };
        let page = ErrorPage {
            title,
            message: self.message(),
        };
        match page.render() {
            Ok(html) => (self.status(), Html(html)).into_response(),
            Err(_) => {
                let plain = (header::CONTENT_TYPE, "text/plain; charset=utf-8");
                (self.status(), [plain], self.message()).into_response()
            }
        }
    }
}

/// Errors of the API are JSON.
pub(crate) struct ApiError(pub(crate) WebError);

impl<E: Into<WebError>> From<E> for ApiError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.0.into_json()
    }
}

pub(crate) async fn not_found() -> WebError {
    WebError::NotFound("お探しのページ")
}
