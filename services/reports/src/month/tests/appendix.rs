//! 付録: where a reader finds the numbers of tables and charts.

use std::collections::BTreeMap;

use calamine::{Data, Reader as _, Xlsx};
use sha2::{Digest as _, Sha256};

use super::*;
use crate::document::{Block, Chart, Document};
use crate::forms::data;
use crate::stream::TextFormat;

/// The rows of 表D-1 by the number of the table or chart: sheet, area, CSV and hash.
fn sources(document: &Document) -> BTreeMap<String, [String; 4]> {
    let table = document.table("sources").unwrap();
    let rows = table.rows.iter().map(|row| {
        let texts: Vec<String> = row.cells.iter().map(DocCell::text).collect();
        let of = |at: usize| texts[at].clone();
        (of(0), [of(3), of(4), of(5), of(6)])
    });
    rows.collect()
}

/// The place of a cell by its name: AN14 is (13, 39).
fn place(cell: &str) -> (u32, u32) {
    let letters = cell.find(|letter: char| letter.is_ascii_digit()).unwrap();
    let (column, row) = cell.split_at(letters);
    let column = column
        .bytes()
        .fold(0, |sum, letter| sum * 26 + u32::from(letter - b'A') + 1);
    (row.parse::<u32>().unwrap() - 1, column - 1)
}

#[test]
fn the_appendix_names_the_sheet_the_area_and_the_hash_that_a_reader_finds() {
    let document = report(&input_of(counts("2024-04", 40, 38))).document;
    let sources = sources(&document);
    let file = data::workbook(&document).unwrap().file;
    let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(file)).unwrap();
    let csv = data::csv_files(&document, TextFormat::Csv).unwrap();
    let csv: BTreeMap<String, Vec<u8>> = csv.into_iter().collect();
    let mut tables = 0;
    for (_, table) in document.tables().filter(|(_, table)| table.id != "sources") {
        let [sheet, area, name, hash] = &sources[&table.number];
        let range = book.worksheet_range(sheet).unwrap();
        let (start, end) = area.split_once(':').unwrap();
        assert_eq!(place(start), (0, 0), "{sheet}");
        assert_eq!(Some(place(end)), range.end(), "{sheet} {area}");
        let found = hex::encode(Sha256::digest(&csv[name]));
        assert_eq!(*hash, found, "{name}");
        tables += 1;
    }
    assert!(tables > 20, "{tables}");
    let chapters = document.chapters.iter();
    let charts = chapters.flat_map(|chapter| &chapter.blocks);
    let charts: Vec<&Chart> = charts
        .filter_map(|block| match block {
            Block::Chart(chart) => Some(chart),
            _ => None,
        })
        .collect();
    assert!(charts.len() >= 3);
    for chart in charts {
        let table = document.table(&chart.table).unwrap();
        let [sheet, areas, name, hash] = &sources[&chart.number];
        let [of_table, _, csv_of_table, hash_of_table] = &sources[&table.number];
        assert_eq!([sheet, name, hash], [of_table, csv_of_table, hash_of_table]);
        let range = book.worksheet_range(sheet).unwrap();
        let mut heads = Vec::new();
        for area in areas.split('、') {
            let (start, end) = area.split_once(':').unwrap();
            let ((top, first), (_, last)) = (place(start), place(end));
            assert_eq!(top, 0, "{area}");
            heads.extend(
                (first..=last).filter_map(|at| match range.get_value((0, at)) {
                    Some(Data::String(head)) => Some(head.clone()),
                    _ => None,
                }),
            );
        }
        for id in std::iter::once(&chart.labels).chain(&chart.series) {
            let column = table
                .columns
                .iter()
                .find(|column| column.id == *id)
                .unwrap();
            let named = heads.iter().any(|head| head.starts_with(&column.name));
            assert!(
                named,
                "{}: {} is not in {heads:?}",
                chart.number, column.name
            );
        }
    }
}
