//! The document itself.

use serde_json::Value;
use utoipa::PartialSchema as _;
use utoipa::openapi::path::{HttpMethod, Paths};
use utoipa::openapi::schema::ObjectBuilder;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, OpenApiBuilder};

use super::words;
use crate::api_operation::{ApiGroup, REFUSAL, TOKEN};
use crate::error::WebError;
use crate::state::Web;

/// Where the document is.
pub(super) const DOCUMENT: &str = "/api/v1/openapi.json";

/// The document, which says nothing of one desk alone.
pub(super) fn document(web: &Web) -> Result<Value, WebError> {
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
