//! Books as files, read by the programs that readers have: LibreOffice and poppler.

mod docx;
mod pdf;
mod tools;
