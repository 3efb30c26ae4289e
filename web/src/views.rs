//! Saved views: the filter of a list under a name, each user's own, above the list.

use axum::extract::{Form, State};
use axum::response::Redirect;
use madoguchi_core::access::UseAccount;
use madoguchi_core::audit::Action;
use madoguchi_store::SavedView;
use serde::Deserialize;

use crate::auth::access::Allowed;
use crate::auth::routes::Routes;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::state::Web;

/// Lists that have views.
const PAGES: [&str; 6] = [
    "/calls",
    "/admin/users",
    "/audit",
    "/articles",
    "/tickets",
    "/people",
];
/// What stands in an address and is no part of a filter.
const PASSING: [&str; 5] = ["page", "older", "after", "before", "done"];
const NAME_LETTERS: usize = 30;
const QUERY_BYTES: usize = 1_000;
const VIEWS_AT_MOST: usize = 20;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .post("/views", save)
        .post("/views/remove", remove)
}

/// The views of a list, as its page shows them.
pub(crate) struct Views {
    pub(crate) page: &'static str,
    /// The filter that is in force.
    pub(crate) query: String,
    pub(crate) list: Vec<ViewLink>,
}

pub(crate) struct ViewLink {
    pub(crate) name: String,
    pub(crate) link: String,
    pub(crate) here: bool,
}

impl Views {
    /// The visitor's views of a page with this query.
    pub(crate) async fn of(
        web: &Web,
        visitor: &Visitor,
        page: &'static str,
        query: Option<&str>,
    ) -> Result<Self, WebError> {
        let query = lasting(query.unwrap_or_default());
        let views = web.store.list_views(&visitor.user.id, page).await?;
        let link = |view: SavedView| ViewLink {
            here: view.query == query,
            link: format!("{page}?{}", view.query),
            name: view.name,
        };
        Ok(Self {
            page,
            list: views.into_iter().map(link).collect(),
            query,
        })
    }
}

/// The part of a query that is a filter.
fn lasting(query: &str) -> String {
    let lasts = |pair: &&str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        !value.is_empty() && !PASSING.contains(&name)
    };
    query.split('&').filter(lasts).collect::<Vec<_>>().join("&")
}

#[derive(Debug, Deserialize)]
struct ViewForm {
    page: String,
    name: String,
    #[serde(default)]
    query: String,
}

/// The page of a form, if it has views.
fn known(page: &str) -> Result<&'static str, WebError> {
    let found = PAGES.into_iter().find(|known| *known == page);
    found.ok_or(WebError::NotFound("この一覧"))
}

async fn save(
    visitor: Allowed<UseAccount>,
    State(web): State<Web>,
    Form(form): Form<ViewForm>,
) -> Result<Redirect, WebError> {
    let page = known(&form.page)?;
    let refuse = |message: String| Err(WebError::BadRequest(message));
    let view = SavedView {
        name: form.name.trim().to_owned(),
        query: lasting(&form.query),
    };
    if view.name.is_empty() || view.name.chars().count() > NAME_LETTERS {
        return refuse(format!(
            "条件の名前を{NAME_LETTERS}文字以内で入力してください。"
        ));
    }
    // As browsers send it: nothing in it can lead elsewhere.
    let plain = view.query.bytes().all(|byte| byte.is_ascii_graphic());
    if !plain || view.query.len() > QUERY_BYTES {
        return refuse("この条件は保存できません。条件を減らしてください。".to_owned());
    }
    let kept = web.store.list_views(&visitor.user.id, page).await?;
    let is_new = kept.iter().all(|known| known.name != view.name);
    if is_new && kept.len() >= VIEWS_AT_MOST {
        return refuse(format!(
            "保存できる条件は{VIEWS_AT_MOST}個までです。使わないものを削除してください。"
        ));
    }
    let mut entry = visitor.entry(web.desk.now(), Action::ViewSave, page);
    entry.after.insert("name".to_owned(), view.name.clone());
    let id = &visitor.user.id;
    let mut tx = web.store.begin(entry).await?;
    tx.save_view(id, page, &view).await?;
    tx.commit().await?;
    Ok(Redirect::to(&format!("{page}?{}", view.query)))
}

async fn remove(
    visitor: Allowed<UseAccount>,
    State(web): State<Web>,
    Form(form): Form<ViewForm>,
) -> Result<Redirect, WebError> {
    let page = known(&form.page)?;
    let mut entry = visitor.entry(web.desk.now(), Action::ViewRemove, page);
    entry.before.insert("name".to_owned(), form.name.clone());
    let id = &visitor.user.id;
    let mut tx = web.store.begin(entry).await?;
    if !tx.remove_view(id, page, &form.name).await? {
        return Err(WebError::NotFound("この条件"));
    }
    tx.commit().await?;
    Ok(Redirect::to(page))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_what_lasts_of_a_query() {
        assert_eq!(
            lasting("kind=abandoned&page=3&number=&done=saved"),
            "kind=abandoned"
        );
        assert_eq!(lasting(""), "");
        assert!(known("//evil.example").is_err() && known("/calls").is_ok());
    }
}
