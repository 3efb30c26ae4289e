//! 音声案内 of the running desk: what is played, what may replace it, and how it is spoken.

mod announcer;
mod conversion;
pub(crate) mod recordings;
mod speech;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use madoguchi_core::announcement::{AnnouncementId, AnnouncementName};
use madoguchi_core::id::LineName;
use madoguchi_endpoint::media::{Sound, SoundName, Sounds};
use madoguchi_web::Origin;

use self::speech::Speech;
use crate::config::{Config, VoiceConfig};

/// What the desk at work says.
#[derive(Debug, Default)]
pub(crate) struct Announcements {
    speech: OnceLock<Speech>,
    in_force: RwLock<Arc<ActiveSounds>>,
}

/// The sounds that are played, and where they come from.
#[derive(Debug, Default)]
pub(crate) struct ActiveSounds {
    sounds: Sounds,
    lines: Vec<LineName>,
    /// Of all that are not the product's own.
    origins: BTreeMap<AnnouncementId, Origin>,
}

impl ActiveSounds {
    /// What `config` says, joined with what was set on screens: that is in `recordings`.
    pub(crate) fn new(config: &Config, sounds: Sounds, recordings: &Path) -> Self {
        let origin = |path: &Path| {
            if path.starts_with(recordings) {
                Origin::Screen
            } else {
                Origin::File
            }
        };
        let mut origins = BTreeMap::new();
        let lines = config
            .lines
            .iter()
            .map(|line| (Some(LineName::new(&line.name)), &line.announcements));
        for (line, files) in std::iter::once((None, &config.announcements)).chain(lines) {
            for (name, path) in files {
                if let Some(name) = AnnouncementName::lookup(name) {
                    let line = line.clone();
                    origins.insert(AnnouncementId { line, name }, origin(path));
                }
            }
        }
        Self {
            sounds,
            lines: config
                .lines
                .iter()
                .map(|line| LineName::new(&line.name))
                .collect(),
            origins,
        }
    }

    fn sound(&self, id: &AnnouncementId) -> Arc<Sound> {
        self.sounds.get(id.line.as_ref(), sound_name(id.name))
    }
}

impl Announcements {
    /// How texts are spoken, from now on.
    pub(crate) fn speak_with(&self, config: VoiceConfig) {
        // Set once, at the start.
        let _first = self.speech.set(Speech::new(config));
    }

    /// What is played from now on.
    pub(crate) fn put(&self, in_force: ActiveSounds) {
        *self
            .in_force
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Arc::new(in_force);
    }

    fn in_force(&self) -> Arc<ActiveSounds> {
        self.in_force
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// The media's word for it.
fn sound_name(name: AnnouncementName) -> SoundName {
    SoundName::lookup(name.as_str()).unwrap_or(SoundName::MUSIC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_and_media_know_the_same_announcements() {
        let mut media: Vec<_> = SoundName::all()
            .map(|name| (name.as_str(), name.is_for_lines()))
            .collect();
        let mut pages: Vec<_> = AnnouncementName::all()
            .map(|name| (name.as_str(), name.is_for_lines()))
            .collect();
        media.sort_unstable();
        pages.sort_unstable();
        assert_eq!(pages, media);
    }
}
