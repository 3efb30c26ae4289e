//! Brings the recordings that were set on screens from the store to files of this node, and the
//! files into the settings.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use madoguchi_core::announcement::{AnnouncementId, OwnSound, recording_hash};
use madoguchi_core::audit::ChainHash;
use madoguchi_endpoint::media::Recording;
use madoguchi_store::{Store, StoreError};
use madoguchi_web::RECORDING_SECS;

use crate::config::Config;

/// Where the files are, below the data directory.
pub(crate) fn folder(data_dir: &Path) -> PathBuf {
    data_dir.join("recordings")
}

/// The screen's word about an announcement replaces the file's. A recording that cannot be read
/// leaves what is played without it, and a line in the log: it never stops the desk. The store is
/// asked only for what is not among the files.
///
/// # Errors
/// The store is away, though it was joined.
pub(crate) async fn join(
    config: &mut Config,
    announcements: &[(String, String)],
    store: &Store,
    folder: &Path,
) -> Result<(), StoreError> {
    for (id, data) in announcements {
        let Err(error) = put(config, store, folder, id, data).await else {
            continue;
        };
        match error.downcast::<StoreError>() {
            Ok(away) if store.is_joined() => return Err(away),
            Ok(away) => tracing::error!(
                announcement = id,
                error = %away,
                "a recording is not at hand while the database is away; another one is played"
            ),
            Err(error) => tracing::error!(
                announcement = id,
                error = format!("{error:#}"),
                "a recording cannot be played; another one is"
            ),
        }
    }
    Ok(())
}

async fn put(
    config: &mut Config,
    store: &Store,
    folder: &Path,
    id: &str,
    data: &str,
) -> anyhow::Result<()> {
    let id = AnnouncementId::parse(id).context("there is no such announcement")?;
    let files = match &id.line {
        None => Some(&mut config.announcements),
        Some(line) => config
            .lines
            .iter_mut()
            .find(|known| known.name == line.as_str())
            .map(|line| &mut line.announcements),
    };
    // The recording of a line that is gone waits for it to come back.
    let Some(files) = files else { return Ok(()) };
    let own: OwnSound = serde_json::from_str(data)?;
    let path = bring(store, folder, &own.hash).await?;
    files.insert(id.name.as_str().to_owned(), path);
    Ok(())
}

/// The file of a recording; written if it is missing or damaged.
async fn bring(store: &Store, folder: &Path, hash: &str) -> anyhow::Result<PathBuf> {
    // What stands in the database becomes the name of a file only if it is a hash.
    ensure!(ChainHash::from_hex(hash).is_some(), "no hash: {hash:?}");
    let path = folder.join(format!("{hash}.wav"));
    let (file, wanted) = (path.clone(), hash.to_owned());
    if tokio::task::spawn_blocking(move || is_whole(&file, &wanted)).await? {
        return Ok(path);
    }
    let content = store.lookup_recording(hash).await?;
    let content = STANDARD.decode(content.context("the store has no such recording")?)?;
    ensure!(
        recording_hash(&content) == hash,
        "the recording is damaged in the store"
    );
    let file = path.clone();
    tokio::task::spawn_blocking(move || write(&file, &content)).await??;
    Ok(path)
}

fn is_whole(path: &Path, hash: &str) -> bool {
    std::fs::read(path).is_ok_and(|content| {
        recording_hash(&content) == hash && Recording::read(&content, RECORDING_SECS).is_ok()
    })
}

