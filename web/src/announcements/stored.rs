//! What is kept of an announcement, and where its page is.

use madoguchi_core::access::ManageDesk;
use madoguchi_core::announcement::{ANNOUNCEMENT, AnnouncementId, OwnSound};
use madoguchi_core::audit::Action;
use madoguchi_core::id::LineName;
use madoguchi_core::setup::FieldError;
use madoguchi_store::Setting;

use crate::error::WebError;
use crate::kit::field::Field;
use crate::kit::record::{Context, Record, Screen};
use crate::query::escape;
use crate::state::Web;

/// The entry of the menu.
pub(super) const HERE: &str = "/admin/announcements";
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

impl Record for OwnSound {
    type Permit = ManageDesk;

    const SCREEN: Screen = Screen {
        kind: KIND,
        action: Action::AnnouncementChange,
        menu: (HERE, "音声案内"),
        label: "音声案内",
        not_found: "この音声",
        list: HERE,
        one: HERE,
        remove: "取りやめ",
        ..Screen::DESK
    };

    fn fields<'c>(_: &'c Context<'_>) -> Vec<Field<'c, Self>> {
        vec![
            Field::read_only("text", "読み上げ", |own: &Self| own.text.clone()),
            Field::read_only("file", "ファイル", |own: &Self| own.file.clone()),
            Field::read_only("secs", "長さ(秒)", |own: &Self| {
                format!("{:.1}", own.secs)
            }),
        ]
    }

    fn blank(_: &Context<'_>) -> Self {
        Self {
            hash: String::new(),
            secs: 0.0,
            text: String::new(),
            file: String::new(),
        }
    }

    fn path(id: &str) -> String {
        let id = id.rsplit_once('/');
        let id = id.and_then(|(line, name)| AnnouncementId::lookup(line, name));
        id.map_or_else(|| HERE.to_owned(), |id| path(&id))
    }

    fn title(&self, context: &Context<'_>) -> String {
        context.id.to_owned()
    }

    fn check(&self, _: Option<&Self>, _: &Context<'_>) -> Vec<FieldError> {
        Vec::new()
    }
}
