//! Why nobody is signed in by the provider, and what the person is told.

use axum::http::StatusCode;

/// Why nobody is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum OidcError {
    /// The browser has not begun this, began it too long ago, or has ended it already.
    Stale,
    /// The provider says that the person does not want to.
    Cancelled,
    /// The provider does not answer.
    Unreachable,
    /// The provider refuses, or what it says cannot be believed; the log tells more.
    Untrusted,
    /// The provider has not told this claim, by which users are found.
    Nameless(String),
    /// It is somebody else who is signed in here.
    Other,
    /// No user of ours has this subject.
    Unknown(String),
    /// An administrator has to release the account.
    Locked,
    /// The account is disabled.
    Disabled,
}

impl OidcError {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Stale | Self::Cancelled => StatusCode::BAD_REQUEST,
            Self::Unreachable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Untrusted | Self::Nameless(_) => StatusCode::BAD_GATEWAY,
            Self::Other | Self::Unknown(_) | Self::Locked | Self::Disabled => StatusCode::FORBIDDEN,
        }
    }

    /// What happened, and what to do.
    pub(super) fn message(&self, provider: &str) -> String {
        match self {
            Self::Stale => format!(
                "ログインの手続の期限が切れたか、すでに終わっています。「{provider}でログイン」を選んで、初めからやり直してください。"
            ),
            Self::Cancelled => format!(
                "{provider}でのログインが取り消されました。ログインするには、もう一度「{provider}でログイン」を選んでください。"
            ),
            Self::Unreachable => format!(
                "{provider}に接続できません。しばらくしてから、もう一度試してください。急ぐときは、ログイン名とパスワードでログインしてください。"
            ),
            Self::Untrusted => format!(
                "{provider}からの応答を確認できなかったため、ログインできませんでした。もう一度試しても同じときは、管理者に連絡してください。"
            ),
            Self::Nameless(claim) => format!(
                "{provider}から、利用者を見分ける情報({claim})が届かなかったため、ログインできませんでした。管理者に連絡してください。"
            ),
            Self::Unknown(subject) => format!(
                "この利用者は窓口に登録されていません。管理者に登録を依頼してください。識別子: {subject}"
            ),
            Self::Other => format!(
                "{provider}で確認された人は、ログインしている人と違います。ログインしている本人の情報で確認してください。"
            ),
            Self::Locked => "このアカウントは、ログインの失敗が続いたためロックされています。管理者に解除を依頼してください。".to_owned(),
            Self::Disabled => "このアカウントは利用を停止しています。利用するには、管理者に再開を依頼してください。".to_owned(),
        }
    }
}
