//! A workbook that somebody brings: as it is, and with its bytes as the sheet of a whole package, so
//! that the reader of cells is reached.
#![no_main]

use std::io::{Cursor, Write};

use libfuzzer_sys::fuzz_target;
use madoguchi_reports::sheet;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const CONTENT_TYPES: &str = r#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>"#;
const RELATIONS: &str = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#;
const BOOK: &str = r#"<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="A" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
const ROWS: usize = 100;

fn package(cells: &[u8]) -> Option<Vec<u8>> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let mut sheet = b"<worksheet><sheetData>".to_vec();
    sheet.extend_from_slice(cells);
    sheet.extend_from_slice(b"</sheetData></worksheet>");
    let parts: [(&str, &[u8]); 4] = [
        ("[Content_Types].xml", CONTENT_TYPES.as_bytes()),
        ("xl/_rels/workbook.xml.rels", RELATIONS.as_bytes()),
        ("xl/workbook.xml", BOOK.as_bytes()),
        ("xl/worksheets/sheet1.xml", &sheet),
    ];
    for (name, bytes) in parts {
        writer.start_file(name, stored).ok()?;
        writer.write_all(bytes).ok()?;
    }
    Some(writer.finish().ok()?.into_inner())
}

fuzz_target!(|bytes: &[u8]| {
    let _as_it_is = sheet::rows(bytes, ROWS);
    if let Some(book) = package(bytes)
        && let Ok(rows) = sheet::rows(&book, ROWS)
    {
        assert!(rows.len() <= ROWS);
    }
});
