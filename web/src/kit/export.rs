//! The list of a kind of record as a file: a workbook, CSV or JSON, from the table of its fields.

use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use madoguchi_core::access::Permit;
use madoguchi_core::audit::Action;
use madoguchi_reports::stream::csv;
use madoguchi_reports::table::{Cell, Column, Form, Table, workbook};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, SchemaType, Type};

use super::field::Field;
use super::form::Input;
use super::list::all;
use super::record::{Context, Listed, Record};
use super::value::YES;
use crate::api_operation::{ApiGroup, ApiOperation};
use crate::auth::access::Allowed;
use crate::download::{csv_file, workbook_file};
use crate::error::WebError;
use crate::state::Web;

const WIDTH: u16 = 24;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct DownloadQuery {
    format: String,
}

pub(crate) async fn download<T: Record>(
    visitor: Allowed<T::Permit>,
    State(web): State<Web>,
    Query(query): Query<DownloadQuery>,
) -> Result<Response, WebError> {
    let context = Context::new(&web, "");
    let all = all::<T>(&context).await?;
    let screen = T::SCREEN;
    let mut entry = visitor.entry(web.desk.now(), Action::ListExport, screen.kind);
    entry
        .after
        .insert("records".to_owned(), all.len().to_string());
    web.store.append_audit(&[entry]).await?;
    let fields = T::fields(&context);
    let failed = |_| WebError::Internal("a list cannot be written");
    match query.format.as_str() {
        "json" => Ok(Json(as_json(&fields, &all)).into_response()),
        "csv" => {
            let file = csv(&as_table(&context, &fields, &all)).map_err(failed)?;
            Ok(csv_file(&format!("{}.csv", screen.kind), file))
        }
        _ => {
            let file = workbook(&as_table(&context, &fields, &all), Form::Data).map_err(failed)?;
            Ok(workbook_file(&format!("{}.xlsx", screen.kind), file))
        }
    }
}

/// All records by the names of their fields, for programs of whoever may read them.
pub(crate) async fn items<T: Record, P: Permit>(
    _: Allowed<P>,
    State(web): State<Web>,
) -> Result<Json<Value>, WebError> {
    let context = Context::new(&web, "");
    let all = all::<T>(&context).await?;
    Ok(Json(as_json(&T::fields(&context), &all)))
}

/// What is told of every record, a column a field.
fn as_table<T: Record>(context: &Context<'_>, fields: &[Field<'_, T>], all: &[Listed<T>]) -> Table {
    let told = || fields.iter().filter(|field| field.info.is_shown());
    let row = |one: &Listed<T>| {
        let cells = told().map(|field| {
            let value = field.value(&one.record);
            match value.parse() {
                Ok(number) if field.info.input == Input::Number => Cell::Number(number),
                _ => field.in_words(&one.record).as_str().into(),
            }
        });
        cells.collect()
    };
    let column = |field: &Field<'_, T>| {
        let (name, unit) = (field.info.shown_name(), field.info.unit);
        Column {
            name: if unit.is_empty() {
                name
            } else {
                format!("{name}({unit})").into()
            },
            width: WIDTH,
        }
    };
    Table {
        title: T::SCREEN.label.to_owned(),
        sheet: T::SCREEN.label.to_owned(),
        made_at: context.web.desk.now(),
        columns: told().map(column).collect(),
        rows: all.iter().map(row).collect(),
    }
}

/// Every record by the names of its fields.
fn as_json<T: Record>(fields: &[Field<'_, T>], all: &[Listed<T>]) -> Value {
    let told = || fields.iter().filter(|field| field.info.is_shown());
    let record = |one: &Listed<T>| {
        let mut record = Map::new();
        record.insert("id".to_owned(), json!(one.id));
        for field in told() {
            let value = field.value(&one.record);
            record.insert(field.info.name.to_string(), typed(field.info.input, value));
        }
        Value::Object(record)
    };
    json!({ "items": all.iter().map(record).collect::<Vec<_>>() })
}

fn typed(input: Input, value: String) -> Value {
    match input {
        Input::Check => json!(value == YES),
        Input::Lines => json!(value.lines().collect::<Vec<_>>()),
        Input::Number => value
            .parse::<i64>()
            .map_or(Value::Null, |number| json!(number)),
        _ => json!(value),
    }
}

/// What the document of the API tells of such a list.
pub(crate) fn described<T: Record>(web: &Web, id: &'static str) -> ApiOperation {
    let context = Context::new(web, "");
    let fields = T::fields(&context);
    let told = fields.iter().filter(|field| field.info.is_shown());
    let id_schema = ObjectBuilder::new().schema_type(Type::String);
    let record = told.fold(
        ObjectBuilder::new()
            .property("id", id_schema.description(Some("識別名")))
            .required("id"),
        |record, field| {
            let name = field.info.shown_name().into_owned();
            let value = ObjectBuilder::new()
                .schema_type(match field.info.input {
                    Input::Check => SchemaType::Type(Type::Boolean),
                    Input::Lines => SchemaType::Type(Type::Array),
                    Input::Number => SchemaType::Array(vec![Type::Integer, Type::Null]),
                    _ => SchemaType::Type(Type::String),
                })
                .description(Some(name));
            let key = field.info.name.to_string();
            record.property(key.clone(), value).required(key)
        },
    );
    let list = ObjectBuilder::new()
        .property(
            "items",
            ArrayBuilder::new().items(record).description(Some("項目")),
        )
        .required("items");
    let label = T::SCREEN.label;
    ApiOperation::new(id, ApiGroup::Tables, format!("{label}の一覧"))
        .about(T::SCREEN.about)
        .gives_object("すべての項目", list)
}
