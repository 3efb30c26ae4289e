//! An article, and the names of categories, for all pages of the FAQ work.

use madoguchi_core::article::{Article, Version};
use madoguchi_core::id::CategoryId;
use madoguchi_core::setup::Categories;
use madoguchi_store::{Resource, StoreError};

use crate::error::WebError;
use crate::library::store::by_name;
use crate::state::Web;

/// The entry of the menu.
pub(crate) const HERE: &str = "/articles";

pub(super) fn category_names(categories: &Categories) -> impl Iterator<Item = (&str, &str)> {
    let tree = categories.tree().into_iter();
    tree.filter(|(_, category)| !category.retired)
        .map(|(id, category)| (id.as_str(), category.name.as_str()))
}

pub(super) fn category_name(categories: &Categories, id: &CategoryId) -> String {
    let known = categories.get(id).map(|category| category.name.clone());
    known.unwrap_or_else(|| id.to_string())
}

/// The article of this id as somebody saw it who wants to change it, and its newest version.
pub(super) async fn lookup_seen(
    web: &Web,
    id: &str,
    revision: i64,
) -> Result<(Article, Version), WebError> {
    let (article, newest) = lookup(web, id).await?;
    // 0 is the revision of what is not kept yet: the form did not say which it saw.
    if revision < 1 {
        return Err(WebError::BadRequest(
            "送られた内容を読み取れません。画面を開き直してから、もう一度操作してください。"
                .to_owned(),
        ));
    }
    if revision != article.revision {
        return Err(StoreError::Changed {
            what: Resource::Article,
        }
        .into());
    }
    Ok((article, newest))
}

/// The article of this id or number, and its newest version.
pub(super) async fn lookup(web: &Web, id: &str) -> Result<(Article, Version), WebError> {
    let missing = WebError::NotFound("この記事");
    let Some(article) = by_name(&web.store, id).await? else {
        return Err(missing);
    };
    let newest = article.newest().cloned().ok_or(missing)?;
    Ok((article, newest))
}
