//! Files that only the program's own user reads.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

/// Of files.
pub(crate) const FILE_MODE: u32 = 0o600;
/// Of directories.
pub(crate) const DIRECTORY_MODE: u32 = 0o700;

/// Puts `content` in the place of the file, so that whoever looks finds all of the old or all of
/// the new, also after a power failure.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let unfinished = path.with_file_name(name);
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(FILE_MODE)
        .open(&unfinished)?;
    file.set_permissions(Permissions::from_mode(FILE_MODE))?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// Makes a directory and those above it that are missing.
pub(crate) fn create_dir_all(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(DIRECTORY_MODE)
        .create(path)
}

/// Takes from others what they may do with everything below `path`; tells how much was changed.
/// Links are left alone: what they lead to belongs to somebody else.
pub(crate) fn tighten(path: &Path) -> io::Result<usize> {
    // The directory itself may be reached by a link.
    tighten_below(&fs::canonicalize(path)?)
}

fn tighten_below(path: &Path) -> io::Result<usize> {
    let found = fs::symlink_metadata(path)?;
    if found.file_type().is_symlink() {
        return Ok(0);
    }
    let wanted = found.permissions().mode() & !0o077;
    let mut changed = 0;
    if found.permissions().mode() != wanted && (found.is_dir() || found.is_file()) {
        fs::set_permissions(path, Permissions::from_mode(wanted))?;
        changed += 1;
    }
    if found.is_dir() {
        for entry in fs::read_dir(path)? {
            match tighten_below(&entry?.path()) {
                Ok(more) => changed += more,
                // What is deleted meanwhile needs nothing.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_file_is_replaced_whole_and_for_its_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.json");
        fs::write(&file, "before").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        replace(&file, b"after").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"after");
        assert_eq!(mode(&file), 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_others_could_read_is_tightened_and_links_are_left() {
        let dir = tempfile::tempdir().unwrap();
        let (inside, outside) = (dir.path().join("in"), dir.path().join("out"));
        create_dir_all(&inside.join("deep")).unwrap();
        assert_eq!(mode(&inside), 0o700);
        fs::write(&outside, "").unwrap();
        fs::set_permissions(&outside, Permissions::from_mode(0o644)).unwrap();
        std::os::unix::fs::symlink(&outside, inside.join("link")).unwrap();
        let file = inside.join("deep/file");
        fs::write(&file, "").unwrap();
        for (path, loose) in [(&file, 0o664), (&inside.join("deep"), 0o755)] {
            fs::set_permissions(path, Permissions::from_mode(loose)).unwrap();
        }
        assert_eq!(tighten(&inside).unwrap(), 2);
        assert_eq!((mode(&file), mode(&inside.join("deep"))), (0o600, 0o700));
        assert_eq!(mode(&outside), 0o644);
        assert_eq!(tighten(&inside).unwrap(), 0);
    }
}
