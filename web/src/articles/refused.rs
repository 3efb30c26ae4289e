//! What a form of an article's page asked for and is not done: the page comes back with the fault beside
//! the field, and with what was typed.

use madoguchi_core::audit::Action;

use crate::error::WebError;

/// A form of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PageForm {
    /// It brings a file.
    Files,
    /// It publishes, at a time that may be set.
    Approve,
    /// 差戻し, with a reason.
    SendBack,
    /// 取下げの依頼, with a reason.
    AskWithdrawal,
    /// It is a button alone.
    Button,
}

impl PageForm {
    /// The form of a step.
    pub(super) fn of(action: Action) -> Self {
        match action {
            Action::ArticleApprove => Self::Approve,
            Action::ArticleSendBack => Self::SendBack,
            Action::ArticleWithdrawalRequest => Self::AskWithdrawal,
            _ => Self::Button,
        }
    }
}

/// What is not done.
pub(super) struct Refused {
    pub(super) form: PageForm,
    /// Why it was refused.
    pub(super) error: WebError,
    /// The reason that was typed.
    pub(super) reason: String,
    /// When it was to be published, as it was typed.
    pub(super) publish_at: String,
}

impl Refused {
    /// A form in which nothing was typed.
    pub(super) fn untyped(form: PageForm, error: WebError) -> Self {
        Self {
            form,
            error,
            reason: String::new(),
            publish_at: String::new(),
        }
    }

    /// Whether the page is about another article than the one that was seen.
    pub(super) fn is_conflict(&self) -> bool {
        matches!(self.error, WebError::Conflict(_))
    }

    /// Why, for who reads the page.
    pub(super) fn message(&self) -> String {
        if self.is_conflict() {
            return "別の画面で先に変更されています。まだ何も行っていません。今の内容を確認してから、もう一度操作してください。".to_owned();
        }
        self.error.message()
    }

    /// Whether what was sent is at fault, which its page can tell.
    pub(super) fn is_for_page(&self) -> bool {
        self.is_conflict()
            || matches!(
                self.error,
                WebError::BadRequest(_) | WebError::BadFile(_) | WebError::LargeFile(_)
            )
    }
}
