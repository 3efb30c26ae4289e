//! Books of a month as files.

use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use madoguchi_core::access::ReadFigures;
use madoguchi_core::audit::Action;
use madoguchi_core::month::Month;
use madoguchi_reports::document::Document;
use madoguchi_reports::frozen::Frozen;
use serde::Deserialize;

use super::edition::kept;
use super::place::read_month;
use crate::auth::access::Allowed;
use crate::error::WebError;
use crate::query::escape;
use crate::state::Web;

/// A form of a book.
pub(super) struct BookForm {
    /// Its name in addresses.
    pub(super) name: &'static str,
    /// What it is called.
    pub(super) label: &'static str,
    /// The ending of the file, with its type.
    ending: (&'static str, &'static str),
    make: fn(&Frozen, usize) -> Result<Vec<u8>, WebError>,
}

/// The forms in which a book is handed out.
pub(super) const FORMS: &[BookForm] = &[BookForm {
    name: "json",
    label: "JSON",
    ending: ("json", "application/json"),
    make: json,
}];

fn json(edition: &Frozen, book: usize) -> Result<Vec<u8>, WebError> {
    let made = edition.json(book).ok().flatten();
    made.ok_or(WebError::Internal("a book could not be written"))
}

/// Which file is wanted.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct FileQuery {
    edition: u32,
    form: String,
    book: usize,
}

pub(super) async fn file(
    visitor: Allowed<ReadFigures>,
    State(web): State<Web>,
    Path(month): Path<String>,
    Query(query): Query<FileQuery>,
) -> Result<Response, WebError> {
    let month = read_month(&month)?;
    let form = FORMS.iter().find(|form| form.name == query.form);
    let form = form.ok_or(WebError::NotFound("この形式のファイル"))?;
    let kept = kept(&web, month, query.edition).await?.frozen;
    let at = query.book;
    if at >= kept.books.len() {
        return Err(WebError::NotFound("この報告書"));
    }
    let book = kept.books.get(at);
    let name = book.map_or_else(String::new, Document::file_name);
    let mut entry = visitor.entry(web.desk.now(), Action::ReportExport, &month.to_string());
    for (field, value) in [
        ("edition", query.edition.to_string()),
        ("form", form.name.to_owned()),
        ("file", name.clone()),
    ] {
        entry.after.insert(field.to_owned(), value);
    }
    web.store.append_audit(&[entry]).await?;
    let make = form.make;
    let made = tokio::task::spawn_blocking(move || make(&kept, at)).await;
    let made = made.map_err(|_| WebError::Internal("a book could not be made"))??;
    let (ending, kind) = form.ending;
    Ok(named_file(
        kind,
        &format!("{name}.{ending}"),
        month,
        ending,
        made,
    ))
}

/// A file with a name in Japanese (RFC 6266, RFC 5987), and one of plain letters for who cannot read it.
fn named_file(kind: &str, name: &str, month: Month, ending: &str, file: Vec<u8>) -> Response {
    let plain = format!("report-{month}.{ending}");
    let disposition = format!(
        "attachment; filename=\"{plain}\"; filename*=UTF-8''{}",
        escape(name)
    );
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    (headers, file).into_response()
}
