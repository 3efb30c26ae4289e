//! Why a file is not taken.

/// Why a file is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FileFault {
    /// Nothing that articles may hold.
    #[error("unknown")]
    Unknown,
    /// Its name ends like that of another kind.
    #[error("extension")]
    Extension,
    /// It is broken, or not written as its kind is.
    #[error("broken")]
    Broken,
    /// Something follows where it ends, or stands before it begins.
    #[error("trailing_data")]
    TrailingData,
    /// Something in it is, or may be taken for, a page or a script.
    #[error("script")]
    Script,
    /// It holds macros or other programs.
    #[error("macro")]
    Macro,
    /// It fetches something from elsewhere when it is opened.
    #[error("external")]
    External,
    /// Another file is embedded that is not looked into.
    #[error("embedded")]
    Embedded,
    /// It is encrypted, so that nobody can look into it.
    #[error("encrypted")]
    Encrypted,
    /// It unfolds to far more than it is.
    #[error("unfolds")]
    Unfolds,
}

impl FileFault {
    /// The name in logs and metrics.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "file_unknown",
            Self::Extension => "file_extension",
            Self::Broken => "file_broken",
            Self::TrailingData => "file_trailing_data",
            Self::Script => "file_script",
            Self::Macro => "file_macro",
            Self::External => "file_external",
            Self::Embedded => "file_embedded",
            Self::Encrypted => "file_encrypted",
            Self::Unfolds => "file_unfolds",
        }
    }

    /// What to tell whoever brought it.
    pub(crate) fn message(self) -> &'static str {
        match self {
            Self::Unknown => {
                "このファイルは使えません。画像(PNG、JPEG、GIF、WebP)、PDF、Word、Excel、PowerPoint(マクロのないもの)、テキスト、CSVを選んでください。"
            }
            Self::Extension => {
                "ファイルの中身と、名前の末尾(拡張子)が合っていません。正しい拡張子を付けてから、もう一度選んでください。"
            }
            Self::Broken => {
                "ファイルが壊れているか、決まった形式で書かれていません。作成したソフトウェアで開いて保存し直してから、もう一度選んでください。"
            }
            Self::TrailingData => {
                "ファイルの前か後ろに、余分なデータが付いています。作成したソフトウェアで開いて保存し直してから、もう一度選んでください。"
            }
            Self::Script => {
                "ファイルの中に、スクリプトとして実行されるおそれのある部分があるため、使えません。取り除いてから、もう一度選んでください。"
            }
            Self::Macro => {
                "マクロやプログラムを含むファイルは使えません。マクロのない形式（.docx、.xlsx、.pptx）で保存し直してから、もう一度選んでください。"
            }
            Self::External => {
                "開いたときにほかの場所からデータを読み込む設定（外部へのリンク、テンプレートなど）があるため、使えません。取り除いてから、もう一度選んでください。"
            }
            Self::Embedded => {
                "ほかのファイルが埋め込まれているため、使えません。埋め込みを取り除いてから、もう一度選んでください。"
            }
            Self::Encrypted => {
                "暗号化（パスワード）されたファイルは、中身を確認できないため使えません。解除してから、もう一度選んでください。"
            }
            Self::Unfolds => {
                "展開すると大きくなりすぎるファイルは使えません。小さくしてから、もう一度選んでください。"
            }
        }
    }
}
