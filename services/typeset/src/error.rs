//! What can keep a book from being typeset.

use std::path::PathBuf;

/// Why there is no file. The text is for whoever asked for it; details of faults of ours are for the log.
#[derive(Debug, thiserror::Error)]
pub enum TypesetError {
    /// No Japanese font is installed.
    #[error(
        "日本語のフォントが見つかりません。「apt-get install {packages}」でフォントを入れてから、もう一度作成してください(探した場所: {looked})。"
    )]
    NoFont {
        /// The Debian packages that have them, with blanks between.
        packages: String,
        /// The directories that were looked through.
        looked: String,
    },
    /// A font cannot be read.
    #[error("フォントのファイル {} を読めません({reason})。フォントのパッケージを入れ直してください。", path.display())]
    UnreadableFont {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// There is nothing to typeset.
    #[error("書類が1つもないため、PDFを作成できません。")]
    NoBook,
    /// A chart cannot be drawn.
    #[error("図「{number}」を描けませんでした({reason})。")]
    Chart {
        /// The number of the chart.
        number: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The layout or the PDF failed.
    #[error("PDFの組版に失敗しました({0})。")]
    Layout(String),
    /// A part of an archive cannot be written.
    #[error("書類のファイルを書き出せませんでした({0})。")]
    Write(#[from] std::io::Error),
    /// An archive cannot be written.
    #[error("書類のファイルをまとめられませんでした({0})。")]
    Archive(#[from] zip::result::ZipError),
    /// A name of a file that no archive may have.
    #[error(
        "「{0}」は、まとめるファイルの名前に使えません(同じ名前が2つある、「..」や「\\」を含む、など)。"
    )]
    Name(String),
}
