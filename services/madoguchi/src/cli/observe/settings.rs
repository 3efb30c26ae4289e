//! The settings of file and screens: at the start, and when they change while observing goes on.

use std::path::{Path, PathBuf};

use madoguchi_core::setup::Calendars;
use madoguchi_core::signal::SignalRetention;
use madoguchi_store::Store;
use madoguchi_web::Seal;

use super::super::error::CliError;
use crate::config::Config;
use crate::{housekeeping, key, setup};

/// Where settings come from, and which are in force.
pub(super) struct Settings {
    file: Config,
    data_dir: PathBuf,
    /// The stamp of those in force.
    stamp: String,
    /// That some cannot be taken up was told.
    is_told: bool,
}

/// What is in force.
pub(super) struct InForce {
    /// The file joined with the screens.
    pub(super) config: Config,
    pub(super) calendars: Calendars,
    /// For how long messages are kept.
    pub(super) retention: SignalRetention,
}

impl Settings {
    /// The settings as they are now.
    pub(super) async fn load(
        file: &Config,
        data_dir: &Path,
        store: &Store,
    ) -> Result<(Self, InForce), CliError> {
        let mut settings = Self {
            file: file.clone(),
            data_dir: data_dir.to_owned(),
            stamp: String::new(),
            is_told: false,
        };
        let in_force = settings.read(store).await?;
        Ok((settings, in_force))
    }

    /// The settings, if any were changed since and can be taken up.
    pub(super) async fn changed(&mut self, store: &Store) -> Option<InForce> {
        match self.read_changed(store).await {
            Ok(changed) => {
                self.is_told = false;
                changed
            }
            Err(error) => {
                if !std::mem::replace(&mut self.is_told, true) {
                    tracing::warn!(%error, "changed settings are not taken up yet");
                }
                None
            }
        }
    }

    async fn read_changed(&mut self, store: &Store) -> Result<Option<InForce>, CliError> {
        let stamp = store.settings_stamp().await.map_err(anyhow::Error::from)?;
        if stamp == self.stamp {
            return Ok(None);
        }
        self.read(store).await.map(Some)
    }

    async fn read(&mut self, store: &Store) -> Result<InForce, CliError> {
        let kept = setup::StoredSetup::load(store).await?;
        // Without a key nothing was ever sealed.
        let file = key::path(self.file.web.key_file.as_deref(), &self.data_dir);
        let seal = if file.exists() {
            let key = key::load(self.file.web.key_file.as_deref(), &self.data_dir, true)?;
            Some(Seal::new(&key))
        } else {
            None
        };
        let config = setup::opened_if(&self.file, &kept.screen, seal.as_ref());
        let wants_key = kept.screen.observe.hep_key.is_some();
        if wants_key && config.observe.key()?.is_none() {
            // Without it, whoever sends would be heard.
            return Err(CliError::Failed(anyhow::anyhow!(
                "画面で保存した HEP の合言葉を読めません。鍵のファイル(web.key_file)を元に戻すか、合言葉を入力し直してください"
            )));
        }
        let retention = housekeeping::signal_retention(store).await;
        let retention = retention.map_err(anyhow::Error::from)?;
        let calendars = config.calendars()?;
        self.stamp = kept.stamp;
        Ok(InForce {
            config,
            calendars,
            retention,
        })
    }
}