/// Writes a file so that whoever looks finds all of it or nothing.
fn write(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    Recording::read(content, RECORDING_SECS)?;
    let folder = path.parent().context("a file is in a folder")?;
    std::fs::create_dir_all(folder)?;
    let unfinished = path.with_extension("part");
    let mut file = std::fs::File::create(&unfinished)?;
    file.write_all(content)?;
    file.sync_all()?;
    std::fs::rename(&unfinished, path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use madoguchi_core::announcement::ANNOUNCEMENT;
    use madoguchi_core::audit::{Action, AuditEntry, Fields};
    use madoguchi_core::time::Instant;
    use madoguchi_endpoint::media::SoundName;
    use madoguchi_store::NewVersion;

    use super::*;
    use crate::announcements::ActiveSounds;
    use crate::announcements::Announcements;
    use crate::config::LineConfig;
    use crate::sounds;

    struct House {
        folder: tempfile::TempDir,
        store: Store,
        config: Config,
    }

    async fn house() -> House {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("t.sqlite").display());
        let line: LineConfig = toml::from_str("name = \"help\"\nnumbers = [\"1\"]").unwrap();
        House {
            store: Store::open(&url).await.unwrap(),
            folder,
            config: Config {
                lines: vec![line],
                ..Config::default()
            },
        }
    }

    /// A recording of its own, half a second long.
    fn recording() -> Vec<u8> {
        let standard = madoguchi_endpoint::media::Sounds::default();
        let wav = standard.get(None, SoundName::MUSIC).to_wav();
        let mut short = wav.get(..44 + 8_000).unwrap().to_vec();
        short[4..8].copy_from_slice(&8_036_u32.to_le_bytes());
        short[40..44].copy_from_slice(&8_000_u32.to_le_bytes());
        short
    }

    impl House {
        async fn set(&self, id: &str, hash: &str) {
            let own = OwnSound {
                hash: hash.to_owned(),
                secs: 0.5,
                text: String::new(),
                file: String::new(),
            };
            let version = NewVersion {
                kind: ANNOUNCEMENT,
                id: id.to_owned(),
                replaces: 0,
                data: Some(serde_json::to_string(&own).unwrap()),
            };
            let entry =
                AuditEntry::of_system(Instant(1), Action::AnnouncementChange, id, Fields::new());
            let mut tx = self.store.begin(entry).await.unwrap();
            tx.save_setting(&version).await.unwrap();
            tx.commit().await.unwrap();
        }

        async fn keep(&self, content: &[u8]) -> String {
            let hash = recording_hash(content);
            self.keep_as(&hash, &STANDARD.encode(content)).await;
            hash
        }

        async fn keep_as(&self, hash: &str, base64: &str) {
            let mut tx = self.store.begin_unrecorded().await.unwrap();
            tx.add_recording(hash, base64).await.unwrap();
            tx.commit().await.unwrap();
        }

        fn recordings(&self) -> PathBuf {
            folder(self.folder.path())
        }

        async fn joined(&self) -> Config {
            let mut config = self.config.clone();
            let set = self.store.list_settings(ANNOUNCEMENT).await.unwrap();
            let set: Vec<_> = set
                .into_iter()
                .map(|setting| (setting.id, setting.data.unwrap_or_default()))
                .collect();
            join(&mut config, &set, &self.store, &self.recordings())
                .await
                .unwrap();
            config
        }
    }

    #[tokio::test]
    async fn a_recording_of_the_store_becomes_a_file_that_is_played() {
        let house = house().await;
        let hash = house.keep(&recording()).await;
        house.set("*/closed", &hash).await;
        house.set("help/greeting", &hash).await;
        house.set("gone/greeting", &hash).await;
        let config = house.joined().await;
        let path = house.recordings().join(format!("{hash}.wav"));
        assert_eq!(std::fs::read(&path).unwrap(), recording());
        assert_eq!(config.announcements["closed"], path);
        assert_eq!(config.lines[0].announcements["greeting"], path);
        let sounds = sounds::load(&config).unwrap();
        let closed = sounds.get(None, SoundName::lookup("closed").unwrap());
        assert_eq!(closed.duration().0, 500);
        let desk = Announcements::default();
        desk.put(ActiveSounds::new(&config, sounds, &house.recordings()));
        let origins: Vec<_> = desk
            .in_force()
            .origins
            .keys()
            .map(ToString::to_string)
            .collect();
        assert_eq!(origins, ["*/closed", "help/greeting"]);
    }

    #[tokio::test]
    async fn a_damaged_file_is_written_again() {
        let house = house().await;
        let hash = house.keep(&recording()).await;
        house.set("*/closed", &hash).await;
        house.joined().await;
        let path = house.recordings().join(format!("{hash}.wav"));
        std::fs::write(&path, "damaged").unwrap();
        house.joined().await;
        assert_eq!(std::fs::read(&path).unwrap(), recording());
    }

    #[tokio::test]
    async fn recordings_that_cannot_be_read_leave_what_was_played_before() {
        let mut house = house().await;
        house.config.announcements = [("closed".to_owned(), "/from/the/file.wav".into())].into();
        let text = house.keep(b"this is no recording").await;
        house.set("*/greeting", &text).await;
        house.set("*/closed", &recording_hash(b"never kept")).await;
        house.set("*/music", "../../etc/passwd").await;
        house.set("*/nonsense", &text).await;
        house.keep_as(&"0".repeat(64), "!").await;
        house.set("*/ready", &"0".repeat(64)).await;
        let good = house.keep(&recording()).await;
        house.set("*/queue_full", &good).await;
        let config = house.joined().await;
        let names: Vec<_> = config.announcements.keys().collect();
        assert_eq!(names, ["closed", "queue_full"]);
        assert_eq!(
            config.announcements["closed"],
            Path::new("/from/the/file.wav")
        );
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_written_stops_nothing() {
        let house = house().await;
        let hash = house.keep(&recording()).await;
        house.set("*/closed", &hash).await;
        // A file where the folder should be.
        std::fs::write(house.recordings(), "").unwrap();
        assert!(house.joined().await.announcements.is_empty());
    }
}
