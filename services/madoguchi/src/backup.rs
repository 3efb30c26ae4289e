//! Everything of a desk in one directory, taken while it runs, and its way back.
//!
//! The journal is copied before the database: what is delivered in between is in the database then,
//! and an event that is in both counts once. The list of the files and their hashes is written last,
//! so that a directory without it is no backup.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use madoguchi_core::time::Instant;
use madoguchi_store::{BackupError, Store, journal, shown_address};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::config::Config;
use crate::{key, private_file, store_fault};

const MANIFEST: &str = "manifest.json";
const KEY: &str = "web.key";
const SETTINGS: &str = "madoguchi.toml";
const JOURNAL: &str = "journal";
const DATABASE: &str = "database";
/// Small files of the data directory that are kept as they are.
const BESIDE: [&str; 2] = ["installation.json", "settings.json"];
/// Counts up whenever what stands in a backup changes.
const LAYOUT: u32 = 1;

/// What a backup holds.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Manifest {
    layout: u32,
    /// Which program made it.
    program: String,
    pub(crate) made_at: String,
    /// Of which database, without password.
    database: String,
    /// By path in the backup.
    pub(crate) files: BTreeMap<String, FileSum>,
}

/// What tells a file from any other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileSum {
    pub(crate) bytes: u64,
    sha256: String,
}

/// What goes into a backup.
#[derive(Debug)]
pub(crate) struct Source<'a> {
    pub(crate) config: &'a Config,
    /// The file of the settings.
    pub(crate) config_file: Option<&'a Path>,
    pub(crate) data_dir: &'a Path,
    /// The key that seals secrets, too.
    pub(crate) with_key: bool,
}

/// Takes a backup into `dir`, which must be empty or not there.
pub(crate) async fn take(
    source: &Source<'_>,
    store: &Store,
    dir: &Path,
    now: Instant,
) -> anyhow::Result<Manifest> {
    ensure!(
        is_empty(dir)?,
        "バックアップ先のディレクトリ {} は空ではありません",
        dir.display()
    );
    let failed = || format!("バックアップ先 {} に書き込めません", dir.display());
    private_file::create_dir_all(&dir.join(DATABASE)).with_context(failed)?;
    // Whoever made the directory before may have left it open: what comes into it is secret.
    private_file::tighten(dir).with_context(failed)?;
    let (journal_dir, to) = (source.data_dir.join(JOURNAL), dir.join(JOURNAL));
    if journal_dir.is_dir() {
        let copied = tokio::task::spawn_blocking(move || journal::copy(&journal_dir, &to)).await?;
        copied.context("記録ファイル(journal)を写せません")?;
    }
    store.copy_to(&dir.join(DATABASE)).await.map_err(told)?;
    for name in BESIDE {
        copy_if_there(&source.data_dir.join(name), &dir.join(name)).with_context(failed)?;
    }
    if source.with_key {
        let key = key::path(source.config.web.key_file.as_deref(), source.data_dir);
        copy_if_there(&key, &dir.join(KEY)).with_context(failed)?;
    }
    if let Some(file) = source.config_file {
        copy_if_there(file, &dir.join(SETTINGS)).with_context(failed)?;
    }
    let mut files = BTreeMap::new();
    sum_up(dir, dir, &mut files).with_context(failed)?;
    let manifest = Manifest {
        layout: LAYOUT,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        made_at: now.to_rfc3339(),
        database: store.shown_address(),
        files,
    };
    let text = serde_json::to_vec_pretty(&manifest)?;
    private_file::replace(&dir.join(MANIFEST), &text).with_context(failed)?;
    Ok(manifest)
}

/// Whether `dir` holds a whole backup.
pub(crate) fn check(dir: &Path) -> anyhow::Result<Manifest> {
    let path = dir.join(MANIFEST);
    let text = std::fs::read(&path).with_context(|| {
        format!(
            "{} を読めません。バックアップの途中で止まったか、バックアップのディレクトリではありません",
            path.display()
        )
    })?;
    let manifest: Manifest = serde_json::from_slice(&text)
        .with_context(|| format!("{} が壊れています", path.display()))?;
    ensure!(
        manifest.layout <= LAYOUT,
        "より新しい版のプログラムが作ったバックアップです。新しい版のプログラムで復元してください"
    );
    for (name, expected) in &manifest.files {
        ensure!(
            is_inside(name),
            "バックアップの一覧に不正な名前があります: {name}"
        );
        let found = sum(&dir.join(name))
            .with_context(|| format!("バックアップのファイル {name} を読めません"))?;
        ensure!(
            found == *expected,
            "バックアップのファイル {name} が壊れています"
        );
    }
    Ok(manifest)
}

