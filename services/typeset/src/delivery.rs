//! 電子納品: the books of a month with the list of what the tables and charts were made of, in one archive.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Cursor, Write};

use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::error::TypesetError;

/// The name of the list.
pub const SOURCES: &str = "元データ一覧.csv";
/// Bytes of a name that systems take.
const NAME_AT_MOST: usize = 255;

/// A file of the delivery.
#[derive(Debug, Clone)]
pub struct DeliveryFile {
    /// Below the folder, with 「/」 between: 元データ/表2-1.csv.
    pub path: String,
    /// What stands in it.
    pub content: Vec<u8>,
}

/// Where the numbers of a table or chart stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FigureSource {
    /// 表2-1, 図2-1
    pub number: String,
    /// What it is called.
    pub title: String,
    /// The file of the delivery.
    pub path: String,
    /// The sheet, if it is a workbook.
    pub sheet: String,
}

/// The archive: a folder with the files in the order of their names, and 元データ一覧.csv with path, size and SHA-256
/// of each and the tables and charts that come from it. The same files give the same bytes.
///
/// # Errors
/// [`TypesetError::Name`] if a name is no name of a file or comes twice, or a source names no file;
/// [`TypesetError::Archive`].
pub fn delivery(
    folder: &str,
    files: &[DeliveryFile],
    sources: &[FigureSource],
) -> Result<Vec<u8>, TypesetError> {
    let folder = checked(folder)?;
    let files = by_path(files)?;
    let list = source_list(&files, sources)?;
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let listed = [(SOURCES.to_owned(), list.as_slice())];
    let files = files.into_iter().chain(listed);
    for (path, content) in files {
        let options = SimpleFileOptions::default()
            .compression_method(compression(&path))
            .last_modified_time(DateTime::default());
        archive.start_file(format!("{folder}/{path}"), options)?;
        archive.write_all(content)?;
    }
    Ok(archive.finish()?.into_inner())
}

/// Books are compressed in themselves.
fn compression(path: &str) -> CompressionMethod {
    let compressed = [".xlsx", ".docx", ".pdf", ".png", ".zip"];
    if compressed.iter().any(|ending| path.ends_with(ending)) {
        CompressionMethod::Stored
    } else {
        CompressionMethod::Deflated
    }
}

fn by_path(files: &[DeliveryFile]) -> Result<BTreeMap<String, &[u8]>, TypesetError> {
    let mut seen = BTreeSet::from([SOURCES.to_lowercase()]);
    let mut sorted = BTreeMap::new();
    for file in files {
        let path = checked(&file.path)?;
        // On Windows two names that differ in case alone are one.
        if !seen.insert(path.to_lowercase()) {
            return Err(TypesetError::Name(path));
        }
        sorted.insert(path, file.content.as_slice());
    }
    Ok(sorted)
}

/// The path in NFC, if it stays below its folder on every system.
fn checked(path: &str) -> Result<String, TypesetError> {
    let path: String = path.nfc().collect();
    let name_is_good = |name: &str| {
        let forbidden = |letter: char| letter.is_control() || "\\:*?\"<>|".contains(letter);
        !name.is_empty()
            && name.len() <= NAME_AT_MOST
            && name.trim() == name
            && !name.ends_with('.')
            && !name.contains(forbidden)
    };
    if path.split('/').all(name_is_good) {
        Ok(path)
    } else {
        Err(TypesetError::Name(path))
    }
}

fn source_list(
    files: &BTreeMap<String, &[u8]>,
    sources: &[FigureSource],
) -> Result<Vec<u8>, TypesetError> {
    for source in sources {
        if !files.contains_key(&checked(&source.path)?) {
            return Err(TypesetError::Name(source.path.clone()));
        }
    }
    let mut csv = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer("\u{feff}".as_bytes().to_vec());
    let heads = [
        "ファイル",
        "大きさ（バイト）",
        "SHA-256",
        "図表番号",
        "図表名",
        "シート",
    ];
    write(&mut csv, heads)?;
    for (path, content) in files {
        let (size, hash) = (
            content.len().to_string(),
            hex::encode(Sha256::digest(content)),
        );
        let of_file =
            |source: &&FigureSource| checked(&source.path).is_ok_and(|known| known == *path);
        let mut of = sources.iter().filter(of_file).peekable();
        if of.peek().is_none() {
            write(&mut csv, [path.as_str(), &size, &hash, "", "", ""])?;
        }
        for source in of {
            let row = [
                path,
                &size,
                &hash,
                &source.number,
                &source.title,
                &source.sheet,
            ];
            write(&mut csv, row)?;
        }
    }
    csv.into_inner()
        .map_err(|error| TypesetError::Write(io::Error::other(error.to_string())))
}

