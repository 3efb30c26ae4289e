//! 音声案内 of the running desk, as its pages see them: what is played, what may replace it, and
//! how it is spoken.

pub(crate) mod recordings;
mod speech;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use futures::future::BoxFuture;
use madoguchi_core::announcement::{AnnouncementId, AnnouncementName};
use madoguchi_core::id::LineName;
use madoguchi_core::time::Millis;
use madoguchi_endpoint::media::{Recording, Sound, SoundName, Sounds, WavFault};
use madoguchi_web::{Announcer, Origin, RECORDING_SECS};

use self::speech::Speech;
use crate::config::{Config, VoiceConfig};
use crate::live::LiveDesk;

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

/// What is wrong with a file, and what to do, in words for the operator.
fn words(fault: &WavFault) -> String {
    match fault {
        WavFault::NotWav => {
            "WAV形式の音声ではありません。PCMかG.711のWAVファイルを選んでください。".to_owned()
        }
        WavFault::Broken(_) => {
            "WAV形式の音声ではありません。ファイルが壊れているか、途中で切れています。作り直してから、もう一度選んでください。"
                .to_owned()
        }
        WavFault::Unsupported => {
            "対応していない形式のWAVファイルです。PCM(8・16・24・32ビット)かG.711で保存してから、もう一度選んでください。"
                .to_owned()
        }
        WavFault::Rate(rate_hz) => format!(
            "サンプリング周波数 {rate_hz} Hz には対応していません。8000 Hz から 48000 Hz で保存してから、もう一度選んでください。"
        ),
        WavFault::Empty => "音声が入っていません。別のファイルを選んでください。".to_owned(),
        WavFault::TooLong(secs) => {
            format!("音声が長すぎます。{}分以内のファイルを選んでください。", secs / 60)
        }
    }
}

fn kept(recording: &Recording) -> madoguchi_web::Recording {
    madoguchi_web::Recording {
        wav: recording.to_wav(),
        duration: recording.duration(),
    }
}

/// Reads and converts a file: some work for a long recording.
async fn read(file: Vec<u8>) -> Result<madoguchi_web::Recording, String> {
    let read = tokio::task::spawn_blocking(move || {
        Recording::read(&file, RECORDING_SECS).map(|recording| kept(&recording))
    });
    match read.await {
        Ok(read) => read.map_err(|fault| words(&fault)),
        Err(error) => {
            tracing::error!(%error, "a recording could not be read");
            Err(words(&WavFault::NotWav))
        }
    }
}

impl Announcer for LiveDesk {
    fn lines(&self) -> Vec<LineName> {
        self.announcements.in_force().lines.clone()
    }

    fn origin(&self, id: &AnnouncementId) -> Option<Origin> {
        let own = self.announcements.in_force().origins.get(id).copied();
        own.or_else(|| id.line.is_none().then_some(Origin::Standard))
    }

    fn duration(&self, id: &AnnouncementId) -> Millis {
        self.announcements.in_force().sound(id).duration()
    }

    fn played(&self, id: &AnnouncementId) -> Vec<u8> {
        self.announcements.in_force().sound(id).to_wav()
    }

    fn standard(&self, name: AnnouncementName) -> Vec<u8> {
        Sounds::default().get(None, sound_name(name)).to_wav()
    }

    fn read_recording(
        &self,
        file: Vec<u8>,
    ) -> BoxFuture<'_, Result<madoguchi_web::Recording, String>> {
        Box::pin(read(file))
    }

    fn speak(&self, text: String) -> BoxFuture<'_, Result<madoguchi_web::Recording, String>> {
        Box::pin(async move {
            match self.announcements.speech.get() {
                Some(speech) => speech.speak(&text).await,
                None => Err(speech::STARTING.to_owned()),
            }
        })
    }

    fn voice_fault(&self) -> Option<String> {
        self.announcements.speech.get().and_then(Speech::fault)
    }
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

    #[tokio::test]
    async fn what_is_no_recording_is_refused_whatever_it_claims_to_be() {
        let whole = Recording::read(&wav(&[1000; 800]), 300).unwrap().to_wav();
        let cut = whole.get(..700).unwrap().to_vec();
        let mut disguised = whole.get(..20).unwrap().to_vec();
        disguised.extend_from_slice(b"<script>alert(1)</script>");
        for (what, file) in [
            ("a zip", b"PK\x03\x04\x14\0\0\0\x08\0mimetype".to_vec()),
            ("a script", b"#!/bin/sh\nrm -rf /\n".to_vec()),
            (
                "a page",
                b"<!DOCTYPE html><script>alert(1)</script>".to_vec(),
            ),
            ("a page with the head of a WAV", disguised),
            ("nothing but the head", b"RIFF\xff\xff\xff\xffWAVE".to_vec()),
            ("a cut recording", cut),
            ("a video", b"RIFF\0\0\0\0AVI LIST".to_vec()),
        ] {
            let refused = read(file).await.unwrap_err();
            assert!(
                refused.starts_with("WAV形式の音声ではありません。"),
                "{what}: {refused}"
            );
        }
        let long = wav(&vec![0; 300 * 8_000 + 1]);
        assert!(
            read(long)
                .await
                .unwrap_err()
                .starts_with("音声が長すぎます。5分以内")
        );
        assert_eq!(read(whole.clone()).await.unwrap().wav, whole);
    }

    /// PCM, 16 bits, 8 kHz, written by hand.
    fn wav(samples: &[i16]) -> Vec<u8> {
        let length = u32::try_from(samples.len() * 2).unwrap();
        let mut file = b"RIFF".to_vec();
        file.extend_from_slice(&(36 + length).to_le_bytes());
        file.extend_from_slice(
            b"WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data",
        );
        file.extend_from_slice(&length.to_le_bytes());
        file.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
        file
    }
}
