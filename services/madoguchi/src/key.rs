//! The key that seals secrets in the database: in a file of its own, so that neither the database
//! nor its backup alone gives them away.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context as _, ensure};

const FILE: &str = "web.key";

/// The key in `file`, or in the data directory, where it is made if it is missing.
pub(crate) fn load(file: Option<&Path>, data_dir: &Path) -> anyhow::Result<[u8; 32]> {
    let made_here = data_dir.join(FILE);
    let path = file.unwrap_or(&made_here);
    if file.is_none() {
        make(path).with_context(|| format!("鍵のファイル {} を作成できません", path.display()))?;
    }
    let bytes =
        fs::read(path).with_context(|| format!("鍵のファイル {} を読めません", path.display()))?;
    let fits = bytes.len() == 32;
    ensure!(
        fits,
        "鍵のファイル {} は32バイトではありません",
        path.display()
    );
    bytes
        .try_into()
        .map_err(|_| anyhow::anyhow!("32バイトではありません"))
}

fn make(path: &Path) -> std::io::Result<()> {
    let opened = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match opened {
        Ok(mut file) => {
            file.write_all(&rand::random::<[u8; 32]>())?;
            file.sync_all()
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once_and_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let key = load(None, folder.path()).unwrap();
        assert_eq!(load(None, folder.path()).unwrap(), key);
        let mode = std::os::unix::fs::PermissionsExt::mode(
            &fs::metadata(folder.path().join(FILE))
                .unwrap()
                .permissions(),
        );
        assert_eq!(mode & 0o777, 0o600);
        let short = folder.path().join("short");
        fs::write(&short, "x").unwrap();
        assert!(load(Some(&short), folder.path()).is_err());
        assert!(load(Some(&folder.path().join("none")), folder.path()).is_err());
    }
}
