//! Books of a month as files.

use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use madoguchi_core::access::ReadFigures;
use madoguchi_core::audit::Action;
use madoguchi_reports::document::Document;
use madoguchi_reports::forms::names::{content_disposition, file_name};
use madoguchi_reports::forms::{data, submission};
use madoguchi_reports::frozen::Frozen;
use serde::Deserialize;

use super::edition::edition;
use super::place::read_month;
use crate::auth::access::Allowed;
use crate::error::WebError;
use crate::state::Web;

/// A form of a book.
pub(super) struct BookForm {
    /// Its name in addresses.
    pub(super) name: &'static str,
    /// What it is called.
    pub(super) label: &'static str,
    /// What stands behind the name of the book.
    suffix: &'static str,
    /// The ending of the file, with its type.
    ending: (&'static str, &'static str),
    make: fn(&Frozen, usize) -> Option<Vec<u8>>,
}

const XLSX: (&str, &str) = (
    "xlsx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
);

/// The forms in which a book is handed out.
pub(super) const FORMS: &[BookForm] = &[
    BookForm {
        name: "submission",
        label: "提出用(Excel)",
        suffix: "",
        ending: XLSX,
        make: submission_book,
    },
    BookForm {
        name: "data",
        label: "データ用(Excel)",
        suffix: "_データ用",
        ending: XLSX,
        make: data_book,
    },
    BookForm {
        name: "json",
        label: "JSON",
        suffix: "",
        ending: ("json", "application/json"),
        make: json,
    },
];

fn submission_book(edition: &Frozen, book: usize) -> Option<Vec<u8>> {
    let made = submission::workbook(edition.books.get(book)?, &edition.drill);
    told(made.map(|made| made.file))
}

fn data_book(edition: &Frozen, book: usize) -> Option<Vec<u8>> {
    let made = data::workbook(edition.books.get(book)?);
    told(made.map(|made| made.file))
}

fn json(edition: &Frozen, book: usize) -> Option<Vec<u8>> {
    told(edition.json(book)).flatten()
}

/// What went wrong is told to the log.
fn told<T, E: std::fmt::Display>(made: Result<T, E>) -> Option<T> {
    match made {
        Ok(made) => Some(made),
        Err(error) => {
            tracing::error!(%error, "a book could not be written");
            None
        }
    }
}

/// Which file is wanted.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct FileQuery {
    edition: String,
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
    let shown = edition(&web, month, &query.edition).await?;
    let at = query.book;
    let book = shown.frozen.books.get(at).map(Document::file_name);
    let book = book.ok_or(WebError::NotFound("この報告書"))?;
    let (ending, kind) = form.ending;
    let name = file_name(&format!("{book}{}", form.suffix), ending);
    let mut entry = visitor.entry(web.desk.now(), Action::ReportExport, &month.to_string());
    for (field, value) in [
        ("edition", shown.name.clone()),
        ("form", form.name.to_owned()),
        ("file", name.clone()),
    ] {
        entry.after.insert(field.to_owned(), value);
    }
    web.store.append_audit(&[entry]).await?;
    let make = form.make;
    let made = tokio::task::spawn_blocking(move || make(&shown.frozen, at)).await;
    let made = made.ok().flatten();
    let made = made.ok_or(WebError::Internal("a book could not be made"))?;
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, content_disposition(&name)),
    ];
    Ok((headers, made).into_response())
}
