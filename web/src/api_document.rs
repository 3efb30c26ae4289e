//! The document of the API (OpenAPI 3.1), made of what the routes say of themselves, and the page that
//! shows it.

mod document;
mod page;
mod view;
mod words;

use axum::Json;
use axum::extract::State;
use serde_json::Value;
use utoipa::openapi::schema::ObjectBuilder;

use self::document::{DOCUMENT, document};
use crate::api_operation::{ApiGroup, ApiOperation};
use crate::auth::access::Public;
use crate::auth::routes::Routes;
use crate::error::WebError;
use crate::feature::Feature;
use crate::state::Web;

pub(crate) const FEATURE: Feature = Feature::new(routes);

fn routes() -> Routes {
    Routes::new()
        .get(DOCUMENT, as_json)
        .described(described)
        .get("/account/api", page::page)
}

fn described(_: &Web) -> ApiOperation {
    ApiOperation::new("getDocument", ApiGroup::Document, "APIの説明(OpenAPI 3.1)")
        .about("トークンは要りません。")
        .gives_object("この説明", ObjectBuilder::new())
}

async fn as_json(_: Public, State(web): State<Web>) -> Result<Json<Value>, WebError> {
    Ok(Json(document(&web)?))
}
