//! One announcement: what is played now, what it can be replaced by, and what it was before.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use madoguchi_core::access::ManageDesk;
use madoguchi_core::announcement::{AnnouncementId, OwnSound, TEXT_LETTERS, spoken_text};
use madoguchi_store::Setting;
use serde::Deserialize;

use super::list::Played;
use super::stored::{HERE, KIND, path, read_id};
use crate::announcer::{Origin, RECORDING_BYTES, Recording};
use crate::auth::access::Allowed;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::kit::history::{VersionRow, rows};
use crate::kit::record::Context;
use crate::kit::versioned::Versioned;
use crate::query::escape;
use crate::shell::Shell;
use crate::state::Web;
use crate::text;

#[derive(Template)]
#[template(path = "announcement.html")]
struct OnePage {
    shell: Shell,
    path: String,
    line: Option<String>,
    now: Played,
    standard_text: Option<&'static str>,
    version: i64,
    /// There is something to be given up.
    set: bool,
    error: Option<String>,
    /// What is wrong with the file that was brought.
    file_fault: Option<String>,
    draft: String,
    letters: usize,
    most_bytes: usize,
    preview: Option<Preview>,
    voice_fault: Option<String>,
    lines: Vec<OfLine>,
    history: Vec<VersionRow>,
}

struct OfLine {
    name: String,
    path: String,
    state: &'static str,
}

/// A text as it was spoken, to be listened to.
pub(super) struct Preview {
    text: String,
    query: String,
    hash: String,
    duration: String,
}

impl Preview {
    pub(super) fn new(text: &str, recording: &Recording) -> Self {
        Self {
            text: text.to_owned(),
            query: escape(text),
            hash: recording.own(text, "").hash,
            duration: text::duration(Some(recording.duration)),
        }
    }
}

/// What the page shows besides what is kept.
pub(super) struct Shown {
    pub(super) status: StatusCode,
    pub(super) error: Option<String>,
    /// What is wrong with the file that was brought.
    pub(super) file_fault: Option<String>,
    pub(super) draft: String,
    pub(super) preview: Option<Preview>,
    pub(super) done: String,
}

impl Shown {
    pub(super) fn new() -> Self {
        Self {
            status: StatusCode::OK,
            error: None,
            file_fault: None,
            draft: String::new(),
            preview: None,
            done: String::new(),
        }
    }

    /// A text cannot be spoken.
    fn refused(status: StatusCode, why: String) -> Self {
        Self {
            status,
            error: Some(why),
            ..Self::new()
        }
    }

    /// The file that was brought cannot be taken.
    pub(super) fn refused_file(status: StatusCode, why: String) -> Self {
        let error = "登録していません。ファイルを確認してください。".to_owned();
        Self {
            file_fault: Some(why),
            ..Self::refused(status, error)
        }
    }
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(crate) struct OneQuery {
    done: String,
    /// A text to be spoken.
    text: Option<String>,
}

pub(crate) async fn page(
    visitor: Allowed<ManageDesk>,
    State(web): State<Web>,
    Path(names): Path<(String, String)>,
    Query(query): Query<OneQuery>,
) -> Result<Response, WebError> {
    let id = read_id(&web, &names)?;
    let mut shown = match &query.text {
        Some(text) => draft(&web, text).await,
        None => Shown::new(),
    };
    shown.done = query.done;
    show(&web, &visitor, &id, shown).await
}

/// Speaks a text that may be taken.
pub(super) async fn draft(web: &Web, text: &str) -> Shown {
    let spoken = match spoken_text(text) {
        Ok(spoken) => web.desk.speak(spoken.clone()).await.map(|it| (spoken, it)),
        Err(fault) => Err(fault.to_string()),
    };
    let mut shown = match spoken {
        Ok((spoken, recording)) => Shown {
            preview: Some(Preview::new(&spoken, &recording)),
            ..Shown::new()
        },
        Err(why) => Shown::refused(StatusCode::UNPROCESSABLE_ENTITY, why),
    };
    text.clone_into(&mut shown.draft);
    shown
}

pub(super) async fn show(
    web: &Web,
    visitor: &Visitor,
    id: &AnnouncementId,
    shown: Shown,
) -> Result<Response, WebError> {
    let key = id.to_string();
    let kept = Versioned::<OwnSound>::lookup_or_none(web, &key).await?;
    let now = now(web, id, kept.history.first()).await?;
    let draft = if shown.draft.is_empty() {
        now.text.clone()
    } else {
        shown.draft
    };
    let page = OnePage {
        shell: Shell::new(web, Some(visitor), HERE).done(web, &shown.done),
        path: path(id),
        line: id.line.as_ref().map(ToString::to_string),
        now,
        standard_text: id.name.standard_text(),
        version: kept.version,
        set: kept.record.is_some(),
        error: shown.error,
        file_fault: shown.file_fault,
        draft,
        letters: TEXT_LETTERS,
        most_bytes: RECORDING_BYTES,
        preview: shown.preview,
        voice_fault: web.desk.voice_fault(),
        lines: of_lines(web, id),
        history: rows(&Context::new(web, &key), &kept),
    };
    Ok((shown.status, Html(page.render()?)).into_response())
}

/// What is played now: on a line that has none of its own, what all others play.
async fn now(web: &Web, id: &AnnouncementId, newest: Option<&Setting>) -> Result<Played, WebError> {
    let own = Played::new(web, id, newest);
    if web.desk.origin(id).is_some() {
        return Ok(own);
    }
    let for_all = AnnouncementId::for_all(id.name);
    let history = web
        .store
        .setting_history(KIND, &for_all.to_string())
        .await?;
    let shared = Played::new(web, &for_all, history.first());
    Ok(Played {
        text: shared.text,
        file: shared.file,
        ..own
    })
}

/// The lines, on the page of what is for all of them.
fn of_lines(web: &Web, id: &AnnouncementId) -> Vec<OfLine> {
    if id.line.is_some() || !id.name.is_for_lines() {
        return Vec::new();
    }
    let of_line = |line| {
        let id = AnnouncementId {
            line: Some(line),
            name: id.name,
        };
        OfLine {
            name: id.line_text().to_owned(),
            path: path(&id),
            state: web
                .desk
                .origin(&id)
                .map_or("すべての回線と同じ音声", Origin::label),
        }
    };
    web.desk.lines().into_iter().map(of_line).collect()
}