/// Brings a backup back into a data directory that is empty or not there, and into the database of
/// the settings, which must be empty.
pub(crate) async fn restore(
    config: &Config,
    data_dir: &Path,
    dir: &Path,
) -> anyhow::Result<Manifest> {
    let manifest = check(dir)?;
    ensure!(
        is_empty(data_dir)?,
        "データディレクトリ {} は空ではありません。別の場所に移してから復元してください",
        data_dir.display()
    );
    let key_file = config.web.key_file.as_deref();
    if let Some(file) = key_file.filter(|file| file.exists() && dir.join(KEY).exists()) {
        let same = std::fs::read(file)? == std::fs::read(dir.join(KEY))?;
        ensure!(
            same,
            "鍵のファイル {} が、バックアップの鍵と違います。別の場所に移してから復元してください",
            file.display()
        );
    }
    let failed = || format!("データディレクトリ {} に書き込めません", data_dir.display());
    private_file::create_dir_all(data_dir).with_context(failed)?;
    private_file::tighten(data_dir).with_context(failed)?;
    let restored = bring_back(config, data_dir, dir, &manifest).await;
    if restored.is_err() {
        // It was empty before: nothing of a failed attempt stands in the way of the next.
        let _left = std::fs::remove_dir_all(data_dir);
    }
    restored?;
    Ok(manifest)
}

async fn bring_back(
    config: &Config,
    data_dir: &Path,
    dir: &Path,
    manifest: &Manifest,
) -> anyhow::Result<()> {
    let url = config.store_url(data_dir)?;
    Store::bring_back(&dir.join(DATABASE), &url)
        .await
        .map_err(|error| {
            let address = shown_address(&url);
            told(error).context(format!("データベース {address} に復元できません"))
        })?;
    for name in manifest.files.keys() {
        let to = match name.split_once('/') {
            Some((JOURNAL, _)) => data_dir.join(name),
            None if name == KEY => key::path(config.web.key_file.as_deref(), data_dir),
            None if BESIDE.contains(&name.as_str()) => data_dir.join(name),
            // The settings are the operator's to put where they belong.
            _ => continue,
        };
        if let Some(folder) = to.parent() {
            private_file::create_dir_all(folder)?;
        }
        if !to.exists() {
            copy(&dir.join(name), &to)
                .with_context(|| format!("{} に書き込めません", to.display()))?;
        }
    }
    Ok(())
}

fn told(error: BackupError) -> anyhow::Error {
    match error {
        BackupError::Store(error) => anyhow::anyhow!(store_fault::told(&error)),
        BackupError::NoProgram { program } => anyhow::anyhow!(
            "{program} がありません。Debian のパッケージ postgresql-client を入れてください"
        ),
        BackupError::Program { program, said } => {
            anyhow::anyhow!("{program} が失敗しました: {said}")
        }
        BackupError::Damaged { path, said } => {
            anyhow::anyhow!(
                "データベースの写し {} が壊れています: {said}",
                path.display()
            )
        }
        BackupError::NotEmpty { address } => {
            anyhow::anyhow!("復元先のデータベース {address} は空ではありません")
        }
        BackupError::InMemory => {
            anyhow::anyhow!("メモリの中のデータベースは、バックアップできません")
        }
        BackupError::Io { path, source } => {
            anyhow::anyhow!("{} を読み書きできません: {source}", path.display())
        }
        error => anyhow::anyhow!("{error}"),
    }
}

/// Whether there is no such directory, or nothing in it.
fn is_empty(dir: &Path) -> anyhow::Result<bool> {
    match std::fs::read_dir(dir) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => bail!("{} を読めません: {error}", dir.display()),
    }
}

/// Whether a name leads nowhere but into the directory that it is joined to.
fn is_inside(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    !name.is_empty() && parts.all(|part| matches!(part, Component::Normal(_)))
}

fn copy_if_there(from: &Path, to: &Path) -> io::Result<()> {
    match copy(from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && !from.exists() => Ok(()),
        copied => copied,
    }
}

/// A copy that only its owner reads, and that is on the disk.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let mut from = File::open(from)?;
    let mut to = File::options()
        .write(true)
        .create_new(true)
        .mode(private_file::FILE_MODE)
        .open(to)?;
    io::copy(&mut from, &mut to)?;
    to.sync_all()
}

