//! What stands in the parts of a workbook, for tests.

use std::io::{Cursor, Read as _};

use calamine::{Data, Reader as _, Xlsx};

/// The text of a part; none if there is none of that name.
pub(crate) fn part(file: &[u8], name: &str) -> Option<String> {
    let mut archive = zip::ZipArchive::new(Cursor::new(file)).unwrap();
    let mut text = String::new();
    archive
        .by_name(name)
        .ok()?
        .read_to_string(&mut text)
        .unwrap();
    Some(text)
}

/// The names of the parts.
pub(crate) fn names(file: &[u8]) -> Vec<String> {
    let archive = zip::ZipArchive::new(Cursor::new(file)).unwrap();
    archive
        .file_names()
        .map(|name| name.unwrap().into_owned())
        .collect()
}

/// The names of the sheets, each with its XML.
pub(crate) fn sheets(file: &[u8]) -> Vec<(String, String)> {
    let book: Xlsx<_> = Xlsx::new(Cursor::new(file)).unwrap();
    let sheets = book.sheet_names();
    let xml = |at: usize| part(file, &format!("xl/worksheets/sheet{at}.xml")).unwrap();
    sheets
        .into_iter()
        .enumerate()
        .map(|(at, name)| (name, xml(at + 1)))
        .collect()
}

/// The cells of a sheet, from A1 on.
pub(crate) fn cells(file: &[u8], sheet: &str) -> Vec<Vec<Data>> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(file)).unwrap();
    let range = book.worksheet_range(sheet).unwrap();
    let (rows, columns) = range.end().unwrap();
    let cell = |row, column| {
        range
            .get_value((row, column))
            .cloned()
            .unwrap_or(Data::Empty)
    };
    (0..=rows)
        .map(|row| (0..=columns).map(|column| cell(row, column)).collect())
        .collect()
}

/// The value of each attribute of this name.
pub(crate) fn attributes(xml: &str, name: &str) -> Vec<String> {
    let begin = format!(" {name}=\"");
    let rest = xml.split(begin.as_str()).skip(1);
    let value = |rest: &str| rest.split('"').next().unwrap().to_owned();
    rest.map(|rest| unescape(&value(rest))).collect()
}

/// What stands between each beginning and the next end.
pub(crate) fn between<'a>(xml: &'a str, begin: &str, end: &str) -> Vec<&'a str> {
    let rest = xml.split(begin).skip(1);
    rest.map(|rest| rest.split(end).next().unwrap()).collect()
}

/// Markup as the text that it stands for.
pub(crate) fn unescape(xml: &str) -> String {
    let text = xml
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"");
    text.replace("&#xA;", "\n").replace("&amp;", "&")
}
