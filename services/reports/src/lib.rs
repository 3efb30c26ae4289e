//! Tables and reports as documents: a workbook to print and hand in (提出用), and one for machines
//! (データ用: one table a sheet, names in row 1, one datum a cell); and
//! workbooks that somebody brings, read.

pub mod sheet;
pub mod table;
