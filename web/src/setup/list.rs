//! The list of all things of a kind: those of the file, those of screens, those that were removed.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Html;
use madoguchi_core::access::ManageDesk;

use super::screen::{HERE, SettingScreen, SetupContext};
use crate::auth::access::Allowed;
use crate::error::WebError;
use crate::query::DoneQuery;
use crate::shell::Shell;
use crate::state::Web;

#[derive(Template)]
#[template(path = "desk_list.html")]
struct ListPage {
    shell: Shell,
    label: &'static str,
    about: &'static str,
    new: String,
    columns: &'static [&'static str],
    rows: Vec<ShownRow>,
    removed: Vec<Removed>,
}

struct ShownRow {
    link: String,
    name: String,
    cells: Vec<String>,
    by_file: bool,
}

struct Removed {
    link: String,
    name: String,
    told: String,
}

pub(super) async fn page<T: SettingScreen>(
    visitor: Allowed<ManageDesk>,
    State(web): State<Web>,
    Query(query): Query<DoneQuery>,
) -> Result<Html<String>, WebError> {
    let around = SetupContext::of(&web);
    let rows = T::rows(&around).into_iter().map(|row| {
        let mut cells = row.cells.into_iter();
        ShownRow {
            link: T::place(&row.id),
            name: cells.next().unwrap_or_default(),
            cells: cells.collect(),
            by_file: row.by_file,
        }
    });
    let rows: Vec<_> = rows.collect();
    let mut removed = Vec::new();
    for gone in web.store.removed_settings(T::KIND).await? {
        let link = T::place(&gone.id);
        // The file may name it by now.
        if rows.iter().any(|row| row.link == link) {
            continue;
        }
        let last: Option<T> = gone
            .data
            .as_deref()
            .and_then(|data| serde_json::from_str(data).ok());
        removed.push(Removed {
            link,
            name: last.map_or_else(|| gone.id.clone(), |thing| thing.title()),
            told: format!("{}　{}", web.settings.dates.minute(gone.at), gone.by),
        });
    }
    let page = ListPage {
        shell: Shell::new(&web, Some(&visitor), HERE).done(&query.done),
        label: T::LABEL,
        about: T::ABOUT,
        new: format!("{}/new", T::LIST),
        columns: T::COLUMNS,
        rows,
        removed,
    };
    Ok(Html(page.render()?))
}
