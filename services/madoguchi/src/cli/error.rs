//! Why a command ended without success.

use std::io::{self, ErrorKind};
use std::path::Path;

use crate::config::ConfigError;

/// Why a command ended without success.
#[derive(Debug, thiserror::Error)]
pub(super) enum CliError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("{0}")]
    Usage(String),
    #[error("{0:#}")]
    Failed(#[from] anyhow::Error),
    /// Everything was said already.
    #[error("")]
    Partly,
}

impl CliError {
    /// A file with which something cannot be done: `what`, as 「を読めません」.
    pub(super) fn of_file(file: &Path, what: &str, error: &io::Error) -> Self {
        let (file, reason) = (file.display(), reason(error));
        Self::Failed(anyhow::anyhow!("{file} {what}: {reason}"))
    }
}

/// Why a file cannot be read or written, in the words of the reader; the system's own words where there are
/// none.
pub(super) fn reason(error: &io::Error) -> String {
    let known = match error.kind() {
        ErrorKind::NotFound => "ファイルまたはフォルダーがありません",
        ErrorKind::PermissionDenied => "権限がありません",
        ErrorKind::AlreadyExists => "同じ名前のファイルがあります",
        ErrorKind::IsADirectory => "ファイルではなくフォルダーです",
        ErrorKind::NotADirectory => "途中の名前がフォルダーではありません",
        ErrorKind::StorageFull => "ディスクに空きがありません",
        ErrorKind::QuotaExceeded => "使えるディスクの容量を超えました",
        ErrorKind::ReadOnlyFilesystem => "書き込めないディスクです",
        ErrorKind::FileTooLarge => "ファイルが大きすぎます",
        ErrorKind::InvalidFilename => "ファイルの名前が使えません",
        ErrorKind::BrokenPipe => "出力先が閉じられました",
        ErrorKind::InvalidData => "UTF-8の文字として読めません",
        ErrorKind::UnexpectedEof => "途中で終わっています",
        _ => return error.to_string(),
    };
    known.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_a_file_cannot_be_read_is_told_in_japanese() {
        let folder = tempfile::tempdir().unwrap();
        let gone = folder.path().join("gone.csv");
        let told = |file: &Path| {
            let error = std::fs::read(file).unwrap_err();
            CliError::of_file(file, "を読めません", &error).to_string()
        };
        assert!(
            told(&gone).ends_with("gone.csv を読めません: ファイルまたはフォルダーがありません")
        );
        assert!(told(folder.path()).ends_with("を読めません: ファイルではなくフォルダーです"));
    }
}
