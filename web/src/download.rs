//! Files to be saved.

use axum::http::header;
use axum::response::{IntoResponse, Response};

/// A workbook under a name of plain letters.
pub(crate) fn workbook_file(name: &str, file: Vec<u8>) -> Response {
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
    ];
    (headers, file).into_response()
}
