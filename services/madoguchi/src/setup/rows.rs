//! The settings that were made on screens as they were last seen, in a file beside the database:
//! with them the desk starts while the database is away.

use std::path::{Path, PathBuf};

use madoguchi_core::announcement::ANNOUNCEMENT;
use madoguchi_core::setup::{AGENT, LINE, ScreenSetup};
use madoguchi_store::{Setting, Store, StoreError};
use madoguchi_web::{SYNONYM_KIND, WORD_KIND};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::private_file;

/// Of the data directory.
fn path(data_dir: &Path) -> PathBuf {
    data_dir.join("settings.json")
}

/// Rows of the store, as they stand there: what is sealed stays sealed.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Rows {
    /// The stamp of all this.
    pub(super) stamp: String,
    /// Kind, id and JSON of what was set.
    pub(super) settings: Vec<(String, String, String)>,
    /// Agents that were removed: id and what they last were.
    pub(super) former_agents: Vec<(String, String)>,
    /// Lines that were removed.
    pub(super) former_lines: Vec<String>,
    /// Announcements: id and JSON.
    pub(super) announcements: Vec<(String, String)>,
    /// Words and synonyms of the search: kind and JSON.
    pub(super) knowledge: Vec<(String, String)>,
}

#[derive(Debug, Serialize, Deserialize)]
struct SavedRows {
    sha256: String,
    rows: String,
}

impl Rows {
    pub(super) async fn load(store: &Store) -> Result<Self, StoreError> {
        // Read first: what is set in between makes another stamp, and is found the next time.
        let stamp = store.settings_stamp().await?;
        let mut settings = Vec::new();
        for kind in ScreenSetup::KINDS {
            let of_kind = store.list_settings(kind).await?.into_iter();
            settings
                .extend(of_kind.map(|setting| (kind.to_owned(), setting.id, data(setting.data))));
        }
        let pairs = |settings: Vec<Setting>| -> Vec<(String, String)> {
            let pair = |setting: Setting| (setting.id, data(setting.data));
            settings.into_iter().map(pair).collect()
        };
        let mut knowledge = Vec::new();
        for kind in [WORD_KIND, SYNONYM_KIND] {
            let of_kind = store.list_settings(kind).await?.into_iter();
            knowledge.extend(of_kind.map(|setting| (kind.to_owned(), data(setting.data))));
        }
        let gone = store.removed_settings(LINE).await?.into_iter();
        Ok(Self {
            stamp,
            settings,
            former_agents: pairs(store.removed_settings(AGENT).await?),
            former_lines: gone.map(|line| line.id).collect(),
            announcements: pairs(store.list_settings(ANNOUNCEMENT).await?),
            knowledge,
        })
    }

    /// Keeps them beside the database, unless they stand there already.
    pub(super) fn save(&self, data_dir: &Path) {
        let path = path(data_dir);
        let kept = serde_json::to_string(self).and_then(|rows| {
            let sha256 = hash(&rows);
            serde_json::to_vec(&SavedRows { sha256, rows })
        });
        let saved = kept.map_err(std::io::Error::from).and_then(|kept| {
            if std::fs::read(&path).is_ok_and(|before| before == kept) {
                return Ok(());
            }
            private_file::replace(&path, &kept)
        });
        if let Err(error) = saved {
            tracing::warn!(%error, "the settings cannot be kept beside the database");
        }
    }

    /// Those that were last kept; `None` if there are none, or they are damaged.
    pub(super) fn saved(data_dir: &Path) -> Option<Self> {
        let kept = std::fs::read(path(data_dir)).ok()?;
        let read = serde_json::from_slice::<SavedRows>(&kept).ok();
        let rows = read
            .filter(|kept| hash(&kept.rows) == kept.sha256)
            .and_then(|kept| serde_json::from_str(&kept.rows).ok());
        if rows.is_none() {
            tracing::error!("the settings that were kept beside the database are damaged");
        }
        rows
    }
}

fn data(data: Option<String>) -> String {
    data.unwrap_or_default()
}

fn hash(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_comes_back_and_what_is_damaged_does_not() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Rows::saved(dir.path()), None);
        let rows = Rows {
            stamp: "s".to_owned(),
            settings: vec![("line".to_owned(), "夜間".to_owned(), "{}".to_owned())],
            ..Rows::default()
        };
        rows.save(dir.path());
        assert_eq!(Rows::saved(dir.path()), Some(rows));
        let file = path(dir.path());
        let mut bytes = std::fs::read(&file).unwrap();
        let at = bytes
            .windows(6)
            .position(|part| part == "夜間".as_bytes())
            .unwrap();
        bytes[at + 5] = b"\x8f"[0];
        std::fs::write(&file, &bytes).unwrap();
        assert_eq!(Rows::saved(dir.path()), None);
    }
}
