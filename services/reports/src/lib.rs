//! Tables and reports as documents: a workbook to print and hand in (提出用), and one for machines
//! (データ用: one table a sheet, names in row 1, one datum a cell); workbooks that somebody brings,
//! read; manuals that somebody brings, by sections; the access report; and answers in Markdown as HTML that can do no harm.

pub mod access;
mod cell_text;
pub mod csv_file;
pub mod differences;
pub mod document;
pub mod forms;
pub mod frozen;
pub mod manual;
pub mod markdown;
pub mod month;
pub mod rows;
pub mod sheet;
pub mod stream;
pub mod table;
