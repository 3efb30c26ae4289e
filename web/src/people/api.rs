//! People for programs.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use madoguchi_core::access::HandleTickets;
use madoguchi_core::person::Person;
use serde::Serialize;
use utoipa::ToSchema;

use super::list::PersonList;
use crate::api_operation::{ApiGroup, ApiOperation};
use crate::auth::access::Allowed;
use crate::error::WebError;
use crate::kit::table::Listing;
use crate::kit::table_api;
use crate::kit::table_filter::Pairs;
use crate::kit::table_page;
use crate::kit::table_question::Question;
use crate::state::Web;

/// A page of the list.
#[derive(Serialize, ToSchema)]
#[schema(as = PersonPage)]
pub(super) struct People {
    people: Vec<Person>,
    /// What `after` of the next page is.
    after: Option<String>,
}

/// With the filters of the page: `word`, `left=also`.
pub(super) async fn list(
    visitor: Allowed<HandleTickets>,
    State(web): State<Web>,
    Query(pairs): Query<Pairs>,
) -> Result<Json<People>, WebError> {
    let question = Question::<PersonList>::read(&web, &visitor, pairs)?;
    let (filter, start) = (&question.filter, question.start()?);
    let found = PersonList::page(&web, filter, start, PersonList::INFO.rows).await?;
    if let Some(entry) = table_page::viewed(&web, &visitor, &question)? {
        web.store.append_audit(&[entry]).await?;
    }
    Ok(Json(People {
        people: found.rows,
        after: found.after.map(|after| after.to_text()),
    }))
}

pub(super) fn described(web: &Web) -> ApiOperation {
    let operation = ApiOperation::new("listPeople", ApiGroup::People, "職員の一覧")
        .about("職員番号の順に50人ずつ読みます。読んだことは監査記録に残ります。")
        .gives::<People>(StatusCode::OK, "条件に合う職員");
    table_api::narrowed::<PersonList>(web, operation)
}
