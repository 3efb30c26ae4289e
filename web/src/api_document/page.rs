//! The page that shows the document of the API.

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use madoguchi_core::access::UseAccount;

use super::document::{DOCUMENT, document};
use super::view::{self, Group, Schema};
use super::words::ABOUT;
use crate::auth::access::Allowed;
use crate::error::WebError;
use crate::shell::Shell;
use crate::state::Web;

#[derive(Template)]
#[template(path = "api.html")]
struct ApiPage {
    shell: Shell,
    document: &'static str,
    about: Vec<&'static str>,
    groups: Vec<Group>,
    schemas: Vec<Schema>,
}

pub(super) async fn page(
    visitor: Allowed<UseAccount>,
    State(web): State<Web>,
) -> Result<Html<String>, WebError> {
    let document = document(&web)?;
    let page = ApiPage {
        shell: Shell::new(&web, Some(&visitor), "/account"),
        document: DOCUMENT,
        about: ABOUT.lines().collect(),
        groups: view::groups(&document),
        schemas: view::schemas(&document),
    };
    Ok(Html(page.render()?))
}
