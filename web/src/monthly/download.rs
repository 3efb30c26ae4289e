//! Books of a month as files.

use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use madoguchi_core::access::ReadFigures;
use madoguchi_core::audit::Action;
use madoguchi_core::month::Month;
use madoguchi_monthly::FileError;
use madoguchi_reports::document::Document;
use madoguchi_reports::forms::names::{content_disposition, file_name};
use madoguchi_reports::forms::{data, submission};
use madoguchi_reports::frozen::Frozen;
use serde::Deserialize;

use super::edition::{Books, edition, edition_query};
use super::paths::{month_path, read_month};
use crate::auth::access::Allowed;
use crate::error::WebError;
use crate::state::Web;

/// A form of a book.
struct BookForm {
    /// Its name in addresses.
    name: &'static str,
    /// What it is called.
    label: &'static str,
    /// What stands behind the name of the book.
    suffix: &'static str,
    /// The ending of the file, with its type.
    ending: (&'static str, &'static str),
    /// It holds all books of the edition.
    holds_all: bool,
    make: fn(&Frozen, usize) -> Made,
}

/// The file; why there is none, for who asked for it; nothing if there is no such book.
type Made = Result<Option<Vec<u8>>, String>;

const XLSX: (&str, &str) = (
    "xlsx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
);

/// Nothing more can be said of a fault of ours.
const NOT_MADE: &str = "ファイルを作れませんでした。";

/// The forms in which a book is handed out.
const FORMS: &[BookForm] = &[
    BookForm {
        name: "submission",
        label: "提出用(Excel)",
        suffix: "",
        ending: XLSX,
        holds_all: false,
        make: submission_book,
    },
    BookForm {
        name: "data",
        label: "データ用(Excel)",
        suffix: "_データ用",
        ending: XLSX,
        holds_all: false,
        make: data_book,
    },
    BookForm {
        name: "docx",
        label: "文書(Word)",
        suffix: "",
        ending: (
            "docx",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        holds_all: false,
        make: docx_book,
    },
    BookForm {
        name: "pdf",
        label: "PDF",
        suffix: "",
        ending: ("pdf", "application/pdf"),
        holds_all: false,
        make: pdf_book,
    },
    BookForm {
        name: "zip",
        label: "電子納品(zip)",
        suffix: "_電子納品",
        ending: ("zip", "application/zip"),
        holds_all: true,
        make: archive,
    },
    BookForm {
        name: "json",
        label: "JSON",
        suffix: "",
        ending: ("json", "application/json"),
        holds_all: false,
        make: json,
    },
];

fn submission_book(edition: &Frozen, book: usize) -> Made {
    of_book(edition, book, |document| {
        let made = submission::workbook(document, &edition.drill)?;
        Ok(made.file)
    })
}

fn data_book(edition: &Frozen, book: usize) -> Made {
    of_book(edition, book, |document| Ok(data::workbook(document)?.file))
}

fn docx_book(edition: &Frozen, book: usize) -> Made {
    of_book(edition, book, |document| {
        Ok(madoguchi_monthly::docx(document)?.bytes)
    })
}

fn pdf_book(edition: &Frozen, book: usize) -> Made {
    of_book(edition, book, |document| {
        let made = madoguchi_monthly::pdf(std::slice::from_ref(document))?;
        Ok(made.bytes)
    })
}

/// All books of the edition, whichever was asked for.
fn archive(edition: &Frozen, book: usize) -> Made {
    of_book(edition, book, |_| madoguchi_monthly::archive(edition))
}

fn json(edition: &Frozen, book: usize) -> Made {
    edition.json(book).map_err(|error| {
        tracing::error!(%error, "a book could not be written");
        NOT_MADE.to_owned()
    })
}

/// What went wrong is told to the log, and to who asked for it.
fn of_book(
    edition: &Frozen,
    book: usize,
    make: impl FnOnce(&Document) -> Result<Vec<u8>, FileError>,
) -> Made {
    let Some(document) = edition.books.get(book) else {
        return Ok(None);
    };
    make(document).map(Some).map_err(|error| {
        tracing::error!(%error, "a book could not be written");
        error.to_string()
    })
}

/// A link to a file.
pub(super) struct FileLink {
    pub(super) link: String,
    pub(super) label: &'static str,
}

/// The files of a book of an edition; without an edition, of the month as it is now.
pub(super) fn files_of_book(month: Month, edition: &str, book: usize) -> Vec<FileLink> {
    let forms = FORMS.iter().filter(|form| !form.holds_all);
    forms
        .map(|form| file_link(month, edition, (form, book)))
        .collect()
}

/// The files that hold all books of an edition.
pub(super) fn files_of_all(month: Month, edition: &str) -> Vec<FileLink> {
    let forms = FORMS.iter().filter(|form| form.holds_all);
    forms
        .map(|form| file_link(month, edition, (form, 0)))
        .collect()
}

fn file_link(month: Month, edition: &str, (form, book): (&BookForm, usize)) -> FileLink {
    let (place, edition) = (month_path(month), edition_query(edition));
    FileLink {
        link: format!("{place}/download?form={}&book={book}{edition}", form.name),
        label: form.label,
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
    let at = query.book;
    let books = match form.holds_all {
        true => Books::All,
        false => Books::with(at),
    };
    let shown = edition(&web, month, &query.edition, books).await?;
    let book = shown.frozen.books.get(at).map(Document::file_name);
    let book = book.ok_or(WebError::NotFound("この報告書"))?;
    let (ending, kind) = form.ending;
    let name = file_name(&format!("{book}{}", form.suffix), ending);
    let mut entry = visitor.entry(web.desk.now(), Action::ReportExport, month.to_string());
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
    let made = made.map_err(|_| WebError::Internal("a book could not be made"))?;
    let made = made.map_err(WebError::Conflict)?;
    let made = made.ok_or(WebError::NotFound("この報告書"))?;
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, content_disposition(&name)),
    ];
    Ok((headers, made).into_response())
}
