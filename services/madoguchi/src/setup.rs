//! 窓口の設定: what is set on screens, joined with the operator's file and brought to the running
//! desk, on this node and, by and by, on all others.

pub(crate) mod following;
mod join;
mod rows;

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::Context as _;
use madoguchi_core::setup::{Calendars, DeskSetup, PhoneHashes, ScreenSetup};
use madoguchi_endpoint::shell::Endpoint;
use madoguchi_line::engine::EngineSettings;
use madoguchi_sip::digest::{Algorithm, Ha1};
use madoguchi_store::{NewVersion, Store};
use madoguchi_web::{Seal, SetupRefusal};
use tokio::sync::Mutex;

pub(crate) use self::join::StoredSetup;
use crate::announcements::{ActiveSounds, recordings};
use crate::config::{Config, ConfigError};
use crate::sounds;

/// The settings of the file, joined with those of screens but for announcements
/// ([`recordings::join`]), for whoever needs no passwords.
pub(crate) async fn joined(file: &Config, store: &Store) -> anyhow::Result<Config> {
    let kept = StoredSetup::load(store).await?;
    Ok(join::config(file, &kept.screen, |_| None))
}

/// The desk as it is set up by the operator's file and on screens, and its calendars.
pub(crate) async fn desk(file: &Config, store: &Store) -> anyhow::Result<(DeskSetup, Calendars)> {
    let kept = StoredSetup::load(store).await?;
    let setup = desk_setup(file, &kept);
    let calendars = join::config(file, &kept.screen, |_| None).calendars()?;
    Ok((setup, calendars))
}

/// What shows other settings from now on.
pub(crate) trait ChangedDesk: Sync {
    /// These are in force.
    fn take_up(&self, calendars: Calendars, setup: DeskSetup, sounds: ActiveSounds);
}

/// Brings settings to the running desk.
#[derive(Debug)]
pub(crate) struct Setup {
    /// The operator's file, as far as it is in force.
    file: RwLock<Arc<Config>>,
    store: Store,
    endpoint: Endpoint,
    nonce_secret: [u8; 32],
    seal: Seal,
    data_dir: PathBuf,
    /// The stamp of what is in force; one change at a time is brought over.
    in_force: Mutex<String>,
}

impl Setup {
    /// `in_force` is the stamp of the settings that the endpoint was started with.
    pub(crate) fn new(
        file: Config,
        store: Store,
        endpoint: Endpoint,
        nonce_secret: [u8; 32],
        seal: Seal,
        in_force: String,
        data_dir: PathBuf,
    ) -> Self {
        Self {
            file: RwLock::new(Arc::new(file)),
            store,
            endpoint,
            nonce_secret,
            seal,
            data_dir,
            in_force: Mutex::new(in_force),
        }
    }

