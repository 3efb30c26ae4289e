//! 音声案内: what callers hear, to be listened to and replaced, by a file or by a text that is
//! spoken.

mod change;
mod list;
mod listen;
mod one;
mod upload;

use futures::future::BoxFuture;
use madoguchi_core::announcement::{
    ANNOUNCEMENT, AnnouncementId, AnnouncementName, OwnSound, recording_hash,
};
use madoguchi_core::id::LineName;
use madoguchi_core::time::Millis;
use madoguchi_store::Setting;

use crate::Web;
use crate::auth::routes::Routes;
use crate::error::WebError;
use crate::query::escape;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .get("/admin/announcements", list::page)
        .get("/admin/announcements/{line}/{name}", one::page)
        .get("/admin/announcements/{line}/{name}/listen", listen::listen)
        .post("/admin/announcements/{line}/{name}/speak", change::speak)
        .post(
            "/admin/announcements/{line}/{name}/restore",
            change::restore,
        )
        .post("/admin/announcements/{line}/{name}/remove", change::remove)
        .upload("/admin/announcements/{line}/{name}", upload::save)
}

/// The largest recording that is taken.
pub(crate) const RECORDING_BYTES: usize = 10 * 1024 * 1024;
/// The longest recording that is taken, in seconds.
pub const RECORDING_SECS: u32 = 5 * 60;

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
    fn label(self) -> &'static str {
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
    fn own(&self, text: &str, file: &str) -> OwnSound {
        OwnSound {
            hash: recording_hash(&self.wav),
            secs: self.duration.0 as f64 / 1000.0,
            text: text.to_owned(),
            file: file.to_owned(),
        }
    }
}

/// The kind of these settings in the store.
const KIND: &str = ANNOUNCEMENT;

/// The announcement that an address names.
fn read_id(web: &Web, (line, name): &(String, String)) -> Result<AnnouncementId, WebError> {
    let id = AnnouncementId::lookup(line, name).ok_or(WebError::NotFound("この音声案内"))?;
    let known = |line: &LineName| web.desk.lines().contains(line);
    if id.line.as_ref().is_none_or(known) {
        Ok(id)
    } else {
        Err(WebError::NotFound("この回線"))
    }
}

/// Where the page of an announcement is.
fn path(id: &AnnouncementId) -> String {
    format!(
        "/admin/announcements/{}/{}",
        escape(id.line_text()),
        id.name.as_str()
    )
}

fn read_own(setting: &Setting) -> Option<OwnSound> {
    serde_json::from_str(setting.data.as_deref()?).ok()
}

/// What was set, in words.
fn own_text(own: Option<&OwnSound>) -> String {
    let Some(own) = own else {
        return "登録した音声をやめた".to_owned();
    };
    let secs = format!("{:.1}秒", own.secs);
    match (own.text.as_str(), own.file.as_str()) {
        ("", "") => format!("音声({secs})"),
        ("", file) => format!("ファイル「{file}」({secs})"),
        (text, _) => format!("読み上げ「{text}」({secs})"),
    }
}
