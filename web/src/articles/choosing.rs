//! How articles are chosen in their list, to be requested or approved together.

use askama::Template;
use madoguchi_core::access::Permission;
use madoguchi_store::ArticleRow;

use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::kit::bulk::AT_ONCE;
use crate::kit::table_filter::FilterValues;
use crate::library::name;
use crate::state::Web;
use crate::text;

/// The form beside the list.
#[derive(Template)]
#[template(path = "article_bulk.html")]
struct BulkForm {
    csrf: String,
    /// When the list was shown, for those that are chosen by its filters.
    at: i64,
    /// The filters of the list, as an address has them.
    filter: String,
    at_once: String,
    can_approve: bool,
}

/// The form beside the list, as HTML.
pub(super) fn form(web: &Web, visitor: &Visitor, asked: &FilterValues) -> Result<String, WebError> {
    let form = BulkForm {
        csrf: visitor.csrf().to_owned(),
        at: web.desk.now().0,
        filter: asked.to_query(),
        at_once: text::number(u64::from(AT_ONCE)),
        can_approve: visitor.permissions.contains(Permission::ApproveArticles),
    };
    Ok(form.render()?)
}

/// What stands for an article where it can be chosen.
pub(super) fn chosen(row: &ArticleRow) -> (String, String) {
    (
        format!("{} {}", row.id, row.revision),
        name(row.number, &row.id),
    )
}
