//! The rows of a table in a file that somebody brings: a workbook, or CSV in UTF-8 or CP932. What the
//! content is decides, not the name.

use crate::csv_file::{self, CsvRows};
use crate::sheet::{self, SheetError};

/// What archives, and so workbooks, begin with.
const ARCHIVE: &[u8] = b"PK";

/// The rows of a file.
///
/// # Errors
/// [`SheetError`].
pub fn rows(file: &[u8], most: usize) -> Result<CsvRows, SheetError> {
    if file.starts_with(ARCHIVE) {
        return Ok(CsvRows {
            rows: sheet::rows(file, most)?,
            unreadable: Vec::new(),
        });
    }
    csv_file::rows(file, most)
}
