//! 閲覧履歴: kept in the browser alone; a script shows and clears it.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};

use crate::auth::access::PortalReader;
use crate::error::WebError;
use crate::shell::Shell;
use crate::state::Web;

#[derive(Template)]
#[template(path = "faq_history.html")]
struct HistoryPage {
    shell: Shell,
}

pub(super) async fn page(
    reader: PortalReader,
    State(web): State<Web>,
) -> Result<Response, WebError> {
    let page = HistoryPage {
        shell: reader.shell(&web, "/faq/history"),
    };
    Ok(reader.remembered(Html(page.render()?).into_response()))
}
