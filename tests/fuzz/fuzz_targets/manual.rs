//! A manual that somebody brings: as it is (a page, a package), and with its bytes as the text of a whole package. A
//! PDF is left out: what reads it is not ours, and runs in a process of its own.
#![no_main]

use std::io::{Cursor, Write};

use libfuzzer_sys::fuzz_target;
use madoguchi_core::article::ANSWER_LETTERS;
use madoguchi_reports::manual::{self, SECTIONS};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const STYLES: &str = r#"<w:styles><w:style w:styleId="1"><w:name w:val="heading 1"/></w:style><w:style w:styleId="2"><w:name w:val="heading 2"/></w:style></w:styles>"#;

fn package(text: &[u8]) -> Option<Vec<u8>> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in [("word/styles.xml", STYLES.as_bytes()), ("word/document.xml", text)] {
        writer.start_file(name, stored).ok()?;
        writer.write_all(bytes).ok()?;
    }
    Some(writer.finish().ok()?.into_inner())
}

fn read(file: &[u8]) {
    let Ok(manual) = manual::read(file) else {
        return;
    };
    assert!(!manual.sections.is_empty() && manual.sections.len() <= SECTIONS);
    for section in &manual.sections {
        assert!(section.text.chars().count() <= ANSWER_LETTERS);
    }
}

fuzz_target!(|bytes: &[u8]| {
    if !bytes.starts_with(b"%PDF-") {
        read(bytes);
    }
    if let Some(file) = package(bytes) {
        read(&file);
    }
});
