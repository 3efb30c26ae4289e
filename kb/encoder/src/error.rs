//! Why there is no encoder.

use std::path::PathBuf;

/// Why the encoder could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncoderError {
    /// A file of the model is not there.
    #[error("文エンコーダーのファイル {} がありません。scripts/install-encoder.sh を実行してください。", file.display())]
    Missing {
        /// The file that was looked for.
        file: PathBuf,
    },
    /// A file of the model cannot be read.
    #[error("文エンコーダーのファイル {} を読めません。", file.display())]
    Unreadable {
        /// The file that was to be read.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file is not, byte for byte, the one this version was checked with.
    #[error(
        "文エンコーダーのファイル {} は、壊れているか、対応していない版のものです。scripts/install-encoder.sh を実行してください。",
        file.display()
    )]
    Unknown {
        /// The file that differs.
        file: PathBuf,
    },
    /// A file cannot be understood.
    #[error(
        "文エンコーダーのファイル {} の内容が正しくありません({what})。scripts/install-encoder.sh を実行してください。",
        file.display()
    )]
    Damaged {
        /// The file that was being read.
        file: PathBuf,
        /// The part that is wrong, for the log.
        what: String,
    },
}
