//! The document of the API (OpenAPI 3.1), made of what the routes say of themselves, and the page that
//! shows it.

mod page;
mod view;
mod words;

use axum::Json;
use axum::extract::State;
use serde_json::Value;
use utoipa::openapi::path::{HttpMethod, Paths};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, OpenApiBuilder};

use crate::api_operation::{ApiGroup, ApiOperation, REFUSAL, TOKEN};
use crate::auth::access::Public;
use crate::auth::routes::Routes;
use crate::error::WebError;
use crate::feature::Feature;
use crate::state::Web;
use utoipa::PartialSchema as _;
use utoipa::openapi::schema::ObjectBuilder;

pub(crate) const FEATURE: Feature = Feature::new(routes);

/// Where the document is.
const DOCUMENT: &str = "/api/v1/openapi.json";

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

/// The document, which says nothing of one desk alone.
pub(crate) fn document(web: &Web) -> Result<Value, WebError> {
    let mut paths = Paths::new();
    let mut components = ComponentsBuilder::new()
        .security_scheme(TOKEN, token())
        .schema(REFUSAL, refusal());
    for route in &web.features.api {
        let mut operation = (route.describe)(web).needing(route.scope);
        components = components.schemas_from_iter(std::mem::take(&mut operation.schemas));
        let method = match route.method {
            "POST" => HttpMethod::Post,
            "PATCH" => HttpMethod::Patch,
            _ => HttpMethod::Get,
        };
        paths.add_path_operation(route.path, vec![method], operation.build(route.scope));
    }
    let tags = ApiGroup::ALL.map(|group| {
        let tag = TagBuilder::new().name(group.name());
        tag.description(Some(group.about())).build()
    });
    let info = InfoBuilder::new()
        .title("窓口 API")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(words::ABOUT));
    let document = OpenApiBuilder::new()
        .info(info)
        .paths(paths)
        .components(Some(components.build()))
        .tags(Some(tags))
        .build();
    let document = serde_json::to_value(&document);
    let mut document = document.map_err(|_| WebError::Internal("the document of the API"))?;
    words::tell(&mut document);
    Ok(document)
}

fn token() -> SecurityScheme {
    let about = "「APIトークン」の画面で作ります。トークンに付けた権限の操作だけを受け付けます。";
    let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer);
    SecurityScheme::Http(scheme.description(Some(about)).build())
}

/// What is answered where something is refused.
fn refusal() -> ObjectBuilder {
    let error = ObjectBuilder::new()
        .property("code", String::schema())
        .required("code")
        .property("message", String::schema())
        .required("message");
    ObjectBuilder::new()
        .property("error", error)
        .required("error")
}
