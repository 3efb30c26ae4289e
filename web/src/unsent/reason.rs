//! Why a form was not sent, and what its page says of it.

/// Why a form was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The session had ended.
    SessionEnded,
    /// Its page was opened before somebody signed in anew, in another window.
    SignedInAnew,
}

/// What can be done with the page now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// What was typed stands in it.
    Typed,
    /// A file is to be chosen again.
    File,
    /// A button is to be pressed again.
    Button,
}

impl Reason {
    fn label(self) -> &'static str {
        match self {
            Self::SessionEnded => "ログインが終了していたため",
            Self::SignedInAnew => "この画面を開いた後に、別の画面でログインし直したため",
        }
    }

    /// The banner at the head of the page.
    pub(super) fn banner(self, left: Left) -> String {
        let what = match left {
            Left::Typed => {
                "まだ送信していません。入力した内容は、この画面に残っています。確認してから、もう一度送信してください。パスワードやファイルは、もう一度入力してください。"
            }
            Left::File => {
                "ファイルはまだ送信していません。ファイルを選び直してから、もう一度送信してください。"
            }
            Left::Button => "操作はまだ行われていません。もう一度操作してください。",
        };
        let why = self.label();
        format!("<p class=\"banner warning\" role=\"status\">{why}、{what}</p>")
    }
}
