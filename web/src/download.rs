//! Files to be saved.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use madoguchi_reports::forms::names::content_disposition;

/// A workbook under its name.
pub(crate) fn workbook_file(name: &str, file: Vec<u8>) -> Response {
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    saved_file(kind, name, file)
}

/// CSV under its name.
pub(crate) fn csv_file(name: &str, file: Vec<u8>) -> Response {
    saved_file("text/csv; charset=utf-8", name, file)
}

/// A file of any kind under its name.
pub(crate) fn saved_file(kind: &str, name: &str, file: impl IntoResponse) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, content_disposition(name)),
    ];
    (headers, file).into_response()
}

/// A recording to be listened to; a part of it where the browser asks for one (RFC 9110, 14.2),
/// as some do before they play anything.
pub(crate) fn wav_file(file: Vec<u8>, asked: &HeaderMap) -> Response {
    let kind = (header::CONTENT_TYPE, "audio/wav".to_owned());
    let parts = (header::ACCEPT_RANGES, "bytes".to_owned());
    let length = file.len();
    let range = asked
        .get(header::RANGE)
        .and_then(|range| range.to_str().ok());
    let Some((first, last)) = range.and_then(|range| read_range(range, length)) else {
        return ([kind, parts], file).into_response();
    };
    let place = (
        header::CONTENT_RANGE,
        format!("bytes {first}-{last}/{length}"),
    );
    let part = file.get(first..=last).unwrap_or_default().to_vec();
    (StatusCode::PARTIAL_CONTENT, [kind, parts, place], part).into_response()
}

/// The first and the last byte that are asked for. Whatever else is asked gets the whole file.
fn read_range(range: &str, length: usize) -> Option<(usize, usize)> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let end = length.checked_sub(1)?;
    let (first, last) = match (first, last) {
        ("", last) => (length.saturating_sub(last.parse().ok()?), end),
        (first, "") => (first.parse().ok()?, end),
        (first, last) => (first.parse().ok()?, last.parse::<usize>().ok()?.min(end)),
    };
    (first <= last).then_some((first, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read_and_nonsense_gets_the_whole_file() {
        assert_eq!(read_range("bytes=0-", 10), Some((0, 9)));
        assert_eq!(read_range("bytes=0-1", 10), Some((0, 1)));
        assert_eq!(read_range("bytes=5-100", 10), Some((5, 9)));
        assert_eq!(read_range("bytes=-3", 10), Some((7, 9)));
        assert_eq!(read_range("bytes=-30", 10), Some((0, 9)));
        for nonsense in [
            "bytes=10-",
            "bytes=5-4",
            "bytes=0-1,3-4",
            "lines=1-2",
            "bytes=-",
            "bytes=-0",
        ] {
            assert_eq!(read_range(nonsense, 10), None, "{nonsense}");
        }
        assert_eq!(read_range("bytes=0-", 0), None);
    }
}
