//! What is kept of an announcement, and where its page is.

use madoguchi_core::announcement::{ANNOUNCEMENT, AnnouncementId, OwnSound};
use madoguchi_core::id::LineName;
use madoguchi_store::Setting;

use crate::error::WebError;
use crate::query::escape;
use crate::state::Web;

/// The largest recording that is taken.
pub(crate) const RECORDING_BYTES: usize = 10 * 1024 * 1024;
/// The kind of these settings in the store.
pub(super) const KIND: &str = ANNOUNCEMENT;

/// The announcement that an address names.
pub(super) fn read_id(
    web: &Web,
    (line, name): &(String, String),
) -> Result<AnnouncementId, WebError> {
    let id = AnnouncementId::lookup(line, name).ok_or(WebError::NotFound("この音声案内"))?;
    let known = |line: &LineName| web.desk.lines().contains(line);
    if id.line.as_ref().is_none_or(known) {
        Ok(id)
    } else {
        Err(WebError::NotFound("この回線"))
    }
}

/// Where the page of an announcement is.
pub(super) fn path(id: &AnnouncementId) -> String {
    format!(
        "/admin/announcements/{}/{}",
        escape(id.line_text()),
        id.name.as_str()
    )
}

pub(super) fn read_own(setting: &Setting) -> Option<OwnSound> {
    serde_json::from_str(setting.data.as_deref()?).ok()
}

/// What was set, in words.
pub(super) fn own_text(own: Option<&OwnSound>) -> String {
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