    fn file(&self) -> Arc<Config> {
        let file = self.file.read();
        file.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_file(&self, file: Arc<Config>) {
        *self.file.write().unwrap_or_else(PoisonError::into_inner) = file;
    }

    /// Takes up the operator's file as it is now, if the desk can work with it; what needs a restart
    /// stays as it is, and is told.
    pub(crate) async fn reload(
        &self,
        mut file: Config,
        desk: &impl ChangedDesk,
    ) -> anyhow::Result<()> {
        let before = self.file();
        let kept = file.keep_until_restart(&before);
        self.set_file(Arc::new(file));
        self.in_force.lock().await.clear();
        if let Err(error) = self.apply(desk).await {
            self.set_file(before);
            return Err(error);
        }
        if !kept.is_empty() {
            tracing::warn!(settings = ?kept, "these settings changed in the file and need a restart");
        }
        Ok(())
    }

    /// Takes up what is in the store now.
    pub(crate) async fn apply(&self, desk: &impl ChangedDesk) -> anyhow::Result<()> {
        let mut in_force = self.in_force.lock().await;
        if *in_force == self.store.settings_stamp().await? {
            return Ok(());
        }
        let kept = StoredSetup::load_and_save(&self.store, &self.data_dir).await?;
        let file = self.file();
        let mut config = opened(&file, &kept.screen, &self.seal);
        let recordings = recordings::folder(&self.data_dir);
        let announcements = &kept.announcements;
        recordings::join(&mut config, announcements, &self.store, &recordings).await?;
        config.check()?;
        let calendars = config.calendars()?;
        let engine = EngineSettings {
            node: madoguchi_core::id::NodeName::new(&config.node),
            lines: config.line_settings()?,
            agents: config.agent_settings(),
            calendar: calendars.desk().clone(),
            outbound: config.outbound_rules(),
        };
        let endpoint = config.endpoint_settings(self.nonce_secret)?;
        let sounds = sounds::load(&config)?;
        let announced = ActiveSounds::new(&config, sounds.clone(), &recordings);
        let in_time = self.endpoint.reconfigure(endpoint, engine, sounds).await;
        anyhow::ensure!(in_time, "the endpoint has stopped");
        desk.take_up(calendars, desk_setup(&file, &kept), announced);
        *in_force = kept.stamp;
        tracing::info!("the settings made on screens are in force");
        Ok(())
    }

    /// Whether the desk could work with these versions; the stamp of what they were checked with.
    pub(crate) async fn check(&self, versions: &[NewVersion]) -> Result<String, SetupRefusal> {
        let mut kept = StoredSetup::load(&self.store).await.map_err(|error| {
            tracing::error!(%error, "the settings made on screens cannot be read");
            let message = "画面で定めた設定を読めません。窓口のログを確認してください";
            error.downcast::<madoguchi_store::StoreError>().map_or_else(
                |_| SetupRefusal::Other(message.to_owned()),
                SetupRefusal::Store,
            )
        })?;
        for new in versions {
            let put = kept.screen.put(new.kind, &new.id, new.data.as_deref());
            put.map_err(|_| SetupRefusal::Other("内容を読めません".to_owned()))?;
        }
        match opened(&self.file(), &kept.screen, &self.seal).check() {
            Ok(()) => Ok(kept.stamp),
            Err(ConfigError::Part(fault)) => Err(SetupRefusal::Part(fault)),
            Err(error) => Err(SetupRefusal::Other(error.to_string())),
        }
    }
}

/// Words or synonyms of the search as they were last seen, as JSON, for a start without the store.
pub(crate) fn saved_knowledge(data_dir: &Path, kind: &str) -> Vec<String> {
    let rows = rows::Rows::saved(data_dir).unwrap_or_default();
    let of_kind = rows
        .knowledge
        .into_iter()
        .filter(|(other, _)| other == kind);
    of_kind.map(|(_, data)| data).collect()
}

/// The settings of file and screens with their passwords. What the key does not open is told, and
/// left out.
pub(crate) fn opened(file: &Config, screen: &ScreenSetup, seal: &Seal) -> Config {
    join::config(file, screen, |text| {
        let opened = seal
            .open(text)
            .and_then(|plain| String::from_utf8(plain).ok());
        if opened.is_none() {
            tracing::error!(
                "the key does not open the password of a trunk or a phone; set it anew"
            );
        }
        opened
    })
}

/// As [`opened`], by whoever may have no key: what was never sealed needs none.
pub(crate) fn opened_if(file: &Config, screen: &ScreenSetup, seal: Option<&Seal>) -> Config {
    match seal {
        Some(seal) => opened(file, screen, seal),
        None => join::config(file, screen, |_| None),
    }
}

/// The setup as pages show it.
pub(crate) fn desk_setup(file: &Config, kept: &StoredSetup) -> DeskSetup {
    DeskSetup {
        former_agents: kept.former_agents.clone(),
        former_lines: kept.former_lines.clone(),
        ..DeskSetup::join(&join::file_setup(file), &kept.screen)
    }
}

/// Refuses a start with settings that do not go together, in one line.
pub(crate) fn check_joined(config: &Config) -> anyhow::Result<()> {
    config
        .check()
        .context("設定ファイルと、画面で定めた設定とが合いません。設定ファイルを直してください")
}

/// What a phone proves itself with, made of its password.
pub(crate) fn phone_hashes(extension: &str, realm: &str, password: &str) -> PhoneHashes {
    let hash = |algorithm| Ha1::new(algorithm, extension, realm, password).hex;
    PhoneHashes {
        extension: extension.to_owned(),
        realm: realm.to_owned(),
        sha256: hash(Algorithm::Sha256),
        md5: hash(Algorithm::Md5),
    }
}
