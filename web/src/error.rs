//! What a user sees when something cannot be done: what happened, and what to do.
//!
//! Handlers give a [`WebError`]; the guard has it answered ([`crate::error_page`]).

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use madoguchi_core::access::Permission;
use madoguchi_store::StoreError;

use crate::auth::duty::Duty;
use crate::host::HostFault;
use crate::inspect::FileFault;
use crate::limits::{FileUse, FormUse};
use crate::refusals::Reason;
use madoguchi_accounts::password::HashingError;
use madoguchi_accounts::recovery::RecoveryError;

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
    Forbidden(ForbiddenReason),
    #[error("no token of our forms")]
    Forged,
    #[error("the file is not taken: {0}")]
    BadFile(FileFault),
    #[error("the form is too large")]
    TooLarge(FormUse),
    #[error("the file is too large")]
    LargeFile(FileUse),
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
pub(crate) enum ForbiddenReason {
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
                "別の画面で先に変更されています。画面を開き直して、内容を確認してから、もう一度変更してください。".to_owned(),
            ),
            // What is told in other words where it can be put right is caught before.
            StoreError::Taken { .. } => Self::Conflict(
                "同じものがすでに登録されています。画面を開き直して、内容を確認してください。".to_owned(),
            ),
            StoreError::Cursor => Self::BadRequest(
                "ページの指定を確認してください。一覧を、最初のページから開き直してください。".to_owned(),
            ),
            other => Self::Store(other),
        }
    }
}

impl From<HashingError> for WebError {
    fn from(error: HashingError) -> Self {
        match error {
            HashingError::Busy => Self::Busy,
            HashingError::Failed => Self::Internal("a secret could not be hashed"),
        }
    }
}

impl From<RecoveryError> for WebError {
    fn from(error: RecoveryError) -> Self {
        match error {
            RecoveryError::Hashing(error) => error.into(),
            RecoveryError::Store(error) => error.into(),
        }
    }
}

impl WebError {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::BadRequest(_) | Self::BadFile(_) | Self::BadHost(_) => StatusCode::BAD_REQUEST,
            Self::Forbidden(_)
            | Self::Forged
            | Self::NotAllowed(_)
            | Self::Owes(_)
            | Self::NotProven => StatusCode::FORBIDDEN,
            Self::TooLarge(_) | Self::LargeFile(_) => StatusCode::PAYLOAD_TOO_LARGE,
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

    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "not_found",
            Self::BadRequest(_) => "bad_request",
            Self::BadFile(_) => "bad_file",
            Self::BadHost(_) => "bad_host",
            Self::Forbidden(_) => "forbidden",
            Self::Forged => "forged",
            Self::TooLarge(_) | Self::LargeFile(_) => "too_large",
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

    pub(crate) fn title(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "ページが見つかりません",
            Self::BadRequest(_) => "入力を確認してください",
            Self::BadFile(_) => "このファイルは使えません",
            Self::BadHost(_) | Self::Forbidden(_) | Self::Forged => "操作を受け付けられません",
            Self::TooLarge(_) | Self::LargeFile(_) => "大きすぎて受け付けられません",
            Self::TooSlow => "時間内に受け取れませんでした",
            Self::TooMany(_) | Self::Busy => "しばらくお待ちください",
            Self::NotSignedIn => "ログインしてください",
            Self::Owes(_) | Self::NotProven => "先に必要な手続があります",
            Self::NotAllowed(_) => "この操作は許可されていません",
            Self::Conflict(_) => "別の画面で先に変更されています",
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
            Self::BadHost(_) | Self::Forbidden(ForbiddenReason::ForeignHost) => {
                "この名前では窓口を開けません。案内されたアドレスを確認してから、もう一度開いてください。".to_owned()
            }
            Self::Forbidden(ForbiddenReason::Unencrypted) => {
                "暗号化されていない接続では窓口を開けません。「https://」で始まる、案内されたアドレスから開いてください。".to_owned()
            }
            Self::Forbidden(ForbiddenReason::ForeignOrigin) => {
                "この操作は、窓口の画面からだけ行えます。画面を開き直してから、もう一度操作してください。".to_owned()
            }
            Self::Forged => {
                "画面の有効期限が切れています。画面を開き直してから、もう一度操作してください。".to_owned()
            }
            Self::TooLarge(form) => form.too_large(),
            Self::LargeFile(file) => file.too_large(),
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

    pub(crate) fn log(&self) {
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
    pub(crate) fn reason(&self) -> Option<Reason> {
        let name = match self {
            Self::BadHost(fault) => fault.as_str(),
            Self::BadFile(fault) => fault.as_str(),
            Self::Forbidden(ForbiddenReason::ForeignHost) => "foreign_host",
            Self::Forbidden(ForbiddenReason::ForeignOrigin) => "foreign_origin",
            Self::Forbidden(ForbiddenReason::Unencrypted) => "unencrypted",
            Self::Forged => "forged_form",
            Self::NotAllowed(_) => "not_allowed",
            Self::TooLarge(_) | Self::LargeFile(_) => "too_large",
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
}

impl IntoResponse for WebError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

pub(crate) async fn not_found() -> WebError {
    WebError::NotFound("お探しのページ")
}