/// The sums of all files below `folder`, by their path from `root`.
fn sum_up(root: &Path, folder: &Path, files: &mut BTreeMap<String, FileSum>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path: PathBuf = entry?.path();
        if path.is_dir() {
            sum_up(root, &path, files)?;
            continue;
        }
        let name = path.strip_prefix(root).unwrap_or(&path);
        files.insert(name.to_string_lossy().into_owned(), sum(&path)?);
    }
    Ok(())
}

fn sum(path: &Path) -> io::Result<FileSum> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 64 << 10];
    let mut bytes = 0;
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        bytes += read as u64;
        hash.update(buffer.get(..read).unwrap_or_default());
    }
    let sha256 = hex::encode(hash.finalize());
    Ok(FileSum { bytes, sha256 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source<'a>(config: &'a Config, data_dir: &'a Path) -> Source<'a> {
        Source {
            config,
            config_file: None,
            data_dir,
            with_key: true,
        }
    }

    #[tokio::test]
    async fn a_backup_in_a_directory_of_others_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let (data, dir) = (folder.path().join("data"), folder.path().join("copy"));
        let back = folder.path().join("back");
        for open in [&data, &dir, &back] {
            std::fs::create_dir(open).unwrap();
            std::fs::set_permissions(open, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        let config = Config::default();
        let store = Store::open(&config.store_url(&data).unwrap())
            .await
            .unwrap();
        store.installation("id", "desk-1").await.unwrap();
        key::load(None, &data, false).unwrap();
        take(&source(&config, &data), &store, &dir, Instant(0))
            .await
            .unwrap();
        store.close().await;
        restore(&config, &back, &dir).await.unwrap();
        for private in [&dir, &back] {
            let mode = std::fs::metadata(private).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o700, "{}", private.display());
            assert_eq!(private_file::tighten(private).unwrap(), 0);
        }
    }

    #[tokio::test]
    async fn a_backup_comes_back_and_a_damaged_one_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let (data, dir) = (folder.path().join("data"), folder.path().join("copy"));
        std::fs::create_dir(&data).unwrap();
        let config = Config::default();
        let store = Store::open(&config.store_url(&data).unwrap())
            .await
            .unwrap();
        store.installation("id", "desk-1").await.unwrap();
        key::load(None, &data, false).unwrap();
        let manifest = take(&source(&config, &data), &store, &dir, Instant(0))
            .await
            .unwrap();
        assert!(manifest.files.contains_key("database/madoguchi.sqlite"));
        let again = take(&source(&config, &data), &store, &dir, Instant(0)).await;
        assert!(again.unwrap_err().to_string().contains("空ではありません"));
        store.close().await;
        let error = restore(&config, &data, &dir).await.unwrap_err();
        assert!(error.to_string().contains("空ではありません"), "{error}");
        let back = folder.path().join("back");
        restore(&config, &back, &dir).await.unwrap();
        let store = Store::open(&config.store_url(&back).unwrap())
            .await
            .unwrap();
        let id = store.lookup_installation("id").await.unwrap();
        assert_eq!(id.as_deref(), Some("desk-1"));
        store.close().await;
        let same = std::fs::read(data.join(KEY)).unwrap();
        assert_eq!(std::fs::read(back.join(KEY)).unwrap(), same);
        // Every changed file is found out, and nothing is begun.
        for name in manifest.files.keys() {
            let file = dir.join(name);
            let whole = std::fs::read(&file).unwrap();
            let mut damaged = whole.clone();
            damaged[whole.len() / 2] ^= 1;
            std::fs::write(&file, damaged).unwrap();
            let empty = folder.path().join("empty");
            let error = restore(&config, &empty, &dir).await.unwrap_err();
            assert!(error.to_string().contains(name.as_str()), "{error}");
            assert!(!empty.exists());
            std::fs::write(&file, whole).unwrap();
        }
        std::fs::remove_file(dir.join(MANIFEST)).unwrap();
        let unfinished = restore(&config, &folder.path().join("x"), &dir).await;
        assert!(unfinished.is_err());
    }

    #[test]
    fn names_that_lead_outside_are_no_files_of_a_backup() {
        for name in ["../x", "/etc/passwd", "a/../../b", "", "./a/.."] {
            assert!(!is_inside(name), "{name}");
        }
        assert!(is_inside("journal/0000000000000001.journal"));
    }
}
