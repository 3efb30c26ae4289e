//! What callers hear, as pages reach it: `web` sees no sound.

use futures::future::BoxFuture;
use madoguchi_core::announcement::{AnnouncementId, AnnouncementName, OwnSound, recording_hash};
use madoguchi_core::id::LineName;
use madoguchi_core::time::Millis;

/// The longest recording that is taken, in seconds.
pub const RECORDING_SECS: u32 = 5 * 60;

/// The largest file of one that is taken.
pub(crate) const RECORDING_BYTES: usize = 10 * 1024 * 1024;

/// What callers hear, as the desk at work has it.
pub trait Announcer: Send + Sync + 'static {
    /// The lines of the desk.
    fn lines(&self) -> Vec<LineName>;
    /// Where what is played comes from; `None` if the line has none of its own.
    fn origin(&self, id: &AnnouncementId) -> Option<Origin>;
    /// How long it plays.
    fn duration(&self, id: &AnnouncementId) -> Millis;
    /// What is heard, as a WAV file that browsers play.
    fn played(&self, id: &AnnouncementId) -> Vec<u8>;
    /// The one that comes with the product, as a WAV file that browsers play.
    fn standard(&self, name: AnnouncementName) -> Vec<u8>;
    /// Reads a file that somebody brought and converts it to what is kept; in words for the
    /// operator what is wrong with it.
    fn read_recording(&self, file: Vec<u8>) -> BoxFuture<'_, Result<Recording, String>>;
    /// Speaks a text; in words for the operator why it cannot be spoken.
    fn speak(&self, text: String) -> BoxFuture<'_, Result<Recording, String>>;
    /// What is missing for speaking, and what to do, in words for the operator.
    fn voice_fault(&self) -> Option<String>;
}

/// Where a sound comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It comes with the product.
    Standard,
    /// The settings file names it.
    File,
    /// It was set on a screen.
    Screen,
}

impl Origin {
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Standard => "標準の音声",
            Self::File => "設定ファイルの音声",
            Self::Screen => "登録した音声",
        }
    }
}

/// A recording in the form in which it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// WAV: PCM, 16 bits, 8 kHz, mono.
    pub wav: Vec<u8>,
    /// How long it plays.
    pub duration: Millis,
}

impl Recording {
    /// What the settings say of it; the text that was spoken, or the name of the file.
    pub(crate) fn own(&self, text: &str, file: &str) -> OwnSound {
        OwnSound {
            hash: recording_hash(&self.wav),
            secs: self.duration.0 as f64 / 1000.0,
            text: text.to_owned(),
            file: file.to_owned(),
        }
    }
}
