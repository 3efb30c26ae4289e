//! Books as files, read by the programs that readers have. It needs LibreOffice, poppler and the fonts of books:
//! scripts/install-test.sh.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod docx;
mod months;
mod pdf;
mod tools;
