//! What belongs together: the data directory remembers which database and which key it had, and
//! the database which key seals its secrets. So nothing that is gone is silently replaced.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use futures::future::BoxFuture;
use madoguchi_store::{Expected, Store, shown_address};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::private_file;
use crate::scheduler::{Progress, Work};

const FILE: &str = "installation.json";
/// Found only where a desk has worked before.
const TRACE: &str = "journal/delivered";

/// What a data directory had.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Installation {
    /// The database, once it was joined.
    database: Option<Database>,
    /// The mark of the key that seals secrets.
    pub(crate) key_mark: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Database {
    /// Without user and password.
    address: String,
    id: String,
}

fn path(data_dir: &Path) -> PathBuf {
    data_dir.join(FILE)
}

impl Installation {
    /// What the directory remembers; nothing if it is new.
    pub(crate) fn load(data_dir: &Path) -> anyhow::Result<Self> {
        let path = path(data_dir);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(error) => {
                return Err(error).with_context(|| format!("{} を読めません", path.display()));
            }
        };
        serde_json::from_str(&text).with_context(|| {
            format!(
                "{} が壊れています。バックアップから戻すか、データベースと鍵(web.key)があることを確かめてから削除してください",
                path.display()
            )
        })
    }

    fn save(&self, data_dir: &Path) -> anyhow::Result<()> {
        let path = path(data_dir);
        let text = serde_json::to_string_pretty(self)?;
        private_file::replace(&path, text.as_bytes())
            .with_context(|| format!("{} に書き込めません", path.display()))
    }

    /// What is to be expected of the database at `url`.
    pub(crate) fn expected(&self, url: &str, data_dir: &Path) -> Expected {
        let known = match &self.database {
            // Another one by the operator's word may be new.
            Some(database) => database.address == shown_address(url),
            // A desk of before this was remembered.
            None => Store::file_at(url).is_some() && data_dir.join(TRACE).exists(),
        };
        if known {
            Expected::Existing
        } else {
            Expected::Anything
        }
    }

    /// Remembers the database that was joined, and the key, on both sides.
    ///
    /// # Errors
    /// The database is away, or the file cannot be written.
    pub(crate) async fn remember(
        &mut self,
        store: &Store,
        key: &[u8; 32],
        data_dir: &Path,
    ) -> anyhow::Result<()> {
        let candidate = format!("{:032x}", rand::random::<u128>());
        let id = store.installation("id", &candidate).await?;
        let mark = mark_of(key);
        let kept = store.installation("key", &mark).await?;
        if kept != mark {
            tracing::error!(
                "the key is not the one that sealed what is in the database: second factors and passwords of trunks cannot be opened"
            );
        }
        let now = Self {
            database: Some(Database {
                address: store.shown_address(),
                id,
            }),
            key_mark: Some(mark),
        };
        if let (Some(before), Some(after)) = (&self.database, &now.database)
            && before.address == after.address
            && before.id != after.id
        {
            tracing::warn!("the database is another one than before at the same address");
        }
        if *self != now {
            now.save(data_dir)?;
            *self = now;
        }
        Ok(())
    }

    /// Forgets that there was a database: the next start may make one.
    pub(crate) fn forget_database(data_dir: &Path) -> anyhow::Result<()> {
        let mut known = Self::load(data_dir)?;
        known.database = Some(Database {
            address: String::new(),
            id: String::new(),
        });
        known.save(data_dir)
    }

    /// Forgets the key that was lost, on both sides.
    pub(crate) async fn forget_key(
        data_dir: &Path,
        store: &Store,
        key_file: &Path,
    ) -> anyhow::Result<()> {
        if std::fs::metadata(key_file).is_ok_and(|found| found.len() > 0) {
            bail!(
                "鍵のファイル {} があります。使わないときは、別の場所に移してから実行してください",
                key_file.display()
            );
        }
        let mut known = Self::load(data_dir)?;
        known.key_mark = None;
        store.forget_installation("key").await?;
        known.save(data_dir)
    }
}

/// Tells a key from others without giving it away.
pub(crate) fn mark_of(key: &[u8; 32]) -> String {
    let hash = Sha256::digest([b"madoguchi key ".as_slice(), key].concat());
    hex::encode(hash.get(..8).unwrap_or_default())
}

/// Remembers what was joined as soon as it was.
pub(crate) struct Remembering {
    pub(crate) installation: Installation,
    pub(crate) store: Store,
    pub(crate) key: [u8; 32],
    pub(crate) data_dir: PathBuf,
}

impl Work for Remembering {
    fn run(&mut self) -> BoxFuture<'_, anyhow::Result<Progress>> {
        Box::pin(async move {
            if !self.store.health().borrow().is_up() {
                return Ok(Progress::Again);
            }
            let (store, key) = (&self.store, &self.key);
            let remembered = self.installation.remember(store, key, &self.data_dir).await;
            remembered.context("the database is not remembered yet")?;
            Ok(Progress::Finished)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_had_a_database_expects_it() {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/madoguchi.sqlite", dir.path().display());
        let expected = || {
            let known = Installation::load(dir.path()).unwrap();
            known.expected(&url, dir.path())
        };
        assert_eq!(expected(), Expected::Anything);
        std::fs::create_dir(dir.path().join("journal")).unwrap();
        std::fs::write(dir.path().join(TRACE), "").unwrap();
        assert_eq!(
            expected(),
            Expected::Existing,
            "of before this was remembered"
        );
        Installation::forget_database(dir.path()).unwrap();
        assert_eq!(expected(), Expected::Anything);
    }

    #[tokio::test]
    async fn what_was_joined_is_remembered_and_another_address_may_be_new() {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/madoguchi.sqlite", dir.path().display());
        let store = Store::open(&url).await.unwrap();
        let mut known = Installation::default();
        known.remember(&store, &[1; 32], dir.path()).await.unwrap();
        assert_eq!(Installation::load(dir.path()).unwrap(), known);
        assert_eq!(known.key_mark, Some(mark_of(&[1; 32])));
        assert_eq!(known.expected(&url, dir.path()), Expected::Existing);
        let elsewhere = "postgres://desk:secret@db.example/desk";
        let other = known.expected(elsewhere, dir.path());
        assert_eq!(other, Expected::Anything);
        let text = std::fs::read_to_string(path(dir.path())).unwrap();
        assert!(!text.contains("0101"), "the mark does not tell the key");
    }
}
