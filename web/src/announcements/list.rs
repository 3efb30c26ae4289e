//! All announcements at a glance.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use madoguchi_core::access::ManageDesk;
use madoguchi_core::announcement::{AnnouncementGroup, AnnouncementId, AnnouncementName};
use madoguchi_store::Setting;

use super::stored::{HERE, KIND, path, read_own};
use crate::announcer::Origin;
use crate::auth::access::Allowed;
use crate::error::WebError;
use crate::shell::Shell;
use crate::state::Web;
use crate::text;

#[derive(Template)]
#[template(path = "announcements.html")]
struct ListPage {
    shell: Shell,
    groups: Vec<Group>,
    lines: Vec<Line>,
    voice_fault: Option<String>,
}

struct Group {
    label: &'static str,
    sounds: Vec<Played>,
    /// How many are not the standard ones.
    own: usize,
    /// Long lists of similar ones are folded up.
    folded: bool,
}

struct Line {
    name: String,
    sounds: Vec<Played>,
}

/// What is played somewhere.
pub(super) struct Played {
    pub(super) path: String,
    pub(super) label: &'static str,
    pub(super) purpose: &'static str,
    /// The words, where they are known.
    pub(super) text: String,
    /// The file that was brought.
    pub(super) file: String,
    pub(super) origin: &'static str,
    pub(super) is_own: bool,
    pub(super) duration: String,
    /// Who set it, and when.
    pub(super) set: Option<(String, String)>,
    /// It was set on a screen but cannot be played.
    pub(super) unreadable: bool,
}

impl Played {
    /// What is played under `id`, of which `setting` is the newest version on screens.
    pub(super) fn new(web: &Web, id: &AnnouncementId, setting: Option<&Setting>) -> Self {
        let origin = web.desk.origin(id);
        let own = setting.and_then(read_own);
        let is_screen = origin == Some(Origin::Screen);
        let name = id.name;
        let shown = own.as_ref().filter(|_| is_screen);
        let standard = || name.standard_text().unwrap_or_default().to_owned();
        let text = match (origin, shown) {
            (_, Some(own)) => own.text.clone(),
            (Some(Origin::Standard), None) => standard(),
            (_, None) => String::new(),
        };
        let dates = web.settings.dates;
        let set = setting.filter(|_| is_screen);
        Self {
            path: path(id),
            label: name.label(),
            purpose: name.purpose(),
            text,
            file: shown.map(|own| own.file.clone()).unwrap_or_default(),
            origin: origin.map_or("すべての回線と同じ音声", Origin::label),
            is_own: matches!(origin, Some(Origin::File | Origin::Screen)),
            duration: text::duration(Some(web.desk.duration(id))),
            set: set.map(|setting| (setting.by.clone(), dates.minute(setting.at))),
            unreadable: own.is_some() && !is_screen,
        }
    }
}

pub(crate) async fn page(
    visitor: Allowed<ManageDesk>,
    State(web): State<Web>,
) -> Result<Html<String>, WebError> {
    let settings = web.store.list_settings(KIND).await?;
    let settings: BTreeMap<String, Setting> = settings
        .into_iter()
        .map(|setting| (setting.id.clone(), setting))
        .collect();
    let played = |id: AnnouncementId| Played::new(&web, &id, settings.get(&id.to_string()));
    let groups = AnnouncementGroup::ALL.map(|group| {
        let names = AnnouncementName::all().filter(|name| name.group() == group);
        let sounds: Vec<_> = names.map(AnnouncementId::for_all).map(played).collect();
        Group {
            label: group.label(),
            own: sounds.iter().filter(|sound| sound.is_own).count(),
            folded: matches!(group, AnnouncementGroup::Position | AnnouncementGroup::Wait),
            sounds,
        }
    });
    let lines = web.desk.lines().into_iter().map(|line| {
        let ids = AnnouncementName::all()
            .filter(|name| name.is_for_lines())
            .map(|name| AnnouncementId {
                line: Some(line.clone()),
                name,
            });
        let is_set = |id: &AnnouncementId| {
            web.desk.origin(id).is_some() || settings.contains_key(&id.to_string())
        };
        Line {
            name: line.to_string(),
            sounds: ids.filter(is_set).map(played).collect(),
        }
    });
    let page = ListPage {
        shell: Shell::new(&web, Some(&visitor), HERE),
        groups: groups.into(),
        lines: lines.filter(|line| !line.sounds.is_empty()).collect(),
        voice_fault: web.desk.voice_fault(),
    };
    Ok(Html(page.render()?))
}
