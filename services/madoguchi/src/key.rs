//! The key that seals secrets in the database: in a file of its own, so that neither the database
//! nor its backup alone gives them away.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::private_file::FILE_MODE;

const FILE: &str = "web.key";

/// Where the key is: as the settings say, or in the data directory.
pub(crate) fn path(file: Option<&Path>, data_dir: &Path) -> PathBuf {
    file.map_or_else(|| data_dir.join(FILE), Path::to_owned)
}

/// The key in `file`, or in the data directory, where it is made if there never was one.
///
/// # Errors
/// It cannot be read, or is gone or empty though there was one: what it sealed could not be opened
/// with another.
pub(crate) fn load(
    file: Option<&Path>,
    data_dir: &Path,
    was_there: bool,
) -> anyhow::Result<[u8; 32]> {
    let path = path(file, data_dir);
    let length = match fs::metadata(&path) {
        Ok(found) => Some(found.len()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => {
            return Err(error)
                .with_context(|| format!("鍵のファイル {} を読めません", path.display()));
        }
    };
    if was_there && length.is_none_or(|length| length == 0) {
        bail!(
            "鍵のファイル {} がないか、空になっています。新しい鍵は作りません。バックアップか、同じデータベースを使うほかの機械から戻してください。戻せないときだけ、madoguchi forget key を実行すると、次の開始で新しく作ります(2段階認証と、画面で定めた外線のパスワードは設定し直しになります)",
            path.display()
        );
    }
    if length.is_none() && file.is_none() {
        make(&path).with_context(|| format!("鍵のファイル {} を作成できません", path.display()))?;
    }
    let bytes =
        fs::read(&path).with_context(|| format!("鍵のファイル {} を読めません", path.display()))?;
    bytes
        .try_into()
        .map_err(|_| anyhow::anyhow!("鍵のファイル {} は32バイトではありません", path.display()))
}

fn make(path: &Path) -> std::io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(FILE_MODE)
        .open(path)?;
    let written = file
        .write_all(&rand::random::<[u8; 32]>())
        .and_then(|()| file.sync_all());
    if written.is_err() {
        // A half-written key would stand in the way of the next try; the first error is told.
        let _gone = fs::remove_file(path);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once_and_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let key = load(None, folder.path(), false).unwrap();
        assert_eq!(load(None, folder.path(), true).unwrap(), key);
        let mode = std::os::unix::fs::PermissionsExt::mode(
            &fs::metadata(folder.path().join(FILE))
                .unwrap()
                .permissions(),
        );
        assert_eq!(mode & 0o777, 0o600);
        let short = folder.path().join("short");
        fs::write(&short, "x").unwrap();
        assert!(load(Some(&short), folder.path(), false).is_err());
        let none = folder.path().join("none");
        assert!(load(Some(&none), folder.path(), false).is_err());
    }

    #[test]
    fn a_key_that_was_there_is_never_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let error = load(None, folder.path(), true).unwrap_err();
        assert!(
            error.to_string().contains("madoguchi forget key"),
            "{error}"
        );
        assert!(!folder.path().join(FILE).exists());
        fs::write(folder.path().join(FILE), "").unwrap();
        assert!(load(None, folder.path(), true).is_err());
        assert_eq!(fs::read(folder.path().join(FILE)).unwrap(), b"");
    }
}
