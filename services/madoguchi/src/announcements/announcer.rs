//! 音声案内 as pages reach them.

use futures::future::BoxFuture;
use madoguchi_core::announcement::{AnnouncementId, AnnouncementName};
use madoguchi_core::id::LineName;
use madoguchi_core::time::Millis;
use madoguchi_endpoint::media::Sounds;
use madoguchi_web::{Announcer, Origin, Recording};

use super::conversion::read;
use super::sound_name;
use super::speech::{STARTING, Speech};
use crate::live::LiveDesk;

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

    fn read_recording(&self, file: Vec<u8>) -> BoxFuture<'_, Result<Recording, String>> {
        Box::pin(read(file))
    }

    fn speak(&self, text: String) -> BoxFuture<'_, Result<Recording, String>> {
        Box::pin(async move {
            match self.announcements.speech.get() {
                Some(speech) => speech.speak(&text).await,
                None => Err(STARTING.to_owned()),
            }
        })
    }

    fn voice_fault(&self) -> Option<String> {
        self.announcements.speech.get().and_then(Speech::fault)
    }
}
