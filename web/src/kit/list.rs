//! The list of all records of a kind: those of the file, those of screens, those that were removed.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Html;

use super::fields::listed;
use super::record::{Context, Listed, Record};
use super::value::Text;
use super::versioned::read;
use crate::auth::access::Allowed;
use crate::error::WebError;
use crate::query::DoneQuery;
use crate::shell::Shell;
use crate::state::Web;

/// Of those that were removed, so many are listed.
const REMOVED: usize = 50;

#[derive(Template)]
#[template(path = "records.html")]
struct ListPage {
    shell: Shell,
    /// The page above.
    menu: Option<(&'static str, &'static str)>,
    label: &'static str,
    about: &'static str,
    list: &'static str,
    columns: Vec<Text>,
    rows: Vec<Row>,
    /// Some may be named by the file.
    file: bool,
    removed: Vec<Removed>,
}

struct Row {
    link: String,
    name: String,
    cells: Vec<Cell>,
    by_file: bool,
}

struct Cell {
    text: String,
    /// It is to be seen at once.
    marked: bool,
}

/// One that was removed.
pub(crate) struct Removed {
    pub(crate) link: String,
    pub(crate) name: String,
    pub(crate) note: String,
}

/// All records of a kind.
pub(crate) async fn all<T: Record>(context: &Context<'_>) -> Result<Vec<Listed<T>>, WebError> {
    if let Some(all) = T::in_force(context) {
        return Ok(all);
    }
    let mut all = Vec::new();
    for setting in context.web.store.list_settings(T::SCREEN.kind).await? {
        // One that cannot be read any more says so on its own page.
        if let Ok(Some(record)) = read::<T>(&setting) {
            all.push(Listed {
                id: setting.id,
                record,
                by_file: false,
            });
        }
    }
    all.extend(T::before_screens(&all));
    T::sort(&mut all);
    Ok(all)
}

/// Those that were removed last and are not there again.
pub(crate) async fn removed<T: Record>(
    context: &Context<'_>,
    all: &[Listed<T>],
) -> Result<Vec<Removed>, WebError> {
    let web = context.web;
    let mut gone = web.store.removed_settings(T::SCREEN.kind).await?;
    gone.sort_by_key(|gone| std::cmp::Reverse(gone.at));
    // The file may name it by now.
    gone.retain(|gone| all.iter().all(|one| one.id != gone.id));
    let removed = gone.into_iter().take(REMOVED).map(|gone| {
        let last = read::<T>(&gone).ok().flatten();
        Removed {
            link: T::path(&gone.id),
            name: last.map_or_else(|| gone.id.clone(), |record| record.title(context)),
            note: format!("{}　{}", web.settings.dates.minute(gone.at), gone.by),
        }
    });
    Ok(removed.collect())
}

pub(crate) async fn page<T: Record>(
    visitor: Allowed<T::Permit>,
    State(web): State<Web>,
    Query(query): Query<DoneQuery>,
) -> Result<Html<String>, WebError> {
    let context = Context::new(&web, "");
    let all = all::<T>(&context).await?;
    let screen = T::SCREEN;
    let fields = T::fields(&context);
    let rows = all.iter().map(|one| {
        let mut cells = listed(&fields).map(|field| Cell {
            text: field.in_words(&one.record),
            marked: field.is_marked(&one.record),
        });
        Row {
            link: T::path(&one.id),
            name: cells.next().map(|cell| cell.text).unwrap_or_default(),
            cells: cells.collect(),
            by_file: one.by_file,
        }
    });
    let page = ListPage {
        shell: Shell::new(&web, Some(&visitor), screen.menu.0).done(&web, &query.done),
        menu: (screen.menu.0 != screen.list).then_some(screen.menu),
        label: screen.label,
        about: screen.about,
        list: screen.list,
        columns: listed(&fields)
            .map(|field| field.info.shown_name())
            .collect(),
        rows: rows.collect(),
        file: T::in_force(&context).is_some(),
        removed: removed(&context, &all).await?,
    };
    Ok(Html(page.render()?))
}
