//! What can go wrong.

use std::path::PathBuf;

/// Why the knowledge cannot be opened, changed or searched.
#[derive(Debug, thiserror::Error)]
pub enum KbError {
    /// The sources of the dictionary are not installed.
    #[error(
        "日本語の辞書がありません（{folder}）。「apt-get install mecab-ipadic」を実行してください"
    )]
    NoDictionary {
        /// Where they were looked for.
        folder: PathBuf,
    },
    /// The dictionary cannot be built or read.
    #[error("日本語の辞書を用意できません")]
    Dictionary(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A word of the operators' own cannot be taken up.
    #[error("辞書の語を読み取れません")]
    Words(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The index.
    #[error("検索用の索引を読み書きできません")]
    Index(#[from] tantivy::TantivyError),
    /// The index is not what was written.
    #[error("検索用の索引が壊れています（{0}）")]
    Damaged(String),
    /// A file or folder.
    #[error("{path} を読み書きできません")]
    Io {
        path: PathBuf,
        source: std::io::Error,
    },
    /// Something that is kept in the index cannot be read again.
    #[error("索引の内容を読み取れません")]
    Unreadable(#[from] serde_json::Error),
}

impl KbError {
    /// Another process changes the index.
    pub fn is_busy(&self) -> bool {
        matches!(self, Self::Index(tantivy::TantivyError::LockFailure(..)))
    }

    pub(crate) fn io(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |source| Self::Io {
            path: path.to_owned(),
            source,
        }
    }
}