fn write<T: AsRef<str>, const N: usize>(
    csv: &mut csv::Writer<Vec<u8>>,
    row: [T; N],
) -> Result<(), TypesetError> {
    let cells = row.iter().map(|cell| harmless(cell.as_ref()));
    csv.write_record(cells)
        .map_err(|error| TypesetError::Write(error.into()))
}

/// Text that Excel would take for a formula gets a mark in front.
fn harmless(text: &str) -> String {
    let formula = |letter: char| "=+-@\t\r＝＋－＠".contains(letter);
    if text.starts_with(formula) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn file(path: &str) -> DeliveryFile {
        DeliveryFile {
            path: path.to_owned(),
            content: path.as_bytes().to_vec(),
        }
    }

    fn names(zip: &[u8]) -> Vec<String> {
        let archive = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
        archive
            .file_names()
            .map(|name| name.unwrap().into_owned())
            .collect()
    }

    #[test]
    fn the_archive_holds_the_books_and_the_list_and_is_always_the_same() {
        let files = [
            file("報告書.pdf"),
            file("元データ/表2-1.csv"),
            file("か\u{3099}.docx"),
        ];
        let source = FigureSource {
            number: "表2-1".to_owned(),
            title: "=1+1".to_owned(),
            path: "元データ/表2-1.csv".to_owned(),
            sheet: String::new(),
        };
        let zip = delivery("令和06年04月", &files, std::slice::from_ref(&source)).unwrap();
        let mut turned = files.clone();
        turned.reverse();
        assert_eq!(zip, delivery("令和06年04月", &turned, &[source]).unwrap());
        let mut found = names(&zip);
        found.sort();
        let expected = [
            "元データ/表2-1.csv",
            "元データ一覧.csv",
            "報告書.pdf",
            "が.docx",
        ];
        let mut expected = expected.map(|name| format!("令和06年04月/{name}"));
        expected.sort();
        assert_eq!(found, expected);
        let mut archive = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
        let mut list = String::new();
        let mut entry = archive.by_name("令和06年04月/元データ一覧.csv").unwrap();
        entry.read_to_string(&mut list).unwrap();
        let hash = hex::encode(Sha256::digest("元データ/表2-1.csv"));
        assert!(
            list.starts_with(
                "\u{feff}ファイル,大きさ（バイト）,SHA-256,図表番号,図表名,シート\r\n"
            )
        );
        assert!(
            list.contains(&format!("元データ/表2-1.csv,23,{hash},表2-1,'=1+1,\r\n")),
            "{list}"
        );
        assert!(list.contains("報告書.pdf,13,"), "{list}");
    }

    #[test]
    fn no_name_leaves_the_folder_or_comes_twice() {
        for path in [
            "../a",
            "/a",
            "a/../b",
            "a\\b",
            "",
            "a/",
            "a:b",
            "a\n",
            "a.",
            " a",
            "元データ一覧.csv",
        ] {
            let error = delivery("f", &[file(path)], &[]).unwrap_err();
            assert!(matches!(error, TypesetError::Name(_)), "{path}");
        }
        assert!(delivery("f", &[file("A.pdf"), file("a.pdf")], &[]).is_err());
        assert!(delivery("f", &[file("が.pdf"), file("か\u{3099}.pdf")], &[]).is_err());
        assert!(delivery("f", &[file(&"あ".repeat(86))], &[]).is_err());
        assert!(delivery("..", &[], &[]).is_err());
        let nowhere = FigureSource {
            number: String::new(),
            title: String::new(),
            path: "b".to_owned(),
            sheet: String::new(),
        };
        assert!(delivery("f", &[file("a")], &[nowhere]).is_err());
    }
}
