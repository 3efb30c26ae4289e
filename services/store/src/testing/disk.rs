//! A disk so small that a test can fill it.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A file system in memory with little room, gone when dropped. Needs the right to mount.
#[derive(Debug)]
pub struct SmallDisk {
    dir: TempDir,
}

impl SmallDisk {
    /// A disk with room for so many bytes.
    ///
    /// # Errors
    /// What `mount` says: it has to be run as root.
    pub fn new(bytes: u64) -> io::Result<Self> {
        let dir = tempfile::Builder::new()
            .prefix("madoguchi-disk-")
            .tempdir()?;
        let output = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={bytes},mode=0700")])
            .args([Path::new("tmpfs"), dir.path()])
            .output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(io::Error::other(format!("a small disk needs root: {said}")));
        }
        Ok(Self { dir })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Takes all room that is left.
    ///
    /// # Errors
    /// Anything but that the disk is full.
    pub fn fill(&self) -> io::Result<()> {
        let mut file = File::options()
            .append(true)
            .create(true)
            .open(self.filler())?;
        for block in [vec![0; 64 << 10], vec![0; 4096]] {
            loop {
                match file.write_all(&block) {
                    Ok(()) => {}
                    Err(error) if error.kind() == io::ErrorKind::StorageFull => break,
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    /// Gives the room back.
    ///
    /// # Errors
    /// What the disk reports.
    pub fn free(&self) -> io::Result<()> {
        fs::remove_file(self.filler())
    }

    fn filler(&self) -> PathBuf {
        self.dir.path().join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Whoever still has a file open there keeps it until then.
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}
